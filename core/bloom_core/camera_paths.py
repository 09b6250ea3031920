"""Where a film camera stands around a flower: how far away it fills the picture, and paths about it in three plain numbers.

A path is a turn about the flower's axis, a pitch above the horizon and a distance, each eased from one value to another: two keys a number,
which an artist can move. The camera hangs on a rig at the flower's middle: the rig turns by `(-pitch, 0, turn)`, XYZ Euler angles, and the
camera stands at `(0, -distance, 0)` in it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from bloom_core import native
from bloom_core.flames.flame import Flame, FloatArray
from bloom_core.native import Box, NativeError

FILM = 36.0
"""Width of the film in mm: the longer side of the picture, as in Blender's automatic sensor fit."""

_SAMPLE = 1 << 16  # points that a heart is found with

Span = tuple[float, float]
"""A value at the first and at the last frame."""


@dataclass(frozen=True)
class Subject:
    """What is filmed, in world units: its middle, half its width across the axis, half its height along it, and how low it reaches."""

    center: tuple[float, float, float]
    radius: float
    half_height: float
    bottom: float
    heart: tuple[float, float, float]
    """Where most of the light is."""


@dataclass(frozen=True)
class Move:
    """A camera path: `turn` and `pitch` in radians, `distance` in units of the one at which the subject fills the picture.

    `lens` in mm; `opening`: diameter of the aperture over the distance at which the subject fills the picture.
    `heart`: the camera looks at the heart instead of the middle.
    `loops`: the path goes at constant speed and ends where it began, one frame after the last, so that the film can be repeated.
    """

    turn: Span = (0.0, 0.0)
    pitch: Span = (0.5, 0.5)
    distance: Span = (1.2, 1.2)
    lens: float = 50.0
    opening: float = 0.015
    heart: bool = False
    loops: bool = False


@dataclass(frozen=True)
class Path:
    """A move in world units: (n,) `frames`, and (n,) `turn`, `pitch` and `distance` at them."""

    frames: FloatArray
    turn: FloatArray
    pitch: FloatArray
    distance: FloatArray


MOVES = {
    "opening": Move(turn=(-0.42, 0.18), pitch=(0.30, 0.62), distance=(0.9, 1.35)),
    "push_in": Move(turn=(-0.12, 0.12), pitch=(0.30, 0.52), distance=(1.9, 1.35), lens=70.0),
    "turntable": Move(turn=(0.0, math.tau), pitch=(0.48, 0.48), distance=(1.3, 1.3), loops=True),
    "orbit": Move(turn=(-1.2, 0.9), pitch=(0.18, 0.66), distance=(1.15, 1.3)),
    "low": Move(turn=(-0.25, 0.2), pitch=(0.11, 0.15), distance=(1.25, 1.35), lens=35.0),
    "shore": Move(turn=(-0.55, 0.35), pitch=(0.12, 0.25), distance=(1.1, 1.4)),
    "close": Move(turn=(-0.16, 0.22), pitch=(0.42, 0.60), distance=(0.56, 0.46), lens=85.0, opening=0.022, heart=True),
    "crane": Move(turn=(-0.5, 0.4), pitch=(0.15, 1.25), distance=(1.0, 1.5)),
}
"""The moves by name."""


def subject(box: Box, matrix: ArrayLike, flame: Flame | None = None) -> Subject:
    """Returns what is to be filmed of a box that `matrix` (4, 4) takes into the world, with the heart of `flame`, or else the box's middle."""
    world = np.asarray(matrix, np.float64)
    low, high = np.asarray(box.low, np.float64), np.asarray(box.high, np.float64)
    half, middle = (high - low) / 2, world[:3, :3] @ ((low + high) / 2) + world[:3, 3]
    scaled = half * np.linalg.norm(world[:3, :3], axis=0)
    bottom = middle[2] - float(np.abs(world[2, :3]) @ half)
    heart = None if flame is None else _heart(flame)
    shining = middle if heart is None else world[:3, :3] @ heart + world[:3, 3]
    return Subject(_triple(middle), float(max(scaled[:2])), float(scaled[2]), float(bottom), _triple(shining))


def _heart(flame: Flame) -> FloatArray | None:
    """Returns the (3,) weighted median of a flame's points; None for one that is dark or diverges."""
    try:
        cloud = native.points(flame, _SAMPLE)
    except NativeError:
        return None
    if not cloud.weight.any():
        return None
    found = []
    for values in cloud.position.astype(np.float64).T:
        order = np.argsort(values, kind="stable")
        share = np.cumsum(cloud.weight[order], dtype=np.float64)
        found.append(values[order][np.searchsorted(share, 0.5 * share[-1])])
    return np.array(found)


def _triple(vector: FloatArray) -> tuple[float, float, float]:
    return float(vector[0]), float(vector[1]), float(vector[2])


def reach(filmed: Subject, lens: float, width: int, height: int) -> float:
    """Returns the distance at which a subject fills a picture of `width` × `height` pixels from side to side, `lens` in mm."""
    return filmed.radius / (FILM / 2 * width / max(width, height) / lens)


def path(move: Move, distance: float, first: int, last: int) -> Path:
    """Returns a move from frame `first` to `last`, `distance` being the one at which the subject fills the picture.

    A film of a single frame is taken where a longer one would end; one that loops, where it begins.
    """
    if first == last:
        still = 0 if move.loops else 1
        spans = [np.array([span[still]]) for span in (move.turn, move.pitch, move.distance)]
        return Path(np.array([float(first)]), spans[0], spans[1], spans[2] * distance)
    frames = np.array([first, last + 1 if move.loops else last], np.float64)
    return Path(frames, np.array(move.turn), np.array(move.pitch), np.array(move.distance) * distance)


def f_number(lens: float, opening: float, distance: float) -> float:
    """Returns the f-number of a lens whose aperture is `opening` times as wide as the distance it is focused at, in metres.

    So a flower looks as shallow whatever its size. Blender's, and every, f-number is focal length over the diameter of the aperture.
    """
    return lens / 1000.0 / (opening * distance)


def retimed(frames: FloatArray, before: Span, after: Span) -> FloatArray:
    """Returns (n,) frames moved as the range `before` is stretched to `after`."""
    length = before[1] - before[0]
    return after[0] + (frames - before[0]) * ((after[1] - after[0]) / length if length else 0.0)
