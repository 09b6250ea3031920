"""What the panel says where a flower would be black, and what helps."""

from __future__ import annotations

from typing import Any

import bpy

from .. import bloom_object, point_cloud, properties
from . import knowledge

BLACK = "This Blender's Cycles shows volumes black: it was built without NanoVDB"
TEXT = f"{BLACK}. Bake points, or render with EEVEE"


def bakes_black(scene: bpy.types.Scene, obj: bpy.types.Object) -> bool:
    """Says whether a bloom is to be baked as what its scene would render black. Cheap: may be called while drawing; asks where nobody knows."""
    return properties.bloom_of(obj).baking.kind == "VOLUME" and _cycles_is_black(scene)


def volumes_alone(scene: bpy.types.Scene) -> list[bpy.types.Object]:
    """Returns the blooms that a render of the scene would show as a volume, and not as points too."""
    blooms = [obj for obj in properties.blooms(scene) if not obj.hide_render]
    return [obj for obj in blooms if bloom_object.played(obj) is not None and point_cloud.played(obj) is None]


def renders_black(scene: bpy.types.Scene) -> bool:
    """Says whether a render of the scene would show a bloom black. Cheap, and asks, as `bakes_black`."""
    return bool(volumes_alone(scene)) and _cycles_is_black(scene)


def uses_cycles(scene: Any) -> bool:
    """Says whether Cycles is to render a scene."""
    return bool(scene.render.engine == "CYCLES")


def _cycles_is_black(scene: bpy.types.Scene) -> bool:
    if not uses_cycles(scene):
        return False
    knowledge.ask()
    return knowledge.known() is True


def draw_remedies(layout: Any) -> None:
    """Draws the two ways out, each of them a click."""
    row = layout.row(align=True)
    for way in ("POINTS", "EEVEE"):
        row.operator("bloom.avoid_black", text="Use EEVEE" if way == "EEVEE" else "Use Points").way = way
