"""The only writer of F-curves: an animation becomes ordinary keys on the object and the material, and timeline markers."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from bloom_core import palettes
from bloom_core.camera_paths import retimed
from bloom_core.flames.flame import FloatArray
from bloom_core.growth import bezier_keys
from bloom_core.growth.animation import SCALARS, Animation, Channel
from bloom_core.growth.bezier_keys import Keys

from . import compat, growth_book, material

_LINEAR, _BEZIER = 1, 2  # numbers of Keyframe.interpolation
_FREE = 0  # number of Keyframe.handle_left_type
MARKER = "epoch "
"""Every marker of ours begins so."""
_XFORM = re.compile(r"bloom\.xforms\[(\d+)\]\.(\w+)(.*)")
_RAMP_PATH = f'nodes["{material.RAMP}"].color_ramp.elements['


_KEY_PARTS = {"co": 2, "interpolation": 1, "easing": 1, "handle_left_type": 1, "handle_right_type": 1, "handle_left": 2, "handle_right": 2}
"""What a key is made of, and how many numbers each takes."""


@dataclass(frozen=True)
class Stop:
    """A stop of a palette: its `position` in [0, 1], its linear RGBA `color` now, and the keys of those of its four channels that have some."""

    position: float
    color: tuple[float, ...]
    keys: dict[int, dict[str, Any]]


def write_animation(
    obj: bpy.types.Object,
    animation: Animation,
    *,
    replace_edited: bool = False,
    only: Callable[[str, int], bool] | None = None,
    locked: Collection[int] = (),
) -> list[str]:
    """Writes the animation's curves and palette ramp in place of those that an earlier growth wrote; returns the names of what was kept.

    Kept is what the artist keyed or edited: curves whose keys are not as growth wrote them, unless `replace_edited`; and always the stops of the
    palette that are `locked`. Modifiers, colours and muting of a curve stay, as keys are replaced in it. An xform gets the curves of the design's
    xform that it is, or is a copy of. `only`: writes no other curves, (data path, index), and no palette. Raises ValueError where the action is
    another file's.
    """
    bloom: Any = getattr(obj, "bloom")  # noqa: B009 - no attribute to the type checker
    bag, book = growth_book.bag_to_grow(obj, f"{obj.name} Growth")
    there = {(curve.data_path, curve.array_index): curve for curve in bag.fcurves}
    wanted, kept = set(), []
    for channel, track in _tracks(animation):
        for number in _places(bloom, channel.xform, animation):
            path, index = f"bloom.xforms[{number}].{channel.field}", _index(channel)
            wanted.add((path, index))
            curve = there.get((path, index))
            if only is not None and not only(path, index):
                continue
            if curve is not None and not replace_edited and book.edited(curve):
                kept.append(curve_name(bloom, curve))
                continue
            if curve is None:
                curve = compat.new_fcurve(bag, path, index, bloom.xforms[number].name)
            _write_track(curve, track)
            book.note(curve)
    if only is None:
        kept += _remove_grown(bag, book, bloom, {place: curve for place, curve in there.items() if place not in wanted}, replace_edited)
        for xform in bloom.xforms:
            xform.part = ", ".join(drive.part or "the whole network" for drive in animation.drives if drive.xform == xform.origin)
        for slot in obj.material_slots:
            if slot.material is not None and slot.material.library is None and material.ramp_of(slot.material) is not None:
                kept += _write_ramp(slot.material, animation.ramp, replace_edited, locked)
                break
    group_curves(obj)
    book.save()
    return kept


def group_curves(obj: bpy.types.Object) -> None:
    """Puts every curve of an xform, those keyed by hand too, into the group that bears the xform's name; empty groups go."""
    xforms = getattr(obj, "bloom").xforms  # noqa: B009 - no attribute to the type checker
    for bag in compat.bags_of(obj):
        emptied = set()
        for curve in list(bag.fcurves):  # a change of group sorts them anew
            found = _XFORM.match(curve.data_path)
            if found is None or int(found[1]) >= len(xforms):
                continue
            name = xforms[int(found[1])].name
            if curve.group is None or curve.group.name != name:
                if curve.group is not None:
                    emptied.add(curve.group.name)
                curve.group = bag.groups.get(name) or _new_group(bag, curve.group, name)
        for name in emptied:
            group = bag.groups.get(name)
            if group is not None and not len(group.channels):
                bag.groups.remove(group)


