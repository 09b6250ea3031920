"""What a bloom is in Blender: a flame as properties of an object, so that every number can be keyed, driven and read back."""

from __future__ import annotations

from typing import Any, cast

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    FloatVectorProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from bloom_core import growth, palettes

IDENTITY = (1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0)
MAPPINGS = [
    ("parts", "Parts of the Network", "Each part of the network moves petals of its own; the whole moves the final xform"),
    ("whole", "Whole Network", "The whole network moves every petal"),
    ("original", "Original Bloom", "The words' embeddings move the flower as in the 2019 project"),
]
PACES = [
    ("balanced", "Balanced", "A blend of the path travelled, steps and their logarithm: room for the wild beginning and the late trembling"),
    ("step", "Steps", "As many optimizer steps in every frame"),
    ("epoch", "Epochs", "As much of an epoch in every frame"),
    ("loss", "Loss", "As much of the fall of the loss in every frame"),
    ("path", "Path", "As much of the update path in every frame"),
]
PALETTES = [(name, name.capitalize(), told) for name, told in palettes.names().items()]
_AFFINE = "3×4, row by row: what x, y and z become, and how far it moves"


class BloomNumber(bpy.types.PropertyGroup):
    """A named number: a variation's parameter, or an entry of xaos."""

    value: FloatProperty(name="Value", description="Value of this parameter")  # type: ignore[valid-type]


class BloomVariation(bpy.types.PropertyGroup):
    """A variation of an xform; `name` is its name."""

    weight: FloatProperty(name="Weight", description="How much of this variation goes into the xform")  # type: ignore[valid-type]
    parameters: CollectionProperty(type=BloomNumber)  # type: ignore[valid-type]


class BloomXform(bpy.types.PropertyGroup):
    """An xform: one of the functions whose repetition draws the flower."""

    weight: FloatProperty(  # type: ignore[valid-type]
        name="Weight", description="How often this xform is chosen, relative to the others", min=0.0, soft_max=10.0, default=1.0
    )
    color: FloatProperty(  # type: ignore[valid-type]
        name="Color", description="Place in the palette that points are drawn to by this xform", min=0.0, max=1.0, subtype="FACTOR"
    )
    color_speed: FloatProperty(  # type: ignore[valid-type]
        name="Color Speed", description="How strongly this xform pulls points to its color", min=-1.0, max=1.0, default=0.5
    )
    opacity: FloatProperty(  # type: ignore[valid-type]
        name="Opacity", description="How much of what this xform draws is seen", min=0.0, max=1.0, default=1.0, subtype="FACTOR"
    )
    pre: FloatVectorProperty(name="Affine", description=f"Applied before the variations. {_AFFINE}", size=12, default=IDENTITY)  # type: ignore[valid-type]
    post: FloatVectorProperty(name="Post Affine", description=f"Applied after the variations. {_AFFINE}", size=12, default=IDENTITY)  # type: ignore[valid-type]
    animate: BoolProperty(name="Animate", description="Turns in flam3's and Ember's loops", default=True)  # type: ignore[valid-type]
    variations: CollectionProperty(type=BloomVariation)  # type: ignore[valid-type]
    chaos: CollectionProperty(type=BloomNumber)  # type: ignore[valid-type]
    part: StringProperty(name="Moved by", description="The part of the network that moves this xform since it was grown")  # type: ignore[valid-type]


