"""Run: what was recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from bloom_core.reports.digest import Digest

from .. import properties
from ..interface import Section
from ..properties import run_view
from . import event_list, reading, showing, text
from .event_operators import event_markers


class BLOOM_PT_run(Section, bpy.types.Panel):
    """Run: what was recorded."""

    bl_idname, bl_label, bl_order, bl_options = "BLOOM_PT_run", "Run", 10, set()

    def draw(self, context: bpy.types.Context) -> None:
        layout, bloom = self.layout, properties.bloom_of(context.object)
        layout.prop(bloom, "run", text="")
        row = layout.row(align=True)
        row.operator("bloom.import_run", text="Import", icon="IMPORT")
        row.operator_menu_enum("bloom.use_run", "run", text="Examples", icon="PRESET")
        if not bloom.run:
            text.paragraph(layout, context, "A recorded training run makes the flower open. Import one, or take an example.", quiet=True)
            return
        found = reading.look(bloom.run)
        if found.problem:
            _draw_problem(layout.box(), context, found.problem.replace(str(found.path), found.path.name))  # the field above has the folder
        elif found.digest is None:
            layout.label(text=f"Reading {Path(bloom.run).name} …", icon="SORTTIME")
        if found.digest is not None:
            _draw_run(layout, context, bloom, found.digest)


def _draw_problem(layout: Any, context: bpy.types.Context, problem: str) -> None:
    layout.alert = True
    text.paragraph(layout, context, problem, icon="ERROR")
    row = layout.row()
    row.alert = False
    row.operator("bloom.relink_run", text="Relink …", icon="FILE_REFRESH")


def _draw_run(layout: Any, context: bpy.types.Context, bloom: Any, digest: Digest) -> None:
    box = layout.box()
    text.paragraph(box, context, digest.title[:1].upper() + digest.title[1:], icon="FCURVE")
    split = box.split(factor=0.32)
    names, told = split.column(align=True), split.column(align=True)
    names.alignment, names.active = "RIGHT", False
    for name, line in digest.lines:
        names.label(text=name)
        told.label(text=line)
    text.paragraph(box, context, digest.tells)
    grown = showing.steps_of(bloom, digest) is not None
    if not grown:
        said = "Grown from another run: press Grow, then events have frames" if bloom.frame_steps else "Press Grow: then every step has its frame"
        text.paragraph(layout, context, said, icon="INFO")
    layout.prop(run_view.view_of(context.scene), "show_strip", text="Show Strip in Viewport", icon="GRAPH", toggle=True)
    header, body = layout.panel("bloom_run_events")
    header.label(text=f"Events ({sum(number for kind, number in digest.tally.items() if kind != 'epoch')})")
    if body is not None:
        event_list.draw_events(body, context, bloom, digest)
        if digest.events and grown:
            _draw_markers(body, context)


def _draw_markers(layout: Any, context: bpy.types.Context) -> None:
    row = layout.row(align=True)
    row.operator("bloom.mark_events", text="Mark on Timeline", icon="MARKER_HLT")
    if event_markers(context.scene):
        row.operator("bloom.mark_events", text="", icon="X").remove = True


register, unregister = bpy.utils.register_classes_factory((BLOOM_PT_run,))
