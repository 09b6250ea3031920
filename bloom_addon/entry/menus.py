"""Bloom's entries in Blender's own menus."""

from __future__ import annotations

from typing import Any, cast

import bpy

from . import flowers, previews
from .import_operators import BLOOM_OT_import_flame, BLOOM_OT_open_run
from .operators import BLOOM_OT_add, BLOOM_OT_export_flames, BLOOM_OT_try_example


class BLOOM_MT_add(bpy.types.Menu):
    """Add a flower that a training run can open"""

    bl_idname, bl_label = "BLOOM_MT_add", "Bloom"

    def draw(self, _context: bpy.types.Context) -> None:
        layout = self.layout
        for flower in flowers.flowers():
            icon = previews.icon(flower.key, flower.picture)
            cast(Any, layout.operator(BLOOM_OT_add.bl_idname, text=flower.title, icon_value=icon, translate=False)).design = flower.key
        layout.separator()
        layout.operator(BLOOM_OT_open_run.bl_idname, text="From a Run…", icon="IMPORT")
        layout.operator(BLOOM_OT_import_flame.bl_idname, text="From a Flame…", icon="FILE_FOLDER")
        layout.operator(BLOOM_OT_try_example.bl_idname, text="Example", icon="PLAY")


def _add_menu(self: Any, _context: bpy.types.Context) -> None:
    self.layout.menu(BLOOM_MT_add.bl_idname, icon="OUTLINER_OB_VOLUME")


def _import_menu(self: Any, _context: bpy.types.Context) -> None:
    self.layout.operator(BLOOM_OT_open_run.bl_idname, text="Bloom Run (.bloom)")
    self.layout.operator(BLOOM_OT_import_flame.bl_idname, text="Bloom Flame (.flame)")


def _export_menu(self: Any, _context: bpy.types.Context) -> None:
    self.layout.operator(BLOOM_OT_export_flames.bl_idname, text="Bloom Flames (.flame)")


_MENUS = (
    ("VIEW3D_MT_add", _add_menu),
    ("VIEW3D_MT_volume_add", _add_menu),
    ("TOPBAR_MT_file_import", _import_menu),
    ("TOPBAR_MT_file_export", _export_menu),
)


def register() -> None:
    """Adds the entries."""
    bpy.utils.register_class(BLOOM_MT_add)
    for menu, draw in _MENUS:
        cast(Any, getattr(bpy.types, menu)).append(draw)


def unregister() -> None:
    """Takes them back."""
    for menu, draw in reversed(_MENUS):
        cast(Any, getattr(bpy.types, menu)).remove(draw)
    bpy.utils.unregister_class(BLOOM_MT_add)
