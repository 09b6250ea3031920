"""The glow: an emission volume whose brightness reads the grid `density` and whose colour reads `palette` through a keyed ramp."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from bloom_core.flames.flame import FloatArray
from bloom_core.palettes import exposure, srgb_to_linear, stops

from . import compat

RAMP, EXPOSURE, CONTRAST = "Bloom Palette", "Bloom Exposure", "Bloom Contrast"


def glow_material(name: str, palette: FloatArray, contrast: float = 2.0) -> bpy.types.Material:
    """Returns a new glow material with `palette` (n, 3), sRGB, in its ramp.

    Emission strength is exposure · density ^ contrast: exposure such that light palettes do not burn out, contrast to give the hearts their
    glow back, which the logarithm in density has compressed.
    """
    material = bpy.data.materials.new(name)
    tree = compat.ensure_nodes(material)
    tree.nodes.clear()

    def node(kind: str, label: str, x: float, y: float) -> Any:
        made = tree.nodes.new(kind)
        made.name, made.label, made.location = label, label, (x, y)
        return made

    density, coordinate = node("ShaderNodeAttribute", "Density", -900, 150), node("ShaderNodeAttribute", "Palette Coordinate", -900, -200)
    density.attribute_name, coordinate.attribute_name = "density", "palette"
    strength, brightness = node("ShaderNodeValue", EXPOSURE, -700, 320), node("ShaderNodeValue", CONTRAST, -900, 320)
    strength.outputs[0].default_value, brightness.outputs[0].default_value = exposure(palette), contrast
    power, scaled = node("ShaderNodeMath", "Contrasted", -680, 150), node("ShaderNodeMath", "Exposed", -480, 150)
    power.operation, scaled.operation = "POWER", "MULTIPLY"
    ramp, emission, output = (
        node("ShaderNodeValToRGB", RAMP, -680, -100),
        node("ShaderNodeEmission", "Glow", -240, 0),
        node("ShaderNodeOutputMaterial", "Output", 0, 0),
    )
    for source, target in (
        (density.outputs["Fac"], power.inputs[0]),
        (brightness.outputs[0], power.inputs[1]),
        (power.outputs[0], scaled.inputs[0]),
        (strength.outputs[0], scaled.inputs[1]),
        (coordinate.outputs["Fac"], ramp.inputs["Fac"]),
        (ramp.outputs["Color"], emission.inputs["Color"]),
        (scaled.outputs[0], emission.inputs["Strength"]),
        (emission.outputs[0], output.inputs["Volume"]),
    ):
        tree.links.new(source, target)
    write_ramp(material, *stops(palette))
    return material


def set_palette(material: bpy.types.Material, palette: FloatArray) -> None:
    """Gives a glow material another `palette` (n, 3), sRGB, and the exposure that suits it."""
    write_ramp(material, *stops(palette))
    set_exposure(material, palette)


def set_exposure(material: bpy.types.Material, palette: FloatArray) -> None:
    """Sets the exposure that suits a `palette` (n, 3), sRGB, where the artist left its node in."""
    node: Any = compat.ensure_nodes(material).nodes.get(EXPOSURE)
    if node is not None:
        node.outputs[0].default_value = exposure(palette)


def ramp_of(material: bpy.types.Material) -> Any:
    """Returns the Color Ramp of a glow material, or None where the artist took it out."""
    node = material.node_tree.nodes.get(RAMP) if material.node_tree is not None else None  # asked while drawing: makes no nodes
    return getattr(node, "color_ramp", None)


def glow_of(obj: bpy.types.Object) -> bpy.types.Material | None:
    """Returns a bloom's first material that has a Bloom palette, or None."""
    found = (slot.material for slot in obj.material_slots)
    return next((material for material in found if material is not None and ramp_of(material) is not None), None)


def write_ramp(material: bpy.types.Material, positions: FloatArray, colors: FloatArray) -> None:
    """Sets the ramp's stops: `positions` (n,) rising in [0, 1], `colors` (n, 3) sRGB, n ≤ 32."""
    set_stops(material, positions, np.column_stack([srgb_to_linear(colors), np.ones(len(colors))]))


def set_stops(material: bpy.types.Material, positions: FloatArray, colors: FloatArray) -> None:
    """Sets the ramp's stops: `positions` (n,) rising in [0, 1], `colors` (n, 4) linear with alpha, n ≤ 32."""
    elements = ramp_of(material).elements
    while len(elements) > 1:
        elements.remove(elements[-1])
    elements[0].position = 0.0
    for position in positions[1:]:
        elements.new(float(position))
    for element, position, color in zip(elements, positions, colors, strict=True):
        element.position, element.color = float(position), tuple(map(float, color))
