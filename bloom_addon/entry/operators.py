"""Adding a bloom, putting another flower into one, trying the example, and writing frames for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty
from bpy_extras.object_utils import AddObjectHelper, add_object_align_init
from mathutils import Matrix

from .. import bloom_object, properties
from ..interface import EXPECTED, FINISHED, BloomOperator, FileOperator, NeedsBloom
from . import export, flowers

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems


class InObjectMode:
    """Poll for operators that add objects."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True in Object Mode, in a scene that can be changed."""
        if context.mode != "OBJECT" or context.scene is None or context.scene.library is not None:
            cls.poll_message_set("Go to Object Mode: a bloom is an object")  # type: ignore[attr-defined]
            return False
        return True


class BLOOM_OT_add(InObjectMode, BloomOperator, AddObjectHelper):
    """Add a flower that a training run can open. It stands in its open pose; import a run and press Grow to see it open"""

    bl_idname, bl_label = "bloom.add", "Add Bloom"
    design: EnumProperty(name="Flower", description="Design that the bloom starts from", items=flowers.items)  # type: ignore[valid-type]

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        """Returns the tooltip: what this flower is."""
        flower = flowers.find(getattr(properties, "design"))  # noqa: B009
        return f"{flower.description}. Add it at the 3D cursor, in its open pose" if flower is not None else cls.__doc__ or ""

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        try:
            design, _ = bloom_object.read_flower(self.design)
            matrix = self._placed(context)
            bloom_object.new_bloom(context, design).matrix_world = matrix
        except EXPECTED as error:
            return self.refuse(error)
        return FINISHED

    def _placed(self, context: bpy.types.Context) -> Matrix:
        """Returns where the bloom goes, as Blender's own Add operators have it. A script's `align` counts; without a viewport there is no view."""
        own: Any = self.properties
        given = own.is_property_set("align")
        view = context.space_data is not None and context.space_data.type == "VIEW_3D"
        align = own.align if given else context.preferences.edit.object_align
        if not own.is_property_set("rotation") and (given or (align == "VIEW" and not view)):
            own.rotation = (0.0, 0.0, 0.0)  # Blender's function takes the preference in place of `align` while this is not set
        if align == "VIEW" and not view:
            own.align = "WORLD"
        return add_object_align_init(context, operator=self)


class BLOOM_OT_choose(NeedsBloom, BloomOperator):
    """Put another flower into this bloom. Its keys go with the old one: press Grow again"""

    bl_idname, bl_label = "bloom.choose", "Replace Flower"
    design: EnumProperty(name="Flower", description="Design that the bloom becomes", items=flowers.items)  # type: ignore[valid-type]

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        try:
            design, _ = bloom_object.read_flower(self.design)
            bloom_object.set_design(context.object, design)
        except EXPECTED as error:
            return self.refuse(error)
        return FINISHED


class BLOOM_OT_try_example(InObjectMode, BloomOperator):
    """Add the chosen flower and grow it from the run that Bloom brings along: a small network that learns to read digits. Then press Space"""

    bl_idname, bl_label = "bloom.try_example", "Try the Example"
    run: StringProperty(name="Run", description="Run of Bloom's own that the flower grows from", default="digits", options={"HIDDEN"})  # type: ignore[valid-type]

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        return self._grow(context, "EXEC_DEFAULT")

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[OperatorReturnItems]:
        return self._grow(context, "INVOKE_DEFAULT")

    def _grow(self, context: bpy.types.Context, how: str) -> set[OperatorReturnItems]:
        try:
            design, _ = bloom_object.read_flower(chosen(context))
            obj = bloom_object.new_bloom(context, design)
            obj.location = context.scene.cursor.location
            properties.bloom_of(obj).run = self.run
            bpy.ops.bloom.grow(how)  # type: ignore[attr-defined]
        except (*EXPECTED, RuntimeError) as error:
            return self.refuse(str(error).removeprefix("Error: "))
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


def chosen(context: bpy.types.Context) -> str:
    """Returns the key of the flower that is chosen in the library."""
    return str(getattr(context.window_manager, "bloom_library").flower) or flowers.flowers()[0].key  # noqa: B009


CLASSES = (BLOOM_OT_add, BLOOM_OT_choose, BLOOM_OT_try_example, BLOOM_OT_export_flames)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
