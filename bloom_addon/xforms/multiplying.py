"""Copies of a petal, mirrored or turned about the flower's axis, with its keys."""

from __future__ import annotations

import math
from typing import Any

import bpy
import numpy as np

from bloom_core.flames import affines
from bloom_core.flames.flame import FloatArray

from .. import compat, keyframes, properties
from . import arranging

WAYS: dict[str, tuple[str, str, list[FloatArray]]] = {
    "X": ("Mirror X", "A copy on the other side of the YZ plane", [affines.mirror(0)]),
    "Y": ("Mirror Y", "A copy on the other side of the XZ plane", [affines.mirror(1)]),
    "Z": ("Mirror Z", "A copy below the XY plane", [affines.mirror(2)]),
    "2": ("2 Around", "One copy, turned by 180°", [affines.turn_about_z(math.pi)]),
    "3": ("3 Around", "Two copies, 120° apart", [affines.turn_about_z(turn * math.tau / 3) for turn in (1, 2)]),
    "5": ("5 Around", "Four copies, 72° apart", [affines.turn_about_z(turn * math.tau / 5) for turn in (1, 2, 3, 4)]),
}
"""Label, description and what each copy is moved by."""


def multiply(obj: bpy.types.Object, number: int, way: str) -> list[int]:
    """Adds copies of xform `number` behind it, moved one of WAYS; returns where they stand. Raises ValueError as `arranging.arrange`."""
    bloom = properties.bloom_of(obj)
    moves = WAYS[way][2]
    before = list(range(len(bloom.xforms)))
    arranging.arrange(obj, [*before[: number + 1], *[number] * len(moves), *before[number + 1 :]])
    for place, move in enumerate(moves, number + 1):
        xform = bloom.xforms[place]
        first = np.array(xform.post, np.float64)
        xform.post = affines.composed(move, first.reshape(3, 4)).ravel()
        for bag in compat.bags_of(obj):
            _move_keys(bag, f"bloom.xforms[{place}].post", xform.name, move, first)
    return list(range(number + 1, number + 1 + len(moves)))


def _move_keys(bag: Any, path: str, group: str, move: FloatArray, still: FloatArray) -> None:
    """Applies `move` to the keyed affine: every frame from the first key to the last, where one of its curves is keyed."""
    curves = {curve.array_index: curve for curve in bag.fcurves if curve.data_path == path and len(curve.keyframe_points)}
    if not curves:
        return
    frames = np.arange(np.floor(min(curve.range()[0] for curve in curves.values())), np.ceil(max(curve.range()[1] for curve in curves.values())) + 1)
    found = np.repeat(still[None], len(frames), axis=0)
    for index, curve in curves.items():
        found[:, index] = [curve.evaluate(frame) for frame in frames]
    moved = np.array([affines.composed(move, row.reshape(3, 4)).ravel() for row in found])
    for index in range(12):
        if np.ptp(moved[:, index]) > 0.0 or index in curves:
            keyframes.write_fitted(bag, path, index, group, frames, moved[:, index])
