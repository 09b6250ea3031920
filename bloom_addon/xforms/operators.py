"""Editing the list of xforms; every change takes curves, drivers, xaos and handles along."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import BoolProperty, EnumProperty

from .. import properties
from ..interface import FINISHED, BloomOperator, NeedsBloom
from . import arranging, multiplying, naming

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems

WAYS = [(key, label, told) for key, (label, told, _) in multiplying.WAYS.items()]


class _Editing(NeedsBloom, BloomOperator):
    """Changes the list of xforms."""

    regular_only = True

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        bloom = properties.bloom_of(context.object)
        number = min(max(bloom.active_xform, 0), len(bloom.xforms) - 1)
        if self.regular_only and number >= len(bloom.xforms) - bloom.has_final:
            return self.refuse("The final xform bends the whole flower and stands last: choose another one")
        try:
            bloom.active_xform = self.edit(context.object, bloom, number)
        except ValueError as error:
            return self.refuse(error)
        return FINISHED

    def edit(self, obj: bpy.types.Object, bloom: Any, number: int) -> int:
        """Changes the list at `number`; returns the place to be active. Raises ValueError where it must not."""
        raise NotImplementedError


class BLOOM_OT_xform_add(_Editing):
    """Add a petal that draws a smaller copy of the whole flower beside it; move it with its affine or a handle"""

    bl_idname, bl_label, regular_only = "bloom.xform_add", "Add Xform", False

    def edit(self, obj: bpy.types.Object, bloom: Any, number: int) -> int:
        """Adds a linear xform behind the regular ones."""
        place: int = len(bloom.xforms) - bloom.has_final
        before: list[int | None] = list(range(len(bloom.xforms)))
        arranging.arrange(obj, [*before[:place], None, *before[place:]])
        xform = bloom.xforms[place]
        xform.name = naming.unique("Petals", {other.name for other in bloom.xforms})
        xform.weight, xform.color, xform.color_speed = 0.5, 0.5, 0.5
        xform.pre = (0.45, 0.0, 0.0, 0.6, 0.0, 0.45, 0.0, 0.0, 0.0, 0.0, 0.45, 0.0)
        variation = xform.variations.add()
        variation.name, variation.weight = "linear", 1.0
        return place


class BLOOM_OT_xform_duplicate(_Editing):
    """Add a copy of this xform, with its curves and drivers"""

    bl_idname, bl_label = "bloom.xform_duplicate", "Duplicate Xform"

    def edit(self, obj: bpy.types.Object, bloom: Any, number: int) -> int:
        """Adds a copy behind it."""
        order = list(range(len(bloom.xforms)))
        arranging.arrange(obj, [*order[: number + 1], *order[number:]])
        return number + 1


class BLOOM_OT_xform_multiply(_Editing):
    """Add copies of this xform, mirrored or turned about the flower's axis: more petals of the same kind"""

    bl_idname, bl_label = "bloom.xform_multiply", "Mirror or Multiply"
    way: EnumProperty(name="Way", description="How the copies stand to the first", items=WAYS, default="X")  # type: ignore[valid-type]

    def edit(self, obj: bpy.types.Object, bloom: Any, number: int) -> int:
        """Adds the copies behind it."""
        way: str = self.way
        return multiplying.multiply(obj, number, way)[-1]


class BLOOM_OT_xform_remove(_Editing):
    """Remove this xform with its curves, drivers and handle; the other xforms keep theirs"""

    bl_idname, bl_label, regular_only = "bloom.xform_remove", "Remove Xform", False

    def edit(self, obj: bpy.types.Object, bloom: Any, number: int) -> int:
        """Removes it."""
        final = bool(bloom.has_final) and number == len(bloom.xforms) - 1
        if not final and len(bloom.xforms) - bloom.has_final == 1:
            raise ValueError("A flower needs one xform at least: add another one first")
        order = list(range(len(bloom.xforms)))
        if final:
            bloom.has_final = False
        try:
            arranging.arrange(obj, [*order[:number], *order[number + 1 :]])
        except ValueError:
            bloom.has_final = bloom.has_final or final
            raise
        left: int = len(bloom.xforms)
        return max(0, min(number, left - 1))


class BLOOM_OT_xform_move(_Editing):
    """Move this xform up or down in the list; the flower stays the same"""

    bl_idname, bl_label = "bloom.xform_move", "Move Xform"
    up: BoolProperty(name="Up", description="Towards the top of the list", default=True)  # type: ignore[valid-type]

    def edit(self, obj: bpy.types.Object, bloom: Any, number: int) -> int:
        """Changes places with its neighbour."""
        other: int = number + (-1 if self.up else 1)
        if not 0 <= other < len(bloom.xforms) - bloom.has_final:
            return number
        order = list(range(len(bloom.xforms)))
        order[number], order[other] = order[other], order[number]
        arranging.arrange(obj, order)
        return other


CLASSES = (BLOOM_OT_xform_add, BLOOM_OT_xform_duplicate, BLOOM_OT_xform_multiply, BLOOM_OT_xform_remove, BLOOM_OT_xform_move)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
