"""The stage's camera: on a rig about the flower, with few eased keys, focused on it."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from bloom_core import camera_paths
from bloom_core.camera_paths import MOVES, Subject

from .. import flame_properties, keyframes
from . import parts

RIG, CAMERA, FOCUS = "Bloom Rig", "Bloom Camera", "Bloom Focus"
_RANGE, _REACH, _HEART = "bloom_stage_frames", "bloom_stage_reach", "bloom_stage_heart"
"""Custom properties of the rig: the frames and the distance that its keys were written for, and whether it stands at the heart."""


def subject(scene: bpy.types.Scene, obj: bpy.types.Object) -> Subject:
    """Returns what is filmed of a bloom, from bud to open flower: its box, where it stands in the world."""
    scene.view_layers[0].update()
    bloom: Any = getattr(obj, "bloom")  # noqa: B009 - no attribute to the type checker
    return camera_paths.subject(flame_properties.read_box(bloom), np.array(obj.matrix_world), flame_properties.read_flame(obj))


def build(scene: Any, filmed: Subject, move_name: str) -> None:
    """Puts the stage's camera on a move and makes it the scene's. Keys that the stage wrote before are written anew."""
    move = MOVES[move_name]
    rig, camera, focus = _rig(scene)
    focus.location = rig.location = filmed.heart if move.heart else filmed.center
    rig[_HEART] = move.heart
    focus.empty_display_size = rig.empty_display_size = filmed.radius * 0.25
    focus.empty_display_type = "SPHERE"
    distance = camera_paths.reach(filmed, move.lens, scene.render.resolution_x, scene.render.resolution_y)
    path = camera_paths.path(move, distance, scene.frame_start, scene.frame_end)
    keyframes.key_eased(rig, "rotation_euler", 0, "Pitch", path.frames, -path.pitch, even=move.loops)
    keyframes.key_eased(rig, "rotation_euler", 2, "Turn", path.frames, path.turn, even=move.loops)
    keyframes.key_eased(camera, "location", 1, "Push", path.frames, -path.distance, even=move.loops)
    camera.location = (0.0, -path.distance[-1], 0.0)
    rig[_RANGE], rig[_REACH] = [float(scene.frame_start), float(scene.frame_end)], distance
    _set_lens(camera.data, move, distance, focus)
    scene.camera = camera


def refit(scene: Any, filmed: Subject) -> bool:
    """Stretches the camera's keys, an artist's own among them, to the scene's frames and the flower's size. False where there is no camera."""
    found: list[Any] = [parts.find(scene, role) for role in ("rig", "camera", "focus")]
    rig, camera, focus = found
    if rig is None or camera is None or _RANGE not in rig:
        return False
    before, after = tuple(rig[_RANGE]), (float(scene.frame_start), float(scene.frame_end))
    lens: Any = camera.data
    distance = camera_paths.reach(filmed, lens.lens, scene.render.resolution_x, scene.render.resolution_y)
    for datablock in (rig, camera, lens):
        keyframes.retime(datablock, before, after)
    ratio = distance / rig[_REACH]
    rig.scale = rig.scale * ratio  # the camera hangs in it: every key of its distance with one number
    lens.dof.aperture_fstop /= ratio
    rig.location = filmed.heart if rig.get(_HEART) else filmed.center
    if focus is not None:
        focus.location = rig.location
    rig[_RANGE], rig[_REACH] = list(after), distance
    return True


def distances(scene: bpy.types.Scene, filmed: Subject) -> tuple[float, float]:
    """Returns how near and how far from the camera the subject may be, with room to spare."""
    rig: Any = parts.find(scene, "rig")
    reach = float(rig[_REACH]) if rig is not None and _REACH in rig else 4.0 * filmed.radius
    return reach * 0.02, reach * 2.0 + 2.0 * filmed.radius


def _rig(scene: bpy.types.Scene) -> tuple[Any, Any, Any]:
    rig, focus = parts.part(scene, "rig", RIG), parts.part(scene, "focus", FOCUS)
    camera = parts.part(scene, "camera", CAMERA, bpy.data.cameras.new)
    rig.scale = (1.0, 1.0, 1.0)
    camera.parent = rig
    if not any(constraint.type == "TRACK_TO" for constraint in camera.constraints):
        aim: Any = camera.constraints.new("TRACK_TO")
        aim.name = "Look at the Flower"
        aim.target, aim.track_axis, aim.up_axis = focus, "TRACK_NEGATIVE_Z", "UP_Y"
    return rig, camera, focus


def _set_lens(lens: Any, move: camera_paths.Move, distance: float, focus: bpy.types.Object) -> None:
    lens.lens = move.lens
    lens.dof.use_dof, lens.dof.focus_object = True, focus
    lens.dof.aperture_fstop = camera_paths.f_number(move.lens, move.opening, distance)
    lens.clip_start, lens.clip_end = distance / 500.0, max(100.0, distance * 50.0)
