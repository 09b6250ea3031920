"""What a `.flame` file says of camera and light, as Blender's camera, world, exposure and compositor."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix

from bloom_core import designs
from bloom_core.designs import Design
from bloom_core.flames import flame_camera
from bloom_core.flames.flame import Flame
from bloom_core.flames.flame_file import read_flames
from bloom_core.flames.flame_look import look_of
from bloom_core.images.image import DEFAULT_CURVE

from .. import compat, material
from ..stage import compositing

_SENSOR = 36.0  # mm
_SHORTEST, _WIDEST = 1.0, 0.01  # Blender's least focal length in mm, and least f-stop


def read_flame_file(path: Path, number: int) -> tuple[Design, list[str]]:
    """Returns flame `number` (from 1) of a file as a design, or the bud and the open flower of a design's file, and warnings.

    Raises FlameError, ValueError for a number that the file does not have.
    """
    flames, warnings = read_flames(path)
    if [flame.name for flame in flames] == ["bud", "open"]:
        return designs.read_design(path), warnings
    if not 1 <= number <= len(flames):
        raise ValueError(f"{path.name} has {len(flames)} flames: choose one from 1 to {len(flames)}, not {number}")
    flame = flames[number - 1]
    name = path.stem if len(flames) == 1 else f"{path.stem} {flame.name or number}"
    if len(flames) > 1:
        warnings = [*warnings, f"{path.name} has {len(flames)} flames, and {number} is imported: choose another under Flame in the operator's panel"]
    return designs.design_from_flame(replace(flame, name=name)), warnings


def dropped(flame: Flame) -> list[str]:
    """Returns what of a flame Blender shows no part of, in words."""
    found = {
        "its color curves": flame.rendering.curves is not None and not np.array_equal(flame.rendering.curves, [DEFAULT_CURVE] * 4),
        "vibrancy": abs(flame.view.vibrancy - 1.0) > 0.05,
        "the motion elements of its xforms": any(xform.motions for xform in flame.xforms),
    }
    return [f"{flame.name}: {what} have no place in a Blender scene and are left out" for what, is_there in found.items() if is_there]


def add_camera(context: bpy.types.Context, flame: Flame, name: str, matrix: Matrix) -> tuple[bpy.types.Object, list[str]]:
    """Adds the camera that sees what the file's own does of a bloom at `matrix`, makes it and its picture size the scene's; and warnings.

    Ember draws most flames as in a mirror; a camera that does so has a scale of -1 across.
    """
    scene, view = context.scene, flame.view
    if flame.dialect == "flam3":  # which knows no camera
        view = replace(view, cam_yaw=0.0, cam_pitch=0.0, cam_persp=0.0, cam_zpos=0.0, cam_dof=0.0)
    real, warnings = flame_camera.camera_of(view)
    width, height = view.size
    lens: Any = bpy.data.cameras.new(f"{name} Camera")
    distance = float(np.linalg.norm(real.position - [0.0, 0.0, view.cam_zpos]))
    lens.sensor_fit, lens.sensor_width = "HORIZONTAL", _SENSOR
    lens.shift_x, lens.shift_y = real.shift[0] / width, real.shift[1] / width
    lens.clip_start, lens.clip_end = distance / 100.0, distance * 100.0
    if real.orthographic:
        lens.type, lens.ortho_scale = "ORTHO", width / real.scale
    else:
        _set_lens(lens, real.scale / width, real.aperture, distance)
    mirror = -1.0 if np.cross(real.right, real.up) @ real.back < 0.0 else 1.0
    placed = np.eye(4)
    placed[:3, :3], placed[:3, 3] = np.column_stack([mirror * real.right, real.up, real.back]), real.position
    camera = bpy.data.objects.new(lens.name, lens)
    context.collection.objects.link(camera)
    camera.matrix_world = matrix @ Matrix(placed.tolist())
    camera.scale.x *= mirror
    scene.camera = camera
    scene.render.resolution_x, scene.render.resolution_y = width, height
    return camera, [f"{name}: {warning}" for warning in warnings]


def _set_lens(lens: Any, focal: float, aperture: float, distance: float) -> None:
    """Sets focal length (`focal` times the sensor's width) and f-stop; a larger sensor where Blender has no lens so short or so open."""
    sensor = _SENSOR * max(1.0, _SHORTEST / (focal * _SENSOR), _WIDEST * 2000.0 * aperture / (focal * _SENSOR))
    lens.sensor_width, lens.lens = sensor, focal * sensor
    if aperture > 0.0:
        lens.dof.use_dof, lens.dof.focus_distance, lens.dof.aperture_fstop = True, distance, lens.lens / 1000.0 / (2.0 * aperture)


def set_look(scene: Any, obj: bpy.types.Object, flame: Flame) -> None:
    """Sets exposure, contrast of the glow, world and compositor as the file's brightness, gamma and background have them."""
    look = look_of(flame.view)
    scene.view_settings.view_transform = "Standard"  # a film curve would grey the blacks and bend the palette
    scene.view_settings.exposure = look.exposure
    for slot in obj.material_slots:
        node: Any = compat.ensure_nodes(slot.material).nodes.get(material.CONTRAST)
        if node is not None:
            node.outputs[0].default_value *= look.contrast
    world = bpy.data.worlds.new(f"{obj.name} World")
    background = compat.ensure_nodes(world).nodes.get("Background")
    if background is not None:
        background.inputs["Color"].default_value = (*look.background, 1.0)
        background.inputs["Strength"].default_value = 1.0
    scene.world = world
    compositing.build(scene)
