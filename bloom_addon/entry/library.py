"""The library of flowers in the sidebar: big thumbnails to choose from, and the grid of children."""

from __future__ import annotations

import textwrap
from typing import Any

import bpy

from .. import properties
from ..background import draw_job
from . import assets, flowers, nursery

_LETTER = 7.2  # pixels that a letter is wide on the average, at a scale of 1
_COLUMNS = 4


def draw_start(layout: Any, context: bpy.types.Context) -> None:
    """Draws the page that is shown where no bloom is selected."""
    paragraph(layout, context, "Watch a neural network learn: a training run opens a flower. Choose one:")
    _draw_choice(layout, context, scale=9.0)
    key = getattr(context.window_manager, "bloom_library").flower  # noqa: B009
    column = layout.column(align=True)
    column.scale_y = 1.5
    column.operator("bloom.add", text="Add a Flower", icon="ADD").design = key
    column.operator("bloom.try_example", icon="PLAY")
    row = layout.row(align=True)
    row.operator("bloom.open_run", text="Import a Run", icon="IMPORT")
    row.operator("bloom.import_flame", text="Import Flame", icon="IMPORT")
    _draw_assets(layout, context)
    if properties.blooms(context.scene):
        paragraph(layout, context, "Or select a bloom of this scene to work on it.")


def draw(layout: Any, context: bpy.types.Context) -> None:
    """Draws what the section Flower shows of the library: another flower, and children of this one."""
    header, body = layout.panel("BLOOM_library", default_closed=True)
    header.label(text="Library")
    if body is not None:
        _draw_choice(body, context, scale=6.0)
        key = getattr(context.window_manager, "bloom_library").flower  # noqa: B009
        row = body.row(align=True)
        row.operator("bloom.choose", text="Replace", icon="FILE_REFRESH").design = key
        row.operator("bloom.add", text="Add", icon="ADD").design = key
    header, body = layout.panel("BLOOM_children", default_closed=True)
    header.label(text="Mutate and Breed")
    if body is not None:
        _draw_children(body, context)


def _draw_assets(layout: Any, context: bpy.types.Context) -> None:
    row = layout.row(align=True)
    installed = assets.find_library(context.preferences) is not None
    row.operator("bloom.install_assets", text="Update Flower Assets" if installed else "Install Flower Assets", icon="ASSET_MANAGER")
    if installed:
        row.operator("bloom.remove_assets", text="", icon="TRASH")


def _draw_choice(layout: Any, context: bpy.types.Context, scale: float) -> None:
    library = getattr(context.window_manager, "bloom_library")  # noqa: B009
    layout.template_icon_view(library, "flower", show_labels=True, scale=scale, scale_popup=6.0)
    flower = flowers.find(library.flower)
    if flower is not None:
        looks, _, _ = flower.description.partition(";")  # the tooltip has the rest
        paragraph(layout, context, f"{flower.title}: {looks[0].lower()}{looks[1:]}")


def _draw_children(layout: Any, context: bpy.types.Context) -> None:
    library = getattr(context.window_manager, "bloom_library")  # noqa: B009
    column = layout.column(align=True)
    column.use_property_split, column.use_property_decorate = True, False
    column.prop(library, "strength")
    column.prop(library, "partner")
    if not draw_job(layout, nursery.GROWING):
        row = layout.row(align=True)
        row.operator("bloom.mutate", icon="FORCE_TURBULENCE")
        row.operator("bloom.breed", icon="MOD_PARTICLES")
    litter = nursery.children()
    grid = layout.grid_flow(row_major=True, columns=_COLUMNS, even_columns=True, even_rows=True, align=True)
    for index, _ in enumerate(litter):
        cell = grid.column(align=True)
        cell.template_icon(nursery.icon(index), scale=3.0)
        cell.operator("bloom.take_child", text="Take").index = index
    layout.operator("bloom.save_flower", text="Save as Flower…", icon="FILE_TICK")


def paragraph(layout: Any, context: bpy.types.Context, text: str) -> None:
    """Draws a text, broken into as many lines as the region needs."""
    scale = context.preferences.system.ui_scale
    width = context.region.width if context.region is not None else 280
    column = layout.column(align=True)
    column.scale_y = 0.8
    for line in textwrap.wrap(text, max(int((width - 40 * scale) / (_LETTER * scale)), 20)):
        column.label(text=line, translate=False)
