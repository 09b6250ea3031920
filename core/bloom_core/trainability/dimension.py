"""The box-counting dimension of a map's boundary: how many boxes hold a piece of it, for boxes of every size, and what slope that has.

N(s) boxes of side s are needed to cover a boundary of dimension D, and N(s) ~ s^−D. A picture shows a few decades of s at best, so an estimate is
a slope over a range of scales, with an interval, or it is nothing: `fit` gives no number without both, and says where there is no such range.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from bloom_core.trainability.experiment import MapError
from bloom_core.trainability.maps import Map

PER_OCTAVE = 3
"""Box sizes tried while the size doubles (fewer below 4 pixels, where there are no more)."""

SMALLEST = 3
"""The smallest boxes that a fit uses, in pixels: what is thinner than a pixel is missing from the counts of smaller ones."""

LARGEST = 6
"""The largest boxes are the shortest side of the map over this: larger ones would leave too little room to move them about in."""

MOST_HIT = 0.9
"""A fit uses no boxes of which more than this share is hit: where nearly all are, the slope is that of the picture, 2 (of a volume 3)."""

STEADY = 0.075
"""On a plateau, no local slope is farther than this from the fitted one."""

LEAST_SPAN = 3.0
"""A plateau goes over boxes whose sizes differ at least by this factor, and over half of the octaves that the map has."""

LEAST_MARKED = 50
"""Fewer boundary cells than this have no dimension worth a number."""

_THIRDS = 3  # parts along each axis, two of which make a window of their own for the interval

PLATEAU, NO_PLATEAU, TOO_FEW, NO_BOUNDARY = "plateau", "no plateau", "too few sizes", "no boundary"


@dataclass(frozen=True)
class BoxCounts:
    """How many boxes of each size hold boundary.

    `sizes` int64 (n,): sides of boxes in pixels, ascending. `shares` float64 (n,): the share of all places at which a box of that size is hit.
    `windows` float64 (m, n): that share in windows of two thirds of each side, one in each corner. `cells`: the shape of the array of boundary cells;
    `marked`: how many of them are boundary. `median`: `paper_median` of them, to compare.
    """

    sizes: NDArray[np.int64]
    shares: NDArray[np.float64]
    windows: NDArray[np.float64]
    cells: tuple[int, ...]
    marked: int
    median: float

    @property
    def counts(self) -> NDArray[np.float64]:
        """How many boxes of each size are hit, float64 (n,): the mean over every place of their grid."""
        boxes: NDArray[np.float64] = float(np.prod(self.cells)) / self.sizes.astype(np.float64) ** len(self.cells)
        return self.shares * boxes

    @property
    def octaves(self) -> NDArray[np.int64]:
        """Pairs of sizes, the second the first that is twice as large or larger, as their numbers, int64 (m, 2)."""
        larger = np.searchsorted(self.sizes, 2 * self.sizes)
        pairs: NDArray[np.int64] = np.stack([np.arange(len(self.sizes)), larger], axis=1)[larger < len(self.sizes)]
        return pairs

    @property
    def slopes(self) -> NDArray[np.float64]:
        """The local slopes, −Δ ln N / Δ ln s over each of `octaves`, float64 (m,); NaN where nothing was hit."""
        small, large = self.octaves.T
        with np.errstate(divide="ignore", invalid="ignore"):
            slopes = np.log(self.counts[small] / self.counts[large]) / np.log(self.sizes[large] / self.sizes[small])
        return np.where(np.isfinite(slopes), slopes, np.nan)

    @property
    def scales(self) -> NDArray[np.float64]:
        """The size that each of `slopes` stands for: the geometric mean of its two."""
        small, large = self.octaves.T
        squares: NDArray[np.float64] = self.sizes[small] * self.sizes[large].astype(np.float64)
        return np.sqrt(squares)


@dataclass(frozen=True)
class Fit:
    """A dimension with all that it must not be told without.

    `dimension` and its interval `low` to `high` (NaN without a boundary), `sizes`: the boxes that were fitted, ascending, `slopes`: the local slopes
    between them, `verdict`: PLATEAU, or why the number should not be quoted.
    """

    dimension: float
    low: float
    high: float
    sizes: NDArray[np.int64]
    slopes: NDArray[np.float64]
    verdict: str

    @property
    def trusted(self) -> bool:
        """Whether the local slopes have a plateau to read a dimension from."""
        return self.verdict == PLATEAU

    def __str__(self) -> str:
        if self.verdict == NO_BOUNDARY:
            return "no dimension: there is next to no boundary in this map"
        if self.verdict == TOO_FEW:
            return "no dimension: there are too few sizes of boxes of which some, and not nearly all, are hit. Choose more pixels, or zoom in"
        boxes = f"boxes of {self.sizes[0]} to {self.sizes[-1]} pixels"
        number = f"{self.dimension:.2f} ({self.low:.2f} to {self.high:.2f})"
        if self.verdict == PLATEAU:
            return f"dimension {number}, from {boxes}, whose local slopes are {self.slopes.min():.2f} to {self.slopes.max():.2f}"
        return (
            f"no plateau: the local slopes go from {self.slopes.min():.2f} to {self.slopes.max():.2f} over {boxes}. "
            f"A line through all would say {number}, which is no dimension"
        )


def boundary(labels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Returns where the boundary is: the blocks of 2×2 neighbours (2×2×2 in a volume) whose labels are not all one; each side is one shorter."""
    low = high = labels
    for axis in range(labels.ndim):
        ahead, behind = [slice(None)] * labels.ndim, [slice(None)] * labels.ndim
        ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
        low, high = np.minimum(low[tuple(ahead)], low[tuple(behind)]), np.maximum(high[tuple(ahead)], high[tuple(behind)])
    return np.asarray(low != high)


