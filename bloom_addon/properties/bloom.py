"""What a bloom is in Blender: a flame as properties of an object, so that every number can be keyed, driven and read back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import bpy
import numpy as np
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    FloatProperty,
    FloatVectorProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from bloom_core.flames import affines
from bloom_core.flames.flame import FloatArray

from .. import material
from .baking import BloomBaking
from .live import BloomLive
from .overriding import OVERRIDE
from .palette import BloomPalette
from .wind import BloomWind

IDENTITY = (1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0)
_AFFINE = "3×4, row by row: [0 … 3] what x becomes of x, y, z and by how far it moves, [4 … 7] y, [8 … 11] z"


def _renamed(xform: Any, _context: bpy.types.Context) -> None:
    from ..xforms import naming  # the feature needs these properties first

    naming.follow(xform)


def _part(name: str) -> Callable[[Any], Any]:
    return lambda xform: getattr(affines.decomposed(_affine(xform)), name)


def _set_part(name: str) -> Callable[[Any, Any], None]:
    def put(xform: Any, value: Any) -> None:
        affine = _affine(xform)
        told: Any = {name: tuple(value) if isinstance(value, Sequence) else value}
        parts = replace(affines.decomposed(affine), **told)
        xform.pre = affines.recomposed(parts, affine).ravel()

    return put


def _affine(xform: Any) -> FloatArray:
    return np.array(xform.pre, np.float64).reshape(3, 4)


def _swatch(xform: Any) -> tuple[float, float, float]:
    for slot in xform.id_data.material_slots:
        ramp = material.ramp_of(slot.material) if slot.material is not None else None
        if ramp is not None:
            red, green, blue, _ = ramp.evaluate(xform.color)
            return (red, green, blue)
    return (1.0, 1.0, 1.0)


class BloomNumber(bpy.types.PropertyGroup):
    """A named number: a variation's parameter, or an entry of xaos."""

    value: FloatProperty(name="Value", description="Value of this parameter", override=OVERRIDE)  # type: ignore[valid-type]


class BloomVariation(bpy.types.PropertyGroup):
    """A variation of an xform; `name` is its name."""

    weight: FloatProperty(name="Weight", description="How much of this variation goes into the xform", override=OVERRIDE)  # type: ignore[valid-type]
    parameters: CollectionProperty(type=BloomNumber, override=OVERRIDE)  # type: ignore[valid-type]


