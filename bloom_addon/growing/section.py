"""Growth: how training becomes keys."""

from __future__ import annotations

import bpy

from .. import growth_book, properties
from ..background import draw_job
from ..interface import Section
from ..run import text
from . import operators


class BLOOM_PT_growth(Section, bpy.types.Panel):
    """Growth: how training becomes keys."""

    bl_idname, bl_label, bl_order, bl_options = "BLOOM_PT_growth", "Growth", 30, set()

    def draw(self, context: bpy.types.Context) -> None:
        layout, bloom = self.split_layout(), properties.bloom_of(context.object)
        settings, grown = properties.growth_of(context.scene), growth_book.grown_action(context.object) is not None
        column = layout.column(align=True)
        column.prop(settings, "start")
        column.prop(settings, "frames")
        layout.prop(settings, "strength")
        layout.prop(settings, "mapping")
        if not bloom.palette.applied:  # else the palette was chosen under Palette
            layout.prop(settings, "palette")
        if not draw_job(layout, operators.GROWING, 1.5):
            row = layout.row(align=True)
            row.scale_y = 1.5
            row.enabled = bool(bloom.run)
            row.operator("bloom.grow", text="Grow Again" if grown else "Grow", icon="FCURVE")
        if not bloom.run:
            text.paragraph(layout, context, "Choose a run first: under Run, import one or take an example", icon="INFO")
        if grown and bloom.held_frames:
            frames = f"{bloom.held_frames} frame{' was' if bloom.held_frames == 1 else 's were'}"
            text.paragraph(layout, context, f"{frames} held back, so that the flower stays whole", icon="INFO")
        header, body = layout.panel("BLOOM_growth_more", default_closed=True)
        header.label(text="Pace and Keys")
        if body is not None:
            for name in ("pace", "smoothing", "dense"):
                body.prop(settings, name)
            if grown:
                body.operator("bloom.grow", text="Grow Again, Replacing Edited Keys").replace_edited = True
                body.operator("bloom.revert_growth", text="Revert Active Xform to Growth")


register, unregister = bpy.utils.register_classes_factory((BLOOM_PT_growth,))
