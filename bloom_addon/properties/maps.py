"""The trainability map of a scene: where it comes from and how it stands there, as `scene.bloom_map`."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, EnumProperty, IntProperty, PointerProperty, StringProperty

from bloom_core import designs
from bloom_core.trainability.coloring import COLORMAPS
from bloom_core.trainability.presets import PRESETS

_PRESETS = [(name, experiment.title[0].upper() + experiment.title[1:], experiment.title) for name, experiment in PRESETS.items()]
_COLORS = [(name, name.capitalize(), chosen.about) for name, chosen in COLORMAPS.items()]
_FLOWERS = [(name, name.capitalize(), f"Grow a {name}") for name in designs.designs()]
VIEWS = [
    ("raking", "Low Light", "The camera flies low over the basins towards the edge, against the light"),
    ("garden", "Garden", "The camera sees all flowers that stand on the map, and where they stand"),
    ("above", "From Above", "The camera looks down on the whole map, so that the axes can be read"),
]


class BloomMap(bpy.types.PropertyGroup):
    """The trainability map of a scene."""

    file: StringProperty(  # type: ignore[valid-type]
        name="Map", description="File (.bloommap) of the map, or the name of one that comes along", subtype="FILE_PATH",
        options={"PATH_SUPPORTS_BLEND_RELATIVE"},
    )  # fmt: skip
    preset: EnumProperty(name="Training", description="What is trained at every place of a new map", items=_PRESETS, default="preview")  # type: ignore[valid-type]
    size: IntProperty(  # type: ignore[valid-type]
        name="Size", description="Networks along each side of a new map", min=8, soft_max=512, max=4096, default=128
    )
    folder: StringProperty(  # type: ignore[valid-type]
        name="Folder", description="Where new maps, their finished tiles and runs recorded on them go; empty: Bloom's own folder", subtype="DIR_PATH",
        options={"PATH_SUPPORTS_BLEND_RELATIVE"},
    )  # fmt: skip
    colormap: EnumProperty(name="Colors", description="How places are colored", items=_COLORS)  # type: ignore[valid-type]
    view: EnumProperty(name="View", description="How the camera sees the map", items=VIEWS)  # type: ignore[valid-type]
    labels: BoolProperty(name="Labels", description="Write axes with their values, and what the map is, around it", default=True)  # type: ignore[valid-type]
    shown: PointerProperty(name="Shown", type=bpy.types.Object, description="Terrain or volume of the map in this scene")  # type: ignore[valid-type]
    flowers: IntProperty(  # type: ignore[valid-type]
        name="Flowers", description="How many trainings are recorded and grown: some inside the edge, some beyond it",
        min=1, soft_max=16, max=64, default=4,
    )  # fmt: skip
    design: EnumProperty(name="Flower", description="Design of the flowers", items=_FLOWERS, default="lotus")  # type: ignore[valid-type]
    at_cursor: BoolProperty(  # type: ignore[valid-type]
        name="At the 3D Cursor", description="Record one training, at the place of the map that the 3D cursor is at"
    )


CLASSES = (BloomMap,)
_register, _unregister = bpy.utils.register_classes_factory(CLASSES)


def register() -> None:
    """Registers the properties and hangs them on scenes."""
    _register()
    setattr(bpy.types.Scene, "bloom_map", PointerProperty(type=BloomMap))  # noqa: B010 - a plain assignment is no attribute to the type checker


def unregister() -> None:
    """Takes them back."""
    delattr(bpy.types.Scene, "bloom_map")
    _unregister()
