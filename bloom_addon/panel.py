"""The sidebar's tab: 3D viewport ▸ sidebar (N) ▸ Bloom. Its sections stand with their features."""

from __future__ import annotations

import bpy

from bloom_core import __version__

from . import properties
from .entry import library


class BLOOM_PT_main(bpy.types.Panel):
    """From a training run to a film."""

    bl_idname, bl_label = "BLOOM_PT_main", "Bloom"
    bl_translation_context = "Bloom"  # a name: Blender's own dictionaries know "bloom" as a glow
    bl_space_type, bl_region_type, bl_category = "VIEW_3D", "UI", "Bloom"

    def draw_header_preset(self, _context: bpy.types.Context) -> None:
        self.layout.active = False
        self.layout.label(text=__version__, translate=False)

    def draw(self, context: bpy.types.Context) -> None:
        if properties.bloom_of(context.object) is None:
            library.draw_start(self.layout, context)


register, unregister = bpy.utils.register_classes_factory((BLOOM_PT_main,))
