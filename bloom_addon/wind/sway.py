"""Wind and tremble laid over a bloom's flame."""

from __future__ import annotations

import bpy

from bloom_core.flames.flame import Flame


def swayed(scene: bpy.types.Scene, obj: bpy.types.Object, flame: Flame, depsgraph: bpy.types.Depsgraph | None = None) -> Flame:
    """Returns the flame as wind and tremble move it at the scene's current frame."""
    return flame