def _new_group(bag: Any, like: Any, name: str) -> Any:
    group = bag.groups.new(name)
    if like is not None:
        group.lock, group.mute, group.show_expanded, group.color_set = like.lock, like.mute, like.show_expanded, like.color_set
    return group


def curve_name(bloom: Any, curve: Any) -> str:
    """Returns what an artist knows a bloom's curve by: "Petals ▸ Affine[3]"."""
    found = _XFORM.match(curve.data_path)
    if found is None or int(found[1]) >= len(bloom.xforms):
        return str(curve.data_path)
    xform = bloom.xforms[int(found[1])]
    entry = xform.bl_rna.properties[found[2]]
    return f"{xform.name} ▸ {entry.name}{found[3]}" + (f"[{curve.array_index}]" if getattr(entry, "is_array", False) else "")


def _tracks(animation: Animation) -> Iterator[tuple[Channel, Keys | tuple[FloatArray, FloatArray]]]:
    """Yields each channel with what its curve is made of: Bézier keys, or frames and values of linear ones. The flutter comes last, as `tremble`."""
    frames = np.arange(len(animation.values), dtype=np.float64) + animation.frame_start
    for number, channel in enumerate(animation.channels):
        yield channel, (frames, animation.values[:, number]) if animation.keys is None else animation.keys[number]
    if animation.flutter is not None:
        for channel, values in zip(animation.channels, animation.flutter.T, strict=True):
            if values.any():
                yield Channel(channel.xform, "tremble", channel.index), (frames, values)


def _places(bloom: Any, xform: int, animation: Animation) -> list[int]:
    """Returns the bloom's xforms that follow xform number `xform` of the design."""
    if bloom.design_xforms == 0:  # its flame was not written from a design: as it stands
        return [xform]
    regular = len(bloom.xforms) - bloom.has_final
    final = xform == len(animation.flame.xforms)
    numbers = range(regular, len(bloom.xforms)) if final else range(regular)
    return [number for number in numbers if bloom.xforms[number].origin == xform]


def _remove_grown(bag: Any, book: growth_book.Book, bloom: Any, curves: dict[tuple[str, int], Any], replace_edited: bool) -> list[str]:
    """Removes those of the `curves` that growth wrote and does not want any more; returns the names of edited ones, which stay."""
    kept = []
    for curve in curves.values():
        if not curve.data_path.startswith("bloom.xforms[") or not book.wrote(curve):
            continue
        if book.edited(curve) and not replace_edited:
            kept.append(curve_name(bloom, curve))
            continue
        del book.digests[growth_book.key_of(curve.data_path, curve.array_index)]
        bag.fcurves.remove(curve)
    return kept


def clear_flower(obj: bpy.types.Object) -> None:
    """Removes every curve of the bloom's xforms and of its palette; the object's own, such as its location, stay."""
    for datablock, begins in [(obj, "bloom.xforms["), *((tree, _RAMP_PATH) for tree in _trees(obj))]:
        for action, slot in growth_book.actions_of(datablock):
            bag = compat.bag_of(action, slot)
            if bag is not None and action.library is None:
                _remove_curves(bag, begins)
                book = growth_book.Book(action, slot)
                book.forget(begins)
                book.save()


def _trees(obj: bpy.types.Object) -> list[Any]:
    """Returns the node trees of a bloom's materials."""
    return [slot.material.node_tree for slot in obj.material_slots if slot.material is not None and slot.material.node_tree is not None]


def remove_keys(datablock: bpy.types.ID, *data_paths: str) -> None:
    """Removes the curves, drivers included, of a datablock's properties; their values stay as they are."""
    for path in data_paths:
        datablock.driver_remove(path)
        for curve in [curve for curve in compat.fcurves(datablock) if curve.data_path == path]:
            compat.fcurves(datablock).remove(curve)


