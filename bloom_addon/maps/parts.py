"""The collection of what a map has in the scene. What was made for it bears a mark and is made anew with it; an artist's own things stay."""

from __future__ import annotations

from typing import Any

import bpy

from .. import point_cloud, properties

COLLECTION = "Bloom Map"
MARK = "bloom_map"
"""Custom property of every object that was made for a map; its value says what it is."""


def collection(scene: bpy.types.Scene) -> bpy.types.Collection:
    """Returns the scene's collection of its map, made where missing."""
    found: bpy.types.Collection | None = next((child for child in scene.collection.children_recursive if child.get(MARK) is not None), None)
    if found is None:
        found = bpy.data.collections.new(COLLECTION)
        found[MARK] = "collection"
        scene.collection.children.link(found)
    return found


def add(scene: bpy.types.Scene, role: str, name: str, data: Any) -> Any:
    """Adds an object of a role to the scene's map, and returns it."""
    obj = bpy.data.objects.new(name, data)
    obj[MARK] = role
    collection(scene).objects.link(obj)
    return obj


def mark(obj: bpy.types.Object, role: str) -> bpy.types.Object:
    """Gives an object that is in the collection already a role; returns it."""
    obj[MARK] = role
    return obj


def drop(scene: bpy.types.Scene, *roles: str) -> None:
    """Removes the map's objects of these roles, or of every role where none is named, with the data that only they used."""
    for obj in list(collection(scene).objects):
        if obj.get(MARK) is None or (roles and obj[MARK] not in roles):
            continue
        points = point_cloud.companion(obj) if properties.bloom_of(obj) is not None else None
        if points is not None:
            bpy.data.objects.remove(points)
        data: Any = obj.data
        materials = [slot.material for slot in obj.material_slots if slot.material is not None]
        keys, action = getattr(data, "shape_keys", None), obj.animation_data.action if obj.animation_data is not None else None
        keyed = keys.animation_data.action if keys is not None and keys.animation_data is not None else None
        bpy.data.objects.remove(obj)
        _remove_unused([data, action, keyed])
        trees: list[Any] = [found.node_tree for found in materials if found.users == 0 and found.node_tree is not None]
        images = [node.image for tree in trees for node in tree.nodes if hasattr(node, "image")]
        _remove_unused(materials)
        _remove_unused(images)


def _remove_unused(datablocks: list[Any]) -> None:
    unused = {datablock.name_full + type(datablock).__name__: datablock for datablock in datablocks if datablock is not None and datablock.users == 0}
    bpy.data.batch_remove(list(unused.values()))
