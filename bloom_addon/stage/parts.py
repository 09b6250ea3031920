"""The stage's objects: all of them in one collection, each marked with what it is. What bears no mark is the artist's and is never touched."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import bpy

MARK = "bloom_stage"
"""Custom property of every datablock that the stage made; its value says what it is."""

COLLECTION = "Bloom Stage"


def is_ours(datablock: Any) -> bool:
    """Says whether the stage made a datablock."""
    return datablock is not None and MARK in datablock


def collection_of(scene: bpy.types.Scene) -> bpy.types.Collection | None:
    """Returns the collection of the scene's stage, or None where none is set."""
    return next((child for child in scene.collection.children_recursive if is_ours(child)), None)


def find(scene: bpy.types.Scene, role: str) -> bpy.types.Object | None:
    """Returns the stage's object of a role, such as "camera"."""
    home = collection_of(scene)
    return next((obj for obj in home.objects if obj.get(MARK) == role), None) if home is not None else None


def part(scene: bpy.types.Scene, role: str, name: str, new_data: Callable[[str], Any] | None = None) -> Any:
    """Returns the stage's object of a role, made where missing; one that is there keeps what an artist hung on it."""
    obj = find(scene, role)
    if obj is None:
        obj = bpy.data.objects.new(name, new_data(name) if new_data is not None else None)
        obj[MARK] = role
        _home(scene).objects.link(obj)
    return obj


def drop(scene: bpy.types.Scene, roles: Callable[[str], bool]) -> None:
    """Removes the stage's objects whose role `roles` says yes to, with what only they used."""
    home = collection_of(scene)
    for obj in [obj for obj in home.objects if is_ours(obj) and roles(obj[MARK])] if home is not None else []:
        action = obj.animation_data.action if obj.animation_data is not None else None
        materials = {slot.material for slot in obj.material_slots if is_ours(slot.material)}
        data = obj.data
        bpy.data.objects.remove(obj)
        remove_unused([data, action])
        remove_unused(materials)  # which the data had used


def drop_all(scene: bpy.types.Scene) -> None:
    """Removes the stage's objects and, unless the artist put something there, its collection."""
    drop(scene, lambda _role: True)
    home = collection_of(scene)
    if home is None:
        return
    if home.all_objects or home.children:
        del home[MARK]
    else:
        bpy.data.collections.remove(home)


def remove_unused(datablocks: Collection[Any]) -> None:
    """Removes those datablocks that nothing uses any more; None is passed over."""
    bpy.data.batch_remove([datablock for datablock in datablocks if datablock is not None and datablock.users == 0])


def _home(scene: bpy.types.Scene) -> bpy.types.Collection:
    home = collection_of(scene)
    if home is None:
        home = bpy.data.collections.new(COLLECTION)
        home[MARK] = "collection"
        scene.collection.children.link(home)
    return home
