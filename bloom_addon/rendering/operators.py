"""Rendering the film."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from .. import compat
from ..interface import FINISHED, BloomOperator

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems


class BLOOM_OT_render(BloomOperator):
    """Render the scene's frame range as a film"""

    bl_idname, bl_label, bl_options = "bloom.render", "Render Film", {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True where there is a camera to render with."""
        cls.poll_message_set("There is no camera: press Set the Stage, or add one")
        return context.scene.camera is not None

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        compat.set_movie(context.scene)
        try:
            # From the panel the render gets a window of its own and Blender stays usable; from a script it is waited for.
            bpy.ops.render.render("EXEC_DEFAULT" if bpy.app.background else "INVOKE_DEFAULT", animation=True)
        except RuntimeError as error:
            return self.refuse(error)
        return FINISHED


CLASSES = (BLOOM_OT_render,)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
