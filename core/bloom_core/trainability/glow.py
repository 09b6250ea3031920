"""Light that the boundary of a map gives: bright on it, fading over a tenth of the picture, so that what is far from it is black."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_REACH = 10
"""The widest blur reaches over one part in so many of the map's shortest side."""

_STRENGTH = 0.55


def edges(labels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Returns which pixels have another label than a neighbour along an axis, of the shape of `labels`."""
    found = np.zeros(labels.shape, np.bool_)
    for axis in range(labels.ndim):
        before = tuple(slice(None, -1) if other == axis else slice(None) for other in range(labels.ndim))
        after = tuple(slice(1, None) if other == axis else slice(None) for other in range(labels.ndim))
        differs = labels[before] != labels[after]
        found[before] |= differs
        found[after] |= differs
    return found


def glow(labels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Returns how much light falls on each pixel, float32 in [0, 1) of the shape of `labels`.

    The edges are blurred with boxes of 1, 3, 5, 9 … pixels and added: next to a straight edge that falls with one over the distance, and where edges
    are dense it adds up.
    """
    light = edges(labels).astype(np.float64)
    total = light.copy()
    radius = 1
    while radius <= max(min(labels.shape) // _REACH, 1):
        # Twice a box is nearly a cone, without the squares that a single box would show.
        total += _blurred(_blurred(light, radius), radius) * 1.4
        radius *= 2
    lit: NDArray[np.float32] = (1.0 - np.exp(-_STRENGTH * total)).astype(np.float32)
    return lit


def _blurred(light: NDArray[np.float64], radius: int) -> NDArray[np.float64]:
    """Returns the mean over boxes of 2 · radius + 1 pixels a side, cut off at the borders."""
    for axis in range(light.ndim):
        sums = np.insert(np.cumsum(light, axis=axis), 0, 0.0, axis=axis)
        places = np.arange(light.shape[axis])
        low, high = np.maximum(places - radius, 0), np.minimum(places + radius + 1, light.shape[axis])
        counts = (high - low).reshape([-1 if other == axis else 1 for other in range(light.ndim)])
        light = (sums.take(high, axis=axis) - sums.take(low, axis=axis)) / counts
    return light
