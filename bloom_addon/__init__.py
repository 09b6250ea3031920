"""Bloom's Blender side: everything that touches bpy, and no mathematics."""

from __future__ import annotations

import atexit

import bpy

from . import background, baking, entry, garden, growing, headless, live, palette, panel, properties, rendering, run, stage, wind, xforms

_PARTS = (background, properties, panel, entry, run, xforms, growing, palette, wind, live, stage, baking, rendering, garden, headless)


def register() -> None:
    """Registers the add-on."""
    for part in _PARTS:
        part.register()
    if bpy.app.module:  # Blender unregisters its extensions when it ends; the bpy wheel does not, and crashes at exit over our command
        atexit.register(unregister)


def unregister() -> None:
    """Leaves nothing behind."""
    atexit.unregister(unregister)
    for part in reversed(_PARTS):
        part.unregister()
