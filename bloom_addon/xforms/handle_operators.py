"""Adding, resetting and removing handles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import BoolProperty

from .. import posing, properties
from ..interface import EXPECTED, FINISHED, BloomOperator, NeedsBloom
from . import handles

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems


class _OnHandles(NeedsBloom, BloomOperator):
    """Acts on the handle of the active xform, or on all (Shift-click)."""

    every: BoolProperty(name="All Xforms", description="Every xform's handle, not only the active one's", options={"SKIP_SAVE"})  # type: ignore[valid-type]

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[OperatorReturnItems]:
        self.every = self.every or event.shift
        return self.execute(context)

    def numbers(self, bloom: Any) -> list[int]:
        """Returns the xforms to act on."""
        return list(range(len(bloom.xforms))) if self.every else [min(max(bloom.active_xform, 0), len(bloom.xforms) - 1)]

    def handled(self, bloom: Any) -> list[int]:
        """Returns those of them that have a handle."""
        return [number for number in self.numbers(bloom) if bloom.xforms[number].handle is not None]


class BLOOM_OT_handle_add(_OnHandles):
    """Give this xform a handle, an Empty in the middle of what it draws."""

    bl_idname, bl_label = "bloom.handle_add", "Add Handle"
    bl_description = (
        "Give this xform a handle, an Empty in the middle of what it draws: move, rotate, scale, key or parent it, "
        "and the petal follows on top of the training's motion. Shift-click: every xform"
    )

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        obj = context.object
        try:
            made = handles.add(context, obj, self.numbers(properties.bloom_of(obj)), posing.read_flame(context.scene, obj))
        except EXPECTED as error:
            return self.refuse(error)
        if not made:
            return self.refuse("There is a handle already: find it in the collection Bloom Handles, or use Reset Handle")
        self.report({"INFO"}, f"Added {', '.join(handle.name for handle in made)}")
        return FINISHED


class BLOOM_OT_handle_select(_OnHandles):
    """Select this xform's handle and make it active, ready to be moved. Shift-click: every handle of the flower"""

    bl_idname, bl_label = "bloom.handle_select", "Select Handle"

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        bloom = properties.bloom_of(context.object)
        found = [bloom.xforms[number].handle for number in self.handled(bloom)]
        found = [handle for handle in found if handle.name in context.view_layer.objects]
        if not found:
            return self.refuse("No handle can be selected: add one, or show the collection Bloom Handles")
        for other in context.selected_objects:
            other.select_set(False)
        for handle in found:
            handle.hide_set(False)
            handle.select_set(True)
        context.view_layer.objects.active = found[0]
        return FINISHED


class _OnEach(_OnHandles):
    """Does one thing to each handle."""

    @staticmethod
    def act(obj: bpy.types.Object, number: int) -> object:
        """Does it to the handle of one xform."""
        raise NotImplementedError

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        for number in self.handled(properties.bloom_of(context.object)):
            self.act(context.object, number)
        return FINISHED


class BLOOM_OT_handle_reset(_OnEach):
    """Put this xform's handle back to where it does nothing; its keys stay. Shift-click: every handle of the flower"""

    bl_idname, bl_label, act = "bloom.handle_reset", "Reset Handle", staticmethod(handles.reset)


class BLOOM_OT_handle_remove(_OnEach):
    """Remove this xform's handle with its keys: the petal moves as it was keyed or grown. Shift-click: every handle of the flower"""

    bl_idname, bl_label, act = "bloom.handle_remove", "Remove Handle", staticmethod(handles.remove)


CLASSES = (BLOOM_OT_handle_add, BLOOM_OT_handle_select, BLOOM_OT_handle_reset, BLOOM_OT_handle_remove)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
