"""Writing one curve: keys in place of those that it had."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from bloom_core.camera_paths import retimed
from bloom_core.flames.flame import FloatArray
from bloom_core.growth import bezier_keys
from bloom_core.growth.bezier_keys import Keys

from .. import compat

_CONSTANT, _LINEAR, _BEZIER = 0, 1, 2  # numbers of Keyframe.interpolation
_FREE = 0  # number of Keyframe.handle_left_type


def key_values(datablock: bpy.types.ID, data_path: str, index: int, group: str, frames: FloatArray, values: FloatArray) -> None:
    """Writes one curve of linear keys, (n,) frames and values, in place of the one that was there."""
    _write_linear(new_curve(compat.channelbag(datablock, f"{datablock.name} Action"), data_path, index, group), frames, values)


def write_fitted(bag: Any, data_path: str, index: int, group: str, frames: FloatArray, values: FloatArray) -> None:
    """Writes one curve of few Bézier keys through (n,) frames and values, in place of the keys of the one that was there."""
    curve = bag.fcurves.find(data_path, index=index) or compat.new_fcurve(bag, data_path, index, group)
    write_track(curve, bezier_keys.fit(frames, values, 1e-4 * float(np.abs(values).max(initial=1.0))))


def key_held(datablock: bpy.types.ID, data_path: str, index: int, group: str, frames: FloatArray, values: FloatArray) -> None:
    """Writes one curve of keys each of which holds until the next, (n,) frames and values, in place of the one that was there."""
    curve = new_curve(compat.channelbag(datablock, f"{datablock.name} Action"), data_path, index, group)
    _write_linear(curve, frames, values)
    curve.keyframe_points.foreach_set("interpolation", np.full(len(frames), _CONSTANT, np.int32))
    curve.update()


def key_eased(datablock: bpy.types.ID, data_path: str, index: int, group: str, frames: FloatArray, values: FloatArray, even: bool = False) -> None:
    """Writes one curve of Bézier keys that ease in and out, (n,) frames and values, in place of the one that was there. `even`: linear keys."""
    curve = new_curve(compat.channelbag(datablock, f"{datablock.name} Action"), data_path, index, group)
    _write_linear(curve, frames, values)
    for point in () if even else curve.keyframe_points:
        point.interpolation, point.handle_left_type, point.handle_right_type = "BEZIER", "AUTO_CLAMPED", "AUTO_CLAMPED"
    curve.update()


def retime(datablock: bpy.types.ID, before: tuple[float, float], after: tuple[float, float]) -> None:
    """Moves every key of a datablock as the frame range `before` is stretched to `after`."""
    if getattr(getattr(datablock, "animation_data", None), "action", None) is not None:
        for curve in compat.channelbag(datablock, datablock.name).fcurves:
            for point in curve.keyframe_points:
                point.co_ui.x = float(retimed(np.array([point.co.x]), before, after)[0])  # takes its handles along
            curve.update()


def remove_keys(datablock: bpy.types.ID, *data_paths: str) -> None:
    """Removes the curves, drivers included, of a datablock's properties; their values stay as they are."""
    for path in data_paths:
        datablock.driver_remove(path)
        for curve in [curve for curve in compat.fcurves(datablock) if curve.data_path == path]:
            compat.fcurves(datablock).remove(curve)


def remove_curves(bag: Any, path: str) -> None:
    """Removes the curves whose data path begins with `path`."""
    for curve in [curve for curve in bag.fcurves if curve.data_path.startswith(path)]:
        bag.fcurves.remove(curve)


def new_curve(bag: Any, path: str, index: int, group: str) -> Any:
    """Returns an empty curve in place of the one that was there."""
    old = bag.fcurves.find(path, index=index)
    if old is not None:
        bag.fcurves.remove(old)
    return compat.new_fcurve(bag, path, index, group)


def write_track(curve: Any, track: Keys | tuple[FloatArray, FloatArray]) -> None:
    """Puts keys into a curve in place of its own; none is selected, so that no move in an editor takes them along unasked."""
    points = curve.keyframe_points
    points.clear()
    if isinstance(track, Keys):
        _write_bezier(curve, track)
    else:
        _write_linear(curve, *track)
    nothing = np.zeros(len(points), np.bool_)
    for name in ("select_control_point", "select_left_handle", "select_right_handle"):
        points.foreach_set(name, nothing)
    curve.select = False


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
