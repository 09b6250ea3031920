"""The finishing: light that blooms around the hearts, a lens, a vignette and the contrast of film, as one group of ordinary compositor nodes.

The group stands in a tree of ours, or, where the artist asks for it, in the artist's own. Its nodes are the same in every Blender.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import bpy

from .. import compat
from .parts import MARK, is_ours, remove_unused

TREE, GROUP = "Bloom Film", "Bloom Look"
THRESHOLD, STRENGTH, SIZE = 0.6, 0.45, 0.6
_DISTORTION, _DISPERSION = 0.012, 0.022
_VIGNETTE = (0.35, 1.25, 0.28)
"""Distance from the middle, in half pictures, at which it begins and ends, and how much light it leaves there."""
_FILM = ((0.0, 0.0), (0.18, 0.14), (0.55, 0.60), (1.0, 1.0))
"""The contrast curve, scene-linear."""


def build(scene: Any, looks: Collection[str] = ("GLOW",)) -> bool:
    """Gives the scene our compositor with the `looks` (see properties.stage_presets). An artist's own tree is left alone: then False.

    A group of ours that the artist has put into another tree gets the looks too.
    """
    group = find_group(scene)
    tree = compat.compositor_tree(scene)
    if tree is not None and not is_ours(tree) and not compat.is_untouched(tree):
        if group is not None:
            _fill(group, looks)
        return group is not None
    if group is None:
        group = _new_group()
    _fill(group, looks)
    tree, output = compat.new_compositor_tree(scene, TREE, tree if is_ours(tree) else None)
    tree[MARK] = "compositor"
    layers, look = tree.nodes.new("CompositorNodeRLayers"), _group_node(tree, group)
    layers.scene = scene
    layers.location, look.location, output.location = (-400, 0), (-100, 0), (150, 0)
    tree.links.new(layers.outputs["Image"], look.inputs[0])
    tree.links.new(look.outputs[0], output.inputs[0])
    return True


def insert(scene: bpy.types.Scene, looks: Collection[str]) -> None:
    """Puts the look in front of the output of the artist's own tree. Raises ValueError where it has none that shows a picture."""
    tree = compat.compositor_tree(scene)
    output = compat.compositor_output(tree) if tree is not None else None
    if output is None or not output.inputs or not output.inputs[0].is_linked:
        raise ValueError("The compositor's tree shows no picture: connect something to its output first")
    group = find_group(scene)
    if group is None:
        group = _new_group()
        source, look = output.inputs[0].links[0].from_socket, _group_node(tree, group)
        look.location = (output.location.x - 200, output.location.y)
        tree.links.new(source, look.inputs[0])
        tree.links.new(look.outputs[0], output.inputs[0])
    _fill(group, looks)


def remove(scene: Any) -> None:
    """Takes our tree out of the scene, or our group out of the artist's, whose links close again."""
    tree, group = compat.compositor_tree(scene), find_group(scene)
    if is_ours(tree):
        compat.remove_compositor_tree(scene)
    elif group is not None:
        for node in [node for node in tree.nodes if getattr(node, "node_tree", None) == group]:
            source = node.inputs[0].links[0].from_socket if node.inputs[0].is_linked else None
            for socket in [link.to_socket for link in node.outputs[0].links] if source is not None else []:
                tree.links.new(source, socket)
            tree.nodes.remove(node)
    remove_unused([group])


def has_own_tree(scene: Any) -> bool:
    """Says whether the scene has a compositor tree that is the artist's and shows no look of ours."""
    tree = compat.compositor_tree(scene)
    return tree is not None and not is_ours(tree) and not compat.is_untouched(tree) and find_group(scene) is None


def find_group(scene: bpy.types.Scene) -> Any:
    """Returns the look's node group that the scene's compositor uses, or None."""
    tree = compat.compositor_tree(scene)
    trees = (getattr(node, "node_tree", None) for node in tree.nodes) if tree is not None else ()
    return next((group for group in trees if is_ours(group)), None)


def _new_group() -> Any:
    group: Any = bpy.data.node_groups.new(GROUP, "CompositorNodeTree")
    group[MARK] = "look"
    for direction in ("INPUT", "OUTPUT"):
        group.interface.new_socket(name="Image", in_out=direction, socket_type="NodeSocketColor")
    return group


