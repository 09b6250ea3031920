"""The stage's sky: black, stars, dawn or a dark room, as an ordinary world of nodes."""

from __future__ import annotations

from typing import Any

import bpy

from .. import compat
from .parts import MARK, is_ours, remove_unused

NAMES = {"void": "Bloom Black", "stars": "Bloom Stars", "dawn": "Bloom Dawn", "studio": "Bloom Studio"}
_SKIES: dict[str, tuple[tuple[float, tuple[float, float, float]], ...]] = {
    # height above the horizon, 0 below and 1 overhead, and light
    "stars": ((0.0, (0.0006, 0.0010, 0.0030)), (0.48, (0.0030, 0.0045, 0.0120)), (0.54, (0.0045, 0.0065, 0.0180)), (1.0, (0.0006, 0.0009, 0.0040))),
    "dawn": (
        (0.0, (0.010, 0.008, 0.022)),
        (0.38, (0.022, 0.016, 0.050)),
        (0.455, (0.090, 0.050, 0.120)),
        (0.490, (0.340, 0.140, 0.170)),
        (0.505, (0.560, 0.210, 0.150)),
        (0.525, (0.260, 0.085, 0.160)),
        (0.550, (0.070, 0.042, 0.160)),
        (0.62, (0.018, 0.026, 0.120)),
        (1.0, (0.004, 0.007, 0.035)),
    ),
    "studio": ((0.0, (0.004, 0.004, 0.0045)), (1.0, (0.010, 0.010, 0.011))),
}


def build(scene: bpy.types.Scene, kind: str) -> None:
    """Gives the scene a world of the kind; the world of an earlier stage is used again, an artist's own stays in the file."""
    world = scene.world
    if world is None or not is_ours(world):
        world = bpy.data.worlds.new(NAMES[kind])
        scene.world = world
    world[MARK], world.name = kind, NAMES[kind]
    tree = compat.ensure_nodes(world)
    tree.nodes.clear()
    background, output = tree.nodes.new("ShaderNodeBackground"), tree.nodes.new("ShaderNodeOutputWorld")
    background.name = "Background"
    background.location, output.location = (-200, 0), (0, 0)
    tree.links.new(background.outputs[0], output.inputs["Surface"])
    if kind == "void":
        background.inputs["Color"].default_value, background.inputs["Strength"].default_value = (0.0, 0.0, 0.0, 1.0), 0.0
        return
    sky = _gradient(tree, _SKIES[kind])
    tree.links.new(_with_stars(tree, sky) if kind == "stars" else sky, background.inputs["Color"])


def restore(scene: bpy.types.Scene, before: bpy.types.World | None) -> None:
    """Takes the stage's world out of the scene and puts `before` there again."""
    world = scene.world
    if is_ours(world):
        scene.world = before
        remove_unused([world])


def _gradient(tree: Any, stops: Any) -> Any:
    coordinates, split = tree.nodes.new("ShaderNodeTexCoord"), tree.nodes.new("ShaderNodeSeparateXYZ")
    height, ramp = tree.nodes.new("ShaderNodeMapRange"), tree.nodes.new("ShaderNodeValToRGB")
    ramp.name = ramp.label = "Sky"
    for node, x in ((coordinates, -1300), (split, -1100), (height, -900), (ramp, -700)):
        node.location = (x, 0)
    height.inputs["From Min"].default_value = -1.0
    for number, (position, color) in enumerate(stops):
        element = ramp.color_ramp.elements[number] if number < 2 else ramp.color_ramp.elements.new(position)
        element.position, element.color = position, (*color, 1.0)
    ramp.color_ramp.interpolation = "B_SPLINE"
    tree.links.new(coordinates.outputs["Generated"], split.inputs[0])
    tree.links.new(split.outputs["Z"], height.inputs["Value"])
    tree.links.new(height.outputs[0], ramp.inputs["Fac"])
    return ramp.outputs["Color"]


def _with_stars(tree: Any, sky: Any) -> Any:
    """Adds few small stars of different brightness: cells of a Voronoi texture, near their middles."""
    coordinates, cells = tree.nodes.new("ShaderNodeTexCoord"), tree.nodes.new("ShaderNodeTexVoronoi")
    near, bright = tree.nodes.new("ShaderNodeMapRange"), tree.nodes.new("ShaderNodeSeparateXYZ")
    faint, light = tree.nodes.new("ShaderNodeMath"), tree.nodes.new("ShaderNodeMath")
    added: Any = tree.nodes.new("ShaderNodeMix")
    added.data_type, added.blend_type = "RGBA", "ADD"
    added.inputs["Factor"].default_value = 1.0
    cells.inputs["Scale"].default_value = 38.0
    near.inputs["From Min"].default_value, near.inputs["From Max"].default_value = 0.045, 0.0
    faint.operation, light.operation = "POWER", "MULTIPLY"
    faint.inputs[1].default_value = 3.0
    for column, nodes in enumerate(((coordinates,), (cells,), (near, bright), (faint,), (light,), (added,))):
        for row, node in enumerate(nodes):
            node.location = (-1300 + 180 * column, -350 - 300 * row)
    tree.links.new(coordinates.outputs["Generated"], cells.inputs["Vector"])
    tree.links.new(cells.outputs["Distance"], near.inputs["Value"])
    tree.links.new(cells.outputs["Color"], bright.inputs[0])
    tree.links.new(bright.outputs["X"], faint.inputs[0])
    tree.links.new(near.outputs[0], light.inputs[0])
    tree.links.new(faint.outputs[0], light.inputs[1])
    colors = [socket for socket in added.inputs if socket.type == "RGBA"]
    tree.links.new(sky, colors[0])
    tree.links.new(light.outputs[0], colors[1])
    return next(socket for socket in added.outputs if socket.type == "RGBA")
