"""Trainability Map: where training converges, as a scene."""

from __future__ import annotations

from typing import Any

import bpy

from bloom_core.trainability import map_files

from .. import properties
from ..background import draw_job
from ..interface import Section
from ..run import text
from . import sources, terrain
from .garden_operators import BLOOM_OT_map_grow, BLOOM_OT_map_stand
from .operators import BLOOM_OT_map_make, BLOOM_OT_map_volume


class BLOOM_PT_map(Section, bpy.types.Panel):
    """Trainability Map: where training converges, as a scene."""

    bl_idname, bl_label, bl_order, bl_options = "BLOOM_PT_map", "Trainability Map", 100, {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Always there: a map needs no bloom."""
        return True

    def draw(self, context: bpy.types.Context) -> None:
        layout, chosen = self.split_layout(), properties.map_of(context.scene)
        if not chosen.file:
            text.paragraph(layout, context, "Each place of the map is a network, trained with other learning rates. Which of them learn?", quiet=True)
        row = layout.row(align=True)
        row.operator("bloom.map_open", icon="FILE_FOLDER")
        row.operator_menu_enum("bloom.map_example", "name", text="Example", icon="WORLD")
        if chosen.file:
            _draw_shown(layout, context, chosen)
            _draw_garden(layout, context, chosen)
        _draw_making(layout, context, chosen)


def _draw_shown(layout: Any, context: bpy.types.Context, chosen: Any) -> None:
    known = sources.known(context.scene)
    if known is None:
        layout.label(text="Reading the map …")
        return
    if known.problem:
        text.paragraph(layout, context, known.problem, icon="ERROR")
        return
    text.paragraph(layout, context, known.title)
    if known.best:
        text.paragraph(layout, context, known.best, icon="INFO")
    row = layout.row()
    row.scale_y = 1.3
    if known.volume:
        if not draw_job(row, BLOOM_OT_map_volume.job_name):
            row.operator("bloom.map_volume", icon="OUTLINER_DATA_VOLUME")
    else:
        row.operator("bloom.map_terrain", icon="RNDCURVE")
    key = terrain.height_key(chosen.shown) if chosen.shown is not None else None
    column = layout.column()
    if key is not None:
        column.prop(key, "value", text="Height")
    column.prop(chosen, "colormap")
    row = column.row(align=True)
    row.prop(chosen, "view")
    row.operator("bloom.map_view", text="", icon="CAMERA_DATA")
    column.prop(chosen, "labels")


def _draw_garden(layout: Any, context: bpy.types.Context, chosen: Any) -> None:
    known = sources.known(context.scene)
    header, body = layout.panel("bloom_map_garden", default_closed=False)
    header.label(text="Garden on the Map")
    if body is None or known is None or not known.trained or known.volume:
        return
    body.use_property_split = True
    body.prop(chosen, "design")
    body.prop(chosen, "at_cursor")
    row = body.row()
    row.active = not chosen.at_cursor
    row.prop(chosen, "flowers")
    if not draw_job(body, BLOOM_OT_map_grow.job_name) and not draw_job(body, BLOOM_OT_map_stand.job_name):
        row = body.row(align=True)
        row.operator("bloom.map_grow", icon="OUTLINER_OB_POINTCLOUD")
        row.operator("bloom.map_stand", icon="IMPORT")


def _draw_making(layout: Any, context: bpy.types.Context, chosen: Any) -> None:
    header, body = layout.panel("bloom_map_new", default_closed=bool(chosen.file) and bool(map_files.example_maps()))
    header.label(text="New Map")
    if body is None:
        return
    body.use_property_split = True
    for name in ("preset", "size", "folder"):
        body.prop(chosen, name)
    if not draw_job(body, BLOOM_OT_map_make.job_name):
        text.paragraph(body, context, sources.cost(context.scene), icon="TIME")
        body.operator("bloom.map_make", icon="RENDER_STILL")


register, unregister = bpy.utils.register_classes_factory((BLOOM_PT_map,))
