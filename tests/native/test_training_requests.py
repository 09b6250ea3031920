"""What the native engine is asked for: refused with words where it makes no sense, stopped at once where it is cancelled."""

from __future__ import annotations

import ctypes
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bloom_core import library
from bloom_core.native import Cancelled
from bloom_core.trainability.experiment import VALUES, MapError
from bloom_core.trainability.native_engine import NativeEngine
from bloom_core.trainability.outcomes import Problem
from tests.native.training_problems import Doubles, problem, train, values

OK, INVALID, MEMORY = 0, 1, 2


@pytest.mark.parametrize("spoil, words", [
    (lambda made: replace(made, inputs=np.full_like(made.inputs, np.nan)), "inputs must be finite"),
    (lambda made: replace(made, targets=np.full_like(made.targets, np.inf)), "targets must be finite"),
    (lambda made: replace(made, input_weights=np.full_like(made.input_weights, -1e31)), "input_weights must be finite numbers, up to 1e"),
    (lambda made: replace(made, output_weights=made.output_weights[:, :-1]), "output_weights have shape"),
    (lambda made: replace(made, targets=made.targets[:, :-1]), "targets have shape"),
    (lambda made: replace(made, inputs=made.inputs[0]), "takes inputs"),
    (lambda made: replace(made, batches=np.full((9, 3), 6, np.int32)), "indices of points, 0 to 5"),
    (lambda made: replace(made, batches=np.full((9, 3), -1, np.int32)), "indices of points, 0 to 5"),
    (lambda made: replace(made, batches=np.zeros((4, 3), np.int32)), "Batches of 5 steps"),
    (lambda made: replace(made, batches=np.zeros((9, 0), np.int32)), "Batches of 5 steps"),
    (lambda made: problem(4, 6, sets=2), "not 2 sets"),
    (lambda made: problem(257, 6), "1 to 256 neurons"),
])  # fmt: skip
def test_problems_that_make_no_sense_are_refused(spoil: Any, words: str) -> None:
    made = problem(4, 6)
    assert np.isfinite(train(made, values(3), 5)[:, :7]).all()
    with pytest.raises(MapError, match=words):
        train(spoil(made), values(3), 5)


@pytest.mark.parametrize("settings, words", [
    ({"activation": "sigmoid"}, "no activation 'sigmoid'"), ({"optimizer": "lion"}, "no optimizer 'lion'"), ({"precision": "half"}, "no precision"),
])  # fmt: skip
def test_names_that_are_none_are_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(MapError, match=words):
        train(problem(4, 6), values(3), 5, **settings)


def test_steps_and_values_that_make_no_sense_are_refused() -> None:
    for given, steps in ((values(3), 0), (values(3), -1), (values(0), 5), (values(3)[:, :5], 5), (values(3)[:, :, 0], 5)):
        with pytest.raises(MapError):
            train(problem(4, 6), given, steps)


def raw(made: Any, given: Doubles, keep: list[Any], **changed: Any) -> library.RawTraining:
    """Returns a request that is in order, but for what is changed; `keep` holds its memory."""
    arrays = [made.inputs, made.targets, made.input_weights, made.output_weights]
    keep += [*arrays, given]
    request = library.RawTraining(*(array.ctypes.data for array in arrays), None, given.ctypes.data, len(given), 1, 0.1, *made.inputs.shape[1:], 5, 0)
    for name, value in changed.items():
        setattr(request, name, value)
    return request


@pytest.mark.parametrize("changed", [
    {"inputs": None}, {"targets": None}, {"input_weights": None}, {"output_weights": None}, {"values": None}, {"points": 0}, {"points": -1},
    {"points": 2**31 - 1}, {"width": 0}, {"width": 257}, {"width": -5}, {"steps": 0}, {"steps": 2**31 - 1}, {"count": 0}, {"count": 2**63},
    {"sets": 0}, {"sets": 2}, {"activation": 3}, {"activation": -1}, {"optimizer": 3}, {"optimizer": -1}, {"precision": 3}, {"precision": -1},
])  # fmt: skip
def test_the_c_abi_refuses_it_too(changed: dict[str, Any]) -> None:
    keep: list[Any] = []
    lib, outcomes = library.load(), np.zeros((3, 8))
    made, given, none = problem(4, 6), values(3), library.Callback(0)
    assert lib.bloom_train(ctypes.byref(raw(made, given, keep)), none, None, outcomes.ctypes.data, None) == OK
    assert np.all(outcomes[:, 0] > 0)
    assert lib.bloom_train(ctypes.byref(raw(made, given, keep, **changed)), none, None, outcomes.ctypes.data, None) == INVALID


