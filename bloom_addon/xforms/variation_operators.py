"""Adding and removing the variations of an xform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import EnumProperty, IntProperty

from bloom_core import native

from .. import properties
from ..interface import FINISHED, RUNNING, BloomOperator, NeedsBloom
from . import arranging, varying

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems

_kept: list[tuple[str, str, str]] = []  # Blender does not keep the strings of an enum's items


def _items(_self: Any, _context: bpy.types.Context | None) -> list[tuple[str, str, str]]:
    if not _kept:
        table = sorted(native.variations().values(), key=lambda info: info.name.lower())
        _kept.extend((info.name, info.name, ", ".join(each.name for each in info.parameters) or "Has no parameters") for info in table)
    return _kept


class BLOOM_OT_variation_add(NeedsBloom, BloomOperator):
    """Add a variation to this xform: type a few letters to search among all of them"""

    bl_idname, bl_label, bl_property = "bloom.variation_add", "Add Variation", "variation"
    variation: EnumProperty(name="Variation", description="What bends space here", items=_items)  # type: ignore[valid-type]

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[OperatorReturnItems]:
        context.window_manager.invoke_search_popup(self)
        return RUNNING

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        bloom = properties.bloom_of(context.object)
        xform = bloom.xforms[min(bloom.active_xform, len(bloom.xforms) - 1)]
        if arranging.refusal(context.object):
            return self.refuse(arranging.refusal(context.object))
        if any(entry.name.lower() == self.variation.lower() for entry in xform.variations):
            return self.refuse(f"{xform.name} has {self.variation} already: change its weight")
        varying.add(xform, self.variation, bloom.dialect)
        if context.area is not None:
            context.area.tag_redraw()
        return FINISHED


class BLOOM_OT_variation_remove(NeedsBloom, BloomOperator):
    """Remove this variation with its curves and drivers; the others keep theirs"""

    bl_idname, bl_label = "bloom.variation_remove", "Remove Variation"
    index: IntProperty(name="Index", description="Place of the variation in the xform's list", min=0)  # type: ignore[valid-type]

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        bloom = properties.bloom_of(context.object)
        number = min(bloom.active_xform, len(bloom.xforms) - 1)
        if arranging.refusal(context.object):
            return self.refuse(arranging.refusal(context.object))
        if self.index >= len(bloom.xforms[number].variations):
            return self.refuse("There is no such variation")
        varying.remove(context.object, number, self.index)
        return FINISHED


CLASSES = (BLOOM_OT_variation_add, BLOOM_OT_variation_remove)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
