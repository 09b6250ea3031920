"""Getting blooms in and out: add, choose a flower, import and export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty

from bloom_core import designs

from .. import bloom_object
from ..interface import EXPECTED, FINISHED, BloomOperator, FileOperator, NeedsBloom
from . import export

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems


def _design_items(_self: Any, _context: Any) -> list[tuple[str, str, str]]:
    # Blender keeps no reference to the strings of a dynamic enum: they must outlive the call.
    return _ITEMS


_ITEMS = [(name, name.capitalize(), f"Grow this {name}") for name in designs.designs()]


class BLOOM_OT_add(BloomOperator):
    """Add a flower that a training run can open"""

    bl_idname, bl_label = "bloom.add", "Bloom"
    design: EnumProperty(name="Flower", description="Design that the bloom starts from", items=_design_items)  # type: ignore[valid-type]

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        try:
            bloom_object.new_bloom(context, designs.design(self.design or designs.designs()[0]))
        except EXPECTED as error:
            return self.refuse(error)
        return FINISHED


class BLOOM_OT_choose(NeedsBloom, BloomOperator):
    """Put another flower into this bloom. Its keys go with the old one: press Grow again"""

    bl_idname, bl_label = "bloom.choose", "Choose Flower"
    design: EnumProperty(name="Flower", description="Design that the bloom becomes", items=_design_items)  # type: ignore[valid-type]

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        try:
            bloom_object.set_design(context.object, designs.design(self.design or designs.designs()[0]))
        except EXPECTED as error:
            return self.refuse(error)
        return FINISHED


class BLOOM_OT_import_flame(FileOperator):
    """Add a bloom made of a .flame file (flam3, Ember, Fractorium)"""

    bl_idname, bl_label = "bloom.import_flame", "Import Flame"
    filter_glob: StringProperty(default="*.flame", options={"HIDDEN"})  # type: ignore[valid-type]

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        try:
            design, warnings = bloom_object.read_flower(self.filepath)
            obj = bloom_object.new_bloom(context, design)
        except EXPECTED as error:
            return self.refuse(error)
        for warning in warnings:
            self.report({"WARNING"}, warning)
        getattr(obj, "bloom").design = bloom_object.lasting_name(self.filepath)  # noqa: B009
        return FINISHED


class BLOOM_OT_export_flames(NeedsBloom, FileOperator):
    """Write this bloom's frames, as they are keyed, as a .flame sequence for flam3 and Fractorium"""

    bl_idname, bl_label = "bloom.export_flames", "Export Flames"
    filter_glob: StringProperty(default="*.flame", options={"HIDDEN"})  # type: ignore[valid-type]
    check_existing: BoolProperty(default=True, options={"HIDDEN"})  # type: ignore[valid-type]

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[OperatorReturnItems]:
        self.filepath = f"{context.object.name}.flame"
        return super().invoke(context, event)

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        scene, path = context.scene, Path(bpy.path.ensure_ext(self.filepath, ".flame"))
        try:
            warnings = export.write_sequence(scene, context.object, path, scene.frame_start, scene.frame_end)
        except EXPECTED as error:
            return self.refuse(error)
        for warning in warnings:
            self.report({"WARNING"}, warning)
        self.report({"INFO"}, f"{scene.frame_end - scene.frame_start + 1} frames written to {path.name}")
        return FINISHED


CLASSES = (BLOOM_OT_add, BLOOM_OT_choose, BLOOM_OT_import_flame, BLOOM_OT_export_flames)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
