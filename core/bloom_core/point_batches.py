"""Points of a flame that changes with every frame, batch after batch: what an interactive view plays.

`native.points` gives everything about a cloud, makes its arrays anew and watches for cancelling from a second thread. Here the arrays are made once
and the calling thread plays itself, because a batch is over in milliseconds.
"""

from __future__ import annotations

import ctypes
import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bloom_core import library, native
from bloom_core.flames.flame import FloatArray
from bloom_core.native import NativeError

LARGEST = 1 << 24
"""Points of the largest batch."""


@dataclass(frozen=True)
class Batch:
    """`position` float32 (n, 3) in flame units, `palette` float32 (n,) in [0, 1], `weight` float32 (n,) in (0, 1]; the next batch overwrites them.

    `identity` uint64 (n,) as in `native.Points`; `iterations`: steps that were made, of which `bad` were lost to infinity.
    """

    position: NDArray[np.float32]
    palette: NDArray[np.float32]
    weight: NDArray[np.float32]
    identity: NDArray[np.uint64]
    iterations: int
    bad: int


class PointBatches:
    """Plays packed flames into arrays that it keeps. Not for two threads at a time."""

    def __init__(self) -> None:
        self._room = 0

    def play(self, packed: FloatArray, count: int, *, seed: int = 0, threads: int = 0) -> Batch:
        """Returns up to `count` points of `packed` (flame_buffer.pack): as `native.points` gives for the seed; fewer where many are lost.

        `threads` 0: every core. Raises NativeError (diverging flame, no memory, a count outside 0 to LARGEST).
        """
        if not 0 <= count <= LARGEST:
            raise NativeError(f"{count} points were asked for at a time; a batch has 0 to {LARGEST}")
        self._make_room(count)
        arrays = self._position, self._palette, self._weight, self._xform, self._identity
        raw, written, play = library.RawStatistics(), ctypes.c_uint64(), library.RawPlay(seed & 0xFFFFFFFFFFFFFFFF, threads, 0)
        flame = native.OpenFlame.__new__(native.OpenFlame)
        flame.open(packed)
        with flame:
            code = flame.lib.bloom_points(
                flame.handle, ctypes.byref(play), count, library.Callback(), None, *(array.ctypes.data for array in arrays),
                ctypes.byref(written), ctypes.byref(raw),
            )  # fmt: skip
            flame.check(code)
        n = written.value
        return Batch(self._position[:n], self._palette[:n], self._weight[:n], self._identity[:n], raw.iterations, raw.bad)

    def _make_room(self, count: int) -> None:
        if count <= self._room:
            return
        try:
            self._position, self._palette, self._weight = np.empty((count, 3), np.float32), np.empty(count, np.float32), np.empty(count, np.float32)
            self._xform, self._identity = np.empty(count, np.uint8), np.empty(count, np.uint64)
        except MemoryError as error:
            self._room = 0
            raise NativeError(f"not enough memory for {count} points: ask for fewer") from error
        self._room = count


_OWN = threading.local()


def of_this_thread() -> PointBatches:
    """Returns the calling thread's own batches, for measuring many flames: arrays made anew would take longer than their points."""
    if not hasattr(_OWN, "batches"):
        _OWN.batches = PointBatches()
    batches: PointBatches = _OWN.batches
    return batches
