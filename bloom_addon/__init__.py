"""Bloom's Blender side: everything that touches bpy, and no mathematics."""

from __future__ import annotations

import atexit
import typing

import bpy

from . import background, baking, entry, garden, growing, headless, live, palette, panel, properties, rendering, run, stage, wind, xforms

_PARTS = (background, properties, panel, entry, run, xforms, growing, palette, wind, live, stage, baking, rendering, garden, headless)


def _let_blender_end() -> None:
    """Lets the bpy wheel end with Python: 4.5's waits for ever where anything still holds `bpy`, and `typing` keeps all that it has seen."""
    for clear in getattr(typing, "_cleanups", ()):
        clear()


if bpy.app.module:
    atexit.register(_let_blender_end)


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
