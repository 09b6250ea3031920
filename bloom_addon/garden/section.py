"""Garden: several runs side by side."""

from __future__ import annotations

from typing import Any

import bpy

from .. import properties
from ..background import draw_job
from ..entry import flowers, previews
from ..interface import Section
from ..run import text
from .operators import BLOOM_OT_garden_plant


class BLOOM_UL_plots(bpy.types.UIList):
    """The runs of the garden."""

    def draw_item(
        self, _context: Any, layout: Any, _data: Any, item: Any, _icon: Any, _active: Any, _property: Any, _index: int = 0, _flag: int = 0
    ) -> None:
        flower = flowers.find(item.design)
        layout.prop(item, "name", text="", emboss=False, icon_value=previews.icon(flower.key, flower.picture) if flower is not None else 0)


class BLOOM_PT_garden(Section, bpy.types.Panel):
    """Garden: several runs side by side."""

    bl_idname, bl_label, bl_order, bl_options = "BLOOM_PT_garden", "Garden", 90, {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Always there: a garden needs no bloom to begin with."""
        return True

    def draw(self, context: bpy.types.Context) -> None:
        layout, garden = self.split_layout(), properties.garden_of(context.scene)
        if not len(garden.plots):
            text.paragraph(layout, context, "Several runs side by side, on one scale: the one that moved more is seen to move more.", quiet=True)
            layout.operator("bloom.garden_optimizers", icon="OUTLINER_OB_POINTCLOUD")
            layout.operator("bloom.garden_add", icon="IMPORT")
            return
        row = layout.row()
        row.template_list("BLOOM_UL_plots", "", garden, "plots", garden, "active", rows=4)
        column = row.column(align=True)
        column.operator("bloom.garden_add", text="", icon="ADD")
        column.operator("bloom.garden_remove", text="", icon="REMOVE")
        column.separator()
        column.operator("bloom.garden_move", text="", icon="TRIA_UP").direction = "UP"
        column.operator("bloom.garden_move", text="", icon="TRIA_DOWN").direction = "DOWN"
        if 0 <= garden.active < len(garden.plots):
            plot = garden.plots[garden.active]
            layout.prop(plot, "run")
            layout.prop(plot, "design")
        layout.prop(garden, "layout")
        layout.prop(garden, "heading")
        layout.prop(garden, "labels")
        if not draw_job(layout, BLOOM_OT_garden_plant.job_name):
            layout.operator("bloom.garden_plant", icon="OUTLINER_OB_POINTCLOUD")


register, unregister = bpy.utils.register_classes_factory((BLOOM_UL_plots, BLOOM_PT_garden))