def write_markers(scene: bpy.types.Scene, animation: Animation) -> None:
    """Sets a marker at each epoch, in place of those of an earlier growth."""
    for marker in [marker for marker in scene.timeline_markers if marker.name.startswith(MARKER)]:
        scene.timeline_markers.remove(marker)
    for entry in animation.markers:
        scene.timeline_markers.new(entry.name, frame=entry.frame)


def key_values(datablock: bpy.types.ID, data_path: str, index: int, group: str, frames: FloatArray, values: FloatArray) -> None:
    """Writes one curve of linear keys, (n,) frames and values, in place of the one that was there."""
    _write_linear(_new_curve(compat.channelbag(datablock, f"{datablock.name} Action"), data_path, index, group), frames, values)


def write_fitted(bag: Any, data_path: str, index: int, group: str, frames: FloatArray, values: FloatArray) -> None:
    """Writes one curve of few Bézier keys through (n,) frames and values, in place of the keys of the one that was there."""
    curve = bag.fcurves.find(data_path, index=index) or compat.new_fcurve(bag, data_path, index, group)
    _write_track(curve, bezier_keys.fit(frames, values, 1e-4 * float(np.abs(values).max(initial=1.0))))


def key_eased(datablock: bpy.types.ID, data_path: str, index: int, group: str, frames: FloatArray, values: FloatArray, even: bool = False) -> None:
    """Writes one curve of Bézier keys that ease in and out, (n,) frames and values, in place of the one that was there. `even`: linear keys."""
    curve = _new_curve(compat.channelbag(datablock, f"{datablock.name} Action"), data_path, index, group)
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


def _index(channel: Channel) -> int:
    return 0 if channel.field in SCALARS else channel.index


def write_palette(obj: bpy.types.Object, ramp: palettes.Ramp, locked: Collection[int] = ()) -> None:
    """Gives a bloom's material another palette over time, curves and all; stops whose numbers are `locked` keep colour, place and curves.

    Raises ValueError where the bloom has no Bloom palette, or its curves are another file's.
    """
    target = material.glow_of(obj)
    if target is None:
        raise ValueError("This bloom's material has no Bloom palette: give it a material of Bloom's first")
    _write_ramp(target, ramp, True, locked)


def _write_ramp(target: bpy.types.Material, ramp: palettes.Ramp, replace_edited: bool, locked: Collection[int]) -> list[str]:
    """Writes the palette's stops and their curves; returns the names of stops that were kept, at their places and with their curves."""
    tree = compat.ensure_nodes(target)
    bag, book = growth_book.bag_to_grow(tree, f"{target.name} Palette")
    elements = material.ramp_of(target).elements
    stops: dict[int, list[Any]] = {number: [] for number in range(len(elements))}
    for curve in [curve for curve in bag.fcurves if curve.data_path.startswith(_RAMP_PATH)]:
        stops.setdefault(int(curve.data_path[len(_RAMP_PATH) :].partition("]")[0]), []).append(curve)
    edited = [] if replace_edited else [number for number, curves in stops.items() if any(map(book.edited, curves))]
    kept = []  # position, color, (curve, whether it is as growth wrote it) of each
    for number in sorted({*locked, *edited} & set(range(len(elements)))):
        curves = [(curve, not book.edited(curve)) for curve in stops.pop(number)]
        kept.append((elements[number].position, tuple(elements[number].color), curves))
    book.forget(_RAMP_PATH)
    if ramp.base is not None:  # not the flower's own palette: another may be lighter or darker
        material.set_exposure(target, ramp.base)
    fresh = np.column_stack([palettes.srgb_to_linear(ramp.colors[-1]), np.ones(len(ramp.positions))])
    order = palettes.merged(ramp.positions, np.array([position for position, _, _ in kept]))
    material.set_stops(
        target,
        np.array([kept[number][0] if is_kept else ramp.positions[number] for is_kept, number in order]),
        np.array([kept[number][1] if is_kept else fresh[number] for is_kept, number in order]),
    )
    for place, (is_kept, number) in enumerate(order):
        for curve, as_grown in kept[number][2] if is_kept else ():
            curve.data_path = f"{_RAMP_PATH}{place}]{curve.data_path[len(_RAMP_PATH) :].partition(']')[2]}"
            if as_grown:
                book.note(curve)
    there = {(curve.data_path, curve.array_index): curve for curves in stops.values() for curve in curves}
    for place, number in [(place, number) for place, (is_kept, number) in enumerate(order) if not is_kept]:
        linear = palettes.srgb_to_linear(ramp.colors[:, number])
        for channel in range(3):
            path = stop_path(place)
            curve = there.pop((path, channel), None) or compat.new_fcurve(bag, path, channel, "Palette")
            _write_track(curve, (ramp.frames.astype(np.float64), linear[:, channel]))
            book.note(curve)
    for curve in there.values():
        bag.fcurves.remove(curve)
    book.save()
    return [f"Palette ▸ Stop {place + 1}" for place, (is_kept, number) in enumerate(order) if is_kept and kept[number][2]]


