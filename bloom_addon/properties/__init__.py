"""Everything that Bloom keeps in a .blend: property groups on objects, scenes and the window manager. Numbers of a bloom can be keyed and driven."""

from __future__ import annotations

from typing import Any, cast

import bpy

from ..registration import in_order
from . import baking, bloom, garden, growth, lessons, library, live, maps, palette, rendering, run_view, stage, wind

_PARTS = (live, wind, palette, baking, bloom, growth, run_view, stage, rendering, garden, maps, lessons, library)  # what others point to comes first


def bloom_of(obj: bpy.types.Object | None) -> Any:
    """Returns the bloom properties of an object, or None where it is no bloom."""
    properties = getattr(obj, "bloom", None)
    return properties if properties is not None and len(properties.xforms) else None


def growth_of(scene: bpy.types.Scene) -> Any:
    """Returns the scene's growth settings."""
    return cast(Any, scene).bloom_growth


def garden_of(scene: bpy.types.Scene) -> Any:
    """Returns the scene's garden."""
    return cast(Any, scene).bloom_garden


def map_of(scene: bpy.types.Scene) -> Any:
    """Returns the scene's trainability map."""
    return cast(Any, scene).bloom_map


def blooms(scene: bpy.types.Scene) -> list[bpy.types.Object]:
    """Returns the scene's blooms, by name."""
    return sorted((obj for obj in scene.objects if bloom_of(obj) is not None), key=lambda obj: obj.name)


register, unregister = in_order(*_PARTS)
