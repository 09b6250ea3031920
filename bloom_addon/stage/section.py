"""Stage: a scene worth rendering."""

from __future__ import annotations

import bpy

from ..interface import Section


class BLOOM_PT_stage(Section, bpy.types.Panel):
    """Stage: a scene worth rendering."""

    bl_idname, bl_label, bl_order, bl_options = "BLOOM_PT_stage", "Stage", 60, {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        self.split_layout().operator("bloom.stage", icon="CAMERA_DATA")


register, unregister = bpy.utils.register_classes_factory((BLOOM_PT_stage,))
