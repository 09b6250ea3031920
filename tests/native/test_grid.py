"""The sparse density grid against a histogram of the same points made by numpy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from bloom_core import native
from bloom_core.flames.flame import Flame, Variation, Xform, identity
from bloom_core.native import Box, Grid, NativeError
from bloom_core.palettes import srgb_to_linear

SAMPLES = 4096 * 50  # whole steps of the pool: then points() and accumulate() play the same game
BOX = Box((-0.5, -1.0, -0.25), (1.5, 0.75, 1.0))


def flower(opacity: float = 0.5) -> Flame:
    """Returns a flame that fills some of the box, leaves it on every side, and has exact opacities."""
    pre = identity()
    pre[:, :3] = [[0.6, -0.5, 0.1], [0.5, 0.6, 0.0], [0.1, 0.2, 0.7]]
    pre[:, 3] = [0.3, 0.2, 0.1]
    blur = Xform((Variation("gaussian_blur", 0.4), Variation("zblur", 0.4)), weight=0.3, color=1.0, opacity=opacity)
    return Flame((Xform((Variation("linear", 1.0),), pre=pre, color=0.2), blur))


def dense(grid: Grid, leaves: NDArray[Any]) -> NDArray[Any]:
    """Returns the leaves (m, 8, 8, 8) put in their places in a whole array."""
    shape = [-(-side // 8) * 8 for side in grid.dimensions]
    out = np.zeros(shape, leaves.dtype)
    for (x, y, z), leaf in zip(grid.origins(), leaves, strict=True):
        out[x : x + 8, y : y + 8, z : z + 8] = leaf
    return out


def voxels_of(points: native.Points, grid: Grid) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Returns the voxel (n, 3) of every point, in float as the renderer counts, and which of them are inside."""
    index = np.floor((points.position - np.array(grid.low, np.float32)) * np.float32(1.0 / grid.voxel_size)).astype(np.int64)
    return index, ((index >= 0) & (index < grid.dimensions)).all(axis=1)


@pytest.mark.parametrize("resolution", [8, 9, 100])
def test_every_voxel_holds_the_sum_of_its_hits(resolution: int) -> None:
    points = native.points(flower(), SAMPLES, seed=3)
    with native.accumulate(flower(), SAMPLES, BOX, resolution, seed=3) as grid:
        index, inside = voxels_of(points, grid)
        weight, tint = np.zeros(grid.dimensions), np.zeros(grid.dimensions)
        np.add.at(weight, tuple(index[inside].T), points.weight[inside])
        np.add.at(tint, tuple(index[inside].T), (points.weight * points.palette)[inside].astype(np.float64))
        x, y, z = grid.dimensions
        gain = 0.01
        expected = np.log1p(gain * weight / grid.statistics.iterations / grid.voxel_size**3)
        np.testing.assert_array_equal(dense(grid, grid.mask())[:x, :y, :z], weight > 0)
        np.testing.assert_allclose(dense(grid, grid.density(gain))[:x, :y, :z], expected, rtol=1e-6)
        mean = np.divide(tint, weight, out=np.zeros_like(tint), where=weight > 0)
        np.testing.assert_allclose(dense(grid, grid.palette())[:x, :y, :z], mean, atol=4e-5)  # half a unit of a light hit's tint
        assert grid.statistics.plotted == inside.sum() and grid.statistics.outside == (~inside).sum() > 0
        assert grid.statistics.iterations == SAMPLES


def test_the_box_gives_the_grid_its_shape() -> None:
    with native.accumulate(flower(), 4096, BOX, 100) as grid:
        assert grid.voxel_size == pytest.approx(2.0 / 100)
        assert grid.dimensions == (100, 88, 63)  # 2.0, 1.75 and 1.25 units, rounded up to whole voxels
        assert grid.low == BOX.low


def test_leaves_are_sorted_aligned_and_different() -> None:
    with native.accumulate(flower(), SAMPLES, BOX, 200, threads=2) as grid:
        origins = grid.origins()
        assert origins.shape == (grid.leaf_count, 3) and grid.leaf_count > 100
        assert (origins % 8 == 0).all() and (origins >= 0).all() and (origins < grid.dimensions).all()
        order = np.lexsort(origins.T[::-1])
        np.testing.assert_array_equal(order, np.arange(len(origins)))
        assert len(np.unique(origins, axis=0)) == len(origins)
        assert grid.mask().reshape(len(origins), -1).any(axis=1).all(), "a leaf without a voxel"


def test_more_samples_or_voxels_do_not_change_the_brightness() -> None:
    # density is a function of hits per sample and volume: what converges, so that frames of a film match.
    def mean_density(samples: int, resolution: int) -> float:
        box = Box((0.0, -0.25, 0.0), (0.5, 0.25, 0.5))
        with native.accumulate(flower(1.0), samples, box, resolution, seed=1) as grid:
            hits = np.expm1(grid.density(1.0).astype(np.float64)) * grid.voxel_size**3
            return float(hits.sum())

    reference = mean_density(4_000_000, 32)
    assert mean_density(1_000_000, 32) == pytest.approx(reference, rel=0.02)
    assert mean_density(4_000_000, 16) == pytest.approx(reference, rel=0.02)


