"""Revert to Growth in the Channel menus of the Graph Editor and the Dope Sheet."""

from __future__ import annotations

from typing import Any

import bpy

from .. import properties

_MENUS = ("GRAPH_MT_channel", "DOPESHEET_MT_channel")


def _draw(self: Any, context: bpy.types.Context) -> None:
    if properties.bloom_of(context.object) is not None:
        self.layout.separator()
        self.layout.operator("bloom.revert_growth", text="Revert Selected to Growth", icon="LOOP_BACK").selected = True


def register() -> None:
    """Adds the entries."""
    for name in _MENUS:
        getattr(bpy.types, name).append(_draw)


def unregister() -> None:
    """Takes them back."""
    for name in _MENUS:
        getattr(bpy.types, name).remove(_draw)
