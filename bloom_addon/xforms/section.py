"""Flower: the xforms that draw it."""

from __future__ import annotations

from typing import Any

import bpy

from .. import properties
from ..interface import Section


class BLOOM_UL_xforms(bpy.types.UIList):
    """The xforms of a bloom."""

    def draw_item(
        self, _context: Any, layout: Any, _data: Any, item: Any, _icon: Any, _active: Any, _property: Any, _index: int = 0, _flag: int = 0
    ) -> None:
        row = layout.row(align=True)
        row.prop(item, "name", text="", emboss=False)
        row.prop(item, "weight", text="", emboss=False)


class BLOOM_PT_flower(Section, bpy.types.Panel):
    """Flower: the xforms that draw it."""

    bl_idname, bl_label, bl_order, bl_options = "BLOOM_PT_flower", "Flower", 20, {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout, bloom = self.split_layout(), properties.bloom_of(context.object)
        from ..entry import library  # the library plays flames, which needs this package first

        library.draw(layout, context)
        layout.template_list("BLOOM_UL_xforms", "", bloom, "xforms", bloom, "active_xform", rows=4)
        if not 0 <= bloom.active_xform < len(bloom.xforms):
            return
        xform = bloom.xforms[bloom.active_xform]
        if xform.part:
            layout.label(text=f"Moved by: {xform.part}")
        for name in ("weight", "opacity", "color", "color_speed"):
            layout.prop(xform, name)
        grid = layout.grid_flow(row_major=True, columns=4, even_columns=True, align=True)
        for index in range(12):
            grid.prop(xform, "pre", index=index, text="")


register, unregister = bpy.utils.register_classes_factory((BLOOM_UL_xforms, BLOOM_PT_flower))
