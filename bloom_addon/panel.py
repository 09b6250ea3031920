"""The sidebar's tab: 3D viewport ▸ sidebar (N) ▸ Bloom. Its sections stand with their features."""

from __future__ import annotations

import bpy

from . import properties


class BLOOM_PT_main(bpy.types.Panel):
    """From a training run to a film."""

    bl_idname, bl_label = "BLOOM_PT_main", "Bloom"
    bl_space_type, bl_region_type, bl_category = "VIEW_3D", "UI", "Bloom"

    def draw(self, context: bpy.types.Context) -> None:
        if properties.bloom_of(context.object) is None:
            layout = self.layout
            layout.label(text="A training run, opening as a flower")
            layout.operator_menu_enum("bloom.add", "design", text="Add a Flower", icon="ADD")
            layout.operator("bloom.import_flame", icon="IMPORT")


register, unregister = bpy.utils.register_classes_factory((BLOOM_PT_main,))
