"""The only writer of F-curves: an animation becomes ordinary keys on the object and the material, and timeline markers."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from bloom_core import palettes
from bloom_core.flames.flame import FloatArray
from bloom_core.growth.animation import SCALARS, Animation, Channel
from bloom_core.growth.bezier_keys import Keys

from . import compat, material

_LINEAR, _BEZIER = 1, 2  # numbers of Keyframe.interpolation
_FREE = 0  # number of Keyframe.handle_left_type
MARKER = "epoch "
"""Every marker of ours begins so."""
_RAMP_PATH = f'nodes["{material.RAMP}"].color_ramp.elements['


def write_animation(obj: bpy.types.Object, animation: Animation) -> None:
    """Writes the animation's curves, palette ramp and markers, replacing those that an earlier growth wrote."""
    bloom: Any = getattr(obj, "bloom")  # noqa: B009 - no attribute to the type checker
    frames = np.arange(len(animation.values)) + animation.frame_start
    bag = compat.channelbag(obj, f"{obj.name} Growth")
    for number, (channel, values) in enumerate(zip(animation.channels, animation.values.T, strict=True)):
        curve = _new_curve(bag, f"bloom.xforms[{channel.xform}].{channel.field}", _index(channel), bloom.xforms[channel.xform].name)
        if animation.keys is None:
            _write_linear(curve, frames, values)
        else:
            _write_bezier(curve, animation.keys[number])
    for number, xform in enumerate(bloom.xforms):
        xform.part = ", ".join(drive.part or "the whole network" for drive in animation.drives if drive.xform == number)
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
    _write_linear(_new_curve(compat.channelbag(datablock, f"{datablock.name} Action"), data_path, index, group), frames, values)


def _index(channel: Channel) -> int:
    return 0 if channel.field in SCALARS else channel.index


def _write_ramp(target: bpy.types.Material, animation: Animation) -> None:
    ramp = animation.ramp
    if ramp.base is not None:  # not the flower's own palette: another may be lighter or darker
        material.set_palette(target, ramp.base)
    material.write_ramp(target, ramp.positions, ramp.colors[-1])
    tree = compat.ensure_nodes(target)
    bag = compat.channelbag(tree, f"{target.name} Palette")
    _remove_curves(bag, _RAMP_PATH)
    for stop in range(len(ramp.positions)):
        linear = palettes.srgb_to_linear(ramp.colors[:, stop])
        for channel in range(3):
            path = f"{_RAMP_PATH}{stop}].color"
            _write_linear(_new_curve(bag, path, channel, "Palette"), ramp.frames, linear[:, channel])


def _remove_curves(bag: Any, path: str) -> None:
    """Removes the curves whose data path begins with `path`."""
    for curve in [curve for curve in bag.fcurves if curve.data_path.startswith(path)]:
        bag.fcurves.remove(curve)


def _new_curve(bag: Any, path: str, index: int, group: str) -> Any:
    """Returns an empty curve in place of the one that was there."""
    old = bag.fcurves.find(path, index=index)
    if old is not None:
        bag.fcurves.remove(old)
    return compat.new_fcurve(bag, path, index, group)


def _write_linear(curve: Any, frames: Any, values: FloatArray) -> None:
    points = curve.keyframe_points
    points.add(len(frames))
    points.foreach_set("co", _pairs(frames, values))
    points.foreach_set("interpolation", np.full(len(frames), _LINEAR, np.int32))
    curve.update()


def _write_bezier(curve: Any, keys: Keys) -> None:
    points = curve.keyframe_points
    points.add(len(keys.frames))
    left, right = keys.handle_frames()
    free = np.full(len(keys.frames), _FREE, np.int32)
    for name in ("handle_left_type", "handle_right_type"):
        points.foreach_set(name, free)
    points.foreach_set("interpolation", np.full(len(keys.frames), _BEZIER, np.int32))
    points.foreach_set("co", _pairs(keys.frames, keys.values))
    points.foreach_set("handle_left", _pairs(left, keys.left))
    points.foreach_set("handle_right", _pairs(right, keys.right))
    curve.update()


def _pairs(frames: Any, values: FloatArray) -> Any:
    return np.stack([frames, values], axis=1).astype(np.float32).ravel()
