"""What the native engine trains is what PyTorch's autograd and optimizers train, and in double-double what decimal numbers of 45 digits do."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext

import numpy as np
import pytest

from bloom_core.trainability.experiment import ACTIVATIONS, OPTIMIZERS
from bloom_core.trainability.outcomes import PRECISIONS, Problem
from tests.native.training_problems import Doubles, losses_by_torch, outputs_in_decimal, problem, score, train, values

EVERY_OPTIMIZER = pytest.mark.parametrize("optimizer", OPTIMIZERS)
EVERY_ACTIVATION = pytest.mark.parametrize("activation", ACTIVATIONS)


def gentle(optimizer: str, count: int) -> Doubles:
    """Hyperparameters of all kinds, with rates at which rounding errors do not grow."""
    random, rate = np.random.default_rng(3), 0.02 if optimizer == "adam" else 0.5
    rates = [random.uniform(0.3 * rate, rate, count) for _ in range(2)]
    given = values(count, input_rate=rates[0], output_rate=rates[1], init_scale=random.uniform(0.6, 1.1, count))
    given[:, 3:, 0] = np.stack([random.choice([0.0, -0.2, 0.3], count), random.uniform(0.5, 0.9, count), random.choice([0.0, 0.01], count)], axis=1)
    return given


@EVERY_OPTIMIZER
@EVERY_ACTIVATION
@pytest.mark.parametrize("batch", [0, 4])
@pytest.mark.parametrize("shared", [True, False], ids=["shared", "own"])
def test_networks_train_as_by_autograd(activation: str, optimizer: str, batch: int, shared: bool) -> None:
    """Whole set and minibatches (drawn with replacement), data that all share or of their own; every number of the outcome."""
    count, steps = 5, 25
    made = problem(5, 13, sets=1 if shared else count, steps=steps, batch=batch)
    given = gentle(optimizer, count)
    wanted = score(losses_by_torch(made, given, steps, activation, optimizer), 0.7)
    for precision, tolerance in zip(PRECISIONS, (1e-4, 1e-11, 1e-11), strict=True):
        got = train(made, given, steps, activation=activation, optimizer=optimizer, precision=precision, threshold=0.7)
        assert np.isnan(got[:, 7]).all()
        np.testing.assert_allclose(got[:, :7], wanted, rtol=tolerance, err_msg=precision)
    assert np.all(wanted[:, 3] != 1.0)


@pytest.mark.parametrize("width, points", [(1, 1), (2, 9), (7, 56), (8, 72), (16, 272), (33, 40), (256, 3)])
def test_any_width_and_any_number_of_points(width: int, points: int) -> None:
    made, given = problem(width, points), values(3, input_rate=np.array([0.1, 0.5, 1.0]), output_rate=0.7)
    wanted = score(losses_by_torch(made, given, 5, "tanh", "sgd"), 0.1)
    for precision, tolerance in zip(PRECISIONS, (1e-4, 1e-11, 1e-11), strict=True):
        np.testing.assert_allclose(train(made, given, 5, precision=precision)[:, :7], wanted, rtol=tolerance)


@EVERY_OPTIMIZER
@pytest.mark.parametrize("activation", ["relu", "identity"])
@pytest.mark.parametrize("batch", [0, 4])
def test_networks_die_as_by_autograd(activation: str, optimizer: str, batch: int) -> None:
    """Far too high rates: the step of the first loss that is not finite, and what is counted from there on."""
    count, steps = 24, 40
    made = problem(4, 10, steps=steps, batch=batch)
    rate = 10 ** (np.linspace(30, 120, count) if optimizer == "adam" else np.linspace(1, 20, count))
    given = values(count, input_rate=rate, output_rate=rate, momentum=0.5)
    with np.errstate(all="ignore"):
        wanted = score(losses_by_torch(made, given, steps, activation, optimizer), 0.1)
    got = train(made, given, steps, activation=activation, optimizer=optimizer)
    assert np.mean(wanted[:, 6] > 0) > 0.3 and len(set(wanted[:, 6])) >= (2 if optimizer == "adam" else 4)
    np.testing.assert_allclose(got[:, :7], wanted, rtol=1e-9)


def nulled(made: Problem, row: Doubles, steps: int, activation: str, optimizer: str) -> tuple[Problem, list[list[Decimal]]]:
    """Chooses the one point's target such that its error before the last step is less than a double can tell; returns the outputs too."""

    def error(target: float) -> tuple[Decimal, Problem, list[list[Decimal]]]:
        tried = Problem(made.inputs, np.full((1, 1), target), made.input_weights, made.output_weights, None)
        outputs = outputs_in_decimal(tried, row, steps, activation, optimizer)
        return outputs[-1][0] - Decimal(target), tried, outputs

    low, high = -1.0, 1.0
    assert error(low)[0] > 0 > error(high)[0]
    while (middle := (low + high) / 2) not in (low, high):
        low, high = (middle, high) if error(middle)[0] > 0 else (low, middle)
    return error(low)[1:]


@EVERY_OPTIMIZER
@EVERY_ACTIVATION
def test_double_double_has_thirty_digits(activation: str, optimizer: str) -> None:
    """An error of 1e-17 or so that is right to ten digits was made of outputs that are right to 27 and more, after a dozen steps."""
    steps = 12
    rate = 0.02 if optimizer == "adam" else 0.7
    row = values(1, input_rate=rate, output_rate=0.03, offset=0.2, momentum=0.6, weight_decay=0.01, init_scale=0.9)
    row[0, :, 1] = row[0, :, 0] * 1e-17 * np.array([3.0, -4.0, 2.0, 1.0, -5.0, 2.5])
    with localcontext() as context:
        context.prec = 45
        made, outputs = nulled(problem(2, 1, seed=1), row[0], steps, activation, optimizer)
        target = Decimal(float(made.targets[0, 0]))
        first, last = (output[0] - target for output in (outputs[0], outputs[-1]))
        assert abs(last) < Decimal("1e-15")
        wanted = float((last / first) ** 2)
    got = train(made, row, steps, activation=activation, optimizer=optimizer, precision="double-double")
    # The error's square is measured: twice its relative error, of outputs of about 1.
    assert got[0, 3] == got[0, 4] and math.isclose(got[0, 3], wanted, rel_tol=2e-28 / float(abs(last)))
    in_double = train(made, row, steps, activation=activation, optimizer=optimizer)
    assert not math.isclose(in_double[0, 3], wanted, rel_tol=1e-3)


@pytest.mark.parametrize("precision, finer, step", [("float", "double", 1e-9), ("double", "double-double", 1e-20)])
def test_each_precision_tells_apart_what_the_one_below_cannot(precision: str, finer: str, step: float) -> None:
    """Where training is chaotic, a deep zoom's step from pixel to pixel becomes visible, in the precision that can hold it."""
    made, given = problem(16, 40), values(2, input_rate=1000.0, output_rate=10.0)
    given[1, 0] = (1000.0 + step * 1000, 0.0) if 1000.0 + step * 1000 != 1000.0 else (1000.0, step * 1000)
    coarse, fine = (train(made, given, 400, precision=name)[:, 0] for name in (precision, finer))
    assert coarse[0] == coarse[1] and fine[0] != fine[1]
