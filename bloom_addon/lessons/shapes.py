"""Shapes that the objects of a lesson are made of, and the ways of its connections."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from bloom_core.flames.flame import FloatArray

Points = list[tuple[float, ...]]
Faces = list[tuple[int, ...]]


def ball(radius: float, around: int = 32, rings: int = 16) -> tuple[Points, Faces]:
    """Returns a sphere whose poles look at the camera and away from it."""
    points: Points = [(0.0, -radius, 0.0)]
    for ring in range(1, rings):
        high, out = math.cos(math.pi * ring / rings), math.sin(math.pi * ring / rings)
        points += [
            (radius * out * math.cos(math.tau * step / around), -radius * high, radius * out * math.sin(math.tau * step / around))
            for step in range(around)
        ]
    points.append((0.0, radius, 0.0))
    last = len(points) - 1
    faces: Faces = [(0, 1 + step, 1 + (step + 1) % around) for step in range(around)]
    for ring in range(rings - 2):
        low, high_row = 1 + ring * around, 1 + (ring + 1) * around
        faces += [(low + step, high_row + step, high_row + (step + 1) % around, low + (step + 1) % around) for step in range(around)]
    low = 1 + (rings - 2) * around
    faces += [(last, low + (step + 1) % around, low + step) for step in range(around)]
    return points, faces


def disc(radius: float, corners: int = 40) -> tuple[Points, Faces]:
    """Returns a disc that faces the camera."""
    return circle(radius, corners), [tuple(range(corners))]


def circle(radius: float, corners: int = 40) -> Points:
    """Returns points around a circle, x and z."""
    return [(radius * math.cos(math.tau * corner / corners), radius * math.sin(math.tau * corner / corners)) for corner in range(corners)]


def rounded(width: float, height: float, radius: float, steps: int = 6) -> Points:
    """Returns points around a rectangle about its middle, x and z, whose corners are round."""
    points: Points = []
    for corner, (across, up) in enumerate(((1, 1), (-1, 1), (-1, -1), (1, -1))):
        middle = across * (width / 2 - radius), up * (height / 2 - radius)
        angles = np.linspace(corner, corner + 1, steps) * math.pi / 2
        points += [(middle[0] + radius * math.cos(angle), middle[1] + radius * math.sin(angle)) for angle in angles]
    return points


def frame(outline: Points, thickness: float) -> tuple[Points, Faces, list[int]]:
    """Returns a framed token of an outline about its middle: points, faces, and which slot each has: 0 the field within, 1 the frame."""
    size = np.abs(np.array(outline)).max(axis=0)
    inner = [(x * (1 - thickness / size[0]), z * (1 - thickness / size[1])) for x, z in outline]
    count = len(outline)
    ring: Faces = [(side, (side + 1) % count, count + (side + 1) % count, count + side) for side in range(count)]
    return [*outline, *inner], [tuple(range(count, 2 * count)), *ring], [0, *[1] * count]


def joined(parts: Sequence[tuple[Points, Faces]]) -> tuple[Points, Faces]:
    """Returns several shapes as one."""
    points: Points = []
    faces: Faces = []
    for own, sides in parts:
        faces += [tuple(len(points) + corner for corner in side) for side in sides]
        points += own
    return points, faces


def box(left: float, bottom: float, right: float, top: float) -> tuple[Points, Faces]:
    """Returns a rectangle that faces the camera."""
    return [(left, bottom), (right, bottom), (right, top), (left, top)], [(0, 1, 2, 3)]


def way(start: tuple[float, float], end: tuple[float, float], size: float, steps: int = 32) -> FloatArray:
    """Returns the way (n, 2) of a connection between nodes that reach `size`.

    To the right it leaves and arrives level; up and down, upright; to the left it turns over the top of what lies between.
    """
    (x, z), (across, up) = start, (end[0] - start[0], end[1] - start[1])
    if abs(up) > 0.9 * abs(across):
        corners = [start, (x, z + 0.5 * up), (end[0], z + 0.5 * up), end]
    elif across > 0.0:
        corners = [start, (x + 0.5 * across, z), (x + 0.5 * across, end[1]), end]
    elif up > size:
        corners = [start, (x, end[1]), (x + 0.4 * across, end[1]), end]
    elif across < -0.3:
        corners = [start, (x + 1.2 * size, z + 4.0 * size), (end[0] - 1.2 * size, end[1] + 4.0 * size), end]
    else:  # about the node that it leaves, and back to it
        corners = [start, (x + 4.0 * size, z + 4.0 * size), (x - 4.0 * size, z + 4.0 * size), end]
    along = np.linspace(0.0, 1.0, steps)
    weights = np.array([(1 - along) ** 3, 3 * along * (1 - along) ** 2, 3 * along**2 * (1 - along), along**3]).T
    return np.asarray(weights @ np.array(corners))