def box_counts(labels: NDArray[np.uint8]) -> BoxCounts:
    """Counts the boxes that hold boundary of a map's `labels`, an array of two axes or three. Raises MapError for one too small to have boxes."""
    return count_boxes(boundary(labels))


def count_boxes(marked: NDArray[np.bool_]) -> BoxCounts:
    """Counts the boxes that hold a marked cell, for sizes from 1 to the shortest side over LARGEST, PER_OCTAVE to the octave.

    A grid of boxes may lie anywhere. Instead of one grid, or the best of several, the mean over all is taken: the share of places at which a box is
    hit, times how many boxes there are. Boxes of all sizes have the same centres, no nearer to the edge than half of the largest box, so that none
    reaches over it and all see the same part of the boundary: a straight line has slope 1 at every size and angle. The sums of the cells in a box
    come from a table of sums (Crow, "Summed-area tables for texture mapping", 1984). Raises MapError.
    """
    if marked.ndim not in (2, 3) or min(marked.shape) < 2 * LARGEST:
        raise MapError(f"Boxes are counted in maps of two or three axes with {2 * LARGEST + 1} pixels or more a side; this has {marked.shape} cells")
    sums = np.zeros([side + 1 for side in marked.shape], np.int32)
    total = marked.astype(np.int32)
    for axis in range(marked.ndim):
        np.cumsum(total, axis=axis, out=total)
    sums[(slice(1, None),) * marked.ndim] = total
    largest = min(marked.shape) // LARGEST
    sizes = np.unique(np.round(2.0 ** (np.arange(64) / PER_OCTAVE)).astype(np.int64))
    sizes = sizes[sizes <= largest]
    shares, windows = [], []
    for size in sizes.tolist():
        begin = largest // 2 - size // 2
        places = tuple(slice(begin, begin + side - largest + 1) for side in marked.shape)
        hit = _in_boxes(sums, size)[places] > 0
        shares.append(hit.mean())
        windows.append(_in_windows(hit))
    return BoxCounts(sizes, np.array(shares), np.stack(windows, axis=1), marked.shape, int(marked.sum()), paper_median(marked))


def paper_median(marked: NDArray[np.bool_]) -> float:
    """Returns the dimension as the paper of the trainability boundary computes it, NaN where that fails: to compare, not to quote.

    That is PoreSpy's `boxcount`: one grid of boxes, ten sizes from 10 pixels to the whole shortest side, boxes cut by the edge counted as whole ones,
    entirely marked ones not at all; then the median of the local slopes, the saturated and the smallest included.
    """
    shortest = min(marked.shape)
    sizes = np.unique(np.geomspace(10, max(shortest, 11), 10).astype(np.int64))
    counts = []
    for size in sizes.tolist():
        some, whole = marked, marked
        for axis, side in enumerate(marked.shape):
            starts = np.arange(0, side, size)
            some, whole = np.logical_or.reduceat(some, starts, axis=axis), np.logical_and.reduceat(whole, starts, axis=axis)
        counts.append(int(some.sum()) - int(whole.sum()))
    with np.errstate(divide="ignore", invalid="ignore"):
        slopes = -np.gradient(np.log(np.array(counts, np.float64)), np.log(sizes.astype(np.float64)))
    return float(np.median(slopes))


