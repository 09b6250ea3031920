"""Reads the evaluated scene back into plain flames: whatever the artist keyed, drove or layered is what gets baked."""

from __future__ import annotations

from collections.abc import Iterable

import bpy

from bloom_core.flame import Flame

from .flame_properties import read_flame


def snapshot(scene: bpy.types.Scene, obj: bpy.types.Object, frames: Iterable[int]) -> list[Flame]:
    """Returns the bloom's flame at each frame; the scene is left at the frame it was at. Main thread only."""
    current, subframe = scene.frame_current, scene.frame_subframe
    flames = []
    try:
        for frame in frames:
            scene.frame_set(frame)
            flames.append(read_flame(obj))
    finally:
        scene.frame_set(current, subframe=subframe)
    return flames