class BloomXform(bpy.types.PropertyGroup):
    """An xform: one of the functions whose repetition draws the flower."""

    name: StringProperty(  # type: ignore[valid-type]
        name="Name", description="Name of this xform, and of the group of its curves in the Graph Editor and the Dope Sheet", update=_renamed
    )
    weight: FloatProperty(  # type: ignore[valid-type]
        name="Weight", description="How often this xform is chosen, relative to the others", min=0.0, soft_max=10.0, default=1.0, override=OVERRIDE
    )
    color: FloatProperty(  # type: ignore[valid-type]
        name="Color", description="Place in the palette that points are drawn to by this xform", min=0.0, max=1.0, subtype="FACTOR", override=OVERRIDE
    )
    color_speed: FloatProperty(  # type: ignore[valid-type]
        name="Color Speed", description="How strongly this xform pulls points to its color", min=-1.0, max=1.0, default=0.5, override=OVERRIDE
    )
    opacity: FloatProperty(  # type: ignore[valid-type]
        name="Opacity", description="How much of what this xform draws is seen", min=0.0, max=1.0, default=1.0, subtype="FACTOR", override=OVERRIDE
    )
    pre: FloatVectorProperty(name="Affine", description=f"Applied before the variations. {_AFFINE}", size=12, default=IDENTITY, override=OVERRIDE)  # type: ignore[valid-type]
    post: FloatVectorProperty(  # type: ignore[valid-type]
        name="Post Affine", description=f"Applied after the variations. {_AFFINE}", size=12, default=IDENTITY, override=OVERRIDE
    )
    angle: FloatProperty(  # type: ignore[valid-type]
        name="Rotation", description="How far the affine turns the plane. Drag it; what can be keyed are the numbers of the affine below",
        subtype="ANGLE", unit="ROTATION", get=_part("angle"), set=_set_part("angle"), options=set(),
    )  # fmt: skip
    size: FloatVectorProperty(  # type: ignore[valid-type]
        name="Scale", description="How far the affine stretches the plane along its own X and Y. Above 1 the flower can fly apart",
        size=2, step=1, get=_part("scale"), set=_set_part("scale"), options=set(),
    )  # fmt: skip
    shear: FloatProperty(  # type: ignore[valid-type]
        name="Shear", description="How far the affine slants the plane along X", step=1, get=_part("shear"), set=_set_part("shear"), options=set()
    )
    offset: FloatVectorProperty(  # type: ignore[valid-type]
        name="Move", description="How far the affine moves what it is given", size=3, subtype="XYZ", step=1,
        get=_part("offset"), set=_set_part("offset"), options=set(),
    )  # fmt: skip
    swatch: FloatVectorProperty(  # type: ignore[valid-type]
        name="Color", description="The color that this xform pulls to, in the palette of the moment",
        size=3, subtype="COLOR", get=_swatch, options=set(),
    )
    animate: BoolProperty(name="Animate", description="Turns in flam3's and Ember's loops", default=True, override=OVERRIDE)  # type: ignore[valid-type]
    variations: CollectionProperty(type=BloomVariation, override=OVERRIDE)  # type: ignore[valid-type]
    chaos: CollectionProperty(type=BloomNumber, override=OVERRIDE)  # type: ignore[valid-type]
    mute: BoolProperty(name="Mute", description="Hides what this xform draws; the others keep their shape", override=OVERRIDE)  # type: ignore[valid-type]
    solo: BoolProperty(name="Solo", description="Hides what all others draw that are not solo themselves", override=OVERRIDE)  # type: ignore[valid-type]
    wind: FloatProperty(  # type: ignore[valid-type]
        name="Wind", description="How strongly the wind moves this petal", min=0.0, max=1.0, default=1.0, subtype="FACTOR", override=OVERRIDE
    )
    phase: FloatProperty(  # type: ignore[valid-type]
        name="Phase", description="How much later than the first petal this one is moved by the wind", subtype="ANGLE", unit="ROTATION",
        override=OVERRIDE,
    )
    tremble: FloatVectorProperty(  # type: ignore[valid-type]
        name="Tremble", description="What the training's late flutter adds to the affine at this frame", size=12, override=OVERRIDE
    )
    handle: PointerProperty(  # type: ignore[valid-type]
        name="Handle", type=bpy.types.Object, description="Empty that poses this petal on top of the training's own motion", override=OVERRIDE
    )
    handle_rest: FloatVectorProperty(  # type: ignore[valid-type]
        name="Handle at Rest", description="Where the handle stands when it does nothing, in the bloom's own space", size=16, options={"HIDDEN"},
        override=OVERRIDE,
    )
    part: StringProperty(name="Moved by", description="The part of the network that moves this xform since it was grown", override=OVERRIDE)  # type: ignore[valid-type]
    origin: IntProperty(  # type: ignore[valid-type]
        name="Origin", description="Which xform of the flower's design this one is, or a copy of; -1: one of your own", default=-1,
        options={"HIDDEN"},
        override=OVERRIDE,
    )


