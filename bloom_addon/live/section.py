"""Live: how the flower is drawn in the viewport."""

from __future__ import annotations

import textwrap

import bpy

from .. import properties
from ..interface import Section
from . import clouds, drawing


class BLOOM_PT_live(Section, bpy.types.Panel):
    """Live: how the flower is drawn in the viewport."""

    bl_idname, bl_label, bl_order, bl_options = "BLOOM_PT_live", "Live", 25, {"DEFAULT_CLOSED"}

    def draw_header(self, context: bpy.types.Context) -> None:
        self.layout.prop(properties.bloom_of(context.object).live, "enabled", text="")

    def draw(self, context: bpy.types.Context) -> None:
        layout, live = self.split_layout(), properties.bloom_of(context.object).live
        layout.active = live.enabled
        cloud = clouds.clouds.get(context.object.session_uid)
        problem = drawing.failure or (cloud.problem if cloud is not None else "")
        for number, line in enumerate(textwrap.wrap(problem, 44)):
            layout.label(text=line, icon="ERROR" if number == 0 else "BLANK1")
        layout.prop(live, "brightness")
        layout.prop(live, "size")
        column = layout.column(align=True)
        column.prop(live, "points", text="Points Moving")
        column.prop(live, "refined", text="Points Idle")
        layout.prop(live, "rendered")


register, unregister = bpy.utils.register_classes_factory((BLOOM_PT_live,))
