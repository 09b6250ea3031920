"""Bake: takes of the flower as a volume."""

from __future__ import annotations

import bpy

from .. import properties
from ..interface import Section


class BLOOM_PT_bake(Section, bpy.types.Panel):
    """Bake: takes of the flower as a volume."""

    bl_idname, bl_label, bl_order, bl_options = "BLOOM_PT_bake", "Bake", 70, {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout, bloom = self.split_layout(), properties.bloom_of(context.object)
        for name in ("samples", "resolution", "gain", "estimator", "folder", "follow"):
            layout.prop(bloom, name)
        if not bloom.follow:
            layout.prop(bloom, "box_low")
            layout.prop(bloom, "box_high")
        layout.operator("bloom.bake", icon="OUTLINER_OB_VOLUME")


register, unregister = bpy.utils.register_classes_factory((BLOOM_PT_bake,))
