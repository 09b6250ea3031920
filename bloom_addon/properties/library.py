"""The flower that is chosen in the library; one a window manager, as `window_manager.bloom_library`."""

from __future__ import annotations

import bpy
from bpy.props import PointerProperty


class BloomLibrary(bpy.types.PropertyGroup):
    """The flower that is chosen in the library; one a window manager, as `window_manager.bloom_library`."""


CLASSES = (BloomLibrary,)
_register, _unregister = bpy.utils.register_classes_factory(CLASSES)


def register() -> None:
    """Registers the properties and hangs them on their owner."""
    _register()
    setattr(bpy.types.WindowManager, "bloom_library", PointerProperty(type=BloomLibrary))  # noqa: B010 - a plain assignment is no attribute to the type checker


def unregister() -> None:
    """Takes them back."""
    delattr(bpy.types.WindowManager, "bloom_library")
    _unregister()
