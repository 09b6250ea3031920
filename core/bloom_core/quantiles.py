"""Quantiles of many values, exactly as sorting all of them gives, at a few passes' cost: only those near the quantile are sorted.

Where it lies is first looked for among every FEW-th value. Where those were not like the rest, all are sorted after all.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FEW, MARGIN = 32, 0.03
"""What is sorted: every so many of the values; then those that have up to this much more or less below them than wanted."""

Values = NDArray[np.float32] | NDArray[np.float64]


def weighted(values: Values, weight: NDArray[np.float32], level: float) -> float:
    """Returns the least of `values` (n,), n ≥ 1, up to which `level` in [0, 1] of the weight (n,) lies."""
    wanted = level * float(weight.sum(dtype=np.float64))
    low, high = _around(values[::FEW], weight[::FEW], level)
    near = np.flatnonzero((values >= low) & (values <= high))
    below = float(weight[values < low].sum(dtype=np.float64))
    order = near[np.argsort(values[near])]
    share = below + np.cumsum(weight[order], dtype=np.float64)
    if len(order) < len(values) and not below < wanted <= share.max(initial=0.0):
        order = np.argsort(values)
        share = np.cumsum(weight[order], dtype=np.float64)
    return float(values[order[min(int(np.searchsorted(share, wanted)), len(order) - 1)]])


def plain(values: Values, level: float) -> float:
    """Returns `numpy.quantile(values, level)` of `values` (n,), n ≥ 1: between two of them the straight line."""
    place = level * (len(values) - 1)
    rank = min(int(place), max(len(values) - 2, 0))
    few = np.sort(values[::FEW])
    low = few[int((level - MARGIN) * len(few))] if level > MARGIN else -np.inf
    high = few[int((level + MARGIN) * len(few))] if level + MARGIN < 1.0 else np.inf
    below = values < low
    first = rank - int(np.count_nonzero(below))
    near = values[(values <= high) & ~below]
    if first < 0 or first + 1 >= len(near):
        near, first = values, rank
    near = np.partition(near, [first, min(first + 1, len(near) - 1)])
    start, end = float(near[first]), float(near[min(first + 1, len(near) - 1)])
    share = place - rank
    return start + (end - start) * share if share < 0.5 else end - (end - start) * (1.0 - share)


def _around(values: Values, weight: NDArray[np.float32], level: float) -> tuple[float, float]:
    """Returns two numbers between which the quantile of the whole lies, of which these (m,) are a sample; all but surely."""
    order = np.argsort(values)
    share = np.cumsum(weight[order], dtype=np.float64)
    places = np.searchsorted(share, np.array([level - MARGIN, level + MARGIN]) * share[-1])
    low, high = (float(values[order[min(int(place), len(order) - 1)]]) for place in places)
    return low if level > MARGIN else -np.inf, high if level + MARGIN < 1.0 else np.inf
