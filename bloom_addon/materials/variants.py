"""What a flower is made of: glow, smoke, velvet or exact colours of a volume; glass or sparks of points.

A variant changes only the shader. The palette's ramp with its keys, the exposure and the contrast stay, and no bake is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy

from bloom_core.flames.flame import FloatArray
from bloom_core.palettes import exposure, stops

from .. import compat
from ..material import EXPOSURE, RAMP, write_ramp

VARIANT = "bloom_variant"
"""Custom property of a material: the variant it is."""

THICKNESS = "Bloom Thickness"
_SHADER = "bloom_shader"
"""Custom property of the nodes that a variant brought along, and that go with it."""


@dataclass(frozen=True)
class Variant:
    """A variant as the panel shows it. `points`: for takes of points, not of volumes; `scatters`: it needs light to be seen."""

    title: str
    description: str
    points: bool = False
    scatters: bool = False


VARIANTS = {
    "glow": Variant("Glow", "Pure light in the palette's colors, for dark stages"),
    "smoke": Variant("Smoke", "Colored smoke that only lamps make visible: give the stage Rim or Soft lamps", scatters=True),
    "velvet": Variant("Velvet", "Dark smoke that glows from within: petals have body and deep colors, hearts shine", scatters=True),
    "full": Variant("Full Color", "Glow in the exact mean color of every voxel, in place of the palette's. Needs a take baked with Exact Color"),
    "sparks": Variant("Sparks", "Points of light in the palette's colors; a few twinkle, the others are their dust", points=True),
    "glass": Variant("Glass Points", "Small glassy spheres with a glowing core that mirror lamps and sky, like dew", points=True, scatters=True),
}
"""The variants by name, in the order in which they are shown."""


def points_material(name: str, palette: FloatArray) -> bpy.types.Material:
    """Returns a new material of sparks for points whose attribute `tint` is the place in the palette, (n, 3) sRGB, in its ramp."""
    material = bpy.data.materials.new(name)
    tree = compat.ensure_nodes(material)
    tree.nodes.clear()
    coordinate, light = _node(tree, "ShaderNodeAttribute", "Palette Coordinate", -900, -200), _node(tree, "ShaderNodeValue", EXPOSURE, -700, 320)
    coordinate.attribute_name, light.outputs[0].default_value = "tint", exposure(palette)
    ramp = _node(tree, "ShaderNodeValToRGB", RAMP, -680, -100)
    _node(tree, "ShaderNodeOutputMaterial", "Output", 0, 0)
    tree.links.new(coordinate.outputs["Fac"], ramp.inputs["Fac"])
    write_ramp(material, *stops(palette))
    set_variant(material, "sparks")
    return material


def for_points(material: bpy.types.Material) -> bool:
    """Says whether a Bloom material is one for points."""
    tree = material.node_tree
    return tree is not None and any(getattr(node, "attribute_name", "") == "tint" for node in tree.nodes)


def variant_of(material: bpy.types.Material) -> str:
    """Returns the name of the variant that a Bloom material is."""
    return str(material.get(VARIANT, "sparks" if for_points(material) else "glow"))


def scatters(material: bpy.types.Material) -> bool:
    """Says whether a material needs light to be seen."""
    return VARIANTS[variant_of(material)].scatters


def materials_of(obj: bpy.types.Object) -> list[bpy.types.Material]:
    """Returns the Bloom materials that a bloom and what is parented to it wear, in order."""
    found: dict[str, bpy.types.Material] = {}
    for owner in (obj, *obj.children):
        worn = [slot.material for slot in owner.material_slots]
        for modifier in owner.modifiers:  # points wear theirs through Set Material
            tree: Any = getattr(modifier, "node_group", None)
            worn += [socket.default_value for node in (tree.nodes if tree is not None else ()) for socket in node.inputs if socket.type == "MATERIAL"]
        for material in worn:
            if material is not None and material.node_tree is not None and RAMP in material.node_tree.nodes:
                found[material.name] = material
    return list(found.values())


def set_variant(material: bpy.types.Material, name: str) -> None:
    """Makes a Bloom material a variant. Palette, keys, exposure, and nodes that an artist added, stay.

    Raises ValueError where the variant is not for this material, or the artist took out nodes that it needs.
    """
    variant, points = VARIANTS[name], for_points(material)
    if variant.points != points:
        kind = ("volumes", "points") if points else ("points", "volumes")
        raise ValueError(f"{variant.title} is for takes of {kind[0]}; {material.name} is for {kind[1]}: choose another material")
    tree = compat.ensure_nodes(material)
    output = next((node for node in tree.nodes if node.bl_idname == "ShaderNodeOutputMaterial"), None)
    strength = tree.nodes.get(EXPOSURE if points else "Exposed")
    if strength is None and points:
        strength = _node(tree, "ShaderNodeValue", EXPOSURE, -900, 320)
        strength.outputs[0].default_value = 1.0
    if output is None or strength is None or tree.nodes.get(RAMP) is None:
        raise ValueError(f"{material.name} has lost nodes of Bloom's: undo that, or give the bloom a new material")
    for node in [node for node in tree.nodes if _SHADER in node or node.name == "Glow"]:
        tree.nodes.remove(node)
    before = set(tree.nodes)
    build = {"glow": _glow, "smoke": _smoke, "velvet": _velvet, "full": _full_color, "sparks": _sparks, "glass": _glass}[name]
    shader = build(tree, tree.nodes[RAMP].outputs["Color"], strength.outputs[0])
    for node in set(tree.nodes) - before:
        node[_SHADER] = name
    tree.links.new(shader, output.inputs["Surface" if points else "Volume"])
    material[VARIANT] = name


def _node(tree: Any, kind: str, label: str, x: float, y: float) -> Any:
    node = tree.nodes.new(kind)
    node.name, node.label, node.location = label, label, (x, y)
    return node


def _scaled(tree: Any, value: Any, factor: float, label: str, y: float) -> Any:
    """Returns `value` times a number that is kept in a node of its own, so that it can be found, edited and keyed."""
    number, product = _node(tree, "ShaderNodeValue", label, -640, y), _node(tree, "ShaderNodeMath", f"{label} Applied", -440, y)
    number.outputs[0].default_value, product.operation = factor, "MULTIPLY"
    tree.links.new(value, product.inputs[0])
    tree.links.new(number.outputs[0], product.inputs[1])
    return product.outputs[0]


def _glow(tree: Any, color: Any, strength: Any) -> Any:
    emission = _node(tree, "ShaderNodeEmission", "Glow", -240, 0)
    tree.links.new(color, emission.inputs["Color"])
    tree.links.new(strength, emission.inputs["Strength"])
    return emission.outputs[0]


def _full_color(tree: Any, _color: Any, strength: Any) -> Any:
    exact = _node(tree, "ShaderNodeAttribute", "Exact Color", -640, -420)
    exact.attribute_name = "Cd"  # in linear light, as shaders want it
    return _glow(tree, exact.outputs["Color"], strength)


def _body(tree: Any, color: Any, density: Any, thickness: float, shade: float, shaded: float) -> Any:
    """A scattering volume whose colour is the palette's, mixed with so much (`shaded`) of a grey (`shade`)."""
    tone, body = _node(tree, "ShaderNodeMix", "Shaded", -440, -420), _node(tree, "ShaderNodeVolumePrincipled", "Body", -240, -100)
    tone.data_type = "RGBA"
    tone.inputs[0].default_value = shaded
    colors = [socket for socket in tone.inputs if socket.type == "RGBA"]
    colors[1].default_value = (shade, shade, shade, 1.0)
    body.inputs["Density Attribute"].default_value = body.inputs["Color Attribute"].default_value = ""
    body.inputs["Anisotropy"].default_value = 0.25
    tree.links.new(color, colors[0])
    tree.links.new(next(socket for socket in tone.outputs if socket.type == "RGBA"), body.inputs["Color"])
    tree.links.new(_scaled(tree, density, thickness, THICKNESS, -250), body.inputs["Density"])
    return body