def fit(counts: BoxCounts, most_hit: float = MOST_HIT) -> Fit:
    """Returns the dimension over the longest range of sizes that has one.

    The rule: left out are boxes below SMALLEST pixels, and sizes of which more than `most_hit` are hit. Among the ranges of what is left that span a
    factor of LEAST_SPAN or more, and half of the octaves from SMALLEST to the largest box, the longest is taken in which every local slope lies
    within STEADY of the line fitted through all (plain least squares of ln N on ln s); that is a plateau. Where there is none, the line goes through
    all that is left, and the verdict says so.

    The interval is no error of a regression: neighbouring counts are of the same boundary, so their deviations are not independent, and that error
    would come out many times too small. It goes from the least to the largest of these slopes: of lines through any consecutive sizes of those
    fitted that make up at least half of them; and of lines through all of them, counted in each corner window alone. It says how well this map has
    the slope, and not how the slope would go on at scales that the map does not show.
    """
    if counts.marked < LEAST_MARKED:
        return Fit(np.nan, np.nan, np.nan, counts.sizes[:0], counts.slopes[:0], NO_BOUNDARY)
    good = (counts.sizes >= SMALLEST) & (counts.shares > 0.0) & (counts.shares <= most_hit)
    usable = np.nonzero(good)[0]
    if len(usable) < 3 or not _wide(counts.sizes[usable]):
        return Fit(np.nan, np.nan, np.nan, counts.sizes[usable], _within(counts, usable), TOO_FEW)
    plateau = _plateau(counts, usable)
    chosen = usable if plateau is None else plateau
    low, high = _interval(counts, chosen)
    verdict = NO_PLATEAU if plateau is None else PLATEAU
    return Fit(_slope(counts.sizes, counts.counts, chosen), low, high, counts.sizes[chosen], _within(counts, chosen), verdict)


def dimensions(maps: Sequence[Map]) -> list[tuple[BoxCounts, Fit]]:
    """Returns counts and fit of each map, as of the levels of a zoom. Raises MapError."""
    counted = [box_counts(made.labels) for made in maps]
    return [(counts, fit(counts)) for counts in counted]


def _in_boxes(sums: NDArray[np.int32], size: int) -> NDArray[np.int32]:
    """Returns how many marked cells each box of this size holds, for all its places, from the sums of all cells before."""
    inside = sums
    for axis in range(sums.ndim):
        ahead, behind = [slice(None)] * sums.ndim, [slice(None)] * sums.ndim
        ahead[axis], behind[axis] = slice(size, None), slice(None, -size)
        inside = inside[tuple(ahead)] - inside[tuple(behind)]
    return inside


def _in_windows(hit: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Returns the share of boxes hit in a window of two thirds of each side in each corner."""
    ends = [(slice(0, side - side // _THIRDS), slice(side // _THIRDS, side)) for side in hit.shape]
    return np.array([hit[window].mean() for window in product(*ends)])


def _within(counts: BoxCounts, chosen: NDArray[np.int64]) -> NDArray[np.float64]:
    """Returns the local slopes of octaves that lie within a range of sizes."""
    small, large = counts.octaves.T
    return counts.slopes[(small >= chosen[0]) & (large <= chosen[-1])] if len(chosen) else counts.slopes[:0]


def _wide(sizes: NDArray[np.int64]) -> bool:
    return bool(sizes[-1] >= LEAST_SPAN * sizes[0])


def _slope(sizes: NDArray[np.int64], counts: NDArray[np.float64], chosen: NDArray[np.int64]) -> float:
    """Returns the slope of the line through the chosen points, fitted by least squares: ln N falls by it as ln s rises by 1."""
    x, y = np.log(sizes[chosen].astype(np.float64)), np.log(counts[chosen])
    x = x - x.mean()
    return -float(x @ y / (x @ x))


def _plateau(counts: BoxCounts, usable: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Returns the sizes of the longest range whose local slopes are steady; of equally long ones the steadiest; or None."""
    best, found = (0.0, 0.0), None
    least = np.sqrt(counts.sizes[-1] / SMALLEST)
    for first in range(len(usable)):
        for last in range(first + 2, len(usable)):
            chosen = usable[first : last + 1]
            if not _wide(counts.sizes[chosen]) or counts.sizes[chosen[-1]] / counts.sizes[chosen[0]] < least:
                continue
            off = float(np.abs(_within(counts, chosen) - _slope(counts.sizes, counts.counts, chosen)).max())
            span = float(np.log(counts.sizes[chosen[-1]] / counts.sizes[chosen[0]]))
            if off <= STEADY and (round(span, 6), -off) > best:
                best, found = (round(span, 6), -off), chosen
    return found


def _interval(counts: BoxCounts, chosen: NDArray[np.int64]) -> tuple[float, float]:
    count = len(chosen)
    ranges = [chosen[first:last] for first in range(count) for last in range(first + 2, count + 1) if 2 * (last - first) > count]
    slopes = [_slope(counts.sizes, counts.counts, part) for part in ranges]
    volumes = counts.sizes.astype(np.float64) ** len(counts.cells)
    # A window that has next to none of the boundary says nothing about it.
    seen = [window for window in counts.windows if (window[chosen] > 0.25 * counts.shares[chosen]).all()]
    slopes += [_slope(counts.sizes, window / volumes, chosen) for window in seen]
    return min(slopes), max(slopes)
