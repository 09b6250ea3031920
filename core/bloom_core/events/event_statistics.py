"""Rolling statistics for finding events: which values of a series stand out from those just before them. numpy only.

Norms and losses of sound trainings are heavy-tailed: with small batches, late in training, single steps are a hundred times the median (measured:
13 000 times, momentum, batches of one), so a fixed factor, or a number of median absolute deviations, raises alarms all the time. In logarithms
the same series are tame. A value stands out only where it passes three tests against the WINDOW values before it: it is a given factor above
their median, many robust deviations above it in logarithms, and several times as far from it as their upper tail is (or far above all of them).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float32]
DoubleArray = NDArray[np.float64]

WINDOW = 50
"""How many values before a step say what is usual: long against noise, short against the trend of a training."""

MIN_HISTORY = 10
"""Fewer values before a step judge nothing: the first steps of a training differ from each other in earnest."""

TAIL = 0.9
"""The quantile that stands for the upper tail of the window; up to five earlier outliers in it do no harm."""

TOP = 3.0
"""A value so many times the largest of the window is beyond its tail, however long that is: the worst step of a training that is wild anyway."""

REST = 10
"""So many usual values end a stretch of outliers: the after-effects of a bad batch come and go."""

JUMP = 4.0
"""Within a stretch, a value so many times the largest of the JUMP_AFTER before it begins a new one: the next bad batch, not the last one's echo."""

JUMP_AFTER = 5
_BLOCK = 65_536
_LEAST_SPREAD = 0.05  # of a logarithm, or of the median: a series that stood still is not broken by rounding


@dataclass(frozen=True)
class Rule:
    """When a value stands out: `factor` above the median, `deviations` robust standard deviations above it, `tail` times as far as the upper tail."""

    factor: float
    deviations: float
    tail: float


@dataclass(frozen=True)
class Stretch:
    """Outliers that belong together: their first and last positions in the series, and how many times the median the first was.

    `factor` is NaN where the series was judged as it stands; `jumped`: it began within the stretch before it.
    """

    first: int
    last: int
    factor: float
    jumped: bool = False


def stretches(values: NDArray[np.floating[Any]], rule: Rule) -> list[Stretch]:
    """Returns the stretches of outliers in a series (n,) of finite values, in order.

    A series with values below 0 is judged as it stands instead of in logarithms, without the rule's factor, which means nothing there; zeros count as
    the smallest value above 0.
    """
    positive = len(values) > 0 and values.min() >= 0.0 < values.max()
    with np.errstate(divide="ignore"):
        levels = np.log(values) if positive else np.array(values)
    levels = np.maximum(levels, levels[np.isfinite(levels)].min(initial=np.inf)).astype(np.float32)
    least = float(np.log(rule.factor)) if positive else 0.0
    found: list[Stretch] = []
    reach = -1
    for start in _outliers(levels, least, rule):
        if start <= reach:
            continue
        found += _followed(levels, int(start), least, rule, positive)
        reach = found[-1].last
    return _joined(found)


def usual(values: NDArray[np.floating[Any]], at: int) -> float:
    """Returns the median of the WINDOW values before position `at`; NaN where there are fewer than MIN_HISTORY."""
    before = values[max(0, at - WINDOW) : at]
    return float(np.median(before)) if len(before) >= MIN_HISTORY else float("nan")


def deviations(before: NDArray[np.floating[Any]], value: float) -> tuple[float, float] | None:
    """Returns how many times the median of values above 0 another one is, and how many robust deviations above it in logarithms.

    None where they are fewer than MIN_HISTORY, or one is not finite.
    """
    if len(before) < MIN_HISTORY or not np.isfinite(before).all() or not np.isfinite(value):
        return None
    logs = np.log(before.astype(np.float64))
    middle = float(np.median(logs))
    spread = max(1.4826 * float(np.median(np.abs(logs - middle))), _LEAST_SPREAD)
    return float(np.exp(np.log(value) - middle)), float(np.log(value) - middle) / spread


