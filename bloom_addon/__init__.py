"""Bloom's Blender side: everything that touches bpy, and no mathematics."""

from __future__ import annotations

import atexit
import typing

import bpy

from . import (
    background,
    baking,
    entry,
    garden,
    growing,
    headless,
    lessons,
    live,
    maps,
    palette,
    panel,
    properties,
    rendering,
    run,
    stage,
    volumes,
    wind,
    xforms,
)

_PARTS = (
    background, properties, volumes, panel, entry, run, xforms, growing, palette, wind, live, stage, baking, rendering, garden, maps, lessons,
    headless,
)  # fmt: skip
_registered = False

if bpy.app.module:  # 4.5's bpy wheel waits for ever at exit where anything still holds `bpy`, and `typing` keeps all that it has seen
    for _clear in getattr(typing, "_cleanups", ()):
        atexit.unregister(_clear)
        atexit.register(_clear)


def register() -> None:
    """Registers the add-on."""
    global _registered
    _registered = True
    for part in _PARTS:
        part.register()
    if bpy.app.module:  # the bpy wheel disables its extensions too late when it ends, and crashes over our command
        atexit.register(unregister)


def unregister() -> None:
    """Leaves nothing behind; where nothing is registered, it does nothing: at its end, the bpy wheel disables what we have taken back ourselves."""
    global _registered
    if not _registered:
        return
    _registered = False
    atexit.unregister(unregister)
    for part in reversed(_PARTS):
        part.unregister()
