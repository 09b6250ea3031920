"""Density estimation in a grid, against the same sums in numpy."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from bloom_core import native
from bloom_core.flames.flame import Flame, Variation, Xform, identity
from bloom_core.native import Box, Cancelled, Grid, NativeError
from bloom_core.palettes import srgb_to_linear

BOX = Box((-1.0, -1.0, -1.0), (1.0, 1.0, 1.0))


def flower() -> Flame:
    pre = identity()
    pre[:, :3] = [[0.6, -0.5, 0.1], [0.5, 0.6, 0.0], [0.1, 0.2, 0.7]]
    pre[:, 3] = [0.1, 0.1, 0.05]
    blur = Xform((Variation("gaussian_blur", 0.3), Variation("zblur", 0.3)), weight=0.3, color=1.0, opacity=0.5)
    return Flame((Xform((Variation("linear", 1.0),), pre=pre, color=0.2), blur), palette=np.array([[1.0, 0.0, 0.2], [0.0, 1.0, 0.5]]))


def hits(grid: Grid) -> NDArray[np.float64]:
    """Returns the hits of the whole grid as a dense array."""
    out = np.zeros([-(-side // 8) * 8 for side in grid.dimensions])
    sums = np.expm1(grid.density(1.0).astype(np.float64)) * grid.statistics.iterations * grid.voxel_size**3
    for (x, y, z), leaf in zip(grid.origins(), sums, strict=True):
        out[x : x + 8, y : y + 8, z : z + 8] = leaf
    return out


def kernel(radius: float) -> NDArray[np.float64]:
    reach = int(radius)
    axis = np.arange(-reach, reach + 1)
    distance = np.sqrt(axis[:, None, None] ** 2 + axis[:, None] ** 2 + axis**2) / radius
    out = np.where(distance <= 1, np.exp(-2 * (1.5 * distance) ** 2), 0.0)
    return np.asarray(out / out.sum())


def test_each_voxel_is_spread_by_the_kernel_of_its_hits() -> None:
    radius, curve = 3.0, 0.4
    with native.accumulate(flower(), 40_000, BOX, 24, seed=2) as grid:
        before = hits(grid)
        grid.estimate(radius, curve=curve, threads=2)
        after = hits(grid)
    expected = np.zeros(np.array(before.shape) + 6)
    for x, y, z in np.argwhere(before > 0):
        n = before[x, y, z]
        step = int(np.float64(radius * max(np.float64(np.float32(n)), 1.0) ** -curve) * 8 + 1e-9) / 8
        taps = kernel(max(step, 0.5))
        reach = len(taps) // 2
        expected[x + 3 - reach : x + 4 + reach, y + 3 - reach : y + 4 + reach, z + 3 - reach : z + 4 + reach] += n * taps
    expected = expected[3:-3, 3:-3, 3:-3]
    np.testing.assert_allclose(after, expected, rtol=2e-4, atol=1e-3)


def test_the_sum_of_hits_is_kept_where_nothing_leaves_the_box() -> None:
    pre = identity()
    pre[:, :3] *= 0.1
    with native.accumulate(Flame((Xform((Variation("gaussian_blur", 0.2), Variation("zblur", 0.2)), pre=pre),)), 100_000, BOX, 64) as grid:
        before, leaves = hits(grid).sum(), grid.leaf_count
        grid.estimate(5.0)
        assert hits(grid).sum() == pytest.approx(before, rel=1e-4)
        assert grid.leaf_count > leaves


def test_no_radius_changes_nothing_and_dense_voxels_stay_sharp() -> None:
    with native.accumulate(flower(), 400_000, BOX, 16, color=True) as grid:
        plain = grid.density(1.0), grid.palette(), grid.color(), grid.origins()
        grid.estimate(0.0)
        for a, b in zip(plain, (grid.density(1.0), grid.palette(), grid.color(), grid.origins()), strict=True):
            np.testing.assert_allclose(a, b, atol=1e-6)
        before = hits(grid)
        grid.estimate(2.0, curve=1.0)
        dense = before > 1000
        assert dense.sum() > 20
        np.testing.assert_allclose(hits(grid)[dense], before[dense], rtol=0.03)


def test_colours_spread_with_their_hits() -> None:
    with native.accumulate(flower(), 20_000, BOX, 32, color=True) as grid:
        low, high = grid.palette()[grid.mask()].min(), grid.palette()[grid.mask()].max()
        grid.estimate(3.0)
        mask, palette, color = grid.mask(), grid.palette(), grid.color()
        assert palette[mask].min() >= low - 1e-5 and palette[mask].max() <= high + 1e-5
        # This palette is a straight line, so the mean colour is the colour of the mean coordinate.
        expected = (1 - palette[mask])[:, None] * color_of(0.0) + palette[mask][:, None] * color_of(1.0)
        np.testing.assert_allclose(color[mask], expected, atol=2e-3)


def color_of(coordinate: float) -> NDArray[np.float64]:
    return np.asarray(srgb_to_linear(flower().palette)[round(coordinate)])


@pytest.mark.parametrize("threads", [2, 0])
def test_the_result_does_not_depend_on_the_threads(threads: int) -> None:
    def estimated(threads: int) -> list[bytes]:
        with native.accumulate(flower(), 50_000, BOX, 48, seed=4) as grid:
            grid.estimate(2.5, threads=threads)
            return [array.tobytes() for array in (grid.origins(), grid.density(1.0), grid.palette())]

    assert estimated(1) == estimated(threads)


def test_what_cannot_be_is_refused_and_a_cancelled_grid_stays_as_it_was() -> None:
    with native.accumulate(flower(), 4_000_000, BOX, 256) as grid:
        before = grid.density(1.0)
        for radius, curve in ((-1.0, 0.4), (8.5, 0.4), (float("nan"), 0.4), (2.0, -0.1), (2.0, 1.1)):
            with pytest.raises(NativeError, match="estimator"):
                grid.estimate(radius, curve=curve)
        with pytest.raises(Cancelled):
            grid.estimate(8.0, curve=0.0, progress=lambda _: False)
        np.testing.assert_array_equal(grid.density(1.0), before)
