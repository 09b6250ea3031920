"""How a bloom is drawn live in the viewport; one a bloom, as `obj.bloom.live`. Settings of the view: they are not for keys."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import BoolProperty, FloatProperty, IntProperty

_SETTING: dict[str, Any] = {"options": set(), "override": {"LIBRARY_OVERRIDABLE"}}


class BloomLive(bpy.types.PropertyGroup):
    """How a bloom is drawn live in the viewport; one a bloom, as `obj.bloom.live`."""

    enabled: BoolProperty(  # type: ignore[valid-type]
        name="Live",
        description="Draw the flower in the viewport as glowing points, which follow every key, handle and slider at once. Renders do not show them",
        default=True,
        **_SETTING,
    )
    points: IntProperty(  # type: ignore[valid-type]
        name="While Moving",
        description="Points drawn at once while you scrub, play, orbit or drag a value. Lower it where the viewport stutters",
        default=500_000,
        min=1000,
        soft_min=50_000,
        soft_max=2_000_000,
        max=8_000_000,
        step=50_000,
        **_SETTING,
    )
    refined: IntProperty(  # type: ignore[valid-type]
        name="When Idle",
        description="Points that the picture grows to, step by step, as soon as nothing moves. Brightness stays the same, grain goes",
        default=6_000_000,
        min=1000,
        soft_max=40_000_000,
        max=400_000_000,
        step=1_000_000,
        **_SETTING,
    )
    size: FloatProperty(  # type: ignore[valid-type]
        name="Point Size",
        description="Width of a point in pixels at the middle of the flower; nearer ones are larger. Larger is softer, smaller sharper and grainier",
        default=2.5,
        min=1.0,
        soft_max=8.0,
        max=32.0,
        precision=1,
        subtype="PIXEL",
        **_SETTING,
    )
    brightness: FloatProperty(  # type: ignore[valid-type]
        name="Brightness",
        description="How brightly the live flower glows in the viewport. The render has its own exposure, in the material",
        default=1.0,
        min=0.0,
        soft_max=4.0,
        max=100.0,
        **_SETTING,
    )
    rendered: BoolProperty(  # type: ignore[valid-type]
        name="Over Renders",
        description="Draw the live flower in Rendered views too, and over a baked take in Material Preview: both are then seen, one over the other",
        default=False,
        **_SETTING,
    )


CLASSES = (BloomLive,)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
