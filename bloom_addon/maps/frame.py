"""Axes with their values, and the title of a map, as objects of the scene: a frame of thin light, ticks, and words that face the camera."""

from __future__ import annotations

import itertools
from typing import Any

import bpy
import numpy as np
from mathutils import Vector

from bloom_core.trainability import map_labels
from bloom_core.trainability.maps import Map

from ..garden import labels
from . import parts, places

_GAP, _TICK, _THICK = 0.06, 0.05, 0.0035
_VALUE, _NAME = 0.085, 0.1
"""Heights of letters of an axis's values, and of its name."""

_SMALLER = 0.75
"""How large letters are around a volume, which is seen from nearer."""

_TITLE, _FACTS = 0.036, 0.0165
"""Heights of letters of the title and of what is below it, in widths of the picture."""

_MATERIAL = "Bloom Map Frame"

Point = tuple[float, float, float]
Line = tuple[Point, Point]


def build(scene: bpy.types.Scene, obj: bpy.types.Object, found: Map, colormap: str, camera: bpy.types.Object) -> None:
    """Frames a map's terrain or volume; words keep facing `camera` and stand on the sides nearest to it."""
    half = np.append(places.extent(found), 0.0)[:3] / 2
    # Not hung on the map: Blender would draw a dashed line from each word to its middle.
    middle = obj.matrix_world.translation.copy()
    near = [-1.0 if camera.matrix_world.translation[axis] <= middle[axis] else 1.0 for axis in range(2)]
    lines, unit = _box(half), 1.0 if len(found.view.size) == 2 else _SMALLER
    for axis, told in enumerate(_labels(found)):
        lines += _axis(scene, middle, axis, told, half, near, camera, unit)
    _draw(scene, middle, lines, unit)
    _title(scene, found, colormap, camera)


def _title(scene: bpy.types.Scene, found: Map, colormap: str, camera: Any) -> None:
    """Hangs the title, and how the map was made, into the upper left corner of the picture, as far away as the camera is focused."""
    distance = (camera.data.dof.focus_object.matrix_world.translation - camera.matrix_world.translation).length
    wide = distance * camera.data.sensor_width / camera.data.lens
    tall = wide * scene.render.resolution_y / scene.render.resolution_x
    how = map_labels.how(found, colormap, "score")
    if len(found.view.size) == 3:
        how = [*how[:2], "light: the edge", "colour: rank of the score, cold where surest"]
    title, words = found.subject.title, [map_labels.what(found), map_labels.where(found), how]
    collection, facts = parts.collection(scene), "\n".join(", ".join(line) for line in words)
    top = 0.46 * tall
    for name, text, note, size in (("Map Title", title[0].upper() + title[1:], "", _TITLE), ("Map Facts", "", facts, _FACTS)):
        obj: Any = parts.mark(labels.label(collection, name, text, size * wide, camera, note), "title")
        obj.data.align_x, obj.parent, obj.location = "LEFT", camera, (-0.465 * wide, top, -distance)
        labels.fit([obj], 0.93 * wide)
        top -= 0.6 * size * wide


def _labels(found: Map) -> list[map_labels.AxisLabels]:
    view, axes = found.view, found.subject.axes[: len(found.view.size)]
    return [map_labels.axis_labels(axis, center, span) for axis, center, span in zip(axes, view.center, view.span, strict=True)]


def _box(half: Any) -> list[Line]:
    """The frame: four lines around a terrain, twelve around a volume."""
    x, y, z = (float(value) for value in half)
    corners = [(a * x, b * y, c * z) for a, b, c in itertools.product((-1, 1), repeat=3)]
    found = [(one, other) for one, other in itertools.combinations(corners, 2) if sum(p != q for p, q in zip(one, other, strict=True)) == 1]
    return found if z else list({tuple(sorted(line)): line for line in found if line[0] != line[1]}.values())


def _axis(
    scene: bpy.types.Scene, middle: Vector, axis: int, told: map_labels.AxisLabels, half: Any, near: list[float], camera: Any, unit: float
) -> list[Line]:
    """Sets the words of an axis, and returns the lines of its ticks."""
    side = [near[0] * half[0], near[1] * half[1], -half[2]]
    out = [0.0, 0.0]
    if axis == 2:
        side[1], out[0] = -side[1], near[0]  # the upright edge at the far end of the near side
    else:
        out[1 - axis] = near[1 - axis]
    low, lines, collection = unit * _GAP, [], parts.collection(scene)
    for share, text in told.ticks:
        point = list(side)
        point[axis] = (2.0 * share - 1.0) * half[axis]
        tip = (point[0] + out[0] * unit * _TICK, point[1] + out[1] * unit * _TICK, point[2])
        lines.append(((point[0], point[1], point[2]), tip))
        value = parts.mark(labels.label(collection, "Map Value", text, unit * _VALUE, camera), "value")
        _align(value, out, camera)
        value.location = middle + Vector((tip[0] + out[0] * low, tip[1] + out[1] * low, point[2] + unit * _VALUE / 2))
    name = parts.mark(labels.label(collection, "Map Axis", told.title, unit * _NAME, camera), "axis")
    _align(name, out, camera)
    side[axis] = 0.0
    away = unit * 0.55
    name.location = middle + Vector((side[0] + out[0] * away, side[1] + out[1] * away, side[2] - (unit * 0.4 * _NAME if axis < 2 else 0.0)))
    return lines


def _align(text: Any, out: list[float], camera: bpy.types.Object) -> None:
    """Has words that stand beside the map run away from it, as the camera sees it, and those before it centred."""
    right: Any = camera.matrix_world.to_3x3() @ Vector((1.0, 0.0, 0.0))
    sideways = out[0] * right[0] + out[1] * right[1]
    text.data.align_x = "CENTER" if abs(sideways) < 0.4 else "LEFT" if sideways > 0.0 else "RIGHT"


def _draw(scene: bpy.types.Scene, middle: Vector, lines: list[Line], unit: float) -> None:
    curve: Any = bpy.data.curves.new("Map Frame", "CURVE")
    curve.dimensions, curve.bevel_depth, curve.bevel_resolution = "3D", unit * _THICK, 1
    for line in lines:
        spline = curve.splines.new("POLY")
        spline.points.add(1)
        for point, place in zip(spline.points, line, strict=True):
            point.co = (*place, 1.0)
    curve.materials.append(labels.shining(_MATERIAL, (0.75, 0.72, 0.85), 0.16))
    parts.add(scene, "frame", "Map Frame", curve).location = middle
