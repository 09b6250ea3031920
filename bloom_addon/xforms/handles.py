"""Handles: an Empty per xform, which poses that petal on top of the training's own motion."""

from __future__ import annotations

import bpy

from bloom_core.flames.flame import Flame


def posed(obj: bpy.types.Object, flame: Flame, depsgraph: bpy.types.Depsgraph | None = None) -> Flame:
    """Returns the flame as the bloom's handles pose it."""
    return flame
