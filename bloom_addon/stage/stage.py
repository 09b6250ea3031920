"""The stage: black world, a camera with depth of field on a keyed path, and render settings that suit a glowing volume."""

from __future__ import annotations

import math
from typing import Any

import bpy
import numpy as np

from bloom_core.native import Box

from .. import compat, flame_properties, keyframes
from . import compositing

RIG, CAMERA, FOCUS = "Bloom Rig", "Bloom Camera", "Bloom Focus"
LENS = 50.0  # mm
TURN = (-0.42, 0.18)  # radians about the axis, first and last frame
PITCH = (0.30, 0.62)  # radians above the horizon: the bud is seen from the side, the open flower is looked into
DISTANCE = (0.9, 1.35)  # first and last frame, times the distance at which the box fills the film


def build(scene: Any, obj: bpy.types.Object) -> None:
    """Sets up world, camera, compositor and render settings around a bloom; a stage that is there already is set anew."""
    bloom: Any = getattr(obj, "bloom")  # noqa: B009 - no attribute to the type checker
    _black_world(scene)
    _camera(scene, obj, flame_properties.read_box(bloom))
    compositing.build(scene)
    settings = scene.render
    settings.engine = "CYCLES"
    scene.cycles.samples = 8
    scene.cycles.use_denoising = compat.has_denoiser()
    scene.cycles.denoising_input_passes = "RGB"  # a glow has neither albedo nor normals, and they cost a quarter of the time
    scene.cycles.volume_step_rate = 3.0
    scene.cycles.volume_max_steps = 512
    scene.cycles.max_bounces = 0
    scene.cycles.volume_bounces = 0
    compat.prepare_volumes(scene)
    # Emission adds up to what it is; a film curve would grey the blacks and bend the palette.
    scene.view_settings.view_transform = "Standard"
    settings.resolution_percentage = 100
    settings.use_lock_interface = True
    settings.fps = 24


def _black_world(scene: bpy.types.Scene) -> None:
    world = bpy.data.worlds.get("Bloom Black") or bpy.data.worlds.new("Bloom Black")
    background = compat.ensure_nodes(world).nodes.get("Background")
    if background is not None:
        background.inputs["Color"].default_value = (0.0, 0.0, 0.0, 1.0)
        background.inputs["Strength"].default_value = 0.0
    scene.world = world


def _object(scene: bpy.types.Scene, name: str, data: Any) -> bpy.types.Object:
    """Returns the scene's object of this name, made where missing."""
    obj: bpy.types.Object | None = scene.objects.get(name)
    if obj is None:
        obj = bpy.data.objects.new(name, data() if data is not None else None)
        scene.collection.objects.link(obj)
    return obj


def _camera(scene: bpy.types.Scene, bloom: bpy.types.Object, box: Box) -> None:
    half_width = (box.high[0] - box.low[0]) / 2
    focus, rig = _object(scene, FOCUS, None), _object(scene, RIG, None)
    focus.location = bloom.matrix_world @ _vector((0.0, 0.0, (box.low[2] + box.high[2]) / 2))
    rig.location = focus.location
    camera = _object(scene, CAMERA, lambda: bpy.data.cameras.new(CAMERA))
    camera.parent = rig
    lens: Any = camera.data
    lens.lens = LENS
    lens.dof.use_dof, lens.dof.focus_object, lens.dof.aperture_fstop = True, focus, 0.7
    lens.clip_start = 0.01
    if not camera.constraints:
        aim: Any = camera.constraints.new("TRACK_TO")
        aim.target, aim.track_axis, aim.up_axis = focus, "TRACK_NEGATIVE_Z", "UP_Y"
    frames = np.linspace(scene.frame_start, scene.frame_end, 9)
    length = frames[-1] - frames[0]
    share = (frames - frames[0]) / length if length else np.ones(len(frames))  # a single picture is taken where a film ends
    eased = share * share * (3.0 - 2.0 * share)

    def along(path: tuple[float, float]) -> Any:
        return path[0] + (path[1] - path[0]) * eased

    reach = half_width / math.tan(math.atan(18.0 / LENS))  # at which the box fills a 36 mm film
    distance, pitch = reach * along(DISTANCE), along(PITCH)
    keyframes.key_values(rig, "rotation_euler", 2, "Orbit", frames, along(TURN))
    keyframes.key_values(camera, "location", 1, "Push", frames, -distance * np.cos(pitch))
    keyframes.key_values(camera, "location", 2, "Push", frames, distance * np.sin(pitch))
    camera.location.x = 0.0
    scene.camera = camera


def _vector(values: tuple[float, float, float]) -> Any:
    from mathutils import Vector

    return Vector(values)