def _smoke(tree: Any, color: Any, strength: Any) -> Any:
    return _body(tree, color, strength, 1.6, 1.0, 0.12).outputs[0]


def _velvet(tree: Any, color: Any, strength: Any) -> Any:
    body = _body(tree, color, strength, 10.0, 0.0, 0.45)
    tree.links.new(color, body.inputs["Emission Color"])
    tree.links.new(_scaled(tree, strength, 5.5, "Bloom Inner Light", -600), body.inputs["Emission Strength"])
    return body.outputs[0]


def _twinkle(tree: Any, least: float, most: float, sharpness: float) -> Any:
    """Returns a brightness of each point's own, from `least` to `most`; the sharper, the fewer shine."""
    point, power = _node(tree, "ShaderNodePointInfo", "Point", -1000, -420), _node(tree, "ShaderNodeMath", "Few", -820, -420)
    spread = _node(tree, "ShaderNodeMapRange", "Bloom Twinkle", -640, -420)
    power.operation, power.inputs[1].default_value = "POWER", sharpness
    spread.inputs["To Min"].default_value, spread.inputs["To Max"].default_value = least, most
    tree.links.new(point.outputs["Random"], power.inputs[0])
    tree.links.new(power.outputs[0], spread.inputs["Value"])
    return spread.outputs[0]