def test_gain_scales_within_the_logarithm() -> None:
    with native.accumulate(flower(), SAMPLES, BOX, 32) as grid:
        one, ten = np.expm1(grid.density(1.0).astype(np.float64)), np.expm1(grid.density(10.0).astype(np.float64))
        np.testing.assert_allclose(ten, 10.0 * one, rtol=1e-5, atol=1e-12)


def test_no_samples_or_nothing_in_the_box_is_an_empty_grid() -> None:
    with native.accumulate(flower(), 0, BOX, 32) as grid:
        assert grid.leaf_count == 0 and grid.origins().shape == (0, 3) and grid.mask().shape == (0, 8, 8, 8)
    far = Box((100.0, 100.0, 100.0), (101.0, 101.0, 101.0))
    with native.accumulate(flower(), 8192, far, 32) as grid:
        assert grid.leaf_count == 0
        assert grid.statistics.plotted == 0 and grid.statistics.outside == 8192


@pytest.mark.parametrize(
    ("box", "resolution"),
    [
        (BOX, 7),
        (BOX, 4097),
        (BOX, -1),
        (BOX, 2**31 - 1),
        (Box((0.0, 0.0, 0.0), (1.0, 0.0, 1.0)), 32),
        (Box((0.0, 0.0, 0.0), (1.0, -1.0, 1.0)), 32),
        (Box((0.0, 0.0, 0.0), (1.0, float("inf"), 1.0)), 32),
        (Box((0.0, float("nan"), 0.0), (1.0, 1.0, 1.0)), 32),
        (Box((-1e300, 0.0, 0.0), (1e300, 1.0, 1.0)), 32),
    ],
)
def test_an_impossible_box_or_resolution_is_refused(box: Box, resolution: int) -> None:
    with pytest.raises(NativeError):
        native.accumulate(flower(), 4096, box, resolution)


def test_memory_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for limit in (0, 100_000, 8 << 20):
        monkeypatch.setattr(native, "memory_limit", lambda limit=limit: limit)
        with pytest.raises(NativeError, match="memory"):
            native.accumulate(flower(), 2_000_000, BOX, 512, threads=2)


def test_a_flat_flame_and_a_thin_box_work() -> None:
    thin = Box((-0.5, -1.0, 0.1), (1.5, 0.75, 0.1001))
    with native.accumulate(flower(), SAMPLES, thin, 64) as grid:
        assert grid.dimensions[2] == 1
        assert grid.statistics.plotted > 0


def test_a_closed_grid_says_so() -> None:
    grid = native.accumulate(flower(), 4096, BOX, 32)
    grid.close()
    grid.close()
    with pytest.raises(NativeError, match="closed"):
        grid.origins()


def test_the_filter_spreads_a_hit_as_a_tent() -> None:
    place = identity()
    place[:, 3] = 10.5  # the middle of a voxel
    box = Box((0.0, 0.0, 0.0), (24.0, 24.0, 24.0))
    with native.accumulate(Flame((Xform((), post=place),)), 4_000_000, box, 24, filter_radius=2.0, seed=1) as grid:
        share = dense(grid, np.expm1(grid.density(1.0).astype(np.float64)))  # voxels have the volume 1
    assert share.sum() == pytest.approx(1.0, abs=1e-4)
    # Integrals of (2 − |t|)/4 over the voxels around: no more than two voxels away, all axes alike and independent.
    tent = np.array([0.03125, 0.25, 0.4375, 0.25, 0.03125])
    expected = tent[:, None, None] * tent[:, None] * tent
    np.testing.assert_allclose(share[8:13, 8:13, 8:13], expected, atol=5e-4)


@pytest.mark.parametrize("radius", [-0.1, 8.1, float("nan"), float("inf")])
def test_a_filter_out_of_reason_is_refused(radius: float) -> None:
    with pytest.raises(NativeError, match="filter"):
        native.accumulate(flower(), 4096, BOX, 32, filter_radius=radius)


