"""The garden of a scene, as `scene.bloom_garden`."""

from __future__ import annotations

import bpy
from bpy.props import PointerProperty


class BloomGarden(bpy.types.PropertyGroup):
    """The garden of a scene, as `scene.bloom_garden`."""


CLASSES = (BloomGarden,)
_register, _unregister = bpy.utils.register_classes_factory(CLASSES)


def register() -> None:
    """Registers the properties and hangs them on their owner."""
    _register()
    setattr(bpy.types.Scene, "bloom_garden", PointerProperty(type=BloomGarden))  # noqa: B010 - a plain assignment is no attribute to the type checker


def unregister() -> None:
    """Takes them back."""
    delattr(bpy.types.Scene, "bloom_garden")
    _unregister()
