"""The contraction guard: keeps a frame's displacement small enough that the system neither flies apart nor collapses.

A flame holds when its points stay about as far out as the design's own do. Where a displaced flame does not hold, its displacement is
scaled back by bisection between the undisplaced pose and the full displacement.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bloom_core import point_batches, quantiles
from bloom_core.flames.flame import Flame, FlameError
from bloom_core.flames.flame_buffer import pack

Probe = Callable[[Flame], bool]
"""Says whether a flame holds."""

POINTS = 1 << 17
"""Enough that each of the renderer's points runs for over a hundred steps: a system that grows by a tenth each step shows it by then."""

BAD_SHARE = 0.02
SPREAD = 2.5
SHRINK = 0.2
SMALLEST, LARGEST = 1e-6, 1e4
"""Radii outside these, in flame units, are taken for a point and for a system that flies apart."""

BISECTIONS = 4
_QUANTILE = 0.9


@dataclass(frozen=True)
class Extent:
    """How far a flame reaches: `center` float64 (3,), its points' median; `radius`: 90 % of them lie within; `bad`: share of lost iterations."""

    center: NDArray[np.float64]
    radius: float
    bad: float


def extent(flame: Flame) -> Extent:
    """Plays POINTS points of the flame and measures them. Raises NativeError for a flame that the renderer refuses."""
    found = point_batches.of_this_thread().play(pack(flame), POINTS, threads=1)
    tried = max(1, found.iterations)
    if not len(found.position):
        return Extent(np.zeros(3), 0.0, 1.0)
    axes = np.ascontiguousarray(found.position.T)
    center = np.array([quantiles.plain(axis, 0.5) for axis in axes])
    away = np.zeros(axes.shape[1])
    for axis, middle in zip(axes, center, strict=True):
        side = np.subtract(axis, middle, dtype=np.float64)
        away += np.square(side, out=side)
    return Extent(center, quantiles.plain(np.sqrt(away, out=away), _QUANTILE), found.bad / tried)


def native_probe(bud: Flame, opened: Flame) -> Probe:
    """Returns a probe that plays each flame with the native renderer and compares it with the design's two poses.

    A flame holds when at most BAD_SHARE of its iterations are lost, its radius is between SHRINK times the smaller pose's and SPREAD times the
    larger one's, and its middle lies within SPREAD radii of the open flower's. Raises FlameError when the open design itself diverges or is a point.
    """
    poses = [extent(opened), extent(bud)]
    if not _sound(poses[0]):
        what = "collapses to a point" if poses[0].radius <= SMALLEST and poses[0].bad <= BAD_SHARE else "diverges"
        raise FlameError(f"{opened.name or 'the design'}: {what}, so nothing can grow into it. Choose another flame, or move its affines.")
    sizes = [pose.radius for pose in poses if _sound(pose)]
    least, most = SHRINK * min(sizes), SPREAD * max(sizes)

    def holds(flame: Flame) -> bool:
        found = extent(flame)
        return found.bad <= BAD_SHARE and least <= found.radius <= most and float(np.linalg.norm(found.center - poses[0].center)) <= most

    return holds


def _sound(pose: Extent) -> bool:
    return pose.bad <= BAD_SHARE and SMALLEST < pose.radius < LARGEST


def kept_share(flame_at: Callable[[float], Flame], holds: Probe) -> float:
    """Returns the largest share in [0, 1] of a displacement that holds, to 1/16; `flame_at(share)` is the flame so displaced.

    0 when nothing does: the undisplaced pose is then shown as it is.
    """
    if holds(flame_at(1.0)):
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2.0
        if holds(flame_at(middle)):
            low = middle
        else:
            high = middle
    return low
