"""The garden of a scene: the runs that are to stand side by side, as `scene.bloom_garden`."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, CollectionProperty, EnumProperty, IntProperty, PointerProperty, StringProperty

from bloom_core import designs

LAYOUTS = [
    ("row", "Row", "Side by side, in the order of the list; the camera walks along them"),
    ("circle", "Circle", "Around the middle, the first in front; the camera walks around them"),
    ("map", "Map", "Learning rate to the right, final loss to the back: where in the space of settings each run stands"),
]

_FLOWERS = [(name, name.capitalize(), f"Grow a {name}") for name in designs.designs()]


class BloomPlot(bpy.types.PropertyGroup):
    """A run of the garden; `name` is its label."""

    run: StringProperty(  # type: ignore[valid-type]
        name="Run", description="Recorded run of this flower", subtype="FILE_PATH", options={"PATH_SUPPORTS_BLEND_RELATIVE"}
    )
    design: EnumProperty(name="Flower", description="Design of this flower", items=_FLOWERS, default="lotus")  # type: ignore[valid-type]


class BloomGarden(bpy.types.PropertyGroup):
    """The garden of a scene."""

    plots: CollectionProperty(type=BloomPlot)  # type: ignore[valid-type]
    active: IntProperty(name="Active Plot", description="Run shown below the list", min=0)  # type: ignore[valid-type]
    layout: EnumProperty(name="Layout", description="How the flowers stand", items=LAYOUTS)  # type: ignore[valid-type]
    heading: StringProperty(name="Heading", description="Title that hangs above the garden; empty for none")  # type: ignore[valid-type]
    labels: BoolProperty(  # type: ignore[valid-type]
        name="Labels", description="Write each run's name, and the loss it ended with, below its flower", default=True
    )


CLASSES = (BloomPlot, BloomGarden)
_register, _unregister = bpy.utils.register_classes_factory(CLASSES)


def register() -> None:
    """Registers the properties and hangs them on scenes."""
    _register()
    setattr(bpy.types.Scene, "bloom_garden", PointerProperty(type=BloomGarden))  # noqa: B010 - a plain assignment is no attribute to the type checker


def unregister() -> None:
    """Takes them back."""
    delattr(bpy.types.Scene, "bloom_garden")
    _unregister()