def _product(tree: Any, first: Any, second: Any, label: str, x: float, y: float) -> Any:
    product = _node(tree, "ShaderNodeMath", label, x, y)
    product.operation = "MULTIPLY"
    tree.links.new(first, product.inputs[0])
    tree.links.new(second, product.inputs[1])
    return product.outputs[0]


def _sparks(tree: Any, color: Any, strength: Any) -> Any:
    """Light that what is behind shines through, so that it adds up where points are many; few points shine, the others are their dust."""
    emission, clear = _node(tree, "ShaderNodeEmission", "Sparks", -240, 0), _node(tree, "ShaderNodeBsdfTransparent", "Clear", -240, -150)
    both = _node(tree, "ShaderNodeAddShader", "Light and Clear", -100, 0)
    clear.inputs["Color"].default_value = (0.55, 0.55, 0.55, 1.0)
    light = _product(tree, _scaled(tree, strength, 1.2, "Bloom Spark", -250), _twinkle(tree, 0.35, 9.0, 24.0), "Twinkling", -420, -420)
    tree.links.new(color, emission.inputs["Color"])
    tree.links.new(light, emission.inputs["Strength"])
    tree.links.new(emission.outputs[0], both.inputs[0])
    tree.links.new(clear.outputs[0], both.inputs[1])
    return both.outputs[0]


def _glass(tree: Any, color: Any, strength: Any) -> Any:
    """A core that glows where it is looked at straight on, in a skin that mirrors towards its rim. Needs no ray to bend: that would be slow."""
    facing, away = _node(tree, "ShaderNodeLayerWeight", "Rim", -640, 500), _node(tree, "ShaderNodeMath", "Core", -440, 420)
    away.operation = "SUBTRACT"
    away.inputs[0].default_value = 1.0
    core, skin, mix = (
        _node(tree, kind, label, x, y)
        for kind, label, x, y in (
            ("ShaderNodeEmission", "Glow", -240, 100),
            ("ShaderNodeBsdfGlossy", "Skin", -240, -80),
            ("ShaderNodeMixShader", "Glass", -100, 0),
        )
    )
    skin.inputs["Roughness"].default_value = 0.05
    facing.inputs["Blend"].default_value = 0.45
    inner = _product(tree, _scaled(tree, strength, 2.4, "Bloom Inner Light", -250), _twinkle(tree, 0.3, 5.0, 16.0), "Twinkling", -420, -420)
    for source, target in (
        (facing.outputs["Facing"], away.inputs[1]),
        (color, core.inputs["Color"]),
        (_product(tree, away.outputs[0], inner, "Core Light", -420, 250), core.inputs["Strength"]),
        (facing.outputs["Fresnel"], mix.inputs[0]),
        (core.outputs[0], mix.inputs[1]),
        (skin.outputs[0], mix.inputs[2]),
    ):
        tree.links.new(source, target)
    return mix.outputs[0]
