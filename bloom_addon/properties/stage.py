"""The stage that is chosen; one a scene, as `scene.bloom_stage`."""

from __future__ import annotations

import bpy
from bpy.props import PointerProperty


class BloomStage(bpy.types.PropertyGroup):
    """The stage that is chosen; one a scene, as `scene.bloom_stage`."""


CLASSES = (BloomStage,)
_register, _unregister = bpy.utils.register_classes_factory(CLASSES)


def register() -> None:
    """Registers the properties and hangs them on their owner."""
    _register()
    setattr(bpy.types.Scene, "bloom_stage", PointerProperty(type=BloomStage))  # noqa: B010 - a plain assignment is no attribute to the type checker


def unregister() -> None:
    """Takes them back."""
    delattr(bpy.types.Scene, "bloom_stage")
    _unregister()
