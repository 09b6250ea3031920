"""What the next render makes; one a scene, as `scene.bloom_render`. Everything else about a render is Blender's own."""

from __future__ import annotations

from typing import Any, cast

import bpy
from bpy.props import EnumProperty, PointerProperty

KINDS = [
    ("FILM", "Film", "One MP4 film. For drafts and short films: where a render stops, the film ends there"),
    ("STILLS", "Stills", "A numbered PNG for each frame. For long renders: nothing is lost when one stops, and single frames can be rendered again"),
    ("SCENE", "As Set", "What the Output tab of the scene's properties says, such as OpenEXR"),
]


class BloomRender(bpy.types.PropertyGroup):
    """What the next render makes; kept in the scene."""

    kind: EnumProperty(name="Kind", description="What is written", items=KINDS)  # type: ignore[valid-type]


CLASSES = (BloomRender,)
_register, _unregister = bpy.utils.register_classes_factory(CLASSES)


def kind_of(scene: bpy.types.Scene) -> str:
    """Returns what the next render of a scene makes: FILM, STILLS or SCENE."""
    return str(cast(Any, scene).bloom_render.kind)


def register() -> None:
    """Registers the property and hangs it on scenes."""
    _register()
    setattr(bpy.types.Scene, "bloom_render", PointerProperty(type=BloomRender))  # noqa: B010 - a plain assignment is no attribute to the type checker


def unregister() -> None:
    """Takes it back."""
    delattr(bpy.types.Scene, "bloom_render")
    _unregister()
