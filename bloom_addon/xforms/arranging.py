"""Another order of a bloom's xforms, with copies and gaps: properties, curves, drivers, xaos and growth's book all go along."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import bpy
import numpy as np

from .. import compat, growth_book, keyframes, properties
from . import handles, naming

_XFORM = re.compile(r"bloom\.xforms\[(\d+)\]")
_CHAOS = re.compile(r"(bloom\.xforms\[\d+\]\.chaos)\[(\d+)\]")


def refusal(obj: bpy.types.Object) -> str:
    """Returns why the list of a bloom's xforms cannot be changed, or nothing."""
    if obj.library is not None or obj.override_library is not None:
        return f"{obj.name} comes from another file: change and key its xforms here, but to change the list use Object ▸ Relations ▸ Make Local"
    linked = next((action for action, _ in growth_book.actions_of(obj) if action.library is not None), None)
    if linked is not None:
        return f"The action {linked.name} comes from another file: make it local first, because its curves have to move along"
    return ""


def arrange(obj: bpy.types.Object, sources: Sequence[int | None]) -> None:
    """Makes the bloom's list of xforms that of its old xforms `sources`, in this order; None is a new one, a number given again a copy.

    The final xform must stay where it is, at the end. Raises ValueError where `refusal` has something to say.
    """
    if refusal(obj):
        raise ValueError(refusal(obj))
    bloom = properties.bloom_of(obj)
    places: dict[int, list[int]] = {}
    for place, source in enumerate(sources):
        if source is not None:
            places.setdefault(source, []).append(place)
    rows = _xaos(bloom)
    for dropped in [number for number in range(len(bloom.xforms)) if number not in places and bloom.xforms[number].handle is not None]:
        handles.remove(obj, dropped)
    _items(bloom, sources)
    regular = len(sources) - bloom.has_final
    _write_xaos(bloom, sources[:regular], rows)
    rename(obj, _renamer(places))
    keyframes.group_curves(obj)
    handles.watch(obj)


def rename(obj: bpy.types.Object, renamed: Callable[[str], list[str]]) -> None:
    """Gives everything that names a data path of the bloom the paths that `renamed` returns for it: none, one or several.

    These are its curves, those in its NLA strips, growth's book, drivers, and what drivers anywhere in the file read of it.
    """
    _own_actions(obj)
    for action, slot in growth_book.actions_of(obj):
        bag = compat.bag_of(action, slot)
        if bag is not None:
            _curves(bag.fcurves, renamed, partial(compat.copy_fcurve, bag))
        book = growth_book.Book(action, slot)
        book.rename(renamed)
        book.save()
    data: Any = obj.animation_data
    if data is not None:
        _curves(data.drivers, renamed, partial(_copied_driver, data.drivers))
    _targets(obj, renamed)


def _items(bloom: Any, sources: Sequence[int | None]) -> None:
    """Puts the collection's items into the new order: old ones stay the same items, so that what others keep of them holds."""
    names = [xform.name for xform in bloom.xforms]
    order: list[int | None] = list(range(len(bloom.xforms)))  # which old item stands where now
    used: set[int] = set()
    for place, source in enumerate(sources):
        if source is not None and source not in used:
            used.add(source)
            here = order.index(source)
            bloom.xforms.move(here, place)
            order.insert(place, order.pop(here))
            continue
        added = bloom.xforms.add()
        order.append(None)
        bloom.xforms.move(len(bloom.xforms) - 1, place)
        order.insert(place, order.pop())
        added = bloom.xforms[place]
        if source is not None:
            copy_group(bloom.xforms[sources.index(source)], added, besides=("name", "handle", "handle_rest"))
            added.name = naming.unique(names[source], names)
            names.append(added.name)
    while len(bloom.xforms) > len(sources):
        bloom.xforms.remove(len(bloom.xforms) - 1)


def copy_group(source: Any, target: Any, besides: Sequence[str] = ()) -> None:
    """Copies every property of a property group into another of its kind."""
    for entry in source.bl_rna.properties:
        name = entry.identifier
        if name == "rna_type" or name in besides:
            continue
        if entry.type == "COLLECTION":
            getattr(target, name).clear()
            for item in getattr(source, name):
                copy_group(item, getattr(target, name).add())
        elif entry.type == "POINTER" and entry.is_readonly:
            copy_group(getattr(source, name), getattr(target, name))
        elif not entry.is_readonly:
            setattr(target, name, getattr(source, name))


