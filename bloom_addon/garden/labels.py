"""Words in the scene: text objects that face the camera."""

from __future__ import annotations

from typing import Any

import bpy

from .. import compat

MATERIAL = "Bloom Label"


def label(collection: bpy.types.Collection, name: str, body: str, size: float, camera: bpy.types.Object) -> bpy.types.Object:
    """Adds a text of letters `size` high, centred, that keeps facing the camera."""
    curve: Any = bpy.data.curves.new(name, "FONT")
    curve.body, curve.size, curve.align_x, curve.align_y = body, size, "CENTER", "TOP"
    curve.materials.append(_material())
    obj = bpy.data.objects.new(name, curve)
    collection.objects.link(obj)
    facing: Any = obj.constraints.new("COPY_ROTATION")
    facing.target = camera
    return obj


def _material() -> bpy.types.Material:
    """Returns the labels' own: a calm light grey that shines by itself, for a garden has no lamps."""
    found: bpy.types.Material | None = bpy.data.materials.get(MATERIAL)
    if found is not None:
        return found
    made = bpy.data.materials.new(MATERIAL)
    tree = compat.ensure_nodes(made)
    tree.nodes.clear()
    emission: Any = tree.nodes.new("ShaderNodeEmission")
    output: Any = tree.nodes.new("ShaderNodeOutputMaterial")
    emission.inputs["Color"].default_value, emission.inputs["Strength"].default_value = (0.72, 0.74, 0.78, 1.0), 0.6
    tree.links.new(emission.outputs[0], output.inputs["Surface"])
    return made