def rolling_mean(values: NDArray[np.floating[Any]], window: int, least: int) -> DoubleArray:
    """Returns the means over the `window` values around each, float64 (n,), NaN where fewer than `least` of them are numbers."""
    known = np.isfinite(values)
    total = np.concatenate([[0.0], np.cumsum(np.where(known, values, 0.0), dtype=np.float64)])
    count = np.concatenate([[0], np.cumsum(known)])
    low = np.maximum(0, np.arange(len(values)) - window // 2)
    high = np.minimum(len(values), np.arange(len(values)) + window // 2 + 1)
    number = count[high] - count[low]
    return np.divide(total[high] - total[low], number, out=np.full(len(values), np.nan), where=number >= least)


def runs_of(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Returns the first position of every run of True in a mask (n,), and the position after its last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return [(int(first), int(end)) for first, end in zip(edges[::2], edges[1::2], strict=True)]


def _outliers(levels: FloatArray, least: float, rule: Rule) -> IntArray:
    """Returns the positions of all values that stand out from the WINDOW before them."""
    rows = _candidates(levels, min(least * (1.0 - 1.0 / rule.tail), float(np.log(TOP))))
    kept = [row for row in rows[rows < WINDOW] if levels[row] > _bar(levels[:row], least, rule)]
    whole = rows[rows >= WINDOW]
    outliers = [np.array(kept, dtype=np.int64)]
    for start in range(0, len(whole), _BLOCK // 8):
        chosen = whole[start : start + _BLOCK // 8]
        windows = levels[chosen[:, None] + np.arange(-WINDOW, 0)]
        outliers.append(chosen[levels[chosen] > _bars(windows, least, rule)])
    return np.concatenate(outliers)


def _candidates(levels: FloatArray, margin: float) -> IntArray:
    """Returns the positions whose value is `margin` above the upper tail of those before it: cheaply, without sorting.

    What is rule.tail times as far from the median as the tail is, and `least` from the median, is least · (1 − 1 / rule.tail) above the tail.
    """
    found = []
    for start in range(0, len(levels), _BLOCK):
        here = levels[start : start + _BLOCK] - np.float32(margin)
        below = np.zeros(len(here), dtype=np.uint8)
        for lag in range(1, WINDOW + 1):
            low = max(0, lag - start)
            if low < len(here):
                below[low:] += levels[start + low - lag : start + len(here) - lag] < here[low:]
        history = np.minimum(start + np.arange(len(here)), WINDOW)
        found.append(start + np.flatnonzero((history >= MIN_HISTORY) & (below > np.floor(TAIL * (history - 1)))))
    return np.concatenate([np.zeros(0, dtype=np.int64), *found])


def _bars(windows: NDArray[np.floating[Any]], least: float, rule: Rule) -> DoubleArray:
    """Returns the level above which a value stands out from each window, float64 (n,), of windows (n, w)."""
    ordered = np.sort(windows.astype(np.float64), axis=1)
    count = ordered.shape[1]
    middle = 0.5 * (ordered[:, (count - 1) // 2] + ordered[:, count // 2])
    tail = ordered[:, int(np.floor(TAIL * (count - 1)))]
    spread = 1.4826 * np.median(np.abs(ordered - middle[:, None]), axis=1)
    floor = _LEAST_SPREAD if least > 0.0 else _LEAST_SPREAD * np.abs(middle)
    beyond = rule.tail * (tail - middle)
    if least > 0.0:
        beyond = np.minimum(beyond, ordered[:, -1] - middle + np.log(TOP))
    return np.asarray(middle + np.maximum(least, np.maximum(rule.deviations * np.maximum(spread, floor), beyond)))


def _bar(history: NDArray[np.floating[Any]], least: float, rule: Rule) -> float:
    return float(_bars(history[-WINDOW:][None, :], least, rule)[0])


def _followed(levels: FloatArray, start: int, least: float, rule: Rule, positive: bool) -> list[Stretch]:
    """Returns the stretch that begins at an outlier, and those that begin anew within the WINDOW values after it.

    What was usual before it judges those values too: the window after it is not fit to. Then it has forgotten, and a new level has become usual.
    """
    before = levels[max(0, start - WINDOW) : start].astype(np.float64)
    bar, middle = _bar(before, least, rule), float(np.median(before))
    raised = start + np.flatnonzero(levels[start : start + WINDOW] > bar)
    firsts, lasts = [start], [start]
    for row in raised[1:]:
        # What follows at once is the bad batch's own echo: the network that it broke meets the next batches.
        if positive and row - firsts[-1] > REST and levels[row] - levels[row - JUMP_AFTER : row].max() > np.log(JUMP):
            firsts.append(int(row))
            lasts.append(int(row))
        elif row - lasts[-1] <= REST:
            lasts[-1] = int(row)
    factor = [float(np.exp(levels[row] - middle)) if positive else float("nan") for row in firsts]
    return [Stretch(*entry) for entry in zip(firsts, lasts, factor, [False] + [True] * (len(firsts) - 1), strict=True)]


def _joined(found: list[Stretch]) -> list[Stretch]:
    """Returns the stretches with those joined that follow within REST: a level that goes on rising is one event."""
    joined: list[Stretch] = []
    for one in found:
        if joined and not one.jumped and one.first - joined[-1].last <= REST:
            joined[-1] = Stretch(joined[-1].first, one.last, joined[-1].factor, joined[-1].jumped)
        else:
            joined.append(one)
    return joined
