"""Render: a still to look at, and the film."""

from __future__ import annotations

from typing import Any

import bpy

from ..interface import Section
from ..properties.rendering import kind_of
from ..run import text
from ..volumes import notice
from . import output

_LABELS = {"FILM": "Render Film", "STILLS": "Render Stills", "SCENE": "Render Animation"}


class BLOOM_PT_render(Section, bpy.types.Panel):
    """Render: a still to look at, and the film."""

    bl_idname, bl_label, bl_order, bl_options = "BLOOM_PT_render", "Render", 80, {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout, scene = self.split_layout(), context.scene
        settings = scene.render
        row = layout.row()
        row.use_property_split = False
        row.prop(getattr(scene, "bloom_render"), "kind", expand=True)  # noqa: B009 - no attribute to the type checker
        layout.prop(settings, "filepath", text="Output")
        column = layout.column(align=True)
        column.prop(settings, "resolution_x", text="Resolution X")
        column.prop(settings, "resolution_y", text="Y")
        column.prop(settings, "resolution_percentage", text="%")
        column = layout.column(align=True)
        column.prop(scene, "frame_start", text="Frame Start")
        column.prop(scene, "frame_end", text="End")
        column.prop(settings, "fps", text="Frame Rate")
        self._told(layout, context)
        column = layout.column(align=True)
        if scene.camera is None:
            text.paragraph(column, context, "There is no camera yet: set the stage, or add one", icon="INFO")
            column.operator("bloom.stage", icon="CAMERA_DATA")
            return
        column.scale_y = 1.4
        column.operator("render.render", text="Render Still", icon="RENDER_STILL")
        column.operator("bloom.render", text=_LABELS[kind_of(scene)], icon="RENDER_ANIMATION")
        column = layout.column(heading="While Rendering")
        column.prop(settings, "use_lock_interface", text="Lock Interface")

    def _told(self, layout: Any, context: bpy.types.Context) -> None:
        """Says what is made and where it goes, and what would be wrong with it."""
        scene = context.scene
        column = layout.column(align=True)
        text.paragraph(column, context, output.length(scene), icon="INFO")
        if output.is_temporary(scene):
            text.paragraph(column, context, "Output is a temporary folder: choose where the film is to stay", icon="ERROR")
        else:
            text.paragraph(column, context, f"Goes to {bpy.path.basename(output.target(scene))}", icon="FILE_MOVIE")
        for warning in output.warnings(scene):
            text.paragraph(column, context, warning, icon="ERROR")
        if notice.renders_black(scene):
            text.paragraph(column, context, notice.TEXT, icon="ERROR")
            notice.draw_remedies(column)


register, unregister = bpy.utils.register_classes_factory((BLOOM_PT_render,))
