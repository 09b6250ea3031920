"""Grids of whole arrays: every voxel in its place, and the files that come of it, read back by OpenVDB's own module."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from bloom_core import dense_grids, library
from bloom_core.native import Grid, NativeError
from tests.native.test_vdb import read_back

LARGEST_HALF = 65504.0


def arrays(shape: tuple[int, ...] = (21, 70, 11), share: float = 0.03, seed: int = 1) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Returns a density that is mostly 0, and palette coordinates everywhere."""
    random = np.random.default_rng(seed)
    density = np.where(random.random(shape) < share, random.random(shape) * 9.0, 0.0).astype(np.float32)
    return density, random.random(shape).astype(np.float32)


def dense(grid: Grid, leaves: NDArray[Any]) -> NDArray[Any]:
    """Returns leaves in their places, as an array in the order z, y, x."""
    out = np.zeros([-(-side // 8) * 8 for side in grid.dimensions], leaves.dtype)
    for (x, y, z), leaf in zip(grid.origins(), leaves, strict=True):
        out[x : x + 8, y : y + 8, z : z + 8] = leaf
    x, y, z = grid.dimensions
    return out[:x, :y, :z].transpose(2, 1, 0)


def told(values: NDArray[np.float32], there: NDArray[np.bool_]) -> dict[tuple[int, int, int], float]:
    """Returns the values of the voxels that are there by (x, y, z), as half floats."""
    z, y, x = np.nonzero(there)
    return dict(zip(zip(x.tolist(), y.tolist(), z.tolist(), strict=True), values[there].astype(np.float16).astype(float).tolist(), strict=True))


@pytest.mark.parametrize("shape", [(1, 1, 1), (8, 8, 8), (21, 70, 11), (3, 130, 64)])
def test_every_voxel_is_where_the_array_has_it(shape: tuple[int, ...]) -> None:
    density, palette = arrays(shape, 0.3)
    density.flat[-1] = 2.0
    with dense_grids.grid_of(density, palette, low=(-1.0, 2.0, 0.5), voxel_size=0.25) as grid:
        assert grid.dimensions == shape[::-1] and grid.low == (-1.0, 2.0, 0.5) and grid.voxel_size == 0.25
        np.testing.assert_array_equal(dense(grid, grid.mask()), density > 0)
        np.testing.assert_array_equal(dense(grid, grid.density(1.0)), density)
        np.testing.assert_allclose(dense(grid, grid.density(3.0)), 3.0 * density, rtol=1e-6)
        np.testing.assert_array_equal(dense(grid, grid.palette()), np.where(density > 0, palette, 0.0))


def test_the_leaves_are_sorted_and_none_is_empty() -> None:
    density = np.zeros((40, 40, 40), np.float32)
    density[3, 20, 39], density[39, 0, 0], density[0, 0, 0] = 1.0, 2.0, 3.0
    with dense_grids.grid_of(density, density / 9.0) as grid:
        assert grid.origins().tolist() == [[0, 0, 0], [0, 0, 32], [32, 16, 0]]


def test_openvdb_reads_the_file_as_the_arrays_were(tmp_path: Path) -> None:
    density, palette = arrays()
    density[0, 0, 0] = LARGEST_HALF
    with dense_grids.grid_of(density, palette, low=(-2.0, 0.0, 1.0), voxel_size=0.1) as grid:
        grid.write_vdb(tmp_path / "frame.vdb", gain=1.0)
    about, values = read_back(tmp_path / "frame.vdb")
    assert values["density"] == told(density, density > 0) and values["palette"] == told(palette, density > 0)
    assert list(about["grids"]) == ["density", "palette"]
    np.testing.assert_allclose(about["grids"]["density"]["origin"], [-1.95, 0.05, 1.05])
    np.testing.assert_allclose(about["grids"]["density"]["voxel"], [0.1] * 3)


def test_the_same_arrays_give_the_same_bytes(tmp_path: Path) -> None:
    density, palette = arrays()
    for name, order in (("one", "C"), ("two", "F")):
        with dense_grids.grid_of(np.array(density, order=order), np.array(palette, np.float64, order=order)) as grid:
            grid.write_vdb(tmp_path / name, gain=1.0)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_an_array_without_any_density_is_an_empty_grid(tmp_path: Path) -> None:
    with dense_grids.grid_of(np.zeros((9, 9, 9)), np.zeros((9, 9, 9))) as grid:
        assert grid.leaf_count == 0
        grid.write_vdb(tmp_path / "empty.vdb", gain=1.0)
    assert read_back(tmp_path / "empty.vdb")[1] == {"density": {}, "palette": {}}


@pytest.mark.parametrize(
    ("name", "value"),
    [("density", np.nan), ("density", np.inf), ("density", -1e-6), ("density", 65505.0), ("palette", np.nan), ("palette", 1.01), ("palette", -0.1)],
)
def test_numbers_that_no_file_should_hold_are_refused(name: str, value: float) -> None:
    density, palette = arrays((4, 5, 6))
    {"density": density, "palette": palette}[name][2, 3, 4] = value
    with pytest.raises(NativeError, match=name[:3]):
        dense_grids.grid_of(density, palette)


@pytest.mark.parametrize("shape", [(4, 4), (2, 2, 2, 2), (0, 3, 3), (1, 1, 4097)])
def test_shapes_that_are_no_volume_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(NativeError, match=r"shape|4096"):
        dense_grids.grid_of(np.zeros(shape), np.zeros(shape))
    with pytest.raises(NativeError, match="shape"):
        dense_grids.grid_of(np.zeros((3, 3, 3)), np.zeros((3, 3, 2)))


@pytest.mark.parametrize("size", [0.0, -1.0, np.nan, np.inf])
def test_voxels_have_a_size(size: float) -> None:
    with pytest.raises(NativeError, match="voxels"):
        dense_grids.grid_of(np.zeros((3, 3, 3)), np.zeros((3, 3, 3)), voxel_size=size)
    with pytest.raises(NativeError, match="place"):
        dense_grids.grid_of(np.zeros((3, 3, 3)), np.zeros((3, 3, 3)), low=(0.0, np.nan, 0.0))


def test_too_little_memory_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dense_grids, "memory_limit", lambda: 1 << 18)
    with pytest.raises(NativeError, match="not enough memory"):
        dense_grids.grid_of(np.ones((128, 128, 128)), np.ones((128, 128, 128)))
    with dense_grids.grid_of(np.ones((16, 16, 16)), np.ones((16, 16, 16))) as grid:
        assert grid.leaf_count == 8


def test_densities_are_not_spread_as_hits_are() -> None:
    with dense_grids.grid_of(*arrays()) as grid, pytest.raises(NativeError, match="not hits"):
        grid.estimate(2.0)


def test_nothing_stays_open() -> None:
    held = library._held.count
    with pytest.raises(NativeError):
        dense_grids.grid_of(np.full((2, 2, 2), np.nan), np.zeros((2, 2, 2)))
    dense_grids.grid_of(*arrays()).close()
    assert library._held.count == held
    assert ctypes.sizeof(library.RawDense) == 72  # as bloom.h lays it out