def _xaos(bloom: Any) -> Any:
    """Returns the bloom's xaos, (n, n), or None where it has none."""
    rows = [[number.value for number in xform.chaos] for xform in bloom.xforms][: len(bloom.xforms) - bloom.has_final]
    return np.array(rows) if rows and all(len(row) == len(rows) for row in rows) else None


def _write_xaos(bloom: Any, sources: Sequence[int | None], old: Any) -> None:
    if old is None:
        return
    for xform, row in zip(bloom.xforms, sources, strict=False):
        xform.chaos.clear()
        for place, column in enumerate(sources):
            number = xform.chaos.add()
            number.name, number.value = str(place), 1.0 if row is None or column is None else old[row, column]


def _renamer(places: dict[int, list[int]]) -> Callable[[str], list[str]]:
    """Returns what tells the new data paths of an old one: none where its xform is gone, several where it was copied."""

    def renamed(path: str) -> list[str]:
        found = _XFORM.search(path)
        if found is None:
            return [path]
        column = _CHAOS.search(path)
        moved = [path[: found.start(1)] + str(place) + path[found.end(1) :] for place in places.get(int(found[1]), [])]
        if column is None:
            return moved
        return [_CHAOS.sub(rf"\g<1>[{place}]", each) for each in moved for place in places.get(int(column[2]), [])]

    return renamed


def _curves(curves: Any, renamed: Callable[[str], list[str]], copied: Callable[[Any, str], Any]) -> None:
    """Gives each curve its new data path; copies and removes where there are several or none."""
    plans = [(curve, renamed(curve.data_path)) for curve in curves]
    for curve, paths in plans:
        if not paths:
            curves.remove(curve)
        elif curve.data_path != paths[0]:
            curve.data_path = paths[0]
    for curve, paths in plans:  # once no old curve stands in their places any more
        for path in paths[1:]:
            copied(curve, path)


def _copied_driver(drivers: Any, curve: Any, path: str) -> None:
    made = drivers.from_existing(src_driver=curve)
    made.data_path, made.array_index = path, curve.array_index


def _own_actions(obj: bpy.types.Object) -> None:
    """Copies what animates other objects too: their xforms stay as they are."""
    data: Any = obj.animation_data
    if data is None:
        return
    holders = [data, *(strip for track in data.nla_tracks for strip in track.strips if strip.type == "CLIP")]
    copies: dict[str, Any] = {}
    for holder in holders:
        action, slot = holder.action, holder.action_slot
        if action is None or slot is None or all(user == obj for user in slot.users()):
            continue
        handle = slot.handle
        copy = copies.setdefault(action.name, None) or action.copy()
        copies[action.name] = copy
        holder.action = copy
        holder.action_slot = next(each for each in copy.slots if each.handle == handle)


def _targets(obj: bpy.types.Object, renamed: Callable[[str], list[str]]) -> None:
    """Lets drivers anywhere in the file that read this bloom's xforms go on reading the same ones."""
    for datablock in _datablocks():
        for curve in getattr(datablock.animation_data, "drivers", ()) if datablock.library is None else ():
            for variable in curve.driver.variables:
                for target in variable.targets:
                    if target.id == obj and "bloom.xforms[" in target.data_path:
                        target.data_path = (renamed(target.data_path) or [target.data_path])[0]


def _datablocks() -> Iterator[Any]:
    """Yields every datablock that can have drivers, once each: 5.2 lists some in more than one collection."""
    seen: set[int] = set()
    for entry in bpy.data.bl_rna.properties:
        if entry.type == "COLLECTION":
            for datablock in getattr(bpy.data, entry.identifier):
                if hasattr(datablock, "animation_data") and datablock.as_pointer() not in seen:
                    seen.add(datablock.as_pointer())
                    yield datablock
                    tree = getattr(datablock, "node_tree", None)
                    if tree is not None and hasattr(tree, "animation_data"):
                        yield tree
