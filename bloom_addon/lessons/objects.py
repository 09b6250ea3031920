"""Making the objects of an act: meshes, words, lines and live numbers that face the camera, each with the keys that show it in time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from bloom_core.flames.flame import FloatArray

from .. import keyframes
from . import live_numbers, look
from .layout import Rectangle
from .look import LIT, LOOK, MARK, PULSE

IntArray = NDArray[np.int64]
Point = tuple[float, float]

UPRIGHT = (math.pi / 2, 0.0, 0.0)
"""Turns what lies on the ground so that it faces the camera."""

BLEND = 5
"""Frames that a look takes, at most, to become that of the next moment, and at most a third of the moment; it has arrived when the next begins."""


class Workshop:
    """Makes the objects of one act, which is shown from frame `first` to `last`; `roles` has them by role.

    Places are x and z on the plane y = 0; `depth` is how far before it an object stands, towards the camera.
    """

    def __init__(self, collection: bpy.types.Collection, film: tuple[int, int], first: int, last: int) -> None:
        self.collection, self.film, self.first, self.last = collection, film, first, last
        self.roles: dict[str, list[bpy.types.Object]] = {}

    def add(self, role: str, name: str, data: Any, place: Point = (0.0, 0.0), depth: float = 0.0, shown: tuple[int, int] | None = None) -> Any:
        """Adds an object of the act, which shows from the first to the last frame of `shown`; by default as long as the act."""
        obj = bpy.data.objects.new(name, data)
        obj[MARK] = role
        data[MARK] = role
        obj[LIT], obj[LOOK] = 1.0, 0.0
        obj.location = (place[0], -depth, place[1])
        self.collection.objects.link(obj)
        self.roles.setdefault(role, []).append(obj)
        self._show(obj, *(shown or (self.first, self.last)))
        return obj

    def mesh(
        self,
        role: str,
        name: str,
        points: Sequence[Sequence[float]],
        faces: Sequence[Sequence[int]],
        materials: Sequence[bpy.types.Material],
        place: Point,
        depth: float = 0.0,
        slots: Sequence[int] = (),
        smooth: bool = False,
        shown: tuple[int, int] | None = None,
    ) -> Any:
        """Adds a mesh of points (x, z) or (x, y, z) about its place; `slots`: the number of each face's material."""
        mesh: Any = bpy.data.meshes.new(name)
        mesh.from_pydata([(point[0], 0.0, point[1]) if len(point) == 2 else tuple(point) for point in points], [], [list(face) for face in faces])
        for material in materials:
            mesh.materials.append(material)
        if slots:
            mesh.polygons.foreach_set("material_index", np.array(slots, np.int32))
        if smooth:
            mesh.polygons.foreach_set("use_smooth", np.ones(len(faces), np.bool_))
        return self.add(role, name, mesh, place, depth, shown)

    def text(
        self,
        role: str,
        name: str,
        words: str,
        size: float,
        place: Point,
        *,
        align: str = "CENTER",
        box: Rectangle | None = None,
        material: str = "Ink",
        depth: float = 0.3,
        shown: tuple[int, int] | None = None,
    ) -> Any:
        """Adds words, about `place` or at its left or right (`align`); with `box` broken into lines within it, smaller where they are too many."""
        curve: Any = bpy.data.curves.new(name, "FONT")
        curve.body, curve.size, curve.space_character, curve.space_line = words, size, 1.02, 1.12
        curve.align_x, curve.align_y, curve.resolution_u, curve.fill_mode = align, "CENTER", 3, "FRONT"
        curve.materials.append(look.material(material))
        if box is not None:
            curve.align_y, curve.overflow = "TOP", "SCALE"
            frame = curve.text_boxes[0]
            frame.width, frame.height = box.width, box.height
            frame.x, frame.y = -box.width / 2, 0.0
            place = (box.center[0], box.top - 0.85 * size)  # from the first line's foot
        obj = self.add(role, name, curve, place, depth, shown)
        obj.rotation_euler = UPRIGHT
        return obj

    def line(self, role: str, name: str, points: FloatArray, width: float, material: str, *, depth: float = 0.0, closed: bool = False) -> Any:
        """Adds a round line `width` thick through (n, 2) points x, z."""
        curve: Any = bpy.data.curves.new(name, "CURVE")
        curve.dimensions, curve.fill_mode, curve.bevel_resolution, curve.resolution_u = "3D", "FULL", 1, 1
        curve.bevel_depth, curve.use_fill_caps = width / 2, True
        spline = curve.splines.new("POLY")
        spline.points.add(len(points) - 1)
        spline.points.foreach_set(
            "co", np.column_stack([points[:, 0], np.zeros(len(points)), points[:, 1], np.ones(len(points))]).astype(np.float32).ravel()
        )
        spline.use_cyclic_u = closed
        curve.materials.append(look.material(material))
        obj = self.add(role, name, curve, depth=depth)
        obj[PULSE] = -1.0
        return obj

    def number(
        self,
        role: str,
        name: str,
        size: float,
        place: Point,
        frames: IntArray,
        values: FloatArray,
        *,
        signed: bool = False,
        decimals: int = 2,
        depth: float = 0.3,
    ) -> Any:
        """Adds a number that is written anew at each frame: `values` with `decimals`, and with a plus where `signed`."""
        obj = self.add(role, name, bpy.data.meshes.new(name), place, depth)
        obj.rotation_euler = UPRIGHT
        live_numbers.write(obj, size, frames, values, signed, decimals)
        return obj

    def value(self, obj: Any, frames: IntArray, values: FloatArray) -> None:
        """Keys what an object stands for: "value" holds it from each frame to the next, "recorded" has all of them in full precision."""
        obj["value"], obj["recorded"] = float(np.float32(values[0])), [float(value) for value in values]
        held(obj, '["value"]', 0, "Value", frames, values)

    def _show(self, obj: Any, first: int, last: int) -> None:
        frames = [frame for frame in (self.film[0], first, last + 1) if self.film[0] <= frame <= self.film[1]]
        frames = sorted(set(frames))
        hidden = np.array([0.0 if first <= frame <= last else 1.0 for frame in frames])
        obj.hide_render = obj.hide_viewport = bool(hidden[0])
        if len(frames) > 1:
            for path in ("hide_render", "hide_viewport"):
                keyframes.key_held(obj, path, 0, "Shown", np.array(frames, dtype=np.float64), hidden)


def held(datablock: bpy.types.ID, path: str, index: int, group: str, frames: IntArray, values: FloatArray) -> None:
    """Keys values that hold from each frame to the next; where nothing changes, no key."""
    kept = np.concatenate([[True], np.diff(values) != 0.0])
    keyframes.key_held(datablock, path, index, group, frames[kept].astype(np.float64), values[kept])


def eased(datablock: bpy.types.ID, path: str, index: int, group: str, frames: IntArray, values: FloatArray) -> None:
    """Keys values that have arrived at their frames: each holds until shortly before the next, then goes over to it."""
    times, heights = [float(frames[0])], [float(values[0])]
    for before, now, old, new in zip(frames[:-1], frames[1:], values[:-1], values[1:], strict=True):
        if old != new:
            leaves = float(now - min(BLEND, max(1, (now - before) // 3)))
            if leaves > times[-1]:
                times.append(leaves)
                heights.append(float(old))
            times.append(float(now))
            heights.append(float(new))
    keyframes.key_values(datablock, path, index, group, np.array(times), np.array(heights))
