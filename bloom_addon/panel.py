"""The panel in the 3D viewport's sidebar, tab Bloom, in the order of work."""

from __future__ import annotations

from typing import Any

import bpy

from . import material, properties


class BLOOM_UL_xforms(bpy.types.UIList):
    """The xforms of a bloom."""

    def draw_item(
        self, _context: Any, layout: Any, _data: Any, item: Any, _icon: Any, _active: Any, _property: Any, _index: int = 0, _flag: int = 0
    ) -> None:
        row = layout.row(align=True)
        row.prop(item, "name", text="", emboss=False)
        row.prop(item, "weight", text="", emboss=False)


class BLOOM_PT_main(bpy.types.Panel):
    """From a training run to a film."""

    bl_idname, bl_label = "BLOOM_PT_main", "Bloom"
    bl_space_type, bl_region_type, bl_category = "VIEW_3D", "UI", "Bloom"

    def draw(self, context: bpy.types.Context) -> None:
        layout, bloom = self.layout, properties.bloom_of(context.object)
        layout.use_property_split = True
        layout.use_property_decorate = False
        if bloom is None:
            layout.label(text="A training run, opening as a flower")
            layout.operator_menu_enum("bloom.add", "design", text="Add a Flower", icon="ADD")
            layout.operator("bloom.import_flame", icon="IMPORT")
            return
        header, body = layout.panel("bloom_run")
        header.label(text="Run")
        if body:
            body.prop(bloom, "run", text="Recorded")
            row = body.row(align=True)
            row.operator("bloom.import_run", text="Import", icon="IMPORT")
            row.operator("bloom.use_run", text="Example")
        header, body = layout.panel("bloom_flower", default_closed=True)
        header.label(text=f"Flower: {bloom.design}")
        if body:
            body.operator_menu_enum("bloom.choose", "design", icon="FILE_REFRESH")
            _draw_flower(body, bloom)
        header, body = layout.panel("bloom_grow")
        header.label(text="Grow")
        if body:
            growth = properties.growth_of(context.scene)
            for name in ("start", "frames", "pace", "mapping", "strength", "smoothing", "tremble", "palette", "dense"):
                body.prop(growth, name)
            body.operator("bloom.grow", icon="FCURVE")
        header, body = layout.panel("bloom_palette", default_closed=True)
        header.label(text="Palette")
        if body:
            _draw_palette(body, context.object)
        header, body = layout.panel("bloom_bake")
        header.label(text="Bake")
        if body:
            for name in ("samples", "resolution", "gain", "estimator", "folder", "follow"):
                body.prop(bloom, name)
            if not bloom.follow:
                body.prop(bloom, "box_low")
                body.prop(bloom, "box_high")
            body.operator("bloom.bake", icon="OUTLINER_OB_VOLUME")
        header, body = layout.panel("bloom_render")
        header.label(text="Stage and Render")
        if body:
            body.operator("bloom.stage", icon="CAMERA_DATA")
            body.prop(context.scene.render, "filepath", text="Film")
            body.operator("bloom.render", icon="RENDER_ANIMATION")


def _draw_flower(layout: Any, bloom: Any) -> None:
    layout.template_list("BLOOM_UL_xforms", "", bloom, "xforms", bloom, "active_xform", rows=4)
    if not 0 <= bloom.active_xform < len(bloom.xforms):
        return
    xform = bloom.xforms[bloom.active_xform]
    if xform.part:
        layout.label(text=f"Moved by: {xform.part}")
    for name in ("weight", "opacity", "color", "color_speed"):
        layout.prop(xform, name)
    grid = layout.grid_flow(row_major=True, columns=4, even_columns=True, align=True)
    for index in range(12):
        grid.prop(xform, "pre", index=index, text="")


def _draw_palette(layout: Any, obj: bpy.types.Object) -> None:
    for slot in obj.material_slots:
        if slot.material is not None and material.ramp_of(slot.material) is not None:
            nodes = slot.material.node_tree.nodes
            layout.template_color_ramp(nodes[material.RAMP], "color_ramp", expand=True)
            for name in (material.EXPOSURE, material.CONTRAST):
                if name in nodes:
                    layout.prop(nodes[name].outputs[0], "default_value", text=name.removeprefix("Bloom "))
            return
    layout.label(text="This bloom's material has no Bloom palette")


CLASSES = (BLOOM_UL_xforms, BLOOM_PT_main)


def register() -> None:
    """Registers the panel."""
    for cls in CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    """Takes it back."""
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
