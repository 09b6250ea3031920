"""The wind that moves a bloom, and its tremble; one a bloom, as `obj.bloom.wind`. Each can be keyed."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import BoolProperty, FloatProperty, IntProperty, PointerProperty

from .overriding import OVERRIDE


def _blows(_self: Any, obj: bpy.types.Object) -> bool:
    return obj.field is not None and obj.field.type == "WIND"


class BloomWind(bpy.types.PropertyGroup):
    """The wind that moves a bloom, and its tremble; one a bloom, as `obj.bloom.wind`. Each can be keyed."""

    enabled: BoolProperty(name="Wind", description="Lets the wind lean the flower and flutter its petals, on top of its keys", override=OVERRIDE)  # type: ignore[valid-type]
    strength: FloatProperty(  # type: ignore[valid-type]
        name="Strength",
        description="How hard the wind blows: 0.3 is a breath, 1 a fresh breeze, 3 a storm. With a force field, this multiplies its strength",
        min=0.0,
        soft_max=3.0,
        max=100.0,
        default=1.0,
        override=OVERRIDE,
    )
    speed: FloatProperty(  # type: ignore[valid-type]
        name="Speed",
        description="How fast the wind's time goes: 0.3 looks like water or slow motion. Key it freely, the motion never jumps",
        soft_min=0.0,
        soft_max=3.0,
        min=-100.0,
        max=100.0,
        default=1.0,
        override=OVERRIDE,
    )
    direction: FloatProperty(  # type: ignore[valid-type]
        name="Direction",
        description="Where the wind blows to, in the bloom's own space: 0° is its X axis, 90° its Y axis",
        subtype="ANGLE",
        unit="ROTATION",
        override=OVERRIDE,
    )
    gusts: FloatProperty(  # type: ignore[valid-type]
        name="Gusts",
        description="How uneven the wind is: 0 holds the flower leant and hardly sways it, 1 lets go and takes hold again",
        min=0.0,
        max=1.0,
        default=0.5,
        subtype="FACTOR",
        override=OVERRIDE,
    )
    seed: IntProperty(  # type: ignore[valid-type]
        name="Seed", description="Another seed is another wind of the same kind; blooms of one seed sway together", min=0, override=OVERRIDE
    )
    base: FloatProperty(  # type: ignore[valid-type]
        name="Base", description="Height of the point that the flower sways about, in the bloom's own space", subtype="DISTANCE", unit="LENGTH",
        override=OVERRIDE,
    )
    field: PointerProperty(  # type: ignore[valid-type]
        name="Force Field",
        description="Wind force field that blows in place of Direction: along its Z axis, with its strength; its noise adds gusts",
        type=bpy.types.Object,
        poll=_blows,
        override=OVERRIDE,
    )
    tremble: FloatProperty(  # type: ignore[valid-type]
        name="Tremble",
        description="How strongly late training's trembling is shown: 1 as it was recorded, 0 calm, more exaggerates it as far as the flower holds",
        min=0.0,
        soft_max=5.0,
        max=100.0,
        default=1.0,
        override=OVERRIDE,
    )
    tremble_speed: FloatProperty(  # type: ignore[valid-type]
        name="Tremble Speed",
        description="How fast the recorded trembling is played: 1 with the growth, 0.5 half as fast. Key it freely, it never jumps",
        min=0.0,
        soft_max=4.0,
        max=100.0,
        default=1.0,
        override=OVERRIDE,
    )
    keep_trembling: BoolProperty(  # type: ignore[valid-type]
        name="Keep Trembling",
        description="After the growth has ended, plays its last quarter's trembling back and forth, for as long as the open flower is held",
        override=OVERRIDE,
    )


CLASSES = (BloomWind,)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