def read_stops(target: bpy.types.Material) -> list[Stop]:
    """Returns the stops of a glow material's palette with their keys, as plain data."""
    curves = {(curve.data_path, curve.array_index): curve for curve in compat.fcurves(compat.ensure_nodes(target))}
    found = []
    for number, element in enumerate(material.ramp_of(target).elements):
        keys = {channel: _read_keys(curves[(path, channel)]) for path in [stop_path(number)] for channel in range(4) if (path, channel) in curves}
        found.append(Stop(element.position, tuple(element.color), keys))
    return found


def write_stops(target: bpy.types.Material, stops: Sequence[Stop]) -> None:
    """Gives a glow material's palette these stops, with their keys, in place of all that it had."""
    tree = compat.ensure_nodes(target)
    for curve in [curve for curve in compat.fcurves(tree) if curve.data_path.startswith(_RAMP_PATH)]:
        compat.fcurves(tree).remove(curve)
    material.set_stops(target, np.array([stop.position for stop in stops]), np.array([stop.color for stop in stops]))
    for number, stop in enumerate(stops):
        for channel, keys in stop.keys.items():
            curve = _new_curve(compat.channelbag(tree, f"{target.name} Palette"), stop_path(number), channel, "Palette")
            curve.keyframe_points.add(len(keys["interpolation"]))
            for name, values in keys.items():
                curve.keyframe_points.foreach_set(name, values)
            curve.update()


def key_stop(target: bpy.types.Material, stop: int, frame: float) -> None:
    """Keys the colour that a stop of the palette has now."""
    for channel in range(3):
        compat.ensure_nodes(target).keyframe_insert(stop_path(stop), index=channel, frame=frame, group="Palette")


def shift_stop(target: bpy.types.Material, stop: int, frame: float) -> None:
    """Moves all keys of a stop's colour by as much as the colour it has now differs from its curves' at `frame`; none below 0."""
    tree, color = compat.ensure_nodes(target), material.ramp_of(target).elements[stop].color
    for channel in range(3):
        curve = compat.fcurve(tree, stop_path(stop), channel)
        by = color[channel] - curve.evaluate(frame) if curve is not None else 0.0
        for point in curve.keyframe_points if by else ():
            point.co_ui.y = max(0.0, point.co.y + by)
        if by:
            curve.update()


def stop_path(stop: int) -> str:
    """Returns the data path of the colour of a stop, in a glow material's node tree."""
    return f"{_RAMP_PATH}{stop}].color"


def _read_keys(curve: Any) -> dict[str, Any]:
    count, read = len(curve.keyframe_points), {}
    for name, width in _KEY_PARTS.items():
        read[name] = np.empty(count * width, np.float32 if width == 2 else np.int32)
        curve.keyframe_points.foreach_get(name, read[name])
    return read


def _write_track(curve: Any, track: Keys | tuple[FloatArray, FloatArray]) -> None:
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
