"""Growing a bloom from its run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from bloom_core import growth

from .. import bloom_object, properties
from ..interface import EXPECTED, FINISHED, BloomOperator, NeedsBloom

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems


class BLOOM_OT_grow(NeedsBloom, BloomOperator):
    """Write the run's growth as keyframes: the flower opens with what was learned. Replaces the keys of an earlier growth"""

    bl_idname, bl_label = "bloom.grow", "Grow"

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        bloom, settings = properties.bloom_of(context.object), properties.growth_of(context.scene)
        if not bloom.run:
            return self.refuse("There is no run yet: choose one under Run, or use the example run")
        try:
            design = bloom_object.flower_of(context.object)
            run = bloom_object.read_run(bloom.run)
            grown = growth.grow(run, design, **settings.arguments())
            bloom_object.apply_growth(context.scene, context.object, grown)
        except EXPECTED as error:
            return self.refuse(error)
        held = int((grown.guard < 1.0).sum())
        self.report({"INFO"}, f"Grown over {settings.frames} frames" + (f"; {held} were held back so that the flower stays whole" if held else ""))
        return FINISHED


CLASSES = (BLOOM_OT_grow,)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
