"""Wind: what moves the flower beside its keys, the wind and the recorded trembling."""

from __future__ import annotations

from typing import Any

import bpy

from .. import compat, properties
from ..interface import Section
from . import operators, sway


class BLOOM_PT_wind(Section, bpy.types.Panel):
    """Wind: what moves the flower beside its keys, the wind and the recorded trembling."""

    bl_idname, bl_label, bl_order, bl_options = "BLOOM_PT_wind", "Wind", 50, {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.split_layout()
        layout.use_property_decorate = True
        bloom = properties.bloom_of(context.object)
        _draw_wind(layout, context.object, bloom)
        _draw_tremble(layout, context.object, bloom.wind)


def _draw_wind(layout: Any, obj: bpy.types.Object, bloom: Any) -> None:
    settings = bloom.wind
    row = layout.row(align=True)
    row.operator_menu_enum("bloom.add_wind", "preset", text="Wind Preset" if settings.enabled else "Add Wind", icon="FORCE_WIND")
    if not settings.enabled and compat.fcurve(obj, "bloom.wind.enabled") is None:
        return
    row.prop(settings, "enabled", text="", icon="HIDE_OFF" if settings.enabled else "HIDE_ON")
    row.operator("bloom.remove_wind", text="", icon="X")
    column = layout.column()
    for name in ("strength", "gusts", "speed"):
        column.prop(settings, name)
    if settings.field is None:
        column.prop(settings, "direction")
    row = column.row(align=True)
    row.prop(settings, "field", icon="FORCE_WIND")
    if settings.field is None:
        row.operator("bloom.add_wind_field", text="", icon="ADD")
    header, body = layout.panel("bloom_wind_petals", default_closed=True)
    header.label(text="Petals")
    if body is None:
        return
    column = body.column()
    column.prop(settings, "base")
    column.prop(settings, "seed")
    if 0 <= bloom.active_xform < len(bloom.xforms):
        xform = bloom.xforms[bloom.active_xform]
        whole = bloom.has_final and bloom.active_xform == len(bloom.xforms) - 1
        column = body.column(align=True)
        column.prop(xform, "wind", text="Whole Flower" if whole else xform.name)
        column.prop(xform, "phase")
    body.operator("bloom.spread_phases", icon="MOD_WAVE")


def _draw_tremble(layout: Any, obj: bpy.types.Object, settings: Any) -> None:
    header, body = layout.panel("bloom_tremble", default_closed=False)
    header.label(text="Tremble")
    if body is None:
        return
    span = sway.recorded(obj)
    if span is None:
        body.label(text="Grow the bloom to record its trembling", icon="INFO")
        return
    column = body.column()
    column.prop(settings, "tremble", text="Gain")
    column.prop(settings, "tremble_speed", text="Speed")
    column.prop(settings, "keep_trembling")
    told = truth(settings.tremble, settings.tremble_speed)
    if told or any(compat.fcurve(obj, f"bloom.wind.{name}") is not None for name in operators.TREMBLE):
        row = body.row()
        row.label(text=told or "as it was recorded, here", icon="INFO")
        row.operator("bloom.reset_tremble")


def truth(gain: float, speed: float) -> str:
    """Returns in what the shown trembling differs from the recorded one, or nothing."""
    told = []
    if gain != 1.0:
        told.append("trembling left out" if gain == 0.0 else f"{'exaggerated' if gain > 1.0 else 'calmed'} ×{gain:.3g}")
    if speed != 1.0:
        told.append(f"at {speed:.3g}× its pace")
    return ", ".join(told)


CLASSES = (BLOOM_PT_wind,)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
