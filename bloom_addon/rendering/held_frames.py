"""Frames that look like the one before, because no key moves anything between the two: they need not be rendered again."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from .. import compat

_UNSEEN = 1.0 / 1024.0
"""How far a palette's colour, in linear light, may drift unseen: a ramp's keys may glide over a long stretch in which nothing else moves."""


def first_alike(scene: bpy.types.Scene) -> dict[int, int]:
    """Returns, for each frame of the scene's range, the first frame of the stretch in which nothing changes that it belongs to.

    Looks at the F-curves of all actions, so it holds for scenes in which keys alone move things: no simulation, no handler, no noise that changes.
    """
    frames = range(scene.frame_start, scene.frame_end + 1)
    changes = np.zeros(len(frames) + 1, dtype=bool)
    changes[0] = True
    gliding = []
    for curve in _curves():
        if "color_ramp" in curve.data_path and not len(curve.modifiers):
            gliding.append([curve.evaluate(frame) for frame in frames])
        else:
            _mark(curve, frames, changes)
    _mark_glides(np.array(gliding, dtype=np.float64).reshape(len(gliding), len(frames)), changes)
    firsts = np.maximum.accumulate(np.where(changes[:-1], np.arange(len(frames)), 0))
    return {frame: frames[first] for frame, first in zip(frames, firsts, strict=True)}


def _curves() -> Iterator[Any]:
    for action in bpy.data.actions:
        for slot in action.slots:
            bag = compat.bag_of(action, slot)
            yield from () if bag is None else bag.fcurves


def _mark_glides(values: NDArray[np.float64], changes: NDArray[np.bool_]) -> None:
    """Marks the frames where colours (curves, frames) have gone further from those of the last marked frame than can be seen."""
    if not values.size:
        return
    shown = values[:, 0]
    for frame in range(1, values.shape[1]):
        if changes[frame] or np.abs(values[:, frame] - shown).max() > _UNSEEN:
            changes[frame], shown = True, values[:, frame]


def _mark(curve: Any, frames: Sequence[int], changes: NDArray[np.bool_]) -> None:
    """Marks the frames of the range before which the curve moves."""
    if len(curve.modifiers) or curve.extrapolation == "LINEAR":
        changes[:-1] = True
        return
    keys = curve.keyframe_points
    places = np.empty(2 * len(keys), dtype=np.float32)
    keys.foreach_get("co", places)
    times, values = places.reshape(-1, 2).T.astype(np.float64)
    held = np.array([key.interpolation == "CONSTANT" for key in keys])
    level = np.array([key.interpolation in ("CONSTANT", "LINEAR") or _is_flat(key, after) for key, after in pairwise(keys)], bool)
    for index in np.flatnonzero((values[1:] != values[:-1]) | ~level):
        begin = times[index + 1] if held[index] else times[index]
        low, high = (math.ceil(begin) if held[index] else math.floor(begin) + 1), math.ceil(times[index + 1])
        changes[max(0, low - frames[0]) : max(0, high - frames[0] + 1)] = True


def _is_flat(key: Any, after: Any) -> bool:
    """Says whether a piece between keys of one value stays there, as the handles have it."""
    return bool(key.interpolation == "BEZIER" and key.handle_right[1] == key.co[1] and after.handle_left[1] == after.co[1])
