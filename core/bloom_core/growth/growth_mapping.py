"""What moves which petal: a small declared mapping from the parts of a network to the xforms of a flower, and the displacements it gives.

What part p had still to learn in its reduced direction k is r_k = (c_k(T) − c_k(t)) / Q. c is where the part stands in its PCA directions; Q is one
scale for all parts and directions: the QUANTILE over the run of ‖c(T) − c(t)‖ of the whole network, a robust size of the path (the original Bloom
divided by the net displacement, which can be almost nothing), made larger where an excursion goes far beyond it. So a part that moves little is
seen to move little. Several runs side by side share one Q (`common_scale`); the length of r never passes LIMIT.

Every channel follows all K directions, with the signs of a row of a Hadamard matrix: no direction is left out, and a step is seen as far
whichever way it goes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bloom_core.growth.animation import SCALARS, Channel, Drive
from bloom_core.trajectories import signals
from bloom_core.trajectories.run_model import Trajectory

DoubleArray = NDArray[np.float64]

QUANTILE = 0.9
LIMIT = 3.0

SCALES = {"weight": 0.3, "opacity": 0.25, "color": 0.04}
"""How far r = 1 moves a scalar: weight and opacity by this in their logarithm (so they stay positive, and what a bud hides stays hidden), colour
by this much. Opacity and colour are then kept in [0, 1]."""

LINEAR, TRANSLATION, LIFT, FINAL = 0.2, 0.3, 0.15, 0.1
"""How far r = 1 moves an affine's entry: scale and shear in the plane, translation in the plane, translation in z; in a final xform, any of them."""

PLANE = (0, 1, 3, 4, 5, 7)
"""The in-plane entries of a row-major (3, 4) affine: x and y rows, columns x, y and translation."""


def whole(xforms: int) -> tuple[Drive, ...]:
    """Returns the mapping in which the whole network moves every xform and the final one."""
    return tuple(Drive(number) for number in range(xforms + 1))


def by_parts(run: Trajectory, xforms: int, lively: Sequence[int]) -> tuple[Drive, ...]:
    """Returns the mapping in which each part moves petals of its own, in the order of both; the whole network moves the final xform.

    Parts are dealt out to the `lively` xforms alone, on which they can be seen; where there are more parts than those, neighbours share one. A run of
    a single part, or a flower with one lively xform, is mapped as a whole.
    """
    parts, count = run.parts, len(lively)
    if len(parts) < 2 or count < 2:
        return whole(xforms)
    drives = []
    for place, number in enumerate(lively):
        first = place * len(parts) // count
        drives += [Drive(number, part) for part in parts[first : max(first + 1, (place + 1) * len(parts) // count)]]
    return (*drives, Drive(xforms))


def scale_of(run: Trajectory) -> float:
    """Returns Q, the size of a run's path: the quantile, or what keeps the farthest excursion visible if that is more."""
    return _scale_of(signals.path(run, np.zeros(1)))


def _scale_of(way: signals.Path) -> float:
    return max(float(np.quantile(way.size, QUANTILE)), float(way.size.max()) / LIMIT)


def common_scale(runs: Sequence[Trajectory]) -> float:
    """Returns one scale for several runs, the median of their own: those that moved more are seen to move more."""
    return float(np.median([scale_of(run) for run in runs]))


def displacements(
    run: Trajectory,
    way: signals.Path,
    channels: Sequence[Channel],
    states: DoubleArray,
    drives: Sequence[Drive],
    final: int,
    scale: float | None,
) -> DoubleArray:
    """Returns how far each channel stands from its pose at each state, float64 (F, C); exactly 0 where training ended.

    `way`: the whole network's path at the `states` (F,); `scale` replaces the run's own (`scale_of`). Raises ValueError for a part that the run
    does not have, or an xform that the flower does not.
    """
    for drive in drives:
        if not 0 <= drive.xform <= final:
            raise ValueError(f"the mapping names xform {drive.xform}, and the flower has {final} and a final one")
    residual = _residuals(run, way, states, drives, _scale_of(way) if scale is None else scale)
    moved = np.zeros((len(states), len(channels)))
    counted: dict[int, int] = {}
    for column, channel in enumerate(channels):
        amount = _scale(channel, final)
        if amount == 0.0:
            continue
        number = counted[channel.xform] = counted.get(channel.xform, -1) + 1
        for drive in drives:
            if drive.xform == channel.xform:
                moved[:, column] += amount * drive.strength * _follow(residual[drive.part], number, channel.xform)
    return moved


def _residuals(
    run: Trajectory, way: signals.Path, states: DoubleArray, drives: Sequence[Drive], size: float
) -> dict[str | None, DoubleArray]:
    """Returns r of each part that a drive names, float64 (F, K)."""
    found: dict[str | None, DoubleArray] = {}
    for part in dict.fromkeys(drive.part for drive in drives):
        places = (way if part is None else signals.path(run, states, part)).places
        length = np.linalg.norm(places, axis=1, keepdims=True)
        if size > 0.0 and np.isfinite(size):
            found[part] = places / np.maximum(size, length / LIMIT)
        else:
            found[part] = np.zeros_like(places)
    return found


def _follow(residual: DoubleArray, number: int, xform: int) -> DoubleArray:
    """Returns the mixture of all directions, (F,), that the `number`-th moving channel of an xform follows; neighbours and xforms follow others."""
    row = number + 1 + 11 * xform
    signs = [1.0 - 2.0 * ((row & column).bit_count() % 2) for column in range(residual.shape[1])]
    return np.asarray(residual @ np.array(signs))


def reach(channel: Channel, values: DoubleArray) -> float:
    """Returns what r = 1 moves a channel by, at the largest of its `values`: the unit of tolerances. Of one that only opens, a tenth."""
    if channel.field in ("weight", "opacity"):
        return SCALES[channel.field] * float(np.abs(values).max())
    amount = _scale(channel, channel.xform + 1)
    return amount if amount > 0.0 else 0.1 * float(np.ptp(values))


def _scale(channel: Channel, final: int) -> float:
    """Returns how far r = 1 moves a channel; 0 for those that only follow the opening."""
    if channel.field == "post" or (channel.field == "pre" and channel.index not in (*PLANE, 11)):
        return 0.0
    if channel.xform == final:
        return FINAL if channel.field == "pre" and channel.index in PLANE else 0.0
    if channel.field in SCALARS:
        return SCALES[channel.field]
    return {3: TRANSLATION, 7: TRANSLATION, 11: LIFT}.get(channel.index, LINEAR)
