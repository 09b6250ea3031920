"""Where the flowers of a garden stand, and the camera that walks through them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DoubleArray = NDArray[np.float64]

LAYOUTS = ("row", "circle", "map")
SPACING = 1.25
"""Distance of neighbours, in widths of the widest flower."""

LABEL = {"flat": (0.2, 0.42), "deep": (0.36, 0.58)}
"""How far below a flower's place its label begins and ends, in widths: further where the camera looks down more, past the front petals."""
HEADING = 0.62
"""How far above the tallest flower the heading's upper edge hangs, in widths."""
ELEVATION = {"flat": (0.3, 0.42), "deep": (0.55, 0.85)}
"""How far above the flowers the camera is on its walk and at its end, in its distance along the ground: more where some stand behind others."""


def places(layout: str, count: int, width: float, coordinates: Sequence[tuple[float, float]] | None = None) -> DoubleArray:
    """Returns where `count` flowers of at most `width` stand on the ground, float64 (count, 3), centred on the origin.

    "row": along x, first on the left. "circle": around the origin, the first in front. "map": as their `coordinates` (x, y) lie to each other, in
    any units; the two axes are stretched alike far, and flowers that would stand in one another are pushed apart. Raises ValueError for an unknown
    layout, or a map without finite coordinates for each.
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


_REST, _WALKED, _BACK = 0.1, 0.6, 0.82
"""Shares of the film at which the camera leaves the first flower, has come to the last, and sees nearly all."""


def visits(count: int, start: int, end: int) -> DoubleArray:
    """Returns the frames at which a walk is at its first, second … of `count` flowers, float64 (count,). With the first it has rested until then."""
    return np.asarray(start + (end - start) * np.linspace(_REST, _WALKED, count))


def label_drop(ground: DoubleArray, width: float) -> float:
    """Returns how far below a flower's place its label hangs."""
    return LABEL["deep" if _is_deep(ground, width) else "flat"][0] * width


def route(ground: DoubleArray, width: float) -> NDArray[np.int64]:
    """Returns the order in which a walk comes to the flowers, int64 (n,): along a row as they stand; around a circle or a map from the front."""
    if not _is_deep(ground, width):
        return np.arange(len(ground))
    x, y = (ground - (ground.min(axis=0) + ground.max(axis=0)) / 2).T[:2]
    angle = (np.arctan2(y, x) + math.pi / 2 + 1e-9) % (2.0 * math.pi)  # the front itself comes first, not last
    return np.argsort(angle, kind="stable")


def backwards(movement: DoubleArray) -> bool:
    """Says whether a walk sees more from the last flower to the first: `movement` (n, F) is how much each moves at each frame."""
    count, frames = movement.shape
    reached = visits(count, 0, frames - 1)
    near = np.abs(np.arange(frames) - reached[:, None]) <= max(1.0, frames * _REST)  # the frames at which it is near the first, the second …
    seen, turned = ((order * near).sum(axis=1) / near.sum(axis=1) for order in (movement, movement[::-1]))
    return float(turned.sum()) > float(seen.sum())


def walk(
    ground: DoubleArray,
    width: float,
    height: float,
    start: int,
    end: int,
    reach: float,
    aspect: float,
    *,
    turned: bool = False,
    heading: bool = False,
) -> Walk:
    """Returns a camera's walk over the frames `start` to `end`: a rest at the first flower, along to the last, then back until all are seen.

    `ground` (n, 3): where they stand; `width`, `height`: of the largest flower; `reach`: how many times its width away the camera sees a thing fill
    the picture's width (focal length / film width); `aspect`: the picture's width / height. `turned`: from the last to the first; `heading`: with
    room for one above. Half of the time goes to the walk, for one flower none.
    """
    low, high = ground.min(axis=0), ground.max(axis=0)
    deep = _is_deep(ground, width)
    below = LABEL["deep" if deep else "flat"][1] * width
    above = HEADING * width if heading else 0.0
    lift, final_lift = ELEVATION["deep" if deep else "flat"]
    box = [[x * width, y * width, z] for x in (-0.55, 0.55) for y in (-0.5, 0.0, 0.5) for z in (-below, height)]
    corners = np.vstack([(ground[:, None] + box).reshape(-1, 3), [[0.0, high[1], height + above]]])
    centre, far = _overview(corners, np.array([0.0, -1.0, final_lift]), reach, aspect)
    if len(ground) == 1:
        frames = np.array([start, end], np.float64)
        near = centre + (far - centre) * 0.75
        return Walk(frames, np.array([near, far]), np.array([centre, centre]))
    order = ground[route(ground, width)][:: -1 if turned else 1]
    reached = visits(len(ground), start, end)
    heart = order + np.array([0.0, 0.0, (height - below) / 2])
    outward = order - (low + high) / 2
    # In a circle or on a map the camera walks around outside; in a row in front.
    length = np.linalg.norm(outward, axis=1, keepdims=True)
    aside = np.where(deep & (length > 1e-6), outward / np.maximum(length, 1e-6), np.array([0.0, -1.0, 0.0]))
    distance = reach * max(1.2 * width, 1.2 * aspect * (height + below))
    near = heart + aside * distance + np.array([0.0, 0.0, lift * distance])
    if deep:  # straight from one to the next might lead through a third
        middle = np.append((low + high)[:2] / 2, 0.0)
        near, heart, reached = _around(near - middle) + middle, _halved(heart), _halved(reached)
    last = near[-1] + (far - near[-1]) * 0.95
    frames = np.concatenate([[start], reached, [start + (end - start) * _BACK, end]])
    return Walk(frames, np.vstack([near[0], near, last, far]), np.vstack([heart[0], heart, centre, centre]))


def _is_deep(ground: DoubleArray, width: float) -> bool:
    """Says whether some flowers stand behind others: in a circle or on a map, not in a row."""
    return float(np.ptp(ground[:, 1])) > 0.5 * width


def _halved(stops: DoubleArray) -> DoubleArray:
    """Returns stops (n, …) with another halfway between each two, (2 n - 1, …)."""
    twice = stops.repeat(2, axis=0)
    return np.asarray((twice[1:] + twice[:-1]) / 2)


def _around(stops: DoubleArray) -> DoubleArray:
    """Returns stops (n, 3) with another between each two, as far from the origin's vertical as they are, so that the way leads around it."""
    found = _halved(stops)
    radius, wanted = (np.linalg.norm(found[:, :2], axis=1), _halved(np.linalg.norm(stops[:, :2], axis=1)))
    found[:, :2] *= (wanted / np.maximum(radius, 1e-3 * wanted.max()))[:, None]
    return found


def _overview(corners: DoubleArray, towards: DoubleArray, reach: float, aspect: float) -> tuple[DoubleArray, DoubleArray]:
    """Returns what a camera looks at, and where it stands, `towards` there, to have all `corners` (n, 3) in its picture with a little room."""
    back = towards / np.linalg.norm(towards)
    right = np.cross([0.0, 0.0, 1.0], back)
    right /= np.linalg.norm(right)
    up = np.cross(back, right)
    centre, distance = (corners.min(axis=0) + corners.max(axis=0)) / 2, 0.0
    for _ in range(8):  # what is near looks larger, so the middle of the picture is not that of the corners
        seen = corners - centre
        side, height, nearer = seen @ right, seen @ up, seen @ back
        distance = float(np.max(nearer + 2.0 * reach * 1.06 * np.maximum(np.abs(side), aspect * np.abs(height))))
        for axis, place in ((right, side / (distance - nearer)), (up, height / (distance - nearer))):
            centre = centre + axis * distance * (place.max() + place.min()) / 2
    return centre, centre + back * distance
