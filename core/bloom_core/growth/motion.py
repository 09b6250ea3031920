"""How far a flower moves between two frames: the distance its points travel.

Points of the same seed keep their identity from frame to frame, so each can be followed, as the eye follows what it sees. The measure is in flame
units and grows in proportion to a small change of parameters, which differences of pictures do not (a thin petal that moves by its own width is as
different as one that moves by twice that).
"""

from __future__ import annotations

import numpy as np

from bloom_core import native
from bloom_core.flames.flame import Flame
from bloom_core.native import Points

__all__ = ["POINTS", "Points", "cloud", "distance"]

POINTS = 1 << 14
REACH = 3.0
"""Flame units beyond which a point's way counts no further: flames reach to infinity, thinly."""


def cloud(flame: Flame, points: int = POINTS, seed: int = 0) -> Points:
    """Returns points of a flame to follow. Raises NativeError for a flame that the renderer refuses."""
    return native.points(flame, points, seed=seed)


def distance(before: Points, after: Points) -> float:
    """Returns how far the same points of two clouds lie apart, weighted by how bright they are; 0 where no point is in both.

    It is the square of the mean of square roots: proportional to the motion as a mean is, but a few points that change branches of a variation, and
    jump, hardly count.
    """
    _, first, second = np.intersect1d(before.identity, after.identity, assume_unique=True, return_indices=True)
    way = np.linalg.norm(after.position[second].astype(np.float64) - before.position[first], axis=1)
    bright = before.weight[first].astype(np.float64) + after.weight[second]
    total = float(bright.sum())
    return (float((np.sqrt(np.minimum(way, REACH)) * bright).sum()) / total) ** 2 if total > 0.0 else 0.0
