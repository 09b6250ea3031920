"""How a run is shown; one a scene, as `scene.bloom_run`."""

from __future__ import annotations

import bpy
from bpy.props import PointerProperty


class BloomRunView(bpy.types.PropertyGroup):
    """How a run is shown; one a scene, as `scene.bloom_run`."""


CLASSES = (BloomRunView,)
_register, _unregister = bpy.utils.register_classes_factory(CLASSES)


def register() -> None:
    """Registers the properties and hangs them on their owner."""
    _register()
    setattr(bpy.types.Scene, "bloom_run", PointerProperty(type=BloomRunView))  # noqa: B010 - a plain assignment is no attribute to the type checker


def unregister() -> None:
    """Takes them back."""
    delattr(bpy.types.Scene, "bloom_run")
    _unregister()
