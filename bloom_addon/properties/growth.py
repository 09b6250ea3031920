"""What the next growth uses; one a scene, as `scene.bloom_growth`."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, PointerProperty

from bloom_core import growth, palettes

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
    palette: EnumProperty(name="Palette", description="Where the colors come from, until a bloom is given others", items=PALETTES)  # type: ignore[valid-type]
    dense: BoolProperty(  # type: ignore[valid-type]
        name="Key Every Frame", description="Write a key on every frame; otherwise few Bézier keys that are easy to edit"
    )

    def arguments(self) -> dict[str, Any]:
        """Returns these settings as arguments of `growth.grow`."""
        told = {name: getattr(self, name) for name in ("frames", "strength", "mapping", "pace", "smoothing", "palette")}
        return told | {"frame_start": self.start, "tolerance": None if self.dense else growth.TOLERANCE}


CLASSES = (BloomGrowth,)
_register, _unregister = bpy.utils.register_classes_factory(CLASSES)


def register() -> None:
    """Registers the properties and hangs them on scenes."""
    _register()
    setattr(bpy.types.Scene, "bloom_growth", PointerProperty(type=BloomGrowth))  # noqa: B010 - a plain assignment is no attribute to the type checker


def unregister() -> None:
    """Takes them back."""
    delattr(bpy.types.Scene, "bloom_growth")
    _unregister()
