"""Palette: the colours of the flower, as the Color Ramp of its material."""

from __future__ import annotations

import bpy

from .. import material
from ..interface import Section


class BLOOM_PT_palette(Section, bpy.types.Panel):
    """Palette: the colours of the flower, as the Color Ramp of its material."""

    bl_idname, bl_label, bl_order, bl_options = "BLOOM_PT_palette", "Palette", 40, {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.split_layout()
        for slot in context.object.material_slots:
            if slot.material is not None and material.ramp_of(slot.material) is not None:
                nodes = slot.material.node_tree.nodes
                layout.template_color_ramp(nodes[material.RAMP], "color_ramp", expand=True)
                for name in (material.EXPOSURE, material.CONTRAST):
                    if name in nodes:
                        layout.prop(nodes[name].outputs[0], "default_value", text=name.removeprefix("Bloom "))
                return
        layout.label(text="This bloom's material has no Bloom palette")


register, unregister = bpy.utils.register_classes_factory((BLOOM_PT_palette,))
