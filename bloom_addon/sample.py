"""Reads the evaluated scene back into plain flames: whatever the artist keyed, drove or layered is what gets baked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import bpy

from bloom_core.flames.flame import Flame

from . import posing

Read = TypeVar("Read")


def snapshot(scene: bpy.types.Scene, obj: bpy.types.Object, frames: Iterable[int]) -> list[Flame]:
    """Returns the bloom's flame at each frame; the scene is left at the frame it was at. Main thread only."""
    return at_frames(scene, obj, frames, lambda: posing.read_flame(scene, obj))


def at_frames(scene: bpy.types.Scene, obj: bpy.types.Object, frames: Iterable[int], read: Callable[[], Read]) -> list[Read]:
    """Returns what `read` returns at each frame; the scene is left at the frame it was at. Main thread only."""
    current, subframe = scene.frame_current, scene.frame_subframe
    found = []
    try:
        with _evaluated(scene, obj):
            for frame in frames:
                scene.frame_set(frame)
                found.append(read())
    finally:
        scene.frame_set(current, subframe=subframe)
    return found


@contextmanager
def _evaluated(scene: bpy.types.Scene, obj: bpy.types.Object) -> Iterator[None]:
    """Keeps a bloom in the dependency graph meanwhile.

    Blender does not evaluate what is switched off in the viewport, itself or with its collection: every frame would read the same.
    """
    hidden, linked = obj.hide_viewport, scene.collection.objects.get(obj.name) is obj
    obj.hide_viewport = False
    if not linked:
        scene.collection.objects.link(obj)  # the scene's own collection cannot be switched off
    try:
        yield
    finally:
        if not linked:
            scene.collection.objects.unlink(obj)
        obj.hide_viewport = hidden
