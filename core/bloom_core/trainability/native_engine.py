"""The native engine: many networks at once, one to a SIMD lane (core/native/training_kernel.cpp, docs/engine.md)."""

from __future__ import annotations

import ctypes

import numpy as np
from numpy.typing import NDArray

from bloom_core import library
from bloom_core.native import Cancelled, Progress, Watch, kernel_name
from bloom_core.trainability.experiment import ACTIVATIONS, OPTIMIZERS, VALUES, MapError
from bloom_core.trainability.outcomes import COLUMNS, PRECISIONS, Problem

_MEMORY = 2
_WIDEST, _LARGEST = 256, 1e30


class NativeEngine:
    """Trains on this computer's processor, as `outcomes.Engine` says.

    `threads` 0 takes one for every core. Outcomes do not depend on it, nor on which networks are trained together, nor on the processor: each network
    is one lane, and its operations have one order. Only x86-64-v2 (`name` says so), which has no fused multiply-add, rounds otherwise.
    """

    precisions: tuple[str, ...] = PRECISIONS

    def __init__(self, threads: int = 0) -> None:
        self.name = f"native {kernel_name()}"
        self.threads = threads
        self.steps_played = 0
        """Network·steps that the last call really trained; early exit spares the rest."""

    def train(
        self,
        problem: Problem,
        values: NDArray[np.float64],
        *,
        activation: str,
        optimizer: str,
        steps: int,
        threshold: float,
        precision: str,
        sensitivity: bool,
        progress: Progress | None,
    ) -> NDArray[np.float64]:
        """As `outcomes.Engine.train`. Raises MapError for data that are not numbers up to 1e30, or do not fit each other, and for want of memory."""
        _check(problem, values, steps)
        arrays = [np.ascontiguousarray(getattr(problem, name), np.float64) for name in ("inputs", "targets", "input_weights", "output_weights")]
        batches = None if problem.batches is None else np.ascontiguousarray(problem.batches, np.int32)
        given = np.ascontiguousarray(values, np.float64)
        sets, points, width = arrays[0].shape
        raw = library.RawTraining(
            *(array.ctypes.data for array in arrays),
            None if batches is None else batches.ctypes.data,
            given.ctypes.data,
            len(given),
            sets,
            threshold,
            points,
            width,
            steps,
            0 if batches is None else batches.shape[1],
            _number(activation, ACTIVATIONS, "activation"),
            _number(optimizer, OPTIMIZERS, "optimizer"),
            _number(precision, PRECISIONS, "precision"),
            int(sensitivity),
            self.threads,
        )
        outcomes = np.empty((len(given), len(COLUMNS)))
        played = ctypes.c_uint64()
        lib = library.load()
        code = Watch(progress).run(lambda callback: lib.bloom_train(ctypes.byref(raw), callback, None, outcomes.ctypes.data, ctypes.byref(played)))
        self.steps_played = played.value
        if code == library.CANCELLED:
            raise Cancelled
        if code == _MEMORY:
            raise MapError(f"There is not enough memory to train networks of width {width} on {points} points; choose fewer of either")
        if code:
            raise MapError(f"The native engine does not train {len(given)} networks of width {width} on {points} points for {steps} steps")
        return outcomes


def _number(name: str, names: tuple[str, ...], what: str) -> int:
    if name not in names:
        raise MapError(f"There is no {what} {name!r}; there are {', '.join(names)}")
    return names.index(name)


def _check(problem: Problem, values: NDArray[np.float64], steps: int) -> None:
    if problem.inputs.ndim != 3 or values.ndim != 3 or values.shape[1:] != (len(VALUES), 2) or not len(values):
        raise MapError(f"An engine takes inputs (sets, points, width) and values (networks, {len(VALUES)}, 2)")
    sets, points, width = problem.inputs.shape
    wanted = {"targets": (sets, points), "input_weights": (sets, width, width), "output_weights": (sets, width)}
    for name, shape in wanted.items():
        if getattr(problem, name).shape != shape:
            raise MapError(f"The problem's {name} have shape {getattr(problem, name).shape}, not {shape} as its inputs ask for")
    if sets not in (1, len(values)):
        raise MapError(f"{len(values)} networks share one set of data or have one each, not {sets} sets")
    if not 1 <= width <= _WIDEST:
        raise MapError(f"The native engine trains networks of 1 to {_WIDEST} neurons, not {width}")
    if steps < 1:
        raise MapError(f"A training has one step or more, not {steps}")
    for name in ("inputs", *wanted):
        if not np.all(np.abs(getattr(problem, name)) <= _LARGEST):
            raise MapError(f"The problem's {name} must be finite numbers, up to {_LARGEST:g}")
    batches = problem.batches
    if batches is not None:
        if batches.ndim != 2 or len(batches) < steps or batches.shape[1] < 1:
            raise MapError(f"Batches of {steps} steps have shape ({steps}, batch size), not {batches.shape}")
        if batches.min() < 0 or batches.max() >= points:
            raise MapError(f"Batches hold indices of points, 0 to {points - 1}; some are outside")
