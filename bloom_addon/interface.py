"""What operators and panel sections of all features share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import StringProperty

from bloom_core.flames.flame import FlameError
from bloom_core.native import NativeError
from bloom_core.takes import TakeError
from bloom_core.trajectories.run_files import RunError

from . import properties

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems

FINISHED: set[OperatorReturnItems] = {"FINISHED"}
CANCELLED: set[OperatorReturnItems] = {"CANCELLED"}
RUNNING: set[OperatorReturnItems] = {"RUNNING_MODAL"}
PASS: set[OperatorReturnItems] = {"PASS_THROUGH"}
EXPECTED = (FlameError, NativeError, RunError, TakeError, ValueError, OSError)
"""What a user can cause: shown as one line in the status bar."""


class BloomOperator(bpy.types.Operator):
    """What all operators on a bloom share."""

    bl_options = {"REGISTER", "UNDO"}

    def refuse(self, problem: object) -> set[OperatorReturnItems]:
        """Shows an error in the status bar and ends the operator."""
        self.report({"ERROR"}, str(problem))
        return CANCELLED


class NeedsBloom:
    """Poll for operators that act on the active bloom."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True where the active object is a bloom."""
        if properties.bloom_of(context.object) is None:
            cls.poll_message_set("Select a bloom, or add one with Add ▸ Bloom")  # type: ignore[attr-defined]
            return False
        return True


class Choice:
    """An operator with an enum whose items are shown as buttons of their own: each has the tooltip of its item.

    Give it `choice`, the enum's name, and `choices`, its items.
    """

    choice = "how"
    choices: Sequence[tuple[str, str, str]] = ()

    @classmethod
    def description(cls, _context: bpy.types.Context, options: Any) -> str:
        """Returns the tooltip of what is chosen."""
        return next(told for name, _, told in cls.choices if name == getattr(options, cls.choice))


class FileOperator(BloomOperator):
    """An operator that asks for a file."""

    filepath: StringProperty(subtype="FILE_PATH")  # type: ignore[valid-type]

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[OperatorReturnItems]:
        context.window_manager.fileselect_add(self)
        return RUNNING


class Section:
    """A section of the sidebar's tab; give it `bl_idname`, `bl_label` and `bl_order` (the order of work), and `draw`."""

    bl_space_type: Any = "VIEW_3D"
    bl_region_type: Any = "UI"
    bl_category, bl_parent_id = "Bloom", "BLOOM_PT_main"
    layout: Any

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True where the active object is a bloom."""
        return properties.bloom_of(context.object) is not None

    def split_layout(self) -> Any:
        """Returns the section's layout with names on the left of their fields, as Blender's own panels have them."""
        layout = self.layout
        layout.use_property_split, layout.use_property_decorate = True, False
        return layout
