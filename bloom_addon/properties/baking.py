"""What a bake makes; one a bloom, as `obj.bloom.baking`. The list of takes on disk is the window manager's: it is read, never saved."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import BoolProperty, CollectionProperty, EnumProperty, FloatProperty, IntProperty, PointerProperty, StringProperty

from .overriding import OVERRIDE

QUALITIES = {"DRAFT": (5.0, 192, 1.0, 0.1), "STANDARD": (50.0, 384, 0.0, 0.5), "FINE": (300.0, 640, 1.5, 2.0)}
"""Million samples, resolution, silk and million points of each quality."""

_QUALITY_ITEMS = (
    ("DRAFT", "Draft", "To see how it moves: small, and done in seconds"),
    ("STANDARD", "Standard", "To see how it looks: enough for most films"),
    ("FINE", "Fine", "For large pictures of silk: six times the time of Standard, and four times its disk"),
    ("CUSTOM", "Custom", "The numbers under Advanced are your own"),
)
_KINDS = (
    ("VOLUME", "Volume", "Glowing mist that camera and lights go through: soft petals, from OpenVDB files"),
    ("POINTS", "Points", "A cloud of dots with motion blur: sharp and fast to render, from PLY files"),
    ("BOTH", "Both", "A take of each, in one go"),
)


def _owner(baking: Any) -> Any:
    return baking.id_data.bloom


def _read_quality(baking: Any) -> int:
    bloom = _owner(baking)
    now = (bloom.samples, bloom.resolution, bloom.estimator, baking.point_count)
    for number, values in enumerate(QUALITIES.values()):
        if all(abs(one - other) < 1e-4 for one, other in zip(now, values, strict=True)):
            return number
    return len(QUALITIES)


def _write_quality(baking: Any, number: int) -> None:
    if number < len(QUALITIES):
        bloom = _owner(baking)
        bloom.samples, bloom.resolution, bloom.estimator, baking.point_count = list(QUALITIES.values())[number]


class BloomBaking(bpy.types.PropertyGroup):
    """What a bake makes, and the takes it made; one a bloom, as `obj.bloom.baking`."""

    kind: EnumProperty(name="Bake", description="What is made of the flower", items=_KINDS, override=OVERRIDE)  # type: ignore[valid-type]
    quality: EnumProperty(  # type: ignore[valid-type]
        name="Quality", description="How fine the take is; sets what is under Advanced", items=_QUALITY_ITEMS, get=_read_quality, set=_write_quality
    )
    point_count: FloatProperty(  # type: ignore[valid-type]
        name="Million Points",
        description="Millions of points per frame, each of 32 bytes on disk: more is denser and renders slower",
        min=0.001,
        soft_max=10.0,
        max=2000.0,
        default=0.5,
        override=OVERRIDE,
    )
    color: BoolProperty(  # type: ignore[valid-type]
        name="Exact Color",
        description="Also bake the mean color of each voxel, as the grid Cd, where hits of unlike palette places meet. "
        "Three times the memory, and palette edits then need a new bake",
        override=OVERRIDE,
    )
    full_floats: BoolProperty(  # type: ignore[valid-type]
        name="Full Floats", description="Store voxels with 32 bits instead of 16: twice the disk, for renders that lift the faintest mist",
        override=OVERRIDE,
    )
    range: EnumProperty(  # type: ignore[valid-type]
        name="Frames",
        description="Which frames are baked",
        items=(("SCENE", "Scene Range", "From the scene's first frame to its last"), ("CUSTOM", "Custom", "The frames set here")),
        override=OVERRIDE,
    )
    frame_start: IntProperty(name="First Frame", description="First frame to bake", default=1, override=OVERRIDE)  # type: ignore[valid-type]
    frame_end: IntProperty(name="Last Frame", description="Last frame to bake", default=240, override=OVERRIDE)  # type: ignore[valid-type]
    points: PointerProperty(  # type: ignore[valid-type]
        name="Points Object", type=bpy.types.Object, description="Object that plays this bloom's takes of points", override=OVERRIDE
    )


class BloomTake(bpy.types.PropertyGroup):
    """A take as it lies on disk; `name` is its folder's name."""

    bloom: StringProperty(name="Bloom", description="Bloom that this take was baked of", override=OVERRIDE)  # type: ignore[valid-type]
    title: StringProperty(name="Take", description="When the take was baked, and what it is", override=OVERRIDE)  # type: ignore[valid-type]
    details: StringProperty(name="Details", description="Frames, size and settings of the take", override=OVERRIDE)  # type: ignore[valid-type]
    kind: StringProperty(name="Kind", description="Volume or points", override=OVERRIDE)  # type: ignore[valid-type]
    lost: IntProperty(name="Lost", description="How many of its files are missing", override=OVERRIDE)  # type: ignore[valid-type]


class BloomTakes(bpy.types.PropertyGroup):
    """The takes in the folder of the active bloom, as last read, as `window_manager.bloom_takes`."""

    folder: StringProperty(name="Folder", description="Folder that was read", subtype="DIR_PATH", override=OVERRIDE)  # type: ignore[valid-type]
    entries: CollectionProperty(type=BloomTake, override=OVERRIDE)  # type: ignore[valid-type]
    active: IntProperty(name="Take", description="Take that the buttons beside the list are about", override=OVERRIDE)  # type: ignore[valid-type]


CLASSES = (BloomBaking, BloomTake, BloomTakes)
_register, _unregister = bpy.utils.register_classes_factory(CLASSES)


def takes_of(manager: bpy.types.WindowManager) -> Any:
    """Returns the list of takes that was read last."""
    return manager.bloom_takes  # type: ignore[attr-defined]


def register() -> None:
    """Registers the properties."""
    _register()
    setattr(bpy.types.WindowManager, "bloom_takes", PointerProperty(type=BloomTakes))  # noqa: B010 - a plain assignment is no attribute to the type checker


def unregister() -> None:
    """Takes them back."""
    delattr(bpy.types.WindowManager, "bloom_takes")
    _unregister()
