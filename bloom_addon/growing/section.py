"""Growth: how training becomes keys."""

from __future__ import annotations

import bpy

from .. import properties
from ..interface import Section


class BLOOM_PT_growth(Section, bpy.types.Panel):
    """Growth: how training becomes keys."""

    bl_idname, bl_label, bl_order, bl_options = "BLOOM_PT_growth", "Growth", 30, set()

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.split_layout()
        settings = properties.growth_of(context.scene)
        for name in ("start", "frames", "pace", "mapping", "strength", "smoothing", "palette", "dense"):
            layout.prop(settings, name)
        layout.operator("bloom.grow", icon="FCURVE")


register, unregister = bpy.utils.register_classes_factory((BLOOM_PT_growth,))
