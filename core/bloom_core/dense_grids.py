"""Whole arrays as sparse grids of the native renderer, which writes them as the OpenVDB files that flames become."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bloom_core import library
from bloom_core.native import Grid, NativeError, Statistics, memory_limit


def grid_of(density: NDArray[Any], palette: NDArray[Any], *, low: tuple[float, float, float] = (0.0, 0.0, 0.0), voxel_size: float = 1.0) -> Grid:
    """Returns the grid of two arrays (depth, height, width), z first and x last, whose lowest corner is at `low`.

    `density` in [0, 65504] (what half floats hold), `palette` in [0, 1]; where the density is 0, the grid has no voxel. `Grid.density` and
    `Grid.write_vdb` give the density times their gain. Raises NativeError for numbers outside (NaN too), unlike shapes, or want of memory.
    """
    if density.ndim != 3 or density.shape != palette.shape:
        raise NativeError(f"a grid takes two arrays of one shape (depth, height, width), not {density.shape} and {palette.shape}")
    lib, handle = library.hold(), ctypes.c_void_p()
    given, colored = np.ascontiguousarray(density, np.float32), np.ascontiguousarray(palette, np.float32)
    raw = library.RawDense(
        density=given.ctypes.data, palette=colored.ctypes.data, low=low, voxel_size=voxel_size, memory_limit=memory_limit(),
        dimensions=tuple(reversed(density.shape)),
    )  # fmt: skip
    try:
        if lib.bloom_grid_from_dense(ctypes.byref(raw), ctypes.byref(handle)):
            message = lib.bloom_grid_message(handle).decode(errors="replace") if handle else ""
            lib.bloom_grid_close(handle)
            raise NativeError(message or "not enough memory for this grid: lower the resolution")
        return Grid(handle, Statistics(0, 0, 0, 0))
    finally:
        library.let_go()  # the grid holds it by itself
