"""Bake: what is made, what it costs, how far it is, and the takes that there are."""

from __future__ import annotations

import textwrap
from typing import Any

import bpy

from .. import background, point_cloud, properties
from ..interface import Section
from ..properties.baking import takes_of
from ..volumes import notice
from . import bake, catalogue, costs, staleness, take_operators

_REMEDIES = {
    "bake": (),
    "relink": (("bloom.takes_relink", "FILE_FOLDER"),),
    "copy": (("bloom.takes_copy", "DUPLICATE"),),
}


class BLOOM_UL_takes(bpy.types.UIList):
    """The takes in a bloom's folder."""

    def draw_item(
        self, context: Any, layout: Any, data: Any, item: Any, _icon: Any, _active: Any, _property: Any, _index: int = 0, _flag: int = 0
    ) -> None:
        shown = any(folder.name == item.name and str(folder.parent) == data.folder for folder, _, _ in catalogue.shown(context.object).values())
        row = layout.row(align=True)
        row.alert = item.lost > 0
        whose = f"{item.bloom}  " if item.bloom not in ("", context.object.name) else ""
        row.label(text=f"{whose}{item.title}", icon="HIDE_OFF" if shown else "POINTCLOUD_DATA" if item.kind == "points" else "VOLUME_DATA")
        right = row.row(align=True)
        right.alignment = "RIGHT"
        right.label(text=item.details)


class BLOOM_MT_takes(bpy.types.Menu):
    """What is done with takes less often."""

    bl_idname, bl_label = "BLOOM_MT_takes", "Takes"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.operator("bloom.take_compare", icon="ARROW_LEFTRIGHT")
        layout.operator("bloom.take_reveal", icon="FILE_FOLDER")
        for kind in catalogue.shown(context.object):
            layout.operator("bloom.take_hide", text=f"Hide {kind.capitalize()}", icon="HIDE_ON").kind = kind
        layout.separator()
        layout.operator("bloom.takes_relink", icon="LINKED")
        layout.operator("bloom.takes_copy", icon="DUPLICATE")
        layout.operator("bloom.takes_prune", icon="TRASH")


class BLOOM_PT_bake(Section, bpy.types.Panel):
    """Bake: takes of the flower as volume or points."""

    bl_idname, bl_label, bl_order, bl_options = "BLOOM_PT_bake", "Bake", 70, {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout, bloom, obj = self.split_layout(), properties.bloom_of(context.object), context.object
        catalogue.ask_if_new(obj)
        self._place(layout, bloom)
        row = layout.row()
        row.use_property_split = False
        row.prop(bloom.baking, "kind", expand=True)
        if notice.bakes_black(context.scene, obj):
            box = layout.box().column(align=True)
            _wrapped(box, notice.TEXT, "ERROR")
            notice.draw_remedies(box)
        layout.prop(bloom.baking, "quality")
        self._buttons(layout, context)
        self._flags(layout, context)
        self._takes(layout, context)
        self._points(layout, obj)
        header, body = layout.panel("bloom_bake_advanced", default_closed=True)
        header.label(text="Advanced")
        if body is not None:
            _draw_advanced(body, bloom)

    def _place(self, layout: Any, bloom: Any) -> None:
        if bpy.data.is_saved or (bloom.folder and not bloom.folder.startswith("//")):
            return
        box = layout.box().column(align=True)
        _wrapped(box, "Takes need a place: save the .blend and they go beside it, or choose a folder under Advanced.", "INFO")
        row = box.row(align=True)
        row.operator("wm.save_as_mainfile", text="Save…", icon="FILE_TICK")
        row.operator("bloom.takes_default_folder")

    def _buttons(self, layout: Any, context: bpy.types.Context) -> None:
        column = layout.column(align=True)
        if background.draw_job(column, bake.BAKING, 1.4):
            _wrapped(column, "You can go on working. Esc stops.", "NONE")
            return
        told = costs.costs(context.scene, context.object)
        _wrapped(column, told.text or "Measuring…", "TIME")
        for warning in told.warnings:
            _wrapped(column, warning, "ERROR", alert=True)
        row = column.row(align=True)
        row.scale_y = 1.4
        row.operator("bloom.bake", icon="RENDER_ANIMATION")
        row.operator("bloom.bake_frame", text="", icon="RENDER_STILL")
        if len(properties.blooms(context.scene)) > 1:
            column.operator("bloom.bake_all", icon="OUTLINER_OB_VOLUME")

    def _flags(self, layout: Any, context: bpy.types.Context) -> None:
        if bake.running() or any([background.draw_job(layout, name) for name in (take_operators.COPYING, take_operators.LOOKING)]):
            return
        for flag in staleness.flags(context.scene, context.object):
            box = layout.box().column(align=True)
            _wrapped(box, flag.text, "ERROR")
            for operator, icon in _REMEDIES[flag.remedy]:
                box.operator(operator, icon=icon)

    def _takes(self, layout: Any, context: bpy.types.Context) -> None:
        rows = takes_of(context.window_manager)
        if not len(rows.entries):
            return
        row = layout.row()
        row.template_list("BLOOM_UL_takes", "", rows, "entries", rows, "active", rows=4)
        column = row.column(align=True)
        column.operator("bloom.take_show", text="", icon="HIDE_OFF")
        column.operator("bloom.takes_check", text="", icon="CHECKMARK")
        column.operator("bloom.takes_refresh", text="", icon="FILE_REFRESH")
        column.menu("BLOOM_MT_takes", text="", icon="DOWNARROW_HLT")

    def _points(self, layout: Any, obj: bpy.types.Object) -> None:
        if point_cloud.played(obj) is None:
            return
        nodes = point_cloud.nodes_of(point_cloud.companion(obj))
        layout.prop(nodes[point_cloud.SIZE].outputs[0], "default_value", text="Point Size")
        if point_cloud.palette_differs(obj):
            layout.operator("bloom.points_match_palette", icon="COLOR")


def _draw_advanced(layout: Any, bloom: Any) -> None:
    baking = bloom.baking
    if baking.kind != "POINTS":
        column = layout.column(align=True)
        for name in ("samples", "resolution", "estimator", "gain"):
            column.prop(bloom, name)
        column = layout.column(align=True, heading="Volume")
        column.prop(baking, "color")
        column.prop(baking, "full_floats")
        column.prop(bloom, "follow")
        if not bloom.follow:
            column.prop(bloom, "box_low")
            column.prop(bloom, "box_high")
    if baking.kind != "VOLUME":
        layout.prop(baking, "point_count")
    layout.prop(bloom, "seed")
    layout.prop(baking, "range")
    if baking.range == "CUSTOM":
        column = layout.column(align=True)
        column.prop(baking, "frame_start")
        column.prop(baking, "frame_end")
    layout.prop(bloom, "folder")


def _wrapped(layout: Any, text: str, icon: str, alert: bool = False) -> None:
    """Adds a text in as many lines as the sidebar's width asks for."""
    context = bpy.context
    width = context.region.width / (context.preferences.system.ui_scale * 7.0) - 8 if context.region is not None else 40
    for number, line in enumerate(textwrap.wrap(text, max(int(width), 20))):
        row = layout.row()
        row.alert = alert
        row.scale_y = 0.8
        row.label(text=line, icon=(icon if number == 0 else "BLANK1") if icon != "NONE" else "NONE")


register, unregister = bpy.utils.register_classes_factory((BLOOM_UL_takes, BLOOM_MT_takes, BLOOM_PT_bake))
