"""Bloom's entries in Blender's own menus."""

from __future__ import annotations

from typing import Any, cast

import bpy

from .operators import BLOOM_OT_add, BLOOM_OT_export_flames, BLOOM_OT_import_flame


def _add_menu(self: Any, _context: bpy.types.Context) -> None:
    self.layout.operator_menu_enum(BLOOM_OT_add.bl_idname, "design", text="Bloom", icon="OUTLINER_OB_VOLUME")


def _import_menu(self: Any, _context: bpy.types.Context) -> None:
    self.layout.operator(BLOOM_OT_import_flame.bl_idname, text="Bloom Flame (.flame)")


def _export_menu(self: Any, _context: bpy.types.Context) -> None:
    self.layout.operator(BLOOM_OT_export_flames.bl_idname, text="Bloom Flames (.flame)")


_MENUS = (("VIEW3D_MT_volume_add", _add_menu), ("TOPBAR_MT_file_import", _import_menu), ("TOPBAR_MT_file_export", _export_menu))


def register() -> None:
    """Adds the entries."""
    for menu, draw in _MENUS:
        cast(Any, getattr(bpy.types, menu)).append(draw)


def unregister() -> None:
    """Takes them back."""
    for menu, draw in reversed(_MENUS):
        cast(Any, getattr(bpy.types, menu)).remove(draw)