def _group_node(tree: Any, group: Any) -> Any:
    node = tree.nodes.new("CompositorNodeGroup")
    node.node_tree, node.name, node.label = group, GROUP, GROUP
    return node


def _fill(group: Any, looks: Collection[str]) -> None:
    group.nodes.clear()
    image, place = group.nodes.new("NodeGroupInput").outputs[0], 0
    for name, add in (("DENOISE", _denoise), ("GLOW", _glow), ("LENS", _lens), ("VIGNETTE", _vignette), ("FILM", _film)):
        if name in looks:
            place += 260
            image = add(group, image, place)
    output = group.nodes.new("NodeGroupOutput")
    output.location = (place + 260, 0)
    group.links.new(image, output.inputs[0])


def _node(group: Any, kind: str, label: str, x: float, y: float = 0.0) -> Any:
    node = group.nodes.new(kind)
    node.name, node.label, node.location = label, label, (x, y)
    return node


def _denoise(group: Any, image: Any, x: float) -> Any:
    node = _node(group, "CompositorNodeDenoise", "Bloom Denoise", x)
    group.links.new(image, node.inputs["Image"])
    return node.outputs["Image"]


def _glow(group: Any, image: Any, x: float) -> Any:
    node = _node(group, "CompositorNodeGlare", "Bloom Glow", x)
    compat.set_glare(node, THRESHOLD, STRENGTH, SIZE)
    group.links.new(image, node.inputs["Image"])
    return node.outputs["Image"]


def _lens(group: Any, image: Any, x: float) -> Any:
    node = _node(group, "CompositorNodeLensdist", "Bloom Lens", x)
    node.inputs["Distortion"].default_value, node.inputs["Dispersion"].default_value = _DISTORTION, _DISPERSION
    node.inputs["Fit"].default_value = True
    group.links.new(image, node.inputs["Image"])
    return node.outputs["Image"]


def _vignette(group: Any, image: Any, x: float) -> Any:
    """Multiplies the picture with light that falls off from the middle; drawn from coordinates, so it is the same at every resolution."""
    place = _node(group, "CompositorNodeImageCoordinates", "Place", x, -300)
    middle = _node(group, "ShaderNodeVectorMath", "From the Middle", x + 10, -420)
    length, light = _node(group, "ShaderNodeVectorMath", "Distance", x + 20, -540), _node(group, "ShaderNodeMapRange", "Bloom Vignette", x + 30, -660)
    darkened = _node(group, "ShaderNodeMix", "Darkened", x)
    middle.operation, length.operation = "MULTIPLY_ADD", "LENGTH"
    middle.inputs[1].default_value, middle.inputs[2].default_value = (2.0, 2.0, 0.0), (-1.0, -1.0, 0.0)
    light.interpolation_type = "SMOOTHSTEP"
    for name, value in zip(("From Min", "From Max", "To Min", "To Max"), (*_VIGNETTE[:2], 1.0, _VIGNETTE[2]), strict=True):
        light.inputs[name].default_value = value
    darkened.data_type, darkened.blend_type = "RGBA", "MULTIPLY"
    darkened.inputs[0].default_value = 1.0
    colors = [socket for socket in darkened.inputs if socket.type == "RGBA"]
    for source, target in (
        (image, place.inputs[0]),
        (place.outputs["Normalized"], middle.inputs[0]),
        (middle.outputs[0], length.inputs[0]),
        (length.outputs["Value"], light.inputs["Value"]),
        (image, colors[0]),
        (light.outputs["Result"], colors[1]),
    ):
        group.links.new(source, target)
    return next(socket for socket in darkened.outputs if socket.type == "RGBA")


def _film(group: Any, image: Any, x: float) -> Any:
    node = _node(group, "CompositorNodeCurveRGB", "Bloom Film", x)
    curve = node.mapping.curves[3]
    curve.points[0].location, curve.points[1].location = _FILM[0], _FILM[-1]
    for x_value, y_value in _FILM[1:-1]:
        curve.points.new(x_value, y_value)
    node.mapping.update()
    group.links.new(image, node.inputs["Image"])
    return node.outputs["Image"]
