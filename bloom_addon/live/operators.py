"""Operators of the live view."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from .. import properties
from ..interface import FINISHED, BloomOperator

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems


class BLOOM_OT_live(BloomOperator):
    """Switch the live flowers in the viewport on or off: the selected ones, or all of the scene where none is selected. Made for a shortcut"""

    bl_idname, bl_label = "bloom.live", "Toggle Live Flowers"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True where the scene has a bloom."""
        if not properties.blooms(context.scene):
            cls.poll_message_set("Add a bloom first: Add ▸ Bloom")  # type: ignore[attr-defined]
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        everywhere = properties.blooms(context.scene)
        chosen = [obj for obj in everywhere if obj in context.selected_objects] or everywhere
        settings = [properties.bloom_of(obj).live for obj in chosen]
        enabled = not any(live.enabled for live in settings)
        for live in settings:
            live.enabled = enabled
        return FINISHED


register, unregister = bpy.utils.register_classes_factory((BLOOM_OT_live,))
