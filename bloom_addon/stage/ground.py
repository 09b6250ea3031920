"""What the flower stands on: water, misty ground or a seamless backdrop, as ordinary meshes that fade into the distance."""

from __future__ import annotations

import math
from typing import Any

import bpy

from bloom_core.camera_paths import Subject

from .. import compat
from . import parts
from .parts import MARK

GROUND = "Bloom Ground"
_FADE = {"water": (2.2, 7.0), "mist": (0.7, 4.2)}
"""Distances from the flower, in its radii, at which the ground begins to fade and is gone."""


def build(scene: bpy.types.Scene, filmed: Subject, kind: str) -> None:
    """Sets the ground of a kind below the subject, or takes it away."""
    parts.drop(scene, lambda role: role == "ground")
    if kind == "none":
        return
    ground = parts.part(scene, "ground", GROUND, bpy.data.meshes.new)
    ground.location = (filmed.center[0], filmed.center[1], filmed.bottom)
    ground.scale = (filmed.radius,) * 3
    ground.display_type, ground.hide_select = "WIRE", True  # in nobody's way at work; renders do not heed it
    mesh: Any = ground.data
    mesh.from_pydata(*(_backdrop() if kind == "backdrop" else _disc(_FADE[kind][1])))
    mesh.shade_smooth()
    material = bpy.data.materials.new(f"{GROUND} {kind.capitalize()}")
    material[MARK] = "ground"
    {"water": _water, "mist": _mist, "backdrop": _paper}[kind](compat.ensure_nodes(material))
    mesh.materials.append(material)


def _disc(radius: float, corners: int = 96) -> tuple[list[tuple[float, float, float]], list[Any], list[list[int]]]:
    ring = [(radius * math.cos(math.tau * corner / corners), radius * math.sin(math.tau * corner / corners), 0.0) for corner in range(corners)]
    return ring, [], [list(range(corners))]


def _backdrop(width: float = 9.0, bend: float = 3.0, steps: int = 24) -> tuple[list[tuple[float, float, float]], list[Any], list[list[int]]]:
    """A sheet of paper: flat from before the camera to behind the flower, then bent up; in units of the flower's radius."""
    arc = [math.pi / 2 * step / steps for step in range(steps + 1)]
    profile = [(-14.0, 0.0), *((3.5 + bend * math.sin(angle), bend * (1.0 - math.cos(angle))) for angle in arc), (3.5 + bend, 12.0)]
    points = [(side * width, y, z) for y, z in profile for side in (-1.0, 1.0)]
    return points, [], [[2 * row, 2 * row + 1, 2 * row + 3, 2 * row + 2] for row in range(len(profile) - 1)]


def _surface(tree: Any, color: tuple[float, float, float], roughness: float, fade: tuple[float, float] | None) -> Any:
    """Fills a material with a surface that fades to nothing between two distances; returns its Principled node."""
    tree.nodes.clear()
    surface, output = tree.nodes.new("ShaderNodeBsdfPrincipled"), tree.nodes.new("ShaderNodeOutputMaterial")
    surface.inputs["Base Color"].default_value, surface.inputs["Roughness"].default_value = (*color, 1.0), roughness
    surface.location, output.location = (-500, 0), (0, 0)
    if fade is None:
        tree.links.new(surface.outputs[0], output.inputs["Surface"])
        return surface
    place, length, amount, clear, mix = (
        tree.nodes.new(kind)
        for kind in ("ShaderNodeTexCoord", "ShaderNodeVectorMath", "ShaderNodeMapRange", "ShaderNodeBsdfTransparent", "ShaderNodeMixShader")
    )
    amount.name = amount.label = "Fade"
    length.operation, amount.interpolation_type = "LENGTH", "SMOOTHERSTEP"
    amount.inputs["From Min"].default_value, amount.inputs["From Max"].default_value = fade
    for node, x, y in ((place, -1000, 300), (length, -800, 300), (amount, -600, 300), (clear, -500, 450), (mix, -200, 100)):
        node.location = (x, y)
    tree.links.new(place.outputs["Object"], length.inputs[0])
    tree.links.new(length.outputs["Value"], amount.inputs["Value"])
    tree.links.new(amount.outputs[0], mix.inputs[0])
    tree.links.new(surface.outputs[0], mix.inputs[1])
    tree.links.new(clear.outputs[0], mix.inputs[2])
    tree.links.new(mix.outputs[0], output.inputs["Surface"])
    return surface


def _water(tree: Any) -> None:
    surface = _surface(tree, (0.001, 0.002, 0.004), 0.05, _FADE["water"])
    surface.inputs["IOR"].default_value = 2.4  # a little more of a mirror than water is
    place, waves, bump = (tree.nodes.new(kind) for kind in ("ShaderNodeTexCoord", "ShaderNodeTexNoise", "ShaderNodeBump"))
    waves.name = waves.label = "Ripples"
    waves.inputs["Scale"].default_value, waves.inputs["Detail"].default_value = 2.2, 1.0
    bump.inputs["Strength"].default_value, bump.inputs["Distance"].default_value = 0.06, 0.15
    for node, x in ((place, -1200), (waves, -1000), (bump, -750)):
        node.location = (x, -300)
    tree.links.new(place.outputs["Object"], waves.inputs["Vector"])
    tree.links.new(waves.outputs[0], bump.inputs["Height"])
    tree.links.new(bump.outputs[0], surface.inputs["Normal"])


def _mist(tree: Any) -> None:
    _surface(tree, (0.10, 0.085, 0.095), 0.75, _FADE["mist"]).inputs["Specular IOR Level"].default_value = 0.2


def _paper(tree: Any) -> None:
    _surface(tree, (0.02, 0.02, 0.023), 0.8, None).inputs["Specular IOR Level"].default_value = 0.15
