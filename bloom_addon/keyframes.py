"""The only writer of F-curves: an animation becomes ordinary keys on the object and the material, and timeline markers."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from bloom_core import palettes
from bloom_core.animation import SCALARS, Animation, Channel
from bloom_core.flame import FloatArray

from . import compat, material

_LINEAR = 1  # the number of the interpolation in Keyframe.interpolation
MARKER = "epoch "
"""Every marker of ours begins so."""
_RAMP_PATH = f'nodes["{material.RAMP}"].color_ramp.elements['


def write_animation(obj: bpy.types.Object, animation: Animation) -> None:
    """Writes the animation's curves, palette ramp and markers, replacing those that an earlier growth wrote."""
    bloom: Any = getattr(obj, "bloom")  # noqa: B009 - no attribute to the type checker
    frames = np.arange(len(animation.values)) + animation.frame_start
    bag = compat.channelbag(obj, f"{obj.name} Growth")
    for channel, values in zip(animation.channels, animation.values.T, strict=True):
        path = f"bloom.xforms[{channel.xform}].{channel.field}"
        _write_curve(bag, path, _index(channel), bloom.xforms[channel.xform].name, frames, values)
    for slot in obj.material_slots:
        if slot.material is not None and material.ramp_of(slot.material) is not None:
            _write_ramp(slot.material, animation)
            break


def clear_flower(obj: bpy.types.Object) -> None:
    """Removes every curve of the bloom's xforms and of its palette; the object's own, such as its location, stay."""
    if obj.animation_data is not None and obj.animation_data.action is not None:
        _remove_curves(compat.channelbag(obj, obj.name), "bloom.xforms[")
    for slot in obj.material_slots:
        tree = slot.material.node_tree if slot.material is not None else None
        if tree is not None and tree.animation_data is not None and tree.animation_data.action is not None:
            _remove_curves(compat.channelbag(tree, tree.name), _RAMP_PATH)


def write_markers(scene: bpy.types.Scene, animation: Animation) -> None:
    """Sets a marker at each epoch, in place of those of an earlier growth."""
    for marker in [marker for marker in scene.timeline_markers if marker.name.startswith(MARKER)]:
        scene.timeline_markers.remove(marker)
    for entry in animation.markers:
        scene.timeline_markers.new(entry.name, frame=entry.frame)


def key_values(datablock: bpy.types.ID, data_path: str, index: int, group: str, frames: FloatArray, values: FloatArray) -> None:
    """Writes one curve of linear keys, (n,) frames and values, in place of the one that was there."""
    _write_curve(compat.channelbag(datablock, f"{datablock.name} Action"), data_path, index, group, frames, values)


def _index(channel: Channel) -> int:
    return 0 if channel.field in SCALARS else channel.index


def _write_ramp(target: bpy.types.Material, animation: Animation) -> None:
    ramp = animation.ramp
    material.write_ramp(target, ramp.positions, ramp.colors[-1])
    tree = compat.ensure_nodes(target)
    bag = compat.channelbag(tree, f"{target.name} Palette")
    for stop in range(len(ramp.positions)):
        linear = palettes.srgb_to_linear(ramp.colors[:, stop])
        for channel in range(3):
            path = f"{_RAMP_PATH}{stop}].color"
            _write_curve(bag, path, channel, "Palette", ramp.frames, linear[:, channel])


def _remove_curves(bag: Any, path: str) -> None:
    """Removes the curves whose data path begins with `path`."""
    for curve in [curve for curve in bag.fcurves if curve.data_path.startswith(path)]:
        bag.fcurves.remove(curve)


def _write_curve(bag: Any, path: str, index: int, group: str, frames: Any, values: FloatArray) -> None:
    old = bag.fcurves.find(path, index=index)
    if old is not None:
        bag.fcurves.remove(old)
    curve = compat.new_fcurve(bag, path, index, group)
    keys = np.empty((len(frames), 2), np.float32)
    keys[:, 0], keys[:, 1] = frames, values
    curve.keyframe_points.add(len(frames))
    curve.keyframe_points.foreach_set("co", keys.ravel())
    curve.keyframe_points.foreach_set("interpolation", np.full(len(frames), _LINEAR, np.int32))
    curve.update()
