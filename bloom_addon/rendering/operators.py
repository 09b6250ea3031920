"""Rendering the film."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from .. import compat
from ..interface import FINISHED, BloomOperator
from ..properties.rendering import kind_of
from ..volumes import notice
from . import output

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems


class BLOOM_OT_render(BloomOperator):
    """Render the scene's frames. Blender stays usable meanwhile, and Esc stops in the window of the render"""

    bl_idname, bl_label, bl_options = "bloom.render", "Render Film", {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True where there is a camera to render with, and no render is going on."""
        cls.poll_message_set("There is no camera: press Set the Stage, or add one")
        if context.scene.camera is not None and bpy.app.is_job_running("RENDER"):
            cls.poll_message_set("A render is going on: wait for it, or stop it with Esc in its window")
            return False
        return context.scene.camera is not None

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        kind = kind_of(context.scene)
        if kind == "FILM":
            compat.set_movie(context.scene)
        elif kind == "STILLS":
            compat.set_png(context.scene)
        if notice.renders_black(context.scene):
            self.report({"WARNING"}, notice.TEXT)
        folder = Path(output.target(context.scene)).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)  # told now, not after the first frame
            # From the panel the render gets a window of its own and Blender stays usable; from a script it is waited for.
            bpy.ops.render.render("EXEC_DEFAULT" if bpy.app.background else "INVOKE_DEFAULT", animation=True)
        except OSError as error:
            return self.refuse(f"{folder} cannot be written to ({error.strerror}): choose another place under Render ▸ Output")
        except RuntimeError as error:
            return self.refuse(error)
        return FINISHED


CLASSES = (BLOOM_OT_render,)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
