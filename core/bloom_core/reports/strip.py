"""Curves of a run on a strip of pixels: each column shows the range of its steps, so that a peak of one step in a million is still seen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

MOST = 16_384
"""Columns that are kept of a long curve: more than any screen has, and few enough to be taken together anew in no time."""

DECADE = 10.0
"""Values above 0 whose largest is more than this many times the least are drawn in logarithms."""

_FLOOR = 0.002
"""The quantile of the values above 0 that lies at the bottom of a logarithmic strip: one tiny value must not flatten all others."""


@dataclass(frozen=True)
class Envelope:
    """A curve as the ranges of its columns.

    `low`, `high` float32 (n,): least and largest value of each column in its own unit, NaN where nothing in it is finite; column c of n holds the
    steps from c·T/n to (c + 1)·T/n. `bottom`, `top`: the values at the lower and the upper edge of the strip (NaN: nothing is finite);
    `logarithmic`: whether the strip between them is.
    """

    low: FloatArray
    high: FloatArray
    bottom: float
    top: float
    logarithmic: bool

    def columns(self, width: int) -> tuple[FloatArray, FloatArray]:
        """Returns the heights of at most `width` columns, lowest and highest, float32 (w,) from 0 (bottom) to 1 (top), NaN where nothing is known.

        There are fewer columns than `width` where there are fewer steps. A peak is never averaged away: the highest column is 1.
        """
        low, high = _taken_together(self.low, self.high, max(1, width))
        return self._height(low), self._height(high)

    def _height(self, values: FloatArray) -> FloatArray:
        if not math.isfinite(self.top):
            return np.full(len(values), np.nan, dtype=np.float32)
        wide = values.astype(np.float64)
        bottom, top = self.bottom, self.top
        if self.logarithmic:
            with np.errstate(divide="ignore"):
                wide = np.where(np.isfinite(wide), np.log(np.maximum(wide, bottom)), np.nan)
            bottom, top = math.log(bottom), math.log(top)
        share = (wide - bottom) / (top - bottom) if top > bottom else np.where(np.isfinite(wide), 0.5, np.nan)
        return np.clip(share, 0.0, 1.0).astype(np.float32)


def envelope(values: NDArray[np.floating[Any]], most: int = MOST) -> Envelope:
    """Returns the envelope of a curve (T,) in at most `most` columns; what is not finite is left out. Raises ValueError for an empty curve."""
    if not len(values):
        raise ValueError("a curve of no steps has no envelope")
    known = np.isfinite(values)
    low, high = _taken_together(np.where(known, values, np.nan).astype(np.float32), None, most)
    finite = values[known].astype(np.float64)
    if not finite.size:
        return Envelope(low, high, math.nan, math.nan, False)
    bottom, top = float(np.float32(finite.min())), float(np.float32(finite.max()))
    above = finite[finite > 0.0]
    if bottom >= 0.0 and above.size and top > DECADE * (floor := float(np.quantile(above, _FLOOR))):
        return Envelope(low, high, floor, top, True)
    return Envelope(low, high, bottom, top, False)


def share_of(row: int, count: int) -> float:
    """Returns where step `row` of `count` stands on the strip: the middle of its place, from 0 (left edge) to 1."""
    return (row + 0.5) / count


def row_at(share: float, count: int) -> int:
    """Returns the step, 0 … count − 1, that stands at a share of the strip's width."""
    return min(max(int(share * count), 0), count - 1)


def nearest(shares: NDArray[np.floating[Any]], weights: NDArray[np.integer[Any]], at: float, reach: float) -> int | None:
    """Returns which mark, of those at `shares` (n,), a pointer `at` means: within `reach` the one of most weight, then the nearest; else None."""
    away = np.abs(shares - at)
    near = np.flatnonzero(away <= reach)
    return None if not near.size else int(min(near, key=lambda mark: (-int(weights[mark]), float(away[mark]), int(mark))))


def _taken_together(low: FloatArray, high: FloatArray | None, width: int) -> tuple[FloatArray, FloatArray]:
    """Returns the ranges of at most `width` columns of neighbours."""
    high = low if high is None else high
    count = len(low)
    if count <= width:
        return low, high
    starts = -(-np.arange(width) * count // width)  # the first place p with p · width // count == column
    # fmin and fmax pass over NaN, and give it where there is nothing else.
    return np.fmin.reduceat(low, starts), np.fmax.reduceat(high, starts)
