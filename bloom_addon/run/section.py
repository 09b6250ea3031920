"""Run: what was recorded."""

from __future__ import annotations

import bpy

from .. import properties
from ..interface import Section


class BLOOM_PT_run(Section, bpy.types.Panel):
    """Run: what was recorded."""

    bl_idname, bl_label, bl_order, bl_options = "BLOOM_PT_run", "Run", 10, set()

    def draw(self, context: bpy.types.Context) -> None:
        layout, bloom = self.split_layout(), properties.bloom_of(context.object)
        layout.prop(bloom, "run", text="Recorded")
        row = layout.row(align=True)
        row.operator("bloom.import_run", text="Import", icon="IMPORT")
        row.operator("bloom.use_run", text="Example")


register, unregister = bpy.utils.register_classes_factory((BLOOM_PT_run,))
