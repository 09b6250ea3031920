"""Words in the scene: text objects that face the camera."""

from __future__ import annotations

from typing import Any

import bpy

from .. import compat

MATERIALS = {"Bloom Title": (0.95, 0.62), "Bloom Note": (0.72, 0.30)}
"""What letters are made of: warmth of the white, and its light."""


def label(collection: bpy.types.Collection, name: str, title: str, size: float, camera: bpy.types.Object, note: str = "") -> bpy.types.Object:
    """Adds a text of letters `size` high, centred, that keeps facing the camera; `note` stands below the title, calmer."""
    curve: Any = bpy.data.curves.new(name, "FONT")
    curve.body = f"{title}\n{note}" if note else title
    curve.size, curve.align_x, curve.align_y, curve.space_line, curve.space_character = size, "CENTER", "TOP", 1.15, 1.03
    for material, (warmth, light) in MATERIALS.items():
        curve.materials.append(shining(material, (1.0, 0.5 + 0.5 * warmth, warmth), light))
    for character in list(curve.body_format)[len(title) :]:
        character.material_index = 1
    obj = bpy.data.objects.new(name, curve)
    collection.objects.link(obj)
    facing: Any = obj.constraints.new("COPY_ROTATION")
    facing.target = camera
    return obj


def fit(texts: list[bpy.types.Object], width: float) -> None:
    """Makes texts that are wider than `width` smaller, all alike."""
    bpy.context.view_layer.update()
    widest = max((text.dimensions[0] for text in texts), default=0.0)
    for text in texts if widest > width else []:
        curve: Any = text.data
        curve.size *= width / widest


def shining(name: str, color: tuple[float, float, float], light: float) -> bpy.types.Material:
    """Returns the material of that name, or a new one that shines by itself, for a garden has no lamps; `color` in linear light."""
    found: bpy.types.Material | None = bpy.data.materials.get(name)
    if found is not None:
        return found
    made = bpy.data.materials.new(name)
    tree = compat.ensure_nodes(made)
    tree.nodes.clear()
    emission: Any = tree.nodes.new("ShaderNodeEmission")
    output: Any = tree.nodes.new("ShaderNodeOutputMaterial")
    emission.inputs["Color"].default_value, emission.inputs["Strength"].default_value = (*color, 1.0), light
    tree.links.new(emission.outputs[0], output.inputs["Surface"])
    return made
