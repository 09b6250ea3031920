"""Setting the stage around a bloom, fitting it, taking it away; what the flower is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.props import EnumProperty

from ..interface import FINISHED, BloomOperator, NeedsBloom
from ..materials import variants
from ..materials.variants import VARIANTS
from ..volumes import knowledge, notice
from . import compositing, stage

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems


class BLOOM_OT_stage(NeedsBloom, BloomOperator):
    """Set up camera, world, ground, lamps, finish and render settings around this bloom, as chosen. Your own objects stay as they are"""

    bl_idname, bl_label = "bloom.stage", "Set the Stage"

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        stage.build(context.scene, context.object, None)
        if notice.uses_cycles(context.scene):
            knowledge.ask()  # so that the panel knows when it comes to baking
        if compositing.has_own_tree(context.scene):
            self.report({"INFO"}, "Your own compositor tree was left alone: Insert the Finish puts Bloom's into it")
        return FINISHED


class BLOOM_OT_refit_stage(NeedsBloom, BloomOperator):
    """Fit the stage to the scene's frames and to this bloom's place and size, as after a longer growth. Your keys are stretched with it"""

    bl_idname, bl_label = "bloom.refit_stage", "Refit"

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        try:
            stage.refit(context.scene, context.object)
        except ValueError as error:
            return self.refuse(error)
        return FINISHED


class BLOOM_OT_remove_stage(BloomOperator):
    """Take away what the stage made and give the scene its former camera and world back. Render settings stay as they are"""

    bl_idname, bl_label = "bloom.remove_stage", "Remove Stage"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True where a stage is set."""
        return stage.is_set(context.scene)

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        stage.remove(context.scene)
        return FINISHED


class BLOOM_OT_insert_finish(BloomOperator):
    """Put the chosen finish, as one node group, in front of the output of your own compositor tree"""

    bl_idname, bl_label = "bloom.insert_finish", "Insert the Finish"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True where the scene has a compositor tree that is not Bloom's."""
        return compositing.has_own_tree(context.scene)

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        try:
            compositing.insert(context.scene, getattr(context.scene, "bloom_stage").looks)  # noqa: B009 - no attribute to the type checker
        except ValueError as error:
            return self.refuse(error)
        return FINISHED


class BLOOM_OT_material(NeedsBloom, BloomOperator):
    """Choose what the flower is made of. Palette, its keys and the take stay; no bake is needed"""

    bl_idname, bl_label = "bloom.material", "Material"

    variant: EnumProperty(  # type: ignore[valid-type]
        name="Material", description="What the flower is made of", items=[(name, told.title, told.description) for name, told in VARIANTS.items()]
    )

    @classmethod
    def description(cls, _context: bpy.types.Context, options: bpy.types.OperatorProperties) -> str:
        """Each material explains itself."""
        return VARIANTS[getattr(options, "variant")].description  # noqa: B009

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        wanted = VARIANTS[self.variant]
        worn = [material for material in variants.materials_of(context.object) if variants.for_points(material) == wanted.points]
        if not worn:
            return self.refuse(
                f"{wanted.title} is for points: bake a take of points first"
                if wanted.points
                else f"{context.object.name} wears no material of Bloom's: its palette has nowhere to go"
            )
        try:
            for material in worn:
                variants.set_variant(material, self.variant)
        except ValueError as error:
            return self.refuse(error)
        if stage.is_set(context.scene):
            stage.apply_settings(context.scene)
        return FINISHED


CLASSES = (BLOOM_OT_stage, BLOOM_OT_refit_stage, BLOOM_OT_remove_stage, BLOOM_OT_insert_finish, BLOOM_OT_material)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
