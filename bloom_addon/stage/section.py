"""Stage: a scene worth rendering."""

from __future__ import annotations

from typing import Any

import bpy

from ..interface import Section
from ..materials import variants
from ..materials.variants import VARIANTS
from ..properties.stage_presets import PRESETS
from . import compositing, stage


class BLOOM_PT_stage(Section, bpy.types.Panel):
    """Stage: a scene worth rendering."""

    bl_idname, bl_label, bl_order, bl_options = "BLOOM_PT_stage", "Stage", 60, {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout, scene = self.split_layout(), context.scene
        chosen: Any = getattr(scene, "bloom_stage")  # noqa: B009 - no attribute to the type checker
        layout.template_icon_view(chosen, "preset", show_labels=True, scale=7.0, scale_popup=6.0)
        title = layout.row()
        title.alignment = "CENTER"
        title.label(text=PRESETS[chosen.preset].title)
        is_set = stage.is_set(scene)
        buttons = layout.row(align=True)
        buttons.scale_y = 1.3
        buttons.operator("bloom.stage", icon="CAMERA_DATA")
        if is_set:
            buttons.operator("bloom.refit_stage", text="", icon="FULLSCREEN_ENTER")
            buttons.operator("bloom.remove_stage", text="", icon="TRASH")
        column = layout.column(align=True)
        for name in ("move", "world", "ground", "lights"):
            column.prop(chosen, name)
        _draw_material(layout, context.object, chosen.lights)
        column = layout.column(align=True)
        for name in ("view", "engine", "quality"):
            column.prop(chosen, name)
        _draw_finish(layout, scene, chosen)


def _draw_material(layout: Any, obj: bpy.types.Object, lights: str) -> None:
    worn = variants.materials_of(obj)
    for points in (False, True):
        own = [material for material in worn if variants.for_points(material) == points]
        if not own:
            continue
        current = variants.variant_of(own[0])
        row = layout.split(factor=0.4)
        label = row.row()
        label.alignment = "RIGHT"
        label.label(text="Points" if points else "Material")
        grid = row.grid_flow(columns=2, even_columns=True, align=True, row_major=True)
        for name, variant in VARIANTS.items():
            if variant.points == points:
                grid.operator("bloom.material", text=variant.title, depress=name == current).variant = name
        if VARIANTS[current].scatters and lights == "none":
            layout.label(text=f"{VARIANTS[current].title} is seen by lamps: choose some", icon="INFO")


def _draw_finish(layout: Any, scene: bpy.types.Scene, chosen: Any) -> None:
    header, body = layout.panel("bloom_finish", default_closed=False)
    header.label(text="Finish")
    if body is None:
        return
    body.use_property_split = False
    grid = body.grid_flow(columns=3, even_columns=True, align=True, row_major=True)
    grid.prop(chosen, "looks")
    if compositing.has_own_tree(scene):
        body.label(text="You have your own compositor tree", icon="NODE_COMPOSITING")
        body.operator("bloom.insert_finish", icon="ADD")


register, unregister = bpy.utils.register_classes_factory((BLOOM_PT_stage,))