def test_the_soft_edge_fades_hits_towards_the_faces_of_the_box() -> None:
    # Eight halving maps fill a cube evenly.
    corners = [(x, y, z) for x in (0.0, 0.5) for y in (0.0, 0.5) for z in (0.0, 0.5)]
    cube = Flame(tuple(Xform((Variation("linear", 1.0),), pre=np.hstack([np.eye(3) / 2, np.array([[x], [y], [z]])])) for x, y, z in corners))
    box, n = Box((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)), 8_000_000
    with native.accumulate(cube, n, box, 32, seed=2) as hard, native.accumulate(cube, n, box, 32, fade=0.25, seed=2) as soft:
        whole, faded = (np.expm1(grid.density(1.0).astype(np.float64)).transpose(1, 0, 2, 3) for grid in (hard, soft))
        order = np.argsort(soft.origins()[:, 0])
        along = [volume[:, order].reshape(8, 4, -1).transpose(1, 0, 2).reshape(32, -1).sum(axis=1) for volume in (whole, faded)]
    kept = along[1] / along[0]
    depth = np.minimum(np.arange(32) + 0.5, 31.5 - np.arange(32)) / 8.0
    share = np.clip(depth, 0.0, 1.0)
    expected = share * share * (3.0 - 2.0 * share)
    np.testing.assert_allclose(kept / kept[16], expected, atol=0.02)
    # In the middle of x, what is left is what the soft edges of y and z leave: half of a quarter at either side goes.
    assert kept[16] == pytest.approx(0.75**2, abs=0.01)


@pytest.mark.parametrize("fade", [-0.1, 0.6, float("nan")])
def test_a_soft_edge_out_of_reason_is_refused(fade: float) -> None:
    with pytest.raises(NativeError, match="soft edge"):
        native.accumulate(flower(), 4096, BOX, 32, fade=fade)


def test_a_grid_with_colour_keeps_the_mean_colour_of_its_hits() -> None:
    palette = np.array([[1.0, 0.0, 0.0], [0.0, 0.5, 0.25], [0.0, 0.0, 1.0]])
    flame = replace(flower(), palette=palette)
    points = native.points(flame, SAMPLES, seed=3)
    with native.accumulate(flame, SAMPLES, BOX, 40, color=True, seed=3) as grid, native.accumulate(flame, SAMPLES, BOX, 40, seed=3) as plain:
        index, inside = voxels_of(points, grid)
        linear = srgb_to_linear(palette)
        colors = np.stack([np.interp(points.palette, [0.0, 0.5, 1.0], linear[:, channel]) for channel in range(3)], axis=1)
        weight, total = np.zeros(grid.dimensions), np.zeros((*grid.dimensions, 3))
        np.add.at(weight, tuple(index[inside].T), points.weight[inside])
        np.add.at(total, tuple(index[inside].T), colors[inside] * points.weight[inside, None])
        expected = np.divide(total, weight[..., None], out=np.zeros_like(total), where=weight[..., None] > 0)
        found = np.stack([dense(grid, grid.color()[..., channel]) for channel in range(3)], axis=-1)
        x, y, z = grid.dimensions
        np.testing.assert_allclose(found[:x, :y, :z], expected, atol=3.0 / 4096)  # the palette is read in 4096 steps
        # Asking for colour changes nothing else.
        np.testing.assert_array_equal(grid.density(1.0), plain.density(1.0))
        np.testing.assert_array_equal(grid.palette(), plain.palette())
        assert not plain.color().any()


def test_a_voxel_that_takes_every_hit_counts_them_all() -> None:
    # More than 32 bits can hold: 2^31 / 32768 hits and a carry, many times over.
    place = identity()
    place[:, 3] = 0.5
    flame = Flame((Xform((), post=place, color=0.75, color_speed=1.0),), palette=np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]))
    samples = 3 << 20
    with native.accumulate(flame, samples, Box((0.0, 0.0, 0.0), (8.0, 8.0, 8.0)), 8, color=True, threads=2) as grid:
        assert grid.mask().sum() == 1 and grid.leaf_count == 1
        np.testing.assert_allclose(np.expm1(grid.density(1.0).astype(np.float64)).sum(), 1.0, rtol=1e-6)
        np.testing.assert_allclose(grid.palette().max(), 0.75, atol=1e-5)
        np.testing.assert_allclose(grid.color()[0, 0, 0, 0], 0.75, atol=1e-3)


def test_a_small_opacity_has_the_right_mean() -> None:
    faint = Flame((Xform((), opacity=1.0 / 300_000.0),))  # a ninth of the smallest weight a hit can have
    with native.accumulate(faint, 2_000_000, Box((-1.0, -1.0, -1.0), (1.0, 1.0, 1.0)), 8) as grid:
        hits = float(np.expm1(grid.density(1.0).astype(np.float64)).sum()) * grid.voxel_size**3
    assert hits == pytest.approx(1.0 / 300_000.0, rel=0.05)


def test_a_grid_of_2048_takes_memory_for_what_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "memory_limit", lambda: 32 << 20)
    pre = identity()
    pre[:, :3] *= 0.02
    ball = Flame((Xform((Variation("gaussian_blur", 0.02), Variation("zblur", 0.02)), pre=pre),))
    with native.accumulate(ball, 1_000_000, Box((-1.0, -1.0, -1.0), (1.0, 1.0, 1.0)), 2048, threads=2) as grid:
        assert grid.dimensions == (2048, 2048, 2048)
        assert grid.statistics.plotted == grid.statistics.iterations and 500 < grid.leaf_count < 8000
