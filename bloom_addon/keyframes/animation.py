"""An animation that growth made becomes curves of a bloom and its palette, and timeline markers."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from typing import Any

import bpy
import numpy as np

from bloom_core.flames.flame import FloatArray
from bloom_core.growth.animation import SCALARS, Animation, Channel
from bloom_core.growth.bezier_keys import Keys

from .. import compat, growth_book, material
from .curves import remove_curves, write_track
from .palette_ramp import RAMP_PATH, write_ramp

MARKER = "epoch "
"""Every marker of ours begins so."""
_XFORM = re.compile(r"bloom\.xforms\[(\d+)\]\.(\w+)(.*)")


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
            write_track(curve, track)
            book.note(curve)
    if only is None:
        kept += _remove_grown(bag, book, bloom, {place: curve for place, curve in there.items() if place not in wanted}, replace_edited)
        for xform in bloom.xforms:
            xform.part = ", ".join(drive.part or "the whole network" for drive in animation.drives if drive.xform == xform.origin)
        for slot in obj.material_slots:
            if slot.material is not None and slot.material.library is None and material.ramp_of(slot.material) is not None:
                kept += write_ramp(slot.material, animation.ramp, replace_edited, locked)
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
    for datablock, begins in [(obj, "bloom.xforms["), *((tree, RAMP_PATH) for tree in _trees(obj))]:
        for action, slot in growth_book.actions_of(datablock):
            bag = compat.bag_of(action, slot)
            if bag is not None and action.library is None:
                remove_curves(bag, begins)
                book = growth_book.Book(action, slot)
                book.forget(begins)
                book.save()


def _trees(obj: bpy.types.Object) -> list[Any]:
    """Returns the node trees of a bloom's materials."""
    return [slot.material.node_tree for slot in obj.material_slots if slot.material is not None and slot.material.node_tree is not None]


def write_markers(scene: bpy.types.Scene, animation: Animation) -> None:
    """Sets a marker at each epoch, in place of those of an earlier growth."""
    for marker in [marker for marker in scene.timeline_markers if marker.name.startswith(MARKER)]:
        scene.timeline_markers.remove(marker)
    for entry in animation.markers:
        scene.timeline_markers.new(entry.name, frame=entry.frame)


def _index(channel: Channel) -> int:
    return 0 if channel.field in SCALARS else channel.index