class BloomProperties(bpy.types.PropertyGroup):
    """A bloom: the flame, how it is baked, and where its growth came from."""

    xforms: CollectionProperty(type=BloomXform, override=OVERRIDE)  # type: ignore[valid-type]
    active_xform: IntProperty(name="Active Xform", description="Xform shown below the list", min=0, override=OVERRIDE)  # type: ignore[valid-type]
    has_final: BoolProperty(name="Final Xform", description="The last xform is the final one: it bends what the others draw", override=OVERRIDE)  # type: ignore[valid-type]
    design_xforms: IntProperty(  # type: ignore[valid-type]
        name="Xforms of the Design", description="How many xforms the design has, without a final one; 0: unknown", options={"HIDDEN"},
        override=OVERRIDE,
    )
    design_final: BoolProperty(  # type: ignore[valid-type]
        name="Final Xform of the Design", description="Whether the design has a final xform", options={"HIDDEN"}, override=OVERRIDE
    )
    held_frames: IntProperty(  # type: ignore[valid-type]
        name="Frames Held Back", description="Frames of the growth whose displacement was made smaller so that the flower stays whole",
        options={"HIDDEN"},
        override=OVERRIDE,
    )
    handle_watch: FloatProperty(  # type: ignore[valid-type]
        name="Handles", description="Driven by the handles, so that Blender keeps moving those that are hidden", options={"ANIMATABLE", "HIDDEN"},
        override=OVERRIDE,
    )
    dialect: StringProperty(name="Dialect", description="Program whose rules this flame follows where programs differ", override=OVERRIDE)  # type: ignore[valid-type]
    design: StringProperty(name="Design", description="Flower design, or .flame file, that this bloom was made of", override=OVERRIDE)  # type: ignore[valid-type]
    design_text: StringProperty(  # type: ignore[valid-type]
        name="Design Text", description="The design as a .flame, where it is none of the package: the .blend keeps it", options={"HIDDEN"},
        override=OVERRIDE,
    )
    run: StringProperty(  # type: ignore[valid-type]
        name="Run", description="Recorded training run that this bloom grew from", subtype="FILE_PATH", options={"PATH_SUPPORTS_BLEND_RELATIVE"},
        override=OVERRIDE,
    )

    frame_steps: StringProperty(  # type: ignore[valid-type]
        name="Steps of the Frames", description="Which recorded step each frame of the growth shows, as it was written", options={"HIDDEN"},
        override=OVERRIDE,
    )
    active_event: IntProperty(name="Active Event", description="Event whose details are shown below the list", min=0, override=OVERRIDE)  # type: ignore[valid-type]

    follow: BoolProperty(  # type: ignore[valid-type]
        name="Follow the Flower",
        description="Before a bake, fit the volume's box to all frames where the flower has outgrown it. Off: the box stays as it is set",
        default=True,
        override=OVERRIDE,
    )
    box_low: FloatVectorProperty(  # type: ignore[valid-type]
        name="Box Low", description="Lower corner of the volume, in the bloom's own space", size=3, default=(-1.0, -1.0, -1.0), override=OVERRIDE
    )
    box_high: FloatVectorProperty(  # type: ignore[valid-type]
        name="Box High", description="Upper corner of the volume, in the bloom's own space", size=3, default=(1.0, 1.0, 1.0), override=OVERRIDE
    )
    samples: FloatProperty(  # type: ignore[valid-type]
        name="Million Samples",
        description="Millions of points per frame: more is smoother and takes longer",
        min=0.1,
        soft_max=1000.0,
        max=100000.0,
        default=50.0,
        override=OVERRIDE,
    )
    resolution: IntProperty(  # type: ignore[valid-type]
        name="Resolution",
        description="Voxels along the longest side of the box: more is finer and takes more memory",
        min=16,
        soft_max=1024,
        max=4096,
        default=384,
        override=OVERRIDE,
    )
    gain: FloatProperty(  # type: ignore[valid-type]
        name="Gain",
        description="How far faint petals are lifted before brightness is compressed. Changing it needs a new bake",
        min=0.001,
        soft_max=1000.0,
        default=30.0,
        override=OVERRIDE,
    )
    estimator: FloatProperty(  # type: ignore[valid-type]
        name="Silk",
        description="Spreads sparse points over up to this many voxels, so that thin petals are silk instead of dots; 0: not at all",
        min=0.0,
        soft_max=4.0,
        max=8.0,
        override=OVERRIDE,
    )
    seed: IntProperty(name="Seed", description="Another seed gives the same flower from other points", min=0, override=OVERRIDE)  # type: ignore[valid-type]
    folder: StringProperty(  # type: ignore[valid-type]
        name="Takes",
        description="Folder for baked takes; empty: a folder beside the saved .blend",
        subtype="DIR_PATH",
        options={"PATH_SUPPORTS_BLEND_RELATIVE"},
        override=OVERRIDE,
    )

    live: PointerProperty(type=BloomLive, override=OVERRIDE)  # type: ignore[valid-type]
    wind: PointerProperty(type=BloomWind, override=OVERRIDE)  # type: ignore[valid-type]
    palette: PointerProperty(type=BloomPalette, override=OVERRIDE)  # type: ignore[valid-type]
    baking: PointerProperty(type=BloomBaking, override=OVERRIDE)  # type: ignore[valid-type]


CLASSES = (BloomNumber, BloomVariation, BloomXform, BloomProperties)
_register, _unregister = bpy.utils.register_classes_factory(CLASSES)


def register() -> None:
    """Registers the properties and hangs them on objects."""
    _register()
    setattr(bpy.types.Object, "bloom", PointerProperty(type=BloomProperties, override=OVERRIDE))  # noqa: B010 - a plain assignment is no attribute to the type checker


def unregister() -> None:
    """Takes them back."""
    delattr(bpy.types.Object, "bloom")
    _unregister()
