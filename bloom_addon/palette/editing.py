"""Editing a palette by hand: locking stops, keying what was edited, and what is done to all stops at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import BoolProperty, EnumProperty, IntProperty

from bloom_core import palettes

from .. import keyframes, material, properties
from ..interface import FINISHED, BloomOperator, Choice
from ..keyframes import Stop
from . import stops

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems

CONTRAST = 2.0
_KEEPS = [
    ("KEY", "Key Now", "Key the new color on this frame; before and after it, the old keys still lead to it and away"),
    ("SHIFT", "Shift All Keys", "Change the color on every frame by as much as on this one"),
    ("HOLD", "Hold and Lock", "Remove the stop's keys and lock it: it has this color on every frame, whatever palette comes"),
]
_CHANGES = [
    ("FLATTEN", "Flatten", "Remove all keys of the palette: it keeps the colors of this frame"),
    ("DISTRIBUTE", "Distribute Evenly", "Set the stops at even distances"),
    ("REVERSE", "Reverse", "Turn the palette round, with its keys: hearts get the colors of tips"),
]
_FITS = [
    ("EXPOSURE", "Exposure", "How bright the glow is as a whole. Too much, and hearts burn out to white. Click for what suits this palette"),
    ("CONTRAST", "Contrast", "How far hearts outshine veils: 1 is flat and misty, 3 leaves only what is dense. Click for 2"),
]

_copied: list[Stop] = []
"""The palette that was copied last, as plain data."""


class NeedsPalette:
    """Poll for operators that act on the active bloom's palette."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True where the active object is a bloom with a palette."""
        if context.object is None or properties.bloom_of(context.object) is None or material.glow_of(context.object) is None:
            cls.poll_message_set("Select a bloom whose material has a Bloom palette")  # type: ignore[attr-defined]
            return False
        return True


def _glow(context: bpy.types.Context) -> bpy.types.Material:
    glow = material.glow_of(context.object)
    assert glow is not None
    return glow


def _frame(context: bpy.types.Context) -> float:
    return context.scene.frame_current + context.scene.frame_subframe


class BLOOM_OT_lock_stop(NeedsPalette, BloomOperator):
    """Lock this color: other palettes and a new growth leave the stop, its place and its keys alone"""

    bl_idname, bl_label = "bloom.lock_stop", "Lock Stop"

    stop: IntProperty(name="Stop", description="Number of the stop, from 0", min=0, max=31)  # type: ignore[valid-type]

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        if self.stop >= len(material.ramp_of(_glow(context)).elements):
            return self.refuse(f"There is no stop {self.stop}: this palette has {len(material.ramp_of(_glow(context)).elements)}")
        stops.set_locked(context.object, sorted({*stops.locked(context.object)} ^ {self.stop}))
        return FINISHED


class BLOOM_OT_lock_all_stops(NeedsPalette, BloomOperator):
    """Lock or unlock all stops of the palette"""

    bl_idname, bl_label = "bloom.lock_all_stops", "Lock All"

    lock: BoolProperty(name="Lock", description="Lock them; off: unlock them", default=True)  # type: ignore[valid-type]

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        stops.set_locked(context.object, list(range(len(material.ramp_of(_glow(context)).elements))) if self.lock else [])
        return FINISHED


class BLOOM_OT_keep_edited_stops(Choice, NeedsPalette, BloomOperator):
    """Keep the colors that you have just changed, which their keys would take back on the next frame"""

    bl_idname, bl_label = "bloom.keep_edited_stops", "Keep Edited Colors"

    choices = _KEEPS
    how: EnumProperty(name="How", description="What becomes of the keys", items=_KEEPS)  # type: ignore[valid-type]

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        glow, frame = _glow(context), _frame(context)
        edited = stops.edited(glow, frame)
        if not edited:
            return self.refuse("No keyed color differs from its keys here: change one in the palette first")
        for number in edited:
            if self.how == "KEY":
                keyframes.key_stop(glow, number, frame)
            elif self.how == "SHIFT":
                keyframes.shift_stop(glow, number, frame)
        if self.how == "HOLD":
            keyframes.remove_keys(glow.node_tree, *map(keyframes.stop_path, edited))
            stops.set_locked(context.object, sorted({*stops.locked(context.object), *edited}))
        return FINISHED


class BLOOM_OT_change_stops(Choice, NeedsPalette, BloomOperator):
    """Change all stops of the palette at once"""

    bl_idname, bl_label = "bloom.change_stops", "Change Stops"

    choices = _CHANGES
    how: EnumProperty(name="How", description="What is done to the stops", items=_CHANGES)  # type: ignore[valid-type]

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        glow, locked = _glow(context), stops.locked(context.object)
        found = keyframes.read_stops(glow)
        keyframes.write_stops(glow, {"FLATTEN": stops.flat, "DISTRIBUTE": stops.even, "REVERSE": stops.turned}[self.how](found))
        stops.set_locked(context.object, sorted(len(found) - 1 - number for number in locked) if self.how == "REVERSE" else locked)
        return FINISHED


class BLOOM_OT_copy_palette(NeedsPalette, BloomOperator):
    """Copy the palette, with its keys, to paste it on another bloom"""

    bl_idname, bl_label, bl_options = "bloom.copy_palette", "Copy Palette", {"REGISTER"}

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        _copied[:] = keyframes.read_stops(_glow(context))
        self.report({"INFO"}, f"Copied {len(_copied)} stops")
        return FINISHED


class BLOOM_OT_paste_palette(NeedsPalette, BloomOperator):
    """Paste the palette that was copied, with its keys, in place of this bloom's; exposure stays"""

    bl_idname, bl_label = "bloom.paste_palette", "Paste Palette"

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        if not _copied:
            return self.refuse("No palette was copied yet: choose Copy Palette on another bloom")
        if stops.locked(context.object):
            return self.refuse("This palette has locked stops: unlock them to paste over it")
        keyframes.write_stops(_glow(context), _copied)
        return FINISHED


class BLOOM_OT_fit_glow(Choice, NeedsPalette, BloomOperator):
    """Set exposure or contrast to what suits the palette"""

    bl_idname, bl_label = "bloom.fit_glow", "Fit"

    choice, choices = "value", _FITS
    value: EnumProperty(name="Value", description="What is set", items=_FITS)  # type: ignore[valid-type]

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        glow = _glow(context)
        if self.value == "EXPOSURE":
            material.set_exposure(glow, stops.shown(glow))
            return FINISHED
        node: Any = glow.node_tree.nodes.get(material.CONTRAST)
        if node is not None:
            node.outputs[0].default_value = CONTRAST
        return FINISHED


def burnt_out(glow: bpy.types.Material) -> float | None:
    """Returns the exposure that suits the palette where the material's is more than twice that, else None."""
    node: Any = glow.node_tree.nodes.get(material.EXPOSURE) if glow.node_tree is not None else None
    suits = palettes.exposure(stops.shown(glow))
    return suits if node is not None and node.outputs[0].default_value > 2.0 * suits else None


CLASSES = (
    BLOOM_OT_lock_stop,
    BLOOM_OT_lock_all_stops,
    BLOOM_OT_keep_edited_stops,
    BLOOM_OT_change_stops,
    BLOOM_OT_copy_palette,
    BLOOM_OT_paste_palette,
    BLOOM_OT_fit_glow,
)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