def test_the_c_abi_refuses_nothing_at_all() -> None:
    keep: list[Any] = []
    lib = library.load()
    none, request = library.Callback(0), raw(problem(4, 6), values(3), keep)
    assert lib.bloom_train(None, none, None, np.zeros((3, 8)).ctypes.data, None) == INVALID
    assert lib.bloom_train(ctypes.byref(request), none, None, None, None) == INVALID
    spoiled = problem(4, 6)
    spoiled.inputs[0, 5, 3] = np.nan
    assert lib.bloom_train(ctypes.byref(raw(spoiled, values(3), keep)), none, None, np.zeros((3, 8)).ctypes.data, None) == INVALID
    batches = np.array([[0, 6]] * 5, np.int32)
    request = raw(problem(4, 6), values(3), keep, batches=batches.ctypes.data, batch_size=2)
    assert lib.bloom_train(ctypes.byref(request), none, None, np.zeros((3, 8)).ctypes.data, None) == INVALID


def test_what_would_take_too_much_memory_is_refused() -> None:
    """Data of their own, lane beside lane: 4 GiB a worker is the most. (The zeros here are memory that is never touched.)"""
    points, width, keep, outcomes = 1 << 20, 128, list[Any](), np.zeros((2, 8))
    made = Problem(np.zeros((2, points, width)), np.zeros((2, points)), np.zeros((2, width, width)), np.zeros((2, width)), None)
    request = raw(made, values(2), keep, sets=2, precision=2, threads=1)
    assert library.load().bloom_train(ctypes.byref(request), library.Callback(0), None, outcomes.ctypes.data, None) == MEMORY


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, 1e300, -1.0, 0.0])
def test_hyperparameters_may_be_anything(wrong: float) -> None:
    """What is no number dies of it, and its neighbours do not."""
    made, steps = problem(4, 9), 30
    for optimizer in ("sgd", "momentum", "adam"):
        well = values(8, input_rate=0.1, output_rate=0.1, momentum=0.5, weight_decay=0.01, offset=0.1)
        given = well.copy()
        for number in range(6):
            given[number + 1, number, 0] = wrong
        for precision in ("float", "double", "double-double"):
            got = train(made, given, steps, optimizer=optimizer, precision=precision)
            np.testing.assert_array_equal(got[[0, 7]], train(made, well[:2], steps, optimizer=optimizer, precision=precision))
            assert np.all(got[0, :5] < 1e3) and got[0, 6] == -1
            if np.isnan(wrong):
                used = [number for number in range(6) if number != VALUES.index("momentum") or optimizer != "sgd"]
                assert np.all(got[1:7][used, 3] == 1e6)


def test_one_step_counts_one_loss() -> None:
    got = train(problem(4, 9), values(2), 1)
    np.testing.assert_array_equal(got[:, :7], [[1, 1, 1, 1, 1, -1, -1]] * 2)


def test_a_loss_of_zero_has_no_share() -> None:
    """A perfect network: 0 / 0 is no number, so v is at its ceiling, and the network is alive."""
    made = problem(4, 9)
    made.targets[:] = 0.0
    got = train(made, values(1, init_scale=0.0), 10)
    assert got[0, 0] == 1e7 and got[0, 6] == -1


def test_progress_grows_to_the_end() -> None:
    told: list[float] = []

    def tell(share: float) -> bool:
        told.append(share)
        return True

    train(problem(16, 272), values(200, input_rate=0.5), 300, progress=tell)
    assert told == sorted(told) and told[-1] == 1.0 and any(0 < share < 1 for share in told)


@pytest.mark.parametrize("width, points, precision", [(16, 272, "float"), (256, 4000, "double-double")])
def test_it_stops_at_once(width: int, points: int, precision: str) -> None:
    """Also within a step that takes longer than anyone wants to wait."""
    begin, engine = time.monotonic(), NativeEngine(2)
    with pytest.raises(Cancelled):
        engine.train(
            problem(width, points), values(10_000), activation="tanh", optimizer="adam", steps=10_000, threshold=0.1, precision=precision,
            sensitivity=True, progress=lambda share: time.monotonic() - begin < 1.0,
        )  # fmt: skip
    assert time.monotonic() - begin < 2.5
    assert engine.steps_played < 10_000 * 10_000


def test_what_progress_raises_ends_the_training() -> None:
    def fail(share: float) -> bool:
        raise KeyError(share)

    with pytest.raises(KeyError):
        train(problem(16, 272), values(10_000), 10_000, progress=fail)


def test_subnormal_numbers_are_as_they_were_afterwards() -> None:
    train(problem(4, 9), values(2), 3)
    assert np.float32(1e-40) * np.float32(0.5) > 0 and np.float64(1e-310) * 0.5 > 0
