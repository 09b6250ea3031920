"""Choosing the recorded training run that a bloom grows from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.props import StringProperty

from .. import bloom_object, properties
from ..interface import EXPECTED, FINISHED, BloomOperator, FileOperator, NeedsBloom

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems


class BLOOM_OT_import_run(NeedsBloom, FileOperator):
    """Choose the recorded training run (.bloom) that the flower shall grow from"""

    bl_idname, bl_label = "bloom.import_run", "Import Run"
    filter_glob: StringProperty(default="*.bloom", options={"HIDDEN"})  # type: ignore[valid-type]

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        try:
            run = bloom_object.read_run(self.filepath)
        except EXPECTED as error:
            return self.refuse(error)
        properties.bloom_of(context.object).run = bloom_object.lasting_name(self.filepath)
        self.report({"INFO"}, f"{len(run.steps)} steps: now press Grow")
        return FINISHED


class BLOOM_OT_use_run(NeedsBloom, BloomOperator):
    """Use the run that Bloom brings along: a small network that learns to read handwritten digits"""

    bl_idname, bl_label = "bloom.use_run", "Use the Example Run"

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        properties.bloom_of(context.object).run = "digits"
        return FINISHED


CLASSES = (BLOOM_OT_import_run, BLOOM_OT_use_run)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
