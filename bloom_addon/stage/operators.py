"""Setting the stage around a bloom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from ..interface import FINISHED, BloomOperator, NeedsBloom
from . import stage

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems


class BLOOM_OT_stage(NeedsBloom, BloomOperator):
    """Set up a black world, a camera with depth of field on a slow path, a glow, and render settings for this bloom"""

    bl_idname, bl_label = "bloom.stage", "Set the Stage"

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        stage.build(context.scene, context.object)
        return FINISHED


CLASSES = (BLOOM_OT_stage,)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
