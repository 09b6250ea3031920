"""How a map is seen: a camera that flies, lamps against it, a black world, and render settings; all ordinary datablocks with few keys."""

from __future__ import annotations

import math
from typing import Any

import bpy
import numpy as np
from mathutils import Vector

from bloom_core import camera_paths
from bloom_core.flames.flame import FloatArray
from bloom_core.trainability import standing
from bloom_core.trainability.experiment import Experiment
from bloom_core.trainability.maps import Map

from .. import keyframes
from ..stage import compositing, settings, world
from ..stage.parts import is_ours
from . import parts, places

CAMERA, TARGET = "Map Camera", "Map Target"
_LENS = {"raking": 35.0, "above": 45.0, "garden": 38.0, "volume": 50.0}
_OPENING = {"raking": 0.011, "above": 0.002, "garden": 0.006, "volume": 0.0015}
"""Diameter of the aperture, in the distance that it is focused at."""

_LOOK = {"GLOW", "VIGNETTE", "DENOISE"}

_FLIGHTS = {
    # turn from the direction in which training converges, height, and distance, at the first frame and at the last; in half sides of the map
    "raking": ((math.radians(12), 0.62, 2.2), (math.radians(50), 0.44, 1.62)),
    "above": ((math.radians(6), 4.5, 3.3), (math.radians(24), 4.3, 3.5)),
    "garden": ((math.radians(-4), 1.7, 3.5), (math.radians(26), 2.0, 3.2)),
    "volume": ((math.radians(-40), 2.2, 8.4), (math.radians(32), 2.9, 8.0)),
}
_KEYS = 5  # of a flight: between two the camera goes straight, along an arc it must not


def build(scene: Any, obj: bpy.types.Object, found: Map, view: str) -> bpy.types.Object:
    """Sets camera, lamps, world and render settings for a map that `obj` shows; returns the camera. `view`: one of the properties' `VIEWS`."""
    chosen = "volume" if obj.type == "VOLUME" else view
    towards = _towards(found)
    focus = _focus(found, chosen, towards) + np.array(obj.matrix_world.translation)
    camera = _camera(scene, found, chosen, towards, focus)
    if chosen != "volume":
        # Low and against the camera: waves on the basins glitter, ridges have a rim. The other fills the shadows, from aside.
        _lamp(scene, "Map Sun", focus, towards + math.radians(241), (2.6, 0.42), 80.0, 1.0, (1.0, 0.80, 0.58))
        _lamp(scene, "Map Sky", focus, towards + math.radians(146), (2.6, 1.0), 26.0, 2.5, (0.45, 0.62, 1.0))
    if scene.world is None or is_ours(scene.world):
        world.build(scene, "void")
    chosen_stage = scene.bloom_stage
    compositing.build(scene, _LOOK)
    reach = (0.05, 8.0 * places.SIDE)
    settings.apply(scene, chosen_stage.engine, chosen_stage.quality, lit=chosen != "volume", denoised=True, reach=reach)
    return camera


def _towards(found: Map) -> float:
    """Returns the direction, in radians about the vertical, from where training does not converge to where it does; south without both."""
    labels = found.labels if found.labels.ndim == 2 else found.labels[len(found.labels) // 2]
    sides = [np.argwhere(labels == 1), np.argwhere(labels != 1)]
    if not isinstance(found.subject, Experiment) or not all(len(side) for side in sides):
        return -math.pi / 2
    y, x = sides[0].mean(axis=0) - sides[1].mean(axis=0)
    # To the nearest axis: labels stand on the sides that are seen, and a frame that is askew looks like a mistake.
    return round(math.atan2(y, x) / (math.pi / 2)) * math.pi / 2


def _focus(found: Map, view: str, towards: float) -> FloatArray:
    """Returns what the camera looks at, (3,): the place of the edge that is nearest to the map's middle, somewhat drawn towards the middle."""
    edge = standing.boundary(found)
    if view in ("above", "garden"):  # the upper part of the picture is the title's
        return np.array([-0.3 * math.cos(towards), -0.3 * math.sin(towards), 0.0])
    if view != "raking" or not len(edge):
        return np.array([0.0, 0.0, (0.1 if view == "volume" else 0.07) * places.side(found)])
    points = np.array([places.place(found, position) for position in edge])
    nearest = points[np.linalg.norm(points, axis=1).argmin()]
    return np.append(0.6 * nearest, -0.02)


def _camera(scene: Any, found: Map, view: str, towards: float, focus: FloatArray) -> bpy.types.Object:
    lens: Any = bpy.data.cameras.new(CAMERA)
    camera = parts.add(scene, "camera", CAMERA, lens)
    target = parts.add(scene, "target", TARGET, None)
    target.location = focus
    target.empty_display_size = 0.15
    aim: Any = camera.constraints.new("TRACK_TO")
    aim.target, aim.track_axis, aim.up_axis = target, "TRACK_NEGATIVE_Z", "UP_Y"
    share = np.linspace(0.0, 1.0, _KEYS)
    frames = scene.frame_start + (scene.frame_end - scene.frame_start) * share
    (turn, height, distance), (last_turn, last_height, last_distance) = _FLIGHTS[view]
    turns, half = towards + turn + (last_turn - turn) * share, places.side(found) / 2
    reach, rise = half * (distance + (last_distance - distance) * share), half * (height + (last_height - height) * share)
    path = np.stack([focus[0] + reach * np.cos(turns), focus[1] + reach * np.sin(turns), focus[2] + rise], axis=1)
    if scene.frame_end > scene.frame_start:
        for axis in range(3):
            keyframes.key_eased(camera, "location", axis, "Flight", frames.astype(np.float32), path[:, axis])
    camera.location = path[-1]
    away = float(np.linalg.norm(path[-1] - focus))
    lens.lens, lens.clip_start, lens.clip_end = _LENS[view], 0.01, 20.0 * places.SIDE
    lens.dof.use_dof, lens.dof.focus_object = True, target
    lens.dof.aperture_fstop = camera_paths.f_number(_LENS[view], _OPENING[view], away)
    scene.camera = camera
    scene.view_layers[0].update()
    return camera  # type: ignore[no-any-return]


def _lamp(
    scene: Any,
    name: str,
    focus: FloatArray,
    turn: float,
    place: tuple[float, float],
    energy: float,
    size: float,
    color: tuple[float, float, float],
) -> None:
    """Adds a lamp that shines on the focus from a direction, at a `place`: distance and height in half sides of the map."""
    light: Any = bpy.data.lights.new(name, "AREA")
    light.energy, light.size, light.color = energy, size, color
    lamp = parts.add(scene, "lamp", name, light)
    half = places.SIDE / 2
    lamp.location = (focus[0] + half * place[0] * math.cos(turn), focus[1] + half * place[0] * math.sin(turn), focus[2] + half * place[1])
    lamp.rotation_euler = (Vector(tuple(focus)) - lamp.location).to_track_quat("-Z", "Y").to_euler()
