"""Everything that differs between the supported Blender versions, 4.5 LTS to 5.2 LTS. No other module asks for the version."""

from __future__ import annotations

from typing import Any

import bpy

IS_5 = bpy.app.version >= (5, 0, 0)


def channelbag(datablock: bpy.types.ID, name: str) -> Any:
    """Returns the channelbag that holds the F-curves of `datablock`, making action, slot, layer and strip where missing."""
    data = getattr(datablock, "animation_data", None) or datablock.animation_data_create()
    if data.action is None:
        data.action = bpy.data.actions.new(name)
    action = data.action
    slot = data.action_slot
    if slot is None:
        slot = action.slots[0] if len(action.slots) else action.slots.new(id_type=datablock.id_type, name=datablock.name)
        data.action_slot = slot
    layer = action.layers[0] if len(action.layers) else action.layers.new("Layer")
    strip: Any = layer.strips[0] if len(layer.strips) else layer.strips.new(type="KEYFRAME")
    return strip.channelbag(slot, ensure=True)


def new_fcurve(bag: Any, data_path: str, index: int, group: str) -> Any:
    """Adds an F-curve to a channelbag, in a named group."""
    if IS_5:
        return bag.fcurves.new(data_path, index=index, group_name=group)
    curve = bag.fcurves.new(data_path, index=index)
    curve.group = bag.groups.get(group) or bag.groups.new(group)
    return curve


def ensure_nodes(owner: Any) -> Any:
    """Returns the node tree of a material or world, switching nodes on where that is still a choice."""
    if owner.node_tree is None:
        owner.use_nodes = True
    return owner.node_tree


def compositor_in_use(scene: Any, own: str) -> bool:
    """Says whether the scene has a compositor tree that somebody else than Bloom (whose trees are named `own`) has set up."""
    if IS_5:
        tree = scene.compositing_node_group
        return tree is not None and not tree.name.startswith(own)
    tree = scene.node_tree if scene.use_nodes else None
    return tree is not None and "Bloom Glow" not in tree.nodes and len(tree.nodes) > 2  # a new tree has two nodes


def new_compositor_tree(scene: Any, name: str) -> tuple[Any, Any]:
    """Returns an empty compositor tree of the scene and the node that its result goes into."""
    if IS_5:
        tree: Any = bpy.data.node_groups.new(name, "CompositorNodeTree")
        scene.compositing_node_group = tree
        tree.interface.new_socket(name="Image", in_out="OUTPUT", socket_type="NodeSocketColor")
        output = tree.nodes.new("NodeGroupOutput")
    else:
        scene.use_nodes = True
        tree = scene.node_tree
        tree.nodes.clear()
        output = tree.nodes.new("CompositorNodeComposite")
    # A compositor on the GPU ends a background Blender without a display.
    scene.render.compositor_device = "CPU"
    return tree, output


def set_glare(node: Any, threshold: float, strength: float, size: float) -> None:
    """Sets a Glare node to its bloom."""
    if "Type" in node.inputs:
        node.inputs["Type"].default_value = "Bloom"
    else:
        node.glare_type = "BLOOM"
    node.inputs["Threshold"].default_value = threshold
    node.inputs["Strength"].default_value = strength
    node.inputs["Size"].default_value = size


def prepare_volumes(scene: Any) -> None:
    """Chooses Cycles' ray marching; 5.0 and later default to an unbiased way that takes seconds more per frame."""
    if hasattr(scene.cycles, "volume_biased"):
        scene.cycles.volume_biased = True


def set_png(scene: bpy.types.Scene) -> None:
    """Sets the scene to write 8-bit PNG stills."""
    settings = scene.render.image_settings
    if IS_5:
        settings.media_type = "IMAGE"
    settings.file_format, settings.color_mode, settings.color_depth = "PNG", "RGB", "8"


def set_movie(scene: bpy.types.Scene) -> None:
    """Sets the scene to write an H.264 film in an MP4 file."""
    settings = scene.render.image_settings
    if IS_5:
        settings.media_type = "VIDEO"
    settings.file_format = "FFMPEG"
    film = scene.render.ffmpeg
    film.format, film.codec, film.constant_rate_factor, film.gopsize = "MPEG4", "H264", "HIGH", 12


def has_denoiser() -> bool:
    """Says whether this Blender was built with Open Image Denoise; some distributions' builds were not."""
    try:
        import _cycles  # type: ignore[import-not-found]
    except ImportError:
        return False
    return bool(getattr(_cycles, "with_openimagedenoise", False))
