"""Bloom's Blender side: everything that touches bpy, and no mathematics."""

from __future__ import annotations

from . import operators, panel, properties

_PARTS = (properties, operators, panel)


def register() -> None:
    """Registers the add-on."""
    for part in _PARTS:
        part.register()


def unregister() -> None:
    """Leaves nothing behind."""
    for part in reversed(_PARTS):
        part.unregister()
