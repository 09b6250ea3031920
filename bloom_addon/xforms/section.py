"""Flower: the xforms that draw it."""

from __future__ import annotations

from typing import Any

import bpy

from .. import properties
from ..interface import Section
from . import multiplying, varying

_AXES = ("X", "Y", "Z")


class BLOOM_UL_xforms(bpy.types.UIList):
    """The xforms of a bloom."""

    def draw_item(
        self, _context: Any, layout: Any, data: Any, item: Any, _icon: Any, _active: Any, _property: Any, index: int = 0, _flag: int = 0
    ) -> None:
        final = bool(data.has_final) and index == len(data.xforms) - 1
        row = layout.row(align=True)
        swatch = row.row()
        swatch.ui_units_x = 0.8
        swatch.prop(item, "swatch", text="")
        row.prop(item, "name", text="", emboss=False)
        if item.handle is not None:
            row.label(text="", icon="EMPTY_AXIS")
        if final:  # it draws nothing itself
            row.label(text="Final")
            return
        weight = row.row()
        weight.ui_units_x = 2.6
        weight.prop(item, "weight", text="", emboss=False)
        row.prop(item, "solo", text="", icon="SOLO_ON" if item.solo else "SOLO_OFF", emboss=False)
        row.prop(item, "mute", text="", icon="HIDE_ON" if item.mute else "HIDE_OFF", emboss=False)


class BLOOM_MT_xforms(bpy.types.Menu):
    """More to do with the list of xforms."""

    bl_idname, bl_label = "BLOOM_MT_xforms", "Xform Specials"

    def draw(self, _context: bpy.types.Context) -> None:
        layout: Any = self.layout
        layout.operator("bloom.xform_duplicate", icon="DUPLICATE")
        layout.separator()
        for way, (label, _, _) in multiplying.WAYS.items():
            layout.operator("bloom.xform_multiply", text=label, icon="MOD_MIRROR" if way in "XYZ" else "MOD_ARRAY").way = way
        layout.separator()
        layout.operator("bloom.handle_add", text="Add Handles to All", icon="EMPTY_AXIS").every = True
        layout.operator("bloom.handle_reset", text="Reset All Handles").every = True
        layout.operator("bloom.handle_remove", text="Remove All Handles").every = True
        layout.separator()
        layout.operator("bloom.revert_growth", text="Revert Xform to Growth", icon="LOOP_BACK")


class BLOOM_PT_flower(Section, bpy.types.Panel):
    """Flower: the xforms that draw it."""

    bl_idname, bl_label, bl_order, bl_options = "BLOOM_PT_flower", "Flower", 20, {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        from ..entry import library  # the library plays flames, which needs this package first

        layout, bloom = self.split_layout(), properties.bloom_of(context.object)
        library.draw(layout, context)
        row = layout.row()
        row.template_list("BLOOM_UL_xforms", "", bloom, "xforms", bloom, "active_xform", rows=6)
        buttons = row.column(align=True)
        buttons.operator("bloom.xform_add", text="", icon="ADD")
        buttons.operator("bloom.xform_remove", text="", icon="REMOVE")
        buttons.separator()
        buttons.menu("BLOOM_MT_xforms", text="", icon="DOWNARROW_HLT")
        buttons.separator()
        buttons.operator("bloom.xform_move", text="", icon="TRIA_UP").up = True
        buttons.operator("bloom.xform_move", text="", icon="TRIA_DOWN").up = False
        if 0 <= bloom.active_xform < len(bloom.xforms):
            final = bool(bloom.has_final) and bloom.active_xform == len(bloom.xforms) - 1
            _draw_xform(layout, bloom, bloom.xforms[bloom.active_xform], final)


def _draw_xform(layout: Any, bloom: Any, xform: Any, final: bool) -> None:
    if xform.part:
        layout.label(text=f"Moved by Network Part {xform.part}", icon="FCURVE")
    _draw_handle(layout, xform)
    column = layout.column()
    column.use_property_decorate = True
    for name in ("opacity", "color", "color_speed") if final else ("weight", "opacity", "color", "color_speed"):
        column.prop(xform, name)
    _draw_affines(layout, xform)
    _draw_variations(layout, xform)
    if not final and len(xform.chaos):
        header, body = layout.panel("BLOOM_xaos", default_closed=True)
        header.label(text="Followed By")
        if body is not None:
            for place, number in enumerate(xform.chaos):
                body.prop(number, "value", text=bloom.xforms[place].name)


def _draw_handle(layout: Any, xform: Any) -> None:
    row = layout.row(align=True)
    if xform.handle is None:
        row.operator("bloom.handle_add", icon="EMPTY_AXIS")
        return
    row.operator("bloom.handle_select", text=xform.handle.name, icon="EMPTY_AXIS")
    row.operator("bloom.handle_reset", text="", icon="LOOP_BACK")
    row.operator("bloom.handle_remove", text="", icon="X")


def _draw_affines(layout: Any, xform: Any) -> None:
    header, body = layout.panel("BLOOM_affine", default_closed=True)
    header.label(text="Affine")
    if body is not None:
        for name in ("angle", "size", "shear", "offset"):
            body.prop(xform, name)
        _draw_matrix(body, xform, "pre")
    header, body = layout.panel("BLOOM_post_affine", default_closed=True)
    header.label(text="Post Affine")
    if body is not None:
        _draw_matrix(body, xform, "post")


def _draw_matrix(layout: Any, xform: Any, name: str) -> None:
    """Draws an affine as it is keyed: a row for what x, y and z become."""
    grid = layout.column(align=True)
    head = grid.row(align=True)
    for text in ("", "X", "Y", "Z", "Move"):
        cell = head.row()
        cell.alignment = "CENTER"
        cell.ui_units_x = 0.7 if not text else 4.0
        cell.label(text=text)
    for line, axis in enumerate(_AXES):
        row = grid.row(align=True)
        label = row.row()
        label.ui_units_x = 0.7
        label.label(text=axis)
        for column in range(4):
            row.prop(xform, name, index=4 * line + column, text="")


def _draw_variations(layout: Any, xform: Any) -> None:
    header, body = layout.panel("BLOOM_variations", default_closed=False)
    header.label(text="Variations")
    header.operator("bloom.variation_add", text="", icon="ADD", emboss=False)
    if body is None:
        return
    for index, variation in enumerate(xform.variations):
        block = body.column(align=True)
        block.use_property_decorate = True
        row = block.row(align=True)
        row.prop(variation, "weight", text=variation.name)
        row.operator("bloom.variation_remove", text="", icon="X", emboss=False).index = index
        known = varying.typical(variation.name)
        for number in variation.parameters:
            info = known.get(number.name)
            short = number.name.removeprefix(f"{variation.name}_")
            line = block.row(align=True)
            line.prop(number, "value", text=short)
            hint = line.row()
            hint.ui_units_x, hint.active = 4.6, False
            hint.label(text=varying.range_of(info) if info is not None else "")


register, unregister = bpy.utils.register_classes_factory((BLOOM_UL_xforms, BLOOM_MT_xforms, BLOOM_PT_flower))
