"""What the panel keeps of a bloom's palette; one a bloom, as `obj.bloom.palette`."""

from __future__ import annotations

import bpy
from bpy.props import CollectionProperty, EnumProperty, FloatProperty, IntProperty, StringProperty

from bloom_core import palettes

from .overriding import OVERRIDE

_TOLD = {
    "design": "The flower's own colors, turned by what there is still to learn",
    "words": "Words drift to hues of their own as they are learnt",
    "mood": "A few colors laid over the flower's lights and darks",
    "sentence": "The words of a sentence moved through red, green and blue, as in the 2019 project",
    "safe": "Dark to light for all kinds of eyes",
    "monochrome": "One hue that brightens and dims",
    "parts": "A layer for each part of the network",
}
METHODS = [("all", "All", "One of each kind"), *((name, name.capitalize(), _TOLD.get(name, "")) for name in palettes.methods())]


class BloomLock(bpy.types.PropertyGroup):
    """A stop of the Color Ramp that changes of palette leave alone."""

    index: IntProperty(name="Stop", description="Number of the stop when it was locked", override=OVERRIDE)  # type: ignore[valid-type]
    position: FloatProperty(name="Position", description="Where in the palette the stop stood when it was locked", override=OVERRIDE)  # type: ignore[valid-type]


class BloomPalette(bpy.types.PropertyGroup):
    """What the panel keeps of a bloom's palette; one a bloom, as `obj.bloom.palette`."""

    method: EnumProperty(name="Kind", description="Which kinds of palettes to choose from", items=METHODS, override=OVERRIDE)  # type: ignore[valid-type]
    seed: IntProperty(name="Seed", description="Another seed draws other words and hues", min=0, override=OVERRIDE)  # type: ignore[valid-type]
    applied: StringProperty(  # type: ignore[valid-type]
        name="Applied", description="The palette of the run that this bloom wears, and grows in; empty: that of Growth", override=OVERRIDE
    )
    applied_seed: IntProperty(name="Seed", description="The draw that the applied palette is of", min=0, override=OVERRIDE)  # type: ignore[valid-type]
    locks: CollectionProperty(type=BloomLock, override=OVERRIDE)  # type: ignore[valid-type]


CLASSES = (BloomLock, BloomPalette)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
