"""Where the flowers of a garden stand, and the camera that walks through them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DoubleArray = NDArray[np.float64]

LAYOUTS = ("row", "circle", "map")
SPACING = 1.15
"""Distance of neighbours, in widths of the widest flower."""

LABEL = 0.3
"""Room below a flower for its label, in widths."""
ELEVATION = 0.42
"""How far above the ground the camera ends, in its distance: a little looks into the flowers."""


def places(layout: str, count: int, width: float, coordinates: Sequence[tuple[float, float]] | None = None) -> DoubleArray:
    """Returns where `count` flowers of at most `width` stand on the ground, float64 (count, 3), centred on the origin.

    "row": along x, first on the left. "circle": around the origin, the first in front. "map": as their `coordinates` (x, y) lie to each other, in any
    units; the two axes are stretched alike far, and flowers that would stand in one another are pushed apart. Raises ValueError for an unknown layout,
    or a map without finite coordinates for each.
    """
    if layout not in LAYOUTS:
        raise ValueError(f"there is no layout {layout!r}; choose one of {', '.join(LAYOUTS)}")
    step = SPACING * width
    found = np.zeros((count, 3))
    if layout == "row":
        found[:, 0] = step * (np.arange(count) - (count - 1) / 2)
    elif layout == "circle" and count > 1:
        radius = step / (2.0 * math.sin(math.pi / count))
        angle = -math.pi / 2 + 2.0 * math.pi * np.arange(count) / count
        found[:, 0], found[:, 1] = radius * np.cos(angle), radius * np.sin(angle)
    elif layout == "map":
        given = np.array(coordinates if coordinates is not None else [], np.float64).reshape(-1, 2)
        if len(given) != count or not np.isfinite(given).all():
            raise ValueError(f"a map of {count} flowers needs two finite numbers for each")
        found[:, :2] = _apart(_stretched(given, step * math.sqrt(count)), step)
    return found


def _stretched(given: DoubleArray, length: float) -> DoubleArray:
    """Returns coordinates centred, each axis stretched to `length`; an axis on which all are alike stays at 0."""
    reach = np.ptp(given, axis=0) if len(given) else np.zeros(2)
    centred = given - (given.max(axis=0) + given.min(axis=0)) / 2 if len(given) else given
    return np.asarray(centred * np.divide(length, reach, out=np.zeros(2), where=reach > 0.0))


def _apart(given: DoubleArray, step: float) -> DoubleArray:
    """Returns places pushed apart until none is nearer than `step` to another; each pair moves along the line that joins it."""
    found = given.copy()
    for _ in range(500):
        apart = found[:, None] - found[None]
        distance = np.linalg.norm(apart, axis=2)
        np.fill_diagonal(distance, np.inf)
        if (distance >= step * 0.999).all():
            break
        for first, second in np.argwhere(np.triu(distance < step)):
            line = found[first] - found[second]
            length = np.linalg.norm(line)
            # Two at one place part along a direction of their own numbers, so that the result depends on nothing else.
            line = line / length if length > 1e-9 else np.array([math.cos(first + 2.0 * second), math.sin(first + 2.0 * second)])
            shift = line * max(step - length, 0.0) / 2 * 1.02
            found[first] += shift
            found[second] -= shift
    return found - (found.max(axis=0) + found.min(axis=0)) / 2 if len(found) else found


@dataclass(frozen=True)
class Walk:
    """A camera's path: at `frames` float64 (n,) it stands at `camera` (n, 3) and looks at `target` (n, 3), in the ground's units."""

    frames: DoubleArray
    camera: DoubleArray
    target: DoubleArray


def walk(ground: DoubleArray, width: float, height: float, start: int, end: int, reach: float, aspect: float) -> Walk:
    """Returns a camera's walk over the frames `start` to `end`: along the flowers, from the first to the last, then back until all are seen.

    `ground` (n, 3): where they stand; `width`, `height`: of the largest flower; `reach`: how many times its width away the camera sees a thing fill
    the picture's width (focal length / film width); `aspect`: the picture's width / height. Half of the time goes to the walk, for one flower none.
    """
    low, high = ground.min(axis=0), ground.max(axis=0)
    below = LABEL * width
    centre = (low + high) / 2 + np.array([0.0, 0.0, (height - below) / 2])
    across = float(max(high[0] - low[0] + 1.15 * width, aspect * (height + below + 0.6 * (high[1] - low[1] + width))))
    depth = float(high[1] - low[1]) / 2
    far = centre + np.array([0.0, -(across * reach + depth), ELEVATION * across * reach])
    if len(ground) == 1:
        frames = np.array([start, end], np.float64)
        near = centre + (far - centre) * 0.75
        return Walk(frames, np.array([near, far]), np.array([centre, centre]))
    frames = np.concatenate([np.linspace(start, start + (end - start) * 0.55, len(ground)), [start + (end - start) * 0.85, end]])
    heart = ground + np.array([0.0, 0.0, (height - below) / 2])
    outward = ground - (low + high) / 2
    # In a circle or on a map the camera walks around outside; in a row in front.
    ring = float(high[1] - low[1]) > 0.5 * width
    length = np.linalg.norm(outward, axis=1, keepdims=True)
    aside = np.where(ring & (length > 1e-6), outward / np.maximum(length, 1e-6), np.array([0.0, -1.0, 0.0]))
    distance = reach * max(1.2 * width, 1.25 * aspect * (height + below))
    near = heart + aside * distance + np.array([0.0, 0.0, 0.3 * distance])
    last = near[-1] + (far - near[-1]) * 0.9
    return Walk(frames, np.vstack([near, last, far]), np.vstack([heart, centre, centre]))
