"""Lyapunov exponents of trainings: where there is a formula, it; elsewhere, the distance of two trainings that began almost alike."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bloom_core.trainability.outcomes import PRECISIONS, Problem
from tests.native.training_problems import problem, train, values

EVERY_PRECISION = pytest.mark.parametrize("precision", PRECISIONS)


def curvature(made: Problem) -> float:
    """The largest eigenvalue of the loss's Hessian by the input weights, of an identity network whose output weights stand still."""
    x, output = made.inputs[0], made.output_weights[0]
    points, width = x.shape
    return float(4.0 / (points * width**3) * (output @ output) * np.linalg.eigvalsh(x.T @ x)[-1])


@EVERY_PRECISION
def test_a_quadratic_loss_has_the_exponent_of_its_steepest_direction(precision: str) -> None:
    """ln |1 - rate * curvature|; or 0, where all directions converge but the output weights', which stay as displaced as they were."""
    made, factors = problem(4, 9, seed=1), np.array([0.1, 0.9, 1.9, 2.5, 4.0, 9.0])
    given = values(len(factors), input_rate=factors / curvature(made), output_rate=0.0)
    for steps in (20, 400):
        if precision == "float" and steps == 400:
            given, factors = given[:3], factors[:3]  # the others die of float's range before that
        got = train(made, given, steps, activation="identity", precision=precision, sensitivity=True)
        alive = got[:, 6] < 0
        assert alive.sum() >= 3
        np.testing.assert_allclose(got[alive, 7], np.log(np.maximum(1.0, np.abs(1 - factors)))[alive], atol=3 / steps)


@EVERY_PRECISION
def test_weight_decay_alone_draws_everything_together(precision: str) -> None:
    """Beside weights of nearly 0 the loss is flat: only the decay is left, whose factor is 1 - rate * decay."""
    made = problem(4, 9)
    given = values(3, input_rate=0.1, output_rate=0.1, init_scale=1e-5, weight_decay=np.array([0.5, 2.0, 4.0]))
    flat = Problem(made.inputs, made.targets * 1e-6, made.input_weights, made.output_weights, None)
    got = train(flat, given, 60, activation="identity", precision=precision, sensitivity=True)
    np.testing.assert_allclose(got[:, 7], np.log(1 - 0.1 * given[:, 5, 0]), atol=2e-3)


@EVERY_PRECISION
def test_momentum_is_part_of_what_is_displaced(precision: str) -> None:
    """The same with a heavy ball: the larger eigenvalue of ((1 - rate * decay, -rate * momentum), (decay, momentum)) is what decides."""
    rate, decay, momentum = 0.1, 0.4, 0.5
    made = problem(4, 9)
    flat = Problem(made.inputs, made.targets * 1e-6, made.input_weights, made.output_weights, None)
    given = values(1, input_rate=rate, output_rate=rate, init_scale=1e-5, momentum=momentum, weight_decay=decay)
    got = train(flat, given, 120, activation="identity", optimizer="momentum", precision=precision, sensitivity=True)
    slowest = max(abs(np.linalg.eigvals([[1 - rate * decay, -rate * momentum], [decay, momentum]])))
    assert math.isclose(got[0, 7], math.log(slowest), abs_tol=4e-3)


def test_it_is_how_fast_two_trainings_part() -> None:
    """A chaotic training beside one whose rate is a little other: their outputs part by the exponent, step by step."""
    made, steps = problem(16, 40), 90
    given = values(1, input_rate=1000.0, output_rate=10.0)
    exponent = train(made, given, 400, sensitivity=True)[0, 7]
    assert 0.1 < exponent < 1.0
    pair = np.repeat(given, 2, axis=0)
    pair[1, 0, 1] = 1000.0 * 1e-26
    parted = []
    for last in range(10, steps, 5):
        finals = train(made, pair, last, precision="double-double")[:, 3]
        parted.append((last, abs(float(finals[0] - finals[1]))))
    seen = [(last, math.log(gap)) for last, gap in parted if 1e-15 < gap < 1e-3]
    assert parted[0][1] == 0.0 and len(seen) >= 3
    slope = np.polyfit([last for last, _ in seen], [gap for _, gap in seen], 1)[0]
    assert 0.3 * exponent < slope < 3 * exponent


def test_precisions_agree_and_adam_has_one_too() -> None:
    made = problem(4, 9)
    for optimizer, rate in (("sgd", 0.5), ("momentum", 0.1), ("adam", 0.05)):
        given = values(4, input_rate=rate, output_rate=rate * np.array([0.3, 0.5, 0.8, 1.0]), momentum=0.6)
        coarse, fine, finest = (train(made, given, 150, optimizer=optimizer, precision=name, sensitivity=True)[:, 7] for name in PRECISIONS)
        np.testing.assert_allclose(fine, finest, atol=1e-4)
        np.testing.assert_allclose(coarse, fine, atol=0.02)
        assert np.all(np.abs(finest) < 0.1)


def test_a_training_that_dies_is_measured_until_then_and_one_that_begins_dead_is_not() -> None:
    made = problem(4, 9)
    given = values(3, input_rate=np.array([0.1, 1e3, 0.1]), output_rate=np.array([0.1, 1e3, 0.1]), init_scale=np.array([1.0, 1.0, np.inf]))
    got = train(made, given, 100, activation="identity", sensitivity=True)
    assert got[0, 6] == -1 and abs(got[0, 7]) < 0.1
    assert 0 < got[1, 6] < 20 and got[1, 7] > 3
    assert got[2, 6] == 0 and np.isnan(got[2, 7])
