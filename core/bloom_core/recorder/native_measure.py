"""Measuring a step on the CPU: one native pass over the parameters (`core/native/recorder_kernel.cpp`)."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bloom_core.library import hold, let_go
from bloom_core.recorder.shards import Shard, is_sharded, local
from bloom_core.trajectories.run_model import DoubleArray
from bloom_core.trajectories.sketch import DIMENSIONS

TENSOR = np.dtype([(name, np.uint64) for name in ("after", "before", "gradient", "count", "start", "part", "layer")])
"""bloom_tensor."""

_WORTH_A_THREAD = 1 << 20


class NativeMeasure:
    """Measures the shards that lie in the memory of the CPU; keeps one copy of them in float32.

    `parameters` float64 (L,): squares of the norms that they had at first.
    """

    def __init__(self, shards: Sequence[Shard], *, layers: int, parts: int, capacity: int) -> None:
        import torch

        self._torch = torch
        self._measure = hold().bloom_measure
        weakref.finalize(self, let_go)
        self._shards = tuple(shards)
        self._whole = tuple(not is_sharded(shard.parameter) for shard in shards)
        self._sizes = [int(shard.runs[:, 1].sum()) for shard in shards]
        self._owner = np.repeat(np.arange(len(shards)), [len(shard.runs) for shard in shards])
        runs = np.concatenate([shard.runs for shard in shards])
        self._offsets = (runs[:, 0] * 4).astype(np.uint64)
        self._table = np.zeros(len(runs), dtype=TENSOR)
        self._table["count"], self._table["start"] = runs[:, 1], runs[:, 2]
        self._table["part"] = np.array([shard.part for shard in shards])[self._owner]
        self._table["layer"] = np.array([shard.layer for shard in shards])[self._owner]
        self._before = torch.zeros(sum(self._sizes), dtype=torch.float32)
        places = np.cumsum([0, *self._sizes[:-1]]).astype(np.uint64) * np.uint64(4)
        self._table["before"] = np.uint64(self._before.data_ptr()) + places[self._owner] + self._offsets
        self._shapes = (capacity, layers, 3), (capacity, parts, DIMENSIONS)
        self._new_block()
        squares = np.zeros((layers, 3))
        self._pass(squares, np.zeros((parts, DIMENSIONS)))
        self.parameters = squares[:, 1]

    def step(self) -> None:
        """Measures what changed since the last call. Raises RuntimeError when a parameter has another size or device than before."""
        self._pass(self._squares[self._count], self._sketches[self._count])
        self._count += 1

    def take(self) -> Callable[[], tuple[DoubleArray, DoubleArray]]:
        """Returns what gives the steps since the last call: squares (n, L, 3) of update, parameters and gradient, and sketches (n, P, 64)."""
        squares, sketches = self._squares[: self._count], self._sketches[: self._count]
        self._new_block()
        return lambda: (squares, sketches)

    def _new_block(self) -> None:
        squares, sketches = self._shapes
        self._count, self._squares, self._sketches = 0, np.zeros(squares), np.zeros(sketches)

    def _pass(self, squares: DoubleArray, sketches: DoubleArray) -> None:
        values, gradients = [], []
        kept: list[Any] = []
        for shard, whole, size in zip(self._shards, self._whole, self._sizes, strict=True):
            values.append(self._pointer(shard.parameter, whole, size, kept))
            gradient = shard.parameter.grad
            if gradient is not None and gradient.layout is not self._torch.strided:
                squares[shard.layer, 2] += float(gradient.coalesce().values().double().square().sum())
                gradient = None
            gradients.append(0 if gradient is None else self._pointer(gradient, whole, size, kept))
        self._table["after"] = np.array(values, dtype=np.uint64)[self._owner] + self._offsets
        pointers = np.array(gradients, dtype=np.uint64)[self._owner]
        self._table["gradient"] = np.where(pointers > 0, pointers + self._offsets, 0)
        threads = self._torch.get_num_threads() if len(self._before) > _WORTH_A_THREAD else 1
        table = self._table
        if self._measure(table.ctypes.data, len(table), threads, squares.ctypes.data, sketches.ctypes.data):
            raise MemoryError("not enough memory to measure the step")

    def _pointer(self, tensor: Any, whole: bool, size: int, kept: list[Any]) -> int:
        """Returns the address of a tensor's values in float32, row by row; what was copied for that is `kept` alive."""
        if not (whole and tensor.dtype is self._torch.float32 and tensor.is_contiguous()):
            tensor = local(tensor).float()
            kept.append(tensor)
        if tensor.numel() != size or not tensor.is_cpu:
            raise RuntimeError(f"a parameter of {size} values on the CPU is now one of {tensor.numel()} on {tensor.device}")
        return int(tensor.data_ptr())
