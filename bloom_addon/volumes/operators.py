"""The ways out where Cycles shows volumes black."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import EnumProperty

from .. import compat, properties
from ..interface import FINISHED, BloomOperator, Choice

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems

_WAYS = (
    ("POINTS", "Points", "Bake this scene's blooms as points, which Cycles shows. The takes of volumes stay"),
    ("EEVEE", "EEVEE", "Render this scene with EEVEE, which shows volumes"),
)


class BLOOM_OT_avoid_black(Choice, BloomOperator):
    """Have the flowers seen though this Blender's Cycles shows volumes black"""

    bl_idname, bl_label = "bloom.avoid_black", "Avoid Black Volumes"
    choice, choices = "way", _WAYS
    way: EnumProperty(name="Way", description="What is changed", items=_WAYS, options={"SKIP_SAVE"})  # type: ignore[valid-type]

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        if self.way == "EEVEE":
            use_eevee(context.scene)
            return FINISHED
        for obj in properties.blooms(context.scene):
            baking = properties.bloom_of(obj).baking
            if baking.kind == "VOLUME":
                baking.kind = "POINTS"
        self.report({"INFO"}, "Now press Bake: the flower becomes points")
        return FINISHED


def use_eevee(scene: Any) -> None:
    """Has EEVEE render a scene, with its stage's settings where a stage stands."""
    scene.bloom_stage.engine = "EEVEE"
    scene.render.engine = compat.eevee()


register, unregister = bpy.utils.register_classes_factory((BLOOM_OT_avoid_black,))
