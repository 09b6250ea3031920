"""What a terrain is made of: the coloured map, which glows in the basins and is lit by lamps on the land."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from .. import compat

BASINS, LAND, EDGE = "Map Glow of Basins", "Map Glow of Land", "Map Glow of the Edge"
"""Nodes whose values are how much of its own light each side has, and the boundary; all can be keyed."""

CONVERGED, NEARNESS = "converged", "edge"
"""The points' attributes that the material glows by: 1 where training converged, and how near to the boundary a point is."""

DEEPENED = "Map Deepened"
"""Node that deepens colours which were chosen for paper: on black, pale ones would be chalk."""

_GLOWS = {BASINS: 0.5, LAND: 0.14, EDGE: 0.9}
_DEPTH = 2.2
_SMALL = 96
"""Maps with fewer pixels along a side show them as squares: between so few, colours that are mixed tell nothing."""


def image(name: str, colors: NDArray[np.float32]) -> bpy.types.Image:
    """Returns a packed image of `colors` (H, W, 3), sRGB in [0, 1], row 0 at the bottom as in maps."""
    height, width = colors.shape[:2]
    made = bpy.data.images.new(name, width, height)
    pixels = np.ones((height, width, 4), np.float32)
    pixels[..., :3] = colors
    held: Any = made.pixels
    held.foreach_set(pixels.ravel())
    made.update()
    made.pack()
    return made


def material(name: str, picture: Any) -> bpy.types.Material:
    """Returns a new material of a terrain: `picture` as what lamps light, and as light of its own by the attribute of converged points."""
    made = bpy.data.materials.new(name)
    tree = compat.ensure_nodes(made)
    tree.nodes.clear()

    def node(kind: str, label: str, x: float, y: float) -> Any:
        added = tree.nodes.new(kind)
        added.name, added.label, added.location = label, label, (x, y)
        return added

    texture, converged = node("ShaderNodeTexImage", "Map", -900, 200), node("ShaderNodeAttribute", "Converged", -900, -150)
    nearness = node("ShaderNodeAttribute", "Nearness", -900, -800)
    sharp, ember = node("ShaderNodeMath", "Sharp", -600, -800), node("ShaderNodeMath", "Ember", -400, -800)
    line, both = node("ShaderNodeEmission", "Edge", -250, -400), node("ShaderNodeAddShader", "Ground and Edge", 0, 0)
    texture.image, converged.attribute_name, nearness.attribute_name = picture, CONVERGED, NEARNESS
    sharp.operation, sharp.inputs[1].default_value, ember.operation = "POWER", 3.0, "MULTIPLY"
    texture.interpolation, texture.extension = ("Closest" if min(picture.size) < _SMALL else "Linear"), "EXTEND"
    glows = []
    for number, (label, value) in enumerate(_GLOWS.items()):
        glow = node("ShaderNodeValue", label, -900, -350 - 120 * number)
        glow.outputs[0].default_value = value
        glows.append(glow.outputs[0])
    strength, rough = node("ShaderNodeMix", "Glow", -600, -300), node("ShaderNodeMapRange", "Wet Basins", -600, -60)
    rough.inputs["To Min"].default_value, rough.inputs["To Max"].default_value = 0.85, 0.16
    deep = node("ShaderNodeGamma", DEEPENED, -600, 240)
    deep.inputs["Gamma"].default_value = _DEPTH
    body, output = node("ShaderNodeBsdfPrincipled", "Ground", -250, 100), node("ShaderNodeOutputMaterial", "Output", 200, 100)
    body.inputs["Specular IOR Level"].default_value = 0.5
    numbers = [socket for socket in strength.inputs if socket.type == "VALUE"]
    for source, target in (
        (texture.outputs["Color"], deep.inputs["Color"]),
        (deep.outputs[0], body.inputs["Base Color"]),
        (deep.outputs[0], body.inputs["Emission Color"]),
        (converged.outputs["Fac"], numbers[0]),
        (glows[1], numbers[1]),
        (glows[0], numbers[2]),
        (next(socket for socket in strength.outputs if socket.type == "VALUE"), body.inputs["Emission Strength"]),
        (converged.outputs["Fac"], rough.inputs["Value"]),
        (rough.outputs[0], body.inputs["Roughness"]),
        (texture.outputs["Color"], line.inputs["Color"]),  # as it was chosen: at the edge colours are deep already
        (nearness.outputs["Fac"], sharp.inputs[0]),
        (sharp.outputs[0], ember.inputs[0]),
        (glows[2], ember.inputs[1]),
        (ember.outputs[0], line.inputs["Strength"]),
        (body.outputs[0], both.inputs[0]),
        (line.outputs[0], both.inputs[1]),
        (both.outputs[0], output.inputs["Surface"]),
    ):
        tree.links.new(source, target)
    return made