class BloomProperties(bpy.types.PropertyGroup):
    """A bloom: the flame, how it is baked, and where its growth came from."""

    xforms: CollectionProperty(type=BloomXform)  # type: ignore[valid-type]
    active_xform: IntProperty(name="Active Xform", description="Xform shown below the list", min=0)  # type: ignore[valid-type]
    has_final: BoolProperty(name="Final Xform", description="The last xform is the final one: it bends what the others draw")  # type: ignore[valid-type]
    dialect: StringProperty(name="Dialect", description="Program whose rules this flame follows where programs differ")  # type: ignore[valid-type]
    design: StringProperty(name="Design", description="Flower design, or .flame file, that this bloom was made of")  # type: ignore[valid-type]
    run: StringProperty(  # type: ignore[valid-type]
        name="Run", description="Recorded training run that this bloom grew from", subtype="FILE_PATH", options={"PATH_SUPPORTS_BLEND_RELATIVE"}
    )

    follow: BoolProperty(  # type: ignore[valid-type]
        name="Follow the Flower",
        description="Before a bake, fit the volume's box to all frames where the flower has outgrown it. Off: the box stays as it is set",
        default=True,
    )
    box_low: FloatVectorProperty(  # type: ignore[valid-type]
        name="Box Low", description="Lower corner of the volume, in the bloom's own space", size=3, default=(-1.0, -1.0, -1.0)
    )
    box_high: FloatVectorProperty(  # type: ignore[valid-type]
        name="Box High", description="Upper corner of the volume, in the bloom's own space", size=3, default=(1.0, 1.0, 1.0)
    )
    samples: FloatProperty(  # type: ignore[valid-type]
        name="Million Samples",
        description="Millions of points per frame: more is smoother and takes longer",
        min=0.1,
        soft_max=1000.0,
        max=100000.0,
        default=50.0,
    )
    resolution: IntProperty(  # type: ignore[valid-type]
        name="Resolution",
        description="Voxels along the longest side of the box: more is finer and takes more memory",
        min=16,
        soft_max=1024,
        max=4096,
        default=384,
    )
    gain: FloatProperty(  # type: ignore[valid-type]
        name="Gain",
        description="How far faint petals are lifted before brightness is compressed. Changing it needs a new bake",
        min=0.001,
        soft_max=1000.0,
        default=30.0,
    )
    estimator: FloatProperty(  # type: ignore[valid-type]
        name="Silk",
        description="Spreads sparse points over up to this many voxels, so that thin petals are silk instead of dots; 0: not at all",
        min=0.0,
        soft_max=4.0,
        max=8.0,
    )
    seed: IntProperty(name="Seed", description="Another seed gives the same flower from other points", min=0)  # type: ignore[valid-type]
    folder: StringProperty(  # type: ignore[valid-type]
        name="Takes",
        description="Folder for baked takes; empty: a folder beside the saved .blend",
        subtype="DIR_PATH",
        options={"PATH_SUPPORTS_BLEND_RELATIVE"},
    )


class BloomGrowth(bpy.types.PropertyGroup):
    """What the next growth uses; kept in the scene."""

    frames: IntProperty(name="Frames", description="Length of the growth, in frames", min=2, soft_max=1000, max=100000, default=96)  # type: ignore[valid-type]
    start: IntProperty(name="Start", description="First frame of the growth", default=1)  # type: ignore[valid-type]
    strength: FloatProperty(  # type: ignore[valid-type]
        name="Strength",
        description="How far the training displaces the flower; 0 shows only the opening",
        min=0.0,
        soft_max=3.0,
        max=100.0,
        default=1.0,
    )
    mapping: EnumProperty(name="Petals", description="What moves which petal", items=MAPPINGS)  # type: ignore[valid-type]
    pace: EnumProperty(name="Pace", description="What frames are spread evenly over", items=PACES)  # type: ignore[valid-type]
    smoothing: FloatProperty(  # type: ignore[valid-type]
        name="Smoothing",
        description="Frames over which the displacement is smoothed; jumps, such as explosions, are kept",
        min=0.0,
        soft_max=12.0,
        max=1000.0,
    )
    tremble: FloatProperty(  # type: ignore[valid-type]
        name="Late Tremble",
        description="How many times the trembling at the end of training is shown: 1 is as it was, 0 calms it",
        min=0.0,
        soft_max=10.0,
        max=100.0,
        default=1.0,
    )
    palette: EnumProperty(name="Palette", description="Where the colors come from", items=PALETTES)  # type: ignore[valid-type]
    dense: BoolProperty(  # type: ignore[valid-type]
        name="Key Every Frame", description="Write a key on every frame; otherwise few Bézier keys that are easy to edit"
    )

    def arguments(self) -> dict[str, Any]:
        """Returns these settings as arguments of `growth.grow`."""
        told = {name: getattr(self, name) for name in ("frames", "strength", "mapping", "pace", "smoothing", "tremble", "palette")}
        return told | {"frame_start": self.start, "tolerance": None if self.dense else growth.TOLERANCE}


CLASSES = (BloomNumber, BloomVariation, BloomXform, BloomProperties, BloomGrowth)


def bloom_of(obj: bpy.types.Object | None) -> Any:
    """Returns the bloom properties of an object, or None where it is no bloom."""
    properties = getattr(obj, "bloom", None)
    return properties if properties is not None and len(properties.xforms) else None


def growth_of(scene: bpy.types.Scene) -> Any:
    """Returns the scene's growth settings."""
    return cast(Any, scene).bloom_growth


def register() -> None:
    """Registers the properties and hangs them on objects and scenes."""
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    setattr(bpy.types.Object, "bloom", PointerProperty(type=BloomProperties))  # noqa: B010 - a plain assignment is no attribute to the type checker
    setattr(bpy.types.Scene, "bloom_growth", PointerProperty(type=BloomGrowth))  # noqa: B010


def unregister() -> None:
    """Takes everything back."""
    delattr(bpy.types.Scene, "bloom_growth")
    delattr(bpy.types.Object, "bloom")
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
