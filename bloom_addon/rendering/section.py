"""Render: the film."""

from __future__ import annotations

import bpy

from ..interface import Section


class BLOOM_PT_render(Section, bpy.types.Panel):
    """Render: the film."""

    bl_idname, bl_label, bl_order, bl_options = "BLOOM_PT_render", "Render", 80, {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.split_layout()
        layout.prop(context.scene.render, "filepath", text="Film")
        layout.operator("bloom.render", icon="RENDER_ANIMATION")


register, unregister = bpy.utils.register_classes_factory((BLOOM_PT_render,))
