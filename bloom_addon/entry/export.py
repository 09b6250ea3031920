"""A bloom's animation, as it was grown and edited, written as a `.flame` sequence for flam3, Fractorium and Bloom itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from bloom_core import palettes
from bloom_core.flames import flame_camera
from bloom_core.flames.flame import Flame, FlameError, FloatArray, View
from bloom_core.flames.flame_file import write_flames
from bloom_core.flames.flame_sequence import film
from bloom_core.native import NativeError

from .. import bloom_object, material, posing, sample

_COLORS = 256


def write_sequence(scene: bpy.types.Scene, obj: bpy.types.Object, path: Path, start: int, end: int) -> list[str]:
    """Writes frames `start` to `end` of a bloom with its palette and the scene's camera. Main thread only.

    Returns warnings, one of a kind, of what the file or other programs cannot show. Raises ValueError for a range without
    frames, and FlameError where the file cannot be written.
    """
    if end < start:
        raise ValueError(f"There is no frame from {start} to {end}: the last one must not come before the first")
    base = _design(obj)
    told: dict[str, None] = {}
    flames = sample.at_frames(scene, obj, range(start, end + 1), lambda: _flame(scene, obj, base, told))
    frames, warnings = film(flames, start)
    write_flames(path, frames)
    return [*told, *warnings]


def _design(obj: bpy.types.Object) -> Flame | None:
    """Returns the flame that the bloom was made of, for what Blender has no place for, or None where it is gone."""
    try:
        return bloom_object.flower_of(obj).open
    except (FlameError, NativeError, OSError):
        return None


def _flame(scene: bpy.types.Scene, obj: bpy.types.Object, base: Flame | None, told: dict[str, None]) -> Flame:
    """Returns the bloom at the current frame, whole: flame, palette and view."""
    flame = posing.read_flame(scene, obj)
    if base is not None:
        flame = replace(flame, palette=base.palette, view=base.view, rendering=base.rendering)
    ramp = palette_of(obj)
    if ramp is None:
        told["the bloom's glow has no palette of Bloom's any more: that of its design is written"] = None
    else:
        flame = replace(flame, palette=ramp)
    view, warnings = _view(scene, obj, flame.view)
    told.update(dict.fromkeys(warnings))
    return replace(flame, view=view)


def palette_of(obj: bpy.types.Object) -> FloatArray | None:
    """Returns the colours of the bloom's ramp at the current frame, float64 (256, 3), sRGB; None where no material of its has Bloom's ramp."""
    ramps = (material.ramp_of(slot.material) for slot in obj.material_slots if slot.material is not None)
    ramp = next((ramp for ramp in ramps if ramp is not None), None)
    if ramp is None:
        return None
    linear = np.array([ramp.evaluate(place)[:3] for place in np.linspace(0.0, 1.0, _COLORS).tolist()], np.float64)
    return np.clip(palettes.linear_to_srgb(linear), 0.0, 1.0)


def _view(scene: bpy.types.Scene, obj: bpy.types.Object, base: View) -> tuple[View, Iterable[str]]:
    """Returns `base` as the scene's camera sees the bloom, and warnings."""
    settings = scene.render
    share = settings.resolution_percentage / 100.0
    width, height = max(round(settings.resolution_x * share), 1), max(round(settings.resolution_y * share), 1)
    base = replace(base, size=(width, height))
    camera = scene.camera
    if camera is None or not isinstance(camera.data, bpy.types.Camera):
        return base, ["the scene has no camera: the view of the design is written"]
    lens: Any = camera.data
    if lens.type == "PANO":
        return base, ["Ember's camera has no panoramas: the view of the design is written"]
    graph = bpy.context.evaluated_depsgraph_get()
    matrix = np.array(obj.evaluated_get(graph).matrix_world.inverted_safe() @ camera.evaluated_get(graph).matrix_world, np.float64)
    size = np.linalg.norm(matrix[:3, :3], axis=0)  # of the world's unit in the bloom's own
    axes = matrix[:3, :3] / size
    projection = np.array(camera.calc_matrix_camera(graph, x=width, y=height), np.float64)
    orthographic = lens.type == "ORTHO"
    aperture = lens.lens / 1000.0 / (2.0 * lens.dof.aperture_fstop) * size[0] if lens.dof.use_dof else 0.0
    scale = projection[0, 0] * width / 2.0 / (size[0] if orthographic else 1.0)
    shift = -projection[:2, 3] if orthographic else projection[:2, 2]
    return flame_camera.view_of(
        flame_camera.Camera(
            axes[:, 0], axes[:, 1], axes[:, 2], matrix[:3, 3], scale, orthographic, aperture, (shift[0] * width / 2.0, shift[1] * height / 2.0)
        ),
        base,
    )
