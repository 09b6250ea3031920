"""Where the places of a map are in the scene: its middle is the origin, its longest side has the length of `side`."""

from __future__ import annotations

from typing import Any

import numpy as np

from bloom_core.flames.flame import FloatArray
from bloom_core.trainability import map_volume
from bloom_core.trainability.maps import Map

SIDE = 4.0
"""Length of a terrain's longest side, in Blender's units; a volume is as large as a flower."""


def side(found: Map) -> float:
    """Returns the length of the map's longest side in the scene."""
    return SIDE if len(found.view.size) == 2 else map_volume.SIDE


def extent(found: Map) -> FloatArray:
    """Returns how long the map is along x, y (and z) in the scene, float64 (axes,)."""
    size = np.array(found.view.size, np.float64)
    return np.asarray(side(found) * size / size.max())


def along(found: Map, axis: int) -> FloatArray:
    """Returns where the pixels' centres along an axis are in the scene, float64 (size,)."""
    count = found.view.size[axis]
    return np.asarray(((np.arange(count) + 0.5) / count - 0.5) * extent(found)[axis])


def place(found: Map, position: Any) -> FloatArray:
    """Returns where a position in pixels is in the scene, float64 (axes,)."""
    size = np.array(found.view.size, np.float64)
    return np.asarray(((np.asarray(position, np.float64) + 0.5) / size - 0.5) * extent(found))


def position(found: Map, point: Any) -> FloatArray:
    """Returns the position in pixels of a point in the map's own space, float64 (axes,)."""
    size = np.array(found.view.size, np.float64)
    return np.asarray((np.asarray(point, np.float64)[: len(size)] / extent(found) + 0.5) * size - 0.5)
