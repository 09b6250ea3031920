"""How far a flower moves between two frames: the distance its points travel.

Points of the same seed keep their identity from frame to frame, so each can be followed, as the eye follows what it sees. The measure is in flame
units and grows in proportion to a small change of parameters, which differences of pictures do not (a thin petal that moves by its own width is as
different as one that moves by twice that).
"""

from __future__ import annotations

import numpy as np

from bloom_core.flames.flame import Flame
from bloom_core.flames.flame_buffer import pack
from bloom_core.point_batches import Batch, PointBatches

__all__ = ["POINTS", "Batch", "cloud", "distance"]

POINTS = 1 << 14
REACH = 3.0
"""Flame units beyond which a point's way counts no further: flames reach to infinity, thinly."""


def cloud(flame: Flame, points: int = POINTS, seed: int = 0) -> Batch:
    """Returns points of a flame to follow, played by the calling thread. Raises NativeError for a flame that the renderer refuses."""
    return PointBatches().play(pack(flame), points, seed=seed, threads=1)


def distance(before: Batch, after: Batch) -> float:
    """Returns how far the same points of two clouds lie apart, weighted by how bright they are; 0 where no point is in both.

    It is the square of the mean of square roots: proportional to the motion as a mean is, but a few points that change branches of a variation, and
    jump, hardly count.
    """
    if np.array_equal(before.identity, after.identity):  # as of flames in which the same xforms are seen, and none loses points
        positions, weights = (before.position, after.position), (before.weight, after.weight)
    else:
        _, first, second = np.intersect1d(before.identity, after.identity, assume_unique=True, return_indices=True)
        positions, weights = (before.position[first], after.position[second]), (before.weight[first], after.weight[second])
    x, y, z = np.subtract(positions[1].T, positions[0].T, dtype=np.float64, order="C")
    way, bright = np.sqrt(x * x + y * y + z * z), weights[0].astype(np.float64) + weights[1]
    total = float(bright.sum())
    return (float((np.sqrt(np.minimum(way, REACH)) * bright).sum()) / total) ** 2 if total > 0.0 else 0.0
