"""A network's outcome is its own, to the bit: whoever trains beside it, on any threads and any processor, with early exit or without."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bloom_core.native import kernel_name
from bloom_core.trainability.experiment import ACTIVATIONS, OPTIMIZERS
from bloom_core.trainability.native_engine import NativeEngine
from bloom_core.trainability.outcomes import PRECISIONS
from tests.native.training_problems import Doubles, problem, train, values

EVERY_PRECISION = pytest.mark.parametrize("precision", PRECISIONS)


def wild(count: int, optimizer: str = "sgd") -> Doubles:
    """Hyperparameters of which some converge, some are chaotic and some die: all kinds of lanes side by side."""
    random = np.random.default_rng(7)
    rates = 10 ** random.uniform(-2.0, 2.5, (2, count)) * (0.01 if optimizer == "adam" else 1.0)
    given = values(count, input_rate=rates[0], output_rate=rates[1], momentum=0.9)
    given[:, 3, 0], given[:, 5, 0] = random.choice([0.0, 0.3], count), random.choice([0.0, 0.01], count)
    return given


def digest() -> str:
    """Trains all kinds of networks and returns a hash of every bit that came out."""
    out = hashlib.sha256()
    for number, (activation, optimizer, precision) in enumerate((a, o, p) for a in ACTIVATIONS for o in OPTIMIZERS for p in PRECISIONS):
        width, batch, own = (3, 7, 8, 16)[number % 4], (0, 3, 0)[number % 3], number % 5 == 0
        made, steps = problem(width, 2 * width + 1, sets=40 if own else 1, steps=40, batch=batch), 40
        given = wild(40, optimizer)
        settings: dict[str, Any] = {"activation": activation, "optimizer": optimizer, "precision": precision, "sensitivity": number % 2 == 0}
        result = train(made, given, steps, **settings)
        result[np.isnan(result)] = np.nan
        out.update(result.tobytes())
    return out.hexdigest()


def elsewhere(kernel: str) -> tuple[str, str]:
    """Returns the kernel that was used where `kernel` was wished for, and the digest."""
    script = "from tests.native.test_training_identity import digest; from bloom_core.native import kernel_name; print(kernel_name(), digest())"
    done = subprocess.run([sys.executable, "-c", script], env=os.environ | {"BLOOM_KERNEL": kernel}, capture_output=True, text=True, check=True)
    name, found = done.stdout.split()
    return name, found


def test_kernels_with_fused_multiply_add_give_the_same_bits() -> None:
    if kernel_name() != "v4":
        pytest.skip(f"this processor has {kernel_name()} for its widest kernel, and none to compare with")
    assert elsewhere("v3") == ("v3", digest())
    name, without = elsewhere("v2")
    assert name == "v2" and without != digest(), "v2 rounds products, and says so by its name; if it no longer does, say so in the docs"


@EVERY_PRECISION
@pytest.mark.parametrize("batch", [0, 4])
def test_threads_and_company_make_no_difference(precision: str, batch: int) -> None:
    count, steps = 83, 60
    made, given = problem(5, 12, steps=steps, batch=batch), wild(83)
    settings: dict[str, Any] = {"activation": "relu", "optimizer": "momentum", "precision": precision, "sensitivity": True}
    whole = train(made, given, steps, **settings)
    assert 0.1 < np.mean(whole[:, 6] >= 0) < 0.9
    for threads in (2, 5):
        engine = NativeEngine(threads)
        np.testing.assert_array_equal(engine.train(made, given, steps=steps, threshold=0.1, progress=None, **settings), whole)
    backwards = train(made, given[::-1], steps, threads=2, **settings)[::-1]
    np.testing.assert_array_equal(backwards, whole)
    chunks = [train(made, given[at : at + 7], steps, **settings) for at in range(0, count, 7)]
    np.testing.assert_array_equal(np.concatenate(chunks), whole)
    own = {name: np.repeat(getattr(made, name), count, axis=0) for name in ("inputs", "targets", "input_weights", "output_weights")}
    np.testing.assert_array_equal(train(replace(made, **own), given, steps, **settings), whole)


@EVERY_PRECISION
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_early_exit_changes_nothing(activation: str, optimizer: str, precision: str) -> None:
    """Minibatches of the whole set in order are the whole set, but a group of lanes is then played until its last network is dead."""
    count, steps = 33, 50
    made, given = problem(4, 9), wild(count, optimizer)
    given[1::2, 0, 0] = given[1::2, 1, 0] = 1e9  # beside each other in a group: some that live to the end, and some that do not
    given[0, :2, 0] = 1e-6
    settings: dict[str, Any] = {"activation": activation, "optimizer": optimizer, "precision": precision, "sensitivity": True}
    early = NativeEngine(1)
    got = early.train(made, given, steps=steps, threshold=0.1, progress=None, **settings)
    batches = np.tile(np.arange(9, dtype=np.int32), (steps, 1))
    np.testing.assert_array_equal(train(replace(made, batches=batches), given, steps, **settings), got)
    if activation != "tanh" and optimizer != "adam":
        assert early.steps_played < 0.8 * count * steps


def test_a_network_that_dies_is_not_trained_on() -> None:
    """Steps played are those until an output weight is no longer a number; what is counted after them is what outcomes say."""
    made, given, steps = problem(4, 9), values(5, input_rate=np.array([1e-3, 1e9, 1e12, 1e30, 1e300]), output_rate=1e300), 1000
    given[0, 1, 0] = 1e-3
    engine = NativeEngine(1)
    got = engine.train(
        made, given, activation="relu", optimizer="sgd", steps=steps, threshold=0.1, precision="double", sensitivity=True, progress=None
    )
    assert steps < engine.steps_played < steps + 5 * 4
    assert got[0, 6] == -1 and np.all(got[1:, 6] > 0) and np.all(got[1:, 6] < 4)
    assert np.all(got[1:, 3] == 1e6) and np.all(got[1:, 2] == 1e6)
    np.testing.assert_allclose(got[1:, 0], 1e6 * (steps - 1) + 1, rtol=1e-12)


def test_precisions_give_one_map_where_they_suffice() -> None:
    """The preview's overview: wherever double-double confirms double, and double float, all agree on what converges; elsewhere is chaos."""
    side, steps = 12, 100
    rates = 10 ** np.linspace(-3, 6, side)
    given = values(side * side, input_rate=np.tile(rates, side), output_rate=np.repeat(rates, side))
    labels = [train(problem(8, 72), given, steps, precision=precision, threads=0)[:, 2] < 1 for precision in PRECISIONS]
    assert 0.3 < labels[2].mean() < 0.8
    assert np.mean(labels[0] == labels[1]) > 0.98 and np.mean(labels[1] == labels[2]) > 0.98
