"""Handles: an Empty per xform, which poses that petal on top of the training's own motion."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix

from bloom_core import native
from bloom_core.flames import affines
from bloom_core.flames.flame import Flame

from .. import material, properties

COLLECTION = "Bloom Handles"
POINTS = 60_000
"""Enough to find the middle of a faint petal."""


def posed(obj: bpy.types.Object, flame: Flame, depsgraph: bpy.types.Depsgraph | None = None) -> Flame:
    """Returns the flame as the bloom's handles pose it: what a handle does is applied after the variations of its xform. Writes nothing."""
    entries = [(number, entry) for number, entry in enumerate(properties.bloom_of(obj).xforms) if entry.handle is not None]
    if not entries:
        return flame
    graph = depsgraph or bpy.context.evaluated_depsgraph_get()
    for number, entry in entries:
        if not is_there(graph.scene, entry.handle):
            continue
        owner = owner_of(obj, entry.handle)
        bloom, handle = (np.array(each.evaluated_get(graph).matrix_world, np.float64) for each in (owner, entry.handle))
        moved = affines.posing(bloom, handle, _rest(entry))
        if moved is not None and number <= len(flame.xforms) - (flame.final is None):
            xform = flame.xform(number)
            flame = flame.with_xform(number, replace(xform, post=affines.composed(moved, xform.post)))
    return flame


def is_there(scene: bpy.types.Scene, handle: bpy.types.Object | None) -> bool:
    """Says whether a handle stands in the scene: one that was deleted there stays in the file as long as its xform names it."""
    return handle is not None and scene.objects.get(handle.name) == handle


def owner_of(obj: bpy.types.Object, handle: bpy.types.Object) -> bpy.types.Object:
    """Returns the bloom in whose space a handle rests: a copy of a bloom without its handles is posed by those of the first."""
    parent = handle.parent
    shared = parent is not None and parent != obj and properties.bloom_of(parent) is not None
    return parent if shared and any(entry.handle == handle for entry in properties.bloom_of(parent).xforms) else obj  # type: ignore[return-value]


def add(context: bpy.types.Context, obj: bpy.types.Object, numbers: Iterable[int], flame: Flame) -> list[bpy.types.Object]:
    """Gives xforms that have none a handle, in the middle of what they draw of `flame`; returns the new ones. Raises NativeError, FlameError."""
    bloom, made = properties.bloom_of(obj), []
    wanted = [number for number in numbers if not (is_there(context.scene, bloom.xforms[number].handle) and owns(obj, bloom.xforms[number].handle))]
    centers = _centers(flame)
    for number in wanted:
        entry, (center, size) = bloom.xforms[number], centers[number]
        handle: Any = bpy.data.objects.new(f"{obj.name} {entry.name}", None)
        _collection(context.scene).objects.link(handle)
        handle.parent = obj
        handle.location = center
        final = number >= len(flame.xforms)
        handle.empty_display_type, handle.empty_display_size = ("CIRCLE" if final else "SPHERE"), size
        handle.show_in_front, handle.color = True, _color(obj, entry.color)
        if final:
            handle.rotation_euler.x = np.pi / 2.0  # Blender draws a circle upright
        entry.handle = handle
        entry.handle_rest = [value for column in handle.matrix_basis.col for value in column]
        made.append(handle)
    watch(obj)
    return made


def owns(obj: bpy.types.Object, handle: bpy.types.Object) -> bool:
    """Says whether a bloom, and not one that it is a copy of, is posed in its own space by a handle."""
    return owner_of(obj, handle) == obj


def reset(obj: bpy.types.Object, number: int) -> None:
    """Puts a handle back to where it does nothing; its keys stay."""
    entry = properties.bloom_of(obj).xforms[number]
    rest = Matrix(_rest(entry).tolist())
    if entry.handle.parent == obj:
        entry.handle.matrix_parent_inverse = Matrix.Identity(4)
        entry.handle.matrix_basis = rest
    else:
        entry.handle.matrix_world = obj.matrix_world @ rest


def remove(obj: bpy.types.Object, number: int) -> None:
    """Takes a handle away; the petal is drawn as it was. The Empty goes too, unless another bloom has it or it is another file's."""
    entry = properties.bloom_of(obj).xforms[number]
    handle, entry.handle = entry.handle, None
    watch(obj)
    others = (other for bloom in bpy.data.objects if properties.bloom_of(bloom) is not None for other in properties.bloom_of(bloom).xforms)
    if handle is not None and handle.library is None and all(other.handle != handle for other in others):
        bpy.data.objects.remove(handle)


def watch(obj: bpy.types.Object) -> None:
    """Makes the bloom depend on its handles: Blender would not move those that are hidden, or in a collection that is switched off."""
    obj.driver_remove("bloom.handle_watch")
    watched = [entry.handle for entry in properties.bloom_of(obj).xforms if entry.handle is not None]
    if not watched:
        return
    curve: Any = obj.driver_add("bloom.handle_watch")
    driver = curve.driver
    driver.type = "SUM"
    for handle in watched:
        variable = driver.variables.new()
        variable.type = "TRANSFORMS"
        variable.targets[0].id, variable.targets[0].transform_type = handle, "LOC_X"


def _rest(entry: Any) -> Any:
    return np.array(entry.handle_rest, np.float64).reshape(4, 4).T


def _collection(scene: bpy.types.Scene) -> bpy.types.Collection:
    """Returns the scene's collection of handles, made where missing."""
    found = next((each for each in scene.collection.children_recursive if each.name.startswith(COLLECTION) and each.library is None), None)
    if found is None:
        found = bpy.data.collections.new(COLLECTION)
        scene.collection.children.link(found)
    return found


def _centers(flame: Flame) -> list[tuple[tuple[float, ...], float]]:
    """Returns the middle of what each xform draws and a size for its handle, in flame units; the last of a flame with a final one is the whole's."""
    cloud = native.points(flame, POINTS)
    whole = np.median(cloud.position, axis=0), float(np.linalg.norm(cloud.position - np.median(cloud.position, axis=0), axis=1).mean())
    found = []
    for number in range(len(flame.xforms)):
        mine = cloud.position[(cloud.xform == number) & (cloud.weight > 0.0)]
        middle = np.median(mine, axis=0) if len(mine) >= 10 else whole[0]
        spread = float(np.median(np.linalg.norm(mine - middle, axis=1))) if len(mine) >= 10 else whole[1]
        found.append((tuple(map(float, middle)), min(max(0.35 * spread, 0.03 * whole[1]), 0.5 * whole[1])))
    return [*found, (tuple(map(float, whole[0])), 1.4 * whole[1])]


def _color(obj: bpy.types.Object, coordinate: float) -> tuple[float, float, float, float]:
    """Returns the colour that a petal has in the bloom's palette: the one that the viewport shows by Object colour."""
    for slot in obj.material_slots:
        ramp = material.ramp_of(slot.material) if slot.material is not None else None
        if ramp is not None:
            return (*ramp.evaluate(coordinate)[:3], 1.0)
    return (1.0, 1.0, 1.0, 1.0)


