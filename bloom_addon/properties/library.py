"""The flower that is chosen in the library; one a window manager, as `window_manager.bloom_library`."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import EnumProperty, FloatProperty, IntProperty, PointerProperty


def _flowers(owner: Any, context: Any) -> list[tuple[str, str, str, int, int]]:
    from ..entry import flowers  # it needs these properties itself

    return flowers.items(owner, context)


class BloomLibrary(bpy.types.PropertyGroup):
    """The flower that is chosen in the library; one a window manager, as `window_manager.bloom_library`."""

    flower: EnumProperty(name="Flower", description="Flower to add, or to put into the active bloom", items=_flowers)  # type: ignore[valid-type]
    partner: EnumProperty(  # type: ignore[valid-type]
        name="With", description="Flower that this bloom's flower is crossed with when you press Breed", items=_flowers
    )
    strength: FloatProperty(  # type: ignore[valid-type]
        name="Strength",
        description="How far children may go from their parent: 0.1 gives siblings, 0.5 cousins, 1 strangers",
        min=0.0,
        max=1.0,
        default=0.35,
        subtype="FACTOR",
    )
    seed: IntProperty(name="Seed", description="Each seed gives eight other children; the same seed gives the same ones again", min=0)  # type: ignore[valid-type]


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
