"""Palette: the colours of the flower, as the Color Ramp of its material; candidates from the run, and stops to lock and to key."""

from __future__ import annotations

import textwrap
from typing import Any

import bpy

from .. import material, properties
from ..background import draw_job
from ..interface import Section
from . import candidates, editing, stops

_LOCKS_ACROSS, _SWATCHES_ACROSS = 4, 3
_CHANGES = (("FLATTEN", "Flatten", "KEY_DEHLT"), ("DISTRIBUTE", "Distribute Evenly", "CENTER_ONLY"), ("REVERSE", "Reverse", "ARROW_LEFTRIGHT"))


class BLOOM_PT_palette(Section, bpy.types.Panel):
    """Palette: the colours of the flower, as the Color Ramp of its material."""

    bl_idname, bl_label, bl_order, bl_options = "BLOOM_PT_palette", "Palette", 40, {"DEFAULT_CLOSED"}

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        if material.glow_of(context.object) is not None:
            self.layout.menu("BLOOM_MT_palette", text="", icon="DOWNARROW_HLT")

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.split_layout()
        glow = material.glow_of(context.object)
        if glow is None:
            layout.label(text="The material has no Bloom palette", icon="INFO")
            return
        layout.template_color_ramp(glow.node_tree.nodes[material.RAMP], "color_ramp", expand=True)
        _draw_edited(layout, glow, context.scene, context.object)
        _draw_glow(layout, glow)
        _draw_candidates(layout, context)
        _draw_stops(layout, glow, context.object)


class BLOOM_MT_palette(bpy.types.Menu):
    """What is done to the whole palette."""

    bl_idname, bl_label = "BLOOM_MT_palette", "Palette"

    def draw(self, _context: bpy.types.Context) -> None:
        layout: Any = self.layout
        layout.operator("bloom.copy_palette", icon="COPYDOWN")
        layout.operator("bloom.paste_palette", icon="PASTEDOWN")
        layout.separator()
        for how, label, icon in _CHANGES:
            layout.operator("bloom.change_stops", text=label, icon=icon).how = how
        layout.separator()
        layout.operator("bloom.lock_all_stops", text="Lock All Stops", icon="LOCKED").lock = True
        layout.operator("bloom.lock_all_stops", text="Unlock All Stops", icon="UNLOCKED").lock = False


def _draw_edited(layout: Any, glow: bpy.types.Material, scene: bpy.types.Scene, obj: bpy.types.Object) -> None:
    """Warns of colours that their keys will take back, and offers what keeps them."""
    edited = stops.edited(glow, scene.frame_current + scene.frame_subframe) if obj.visible_get() else []
    if not edited:
        return
    box = layout.box()
    which = f"Stop {edited[0] + 1}" if len(edited) == 1 else f"{len(edited)} Stops"
    box.label(text=f"{which}: keys will undo this", icon="DECORATE_KEYFRAME")
    row = box.row(align=True)
    for how, label in (("KEY", "Key Now"), ("SHIFT", "Shift All"), ("HOLD", "Hold")):
        row.operator("bloom.keep_edited_stops", text=label).how = how


def _draw_glow(layout: Any, glow: bpy.types.Material) -> None:
    column = layout.column()
    for name, value in ((material.EXPOSURE, "EXPOSURE"), (material.CONTRAST, "CONTRAST")):
        node: Any = glow.node_tree.nodes.get(name)
        if node is not None:
            row = column.row(align=True)
            row.prop(node.outputs[0], "default_value", text=name.removeprefix("Bloom "))
            row.operator("bloom.fit_glow", text="", icon="LOOP_BACK").value = value
    suits = editing.burnt_out(glow)
    if suits is not None:
        column.label(text=f"Burns out: {suits:.2g} suits the palette", icon="ERROR")


def _draw_candidates(layout: Any, context: bpy.types.Context) -> None:
    header, body = layout.panel("bloom_palette_candidates", default_closed=False)
    header.label(text="From the Run")
    if body is None:
        return
    own = properties.bloom_of(context.object).palette
    row = body.row(align=True)
    row.use_property_split = False
    row.prop(own, "method", text="")
    found = candidates.found(context.scene, context.object)
    row.operator_context = "INVOKE_DEFAULT"
    draw_job(body, candidates.FINDING)
    if found is None:
        row.operator("bloom.find_palettes", icon="COLOR")
        return
    row.prop(own, "seed", text="Seed")
    row.operator("bloom.find_palettes", text="", icon="FILE_REFRESH").shuffle = True
    grid = body.grid_flow(row_major=True, columns=_SWATCHES_ACROSS, even_columns=True, even_rows=True, align=False)
    for number, candidate in enumerate(found):
        cell = grid.column(align=True)
        cell.template_icon(icon_value=candidates.icon(number), scale=3.0)
        worn = (own.applied, own.applied_seed) == (candidate.name, own.seed)
        button = cell.operator("bloom.apply_palette", text=candidate.name.capitalize(), depress=worn)
        button.name, button.seed = candidate.name, own.seed
    if own.applied:
        told = next((candidate.explanation for candidate in found if candidate.name == own.applied), "")
        column = body.column(align=True)
        column.scale_y = 0.75
        for line in _wrapped(told, context):
            column.label(text=line)


def _wrapped(text: str, context: bpy.types.Context) -> list[str]:
    """Returns a text in lines that fit the sidebar."""
    width = context.region.width if context.region is not None else 280
    return textwrap.wrap(text, max(20, int(width / (7.0 * context.preferences.system.ui_scale))))


def _draw_stops(layout: Any, glow: bpy.types.Material, obj: bpy.types.Object) -> None:
    header, body = layout.panel("bloom_palette_stops", default_closed=True)
    locked, keyed = stops.locked(obj), stops.keyed(glow)
    header.label(text=f"Stops: {len(locked)} Locked" if locked else "Stops")
    if body is None:
        return
    body.label(text="All stops are keyed" if len(keyed) == len(material.ramp_of(glow).elements) else f"{len(keyed)} stops are keyed")
    grid = body.grid_flow(row_major=True, columns=_LOCKS_ACROSS, even_columns=True, align=True)
    for number, element in enumerate(material.ramp_of(glow).elements):
        cell = grid.row(align=True)
        cell.use_property_split = False
        cell.prop(element, "color", text="")
        cell.operator("bloom.lock_stop", text="", icon="LOCKED" if number in locked else "UNLOCKED", depress=number in locked).stop = number


CLASSES = (BLOOM_MT_palette, BLOOM_PT_palette)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
