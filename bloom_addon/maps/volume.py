"""A map of three axes as light: a volume that plays a take, with the material of a flower."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from bloom_core.takes import Take

from .. import bloom_object, compat, material
from . import parts

PALETTE = np.array(
    [(18, 36, 120), (38, 92, 214), (92, 178, 255), (158, 112, 255), (226, 74, 178), (255, 106, 74), (255, 178, 84), (255, 236, 190)], np.float32
) / np.float32(255.0)  # fmt: skip
"""Colours, sRGB, from the surest trainings to the most hopeless: cold where networks learn, embers where they do not."""

CONTRAST = 2.2
_BRIGHTER = 2.0
"""A shell is thin: it needs more light than the body of a flower."""


def build(scene: bpy.types.Scene, name: str, take: Take) -> bpy.types.Object:
    """Adds a volume that plays a take of a map to the scene's map, and returns it."""
    data = bloom_object.new_volume(name)
    glow = material.glow_material(f"{name} Glow", PALETTE, CONTRAST)
    exposure: Any = compat.ensure_nodes(glow).nodes[material.EXPOSURE]
    exposure.outputs[0].default_value *= _BRIGHTER
    data.materials.append(glow)
    obj: bpy.types.Object = parts.add(scene, "volume", name, data)
    bloom_object.show_take(obj, take, scene.frame_start)
    return obj
