"""Adding a wind that looks natural at once, taking it away with its keys, and spreading petals over its gusts."""

from __future__ import annotations

from math import cos, sin, tau
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import EnumProperty, FloatProperty
from mathutils import Matrix, Vector

from bloom_core.native import NativeError

from .. import bloom_object, keyframes, properties
from ..interface import FINISHED, BloomOperator, NeedsBloom

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems

PRESETS = {
    "breeze": ("Breeze", "A light, even wind: the flower nods and its petals stir", {"strength": 0.6, "speed": 1.0, "gusts": 0.4}),
    "gusty": ("Gusty", "The wind takes hold and lets go: the flower bows and swings back", {"strength": 1.4, "speed": 1.15, "gusts": 1.0}),
    "underwater": ("Underwater", "Slow and heavy, as if a swell went through the petals", {"strength": 1.6, "speed": 0.3, "gusts": 0.6}),
}
WIND = ("enabled", "strength", "speed", "direction", "gusts", "seed", "base")
TREMBLE = ("tremble", "tremble_speed", "keep_trembling")


class BLOOM_OT_add_wind(NeedsBloom, BloomOperator):
    """Let a wind sway the flower: the whole leans on its base, and each petal flutters a little later than the one before. Bakes play it too"""

    bl_idname, bl_label = "bloom.add_wind", "Add Wind"

    preset: EnumProperty(  # type: ignore[valid-type]
        name="Preset", description="The kind of wind to begin with", items=[(name, label, told) for name, (label, told, _) in PRESETS.items()]
    )

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        _blow(context.object, properties.bloom_of(context.object), self.preset)
        return FINISHED


class BLOOM_OT_remove_wind(NeedsBloom, BloomOperator):
    """Take the wind away, its keys and its drivers too; the petals' own wind and phase included. Trembling stays"""

    bl_idname, bl_label = "bloom.remove_wind", "Remove Wind"

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        bloom = properties.bloom_of(context.object)
        _reset(context.object, bloom.wind, "bloom.wind", WIND)
        bloom.wind.field = None
        for number, xform in enumerate(bloom.xforms):
            _reset(context.object, xform, f"bloom.xforms[{number}]", ("wind", "phase"))
        return FINISHED


class BLOOM_OT_reset_tremble(NeedsBloom, BloomOperator):
    """Show the trembling of training as it was recorded: gain and speed 1, without keys"""

    bl_idname, bl_label = "bloom.reset_tremble", "As Recorded"

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        _reset(context.object, properties.bloom_of(context.object).wind, "bloom.wind", TREMBLE)
        return FINISHED


class BLOOM_OT_spread_phases(NeedsBloom, BloomOperator):
    """Let gusts travel through the flower: each petal is moved a little later than the one before"""

    bl_idname, bl_label = "bloom.spread_phases", "Spread Phases"

    spread: FloatProperty(  # type: ignore[valid-type]
        name="Spread", description="How much later the last petal is than the first: a full turn is two seconds", subtype="ANGLE", default=tau
    )

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        bloom = properties.bloom_of(context.object)
        keyframes.remove_keys(context.object, *(f"bloom.xforms[{number}].phase" for number in range(len(bloom.xforms))))
        _spread(bloom, self.spread)
        return FINISHED


class BLOOM_OT_add_wind_field(NeedsBloom, BloomOperator):
    """Add a Wind force field that blows on this bloom: turn it to turn the wind, key its strength for gusts by hand"""

    bl_idname, bl_label = "bloom.add_wind_field", "Add Wind Field"

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        obj = context.object
        bloom = properties.bloom_of(obj)
        if not bloom.wind.enabled:
            _blow(obj, bloom, "breeze")
        field = bpy.data.objects.new(f"{obj.name} Wind", None)
        context.collection.objects.link(field)
        with context.temp_override(object=field, active_object=field):
            bpy.ops.object.forcefield_toggle()  # there is no other way to give an object a field
        field.field.type = "WIND"
        blows = Vector((cos(bloom.wind.direction), sin(bloom.wind.direction), 0.0))
        place = Matrix.Translation(-1.5 * bloom.box_high[0] * blows) @ blows.to_track_quat("Z", "Y").to_matrix().to_4x4()
        field.matrix_world = obj.matrix_world @ place
        bloom.wind.field = field
        return FINISHED


def _blow(obj: bpy.types.Object, bloom: Any, preset: str) -> None:
    """Sets a wind up as a preset has it, without keys in what the preset sets."""
    values = PRESETS[preset][2]
    keyframes.remove_keys(obj, *(f"bloom.wind.{name}" for name in values))
    for name, value in values.items():
        setattr(bloom.wind, name, value)
    if not bloom.wind.enabled:
        bloom.wind.base = _foot(bloom)
        if not any(xform.phase for xform in bloom.xforms):
            _spread(bloom, tau)
    bloom.wind.enabled = True


def _spread(bloom: Any, spread: float) -> None:
    petals = len(bloom.xforms) - bool(bloom.has_final)
    for number in range(petals):
        bloom.xforms[number].phase = spread * number / max(petals, 1)


def _reset(obj: bpy.types.Object, owner: Any, path: str, names: tuple[str, ...]) -> None:
    """Puts properties back to their defaults, without keys."""
    keyframes.remove_keys(obj, *(f"{path}.{name}" for name in names))
    for name in names:
        owner.property_unset(name)


def _foot(bloom: Any) -> float:
    """Returns the height of the flower's lowest point: where its box stood when it was chosen, or ends now."""
    try:
        return bloom_object.flower_of(bloom.id_data).box.low[2]
    except (ValueError, OSError, NativeError):  # the flower's file is gone
        return float(bloom.box_low[2])


CLASSES = (BLOOM_OT_add_wind, BLOOM_OT_add_wind_field, BLOOM_OT_remove_wind, BLOOM_OT_reset_tremble, BLOOM_OT_spread_phases)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
