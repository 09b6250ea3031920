"""Everything that differs between the supported Blender versions, 4.5 LTS to 5.2 LTS. No other module asks for the version."""

from __future__ import annotations

from array import array
from typing import Any

import bpy
import numpy as np

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


def compositor_tree(scene: Any) -> Any:
    """Returns the scene's compositor tree, or None."""
    return scene.compositing_node_group if IS_5 else scene.node_tree


def is_untouched(tree: Any) -> bool:
    """Says whether a compositor tree is what Blender itself sets up: no more than the picture and where it goes."""
    return len(tree.nodes) <= 2


def compositor_output(tree: Any) -> Any:
    """Returns the node that a compositor tree's picture goes into, or None."""
    kind = "NodeGroupOutput" if IS_5 else "CompositorNodeComposite"
    found = [node for node in tree.nodes if node.bl_idname == kind]
    return next((node for node in found if getattr(node, "is_active_output", True)), found[0] if found else None)


def new_compositor_tree(scene: Any, name: str, old: Any = None) -> tuple[Any, Any]:
    """Returns an empty compositor tree of the scene, `old` emptied where it is given, and the node that its result goes into."""
    if IS_5:
        tree: Any = old
        if tree is None:
            tree = bpy.data.node_groups.new(name, "CompositorNodeTree")
            tree.interface.new_socket(name="Image", in_out="OUTPUT", socket_type="NodeSocketColor")
            scene.compositing_node_group = tree
        tree.nodes.clear()
        output = tree.nodes.new("NodeGroupOutput")
    else:
        scene.use_nodes = True
        tree = scene.node_tree
        tree.nodes.clear()
        output = tree.nodes.new("CompositorNodeComposite")
    # A compositor on the GPU ends a background Blender without a display.
    scene.render.compositor_device = "CPU"
    return tree, output


def remove_compositor_tree(scene: Any) -> None:
    """Takes the compositor tree, one of Bloom's, out of the scene."""
    if IS_5:
        bpy.data.node_groups.remove(scene.compositing_node_group)
    else:
        scene.node_tree.nodes.clear()
        for key in list(scene.node_tree.keys()):
            del scene.node_tree[key]
        scene.use_nodes = False


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


def same_values(one: Any, other: Any) -> bool:
    """Says whether two buffers of the GPU hold the same floats. False where this Blender's cannot be compared fast (5.0 and earlier)."""
    try:
        return bool(np.array_equal(np.frombuffer(one, np.float32), np.frombuffer(other, np.float32)))
    except (BufferError, ValueError):
        return False


def fcurves(datablock: bpy.types.ID) -> Any:
    """Returns the F-curves of a datablock's own action, to be read; an empty tuple where it has none. Makes nothing."""
    data = getattr(datablock, "animation_data", None)
    if data is None or data.action is None or data.action_slot is None or not len(data.action.layers) or not len(data.action.layers[0].strips):
        return ()
    strip: Any = data.action.layers[0].strips[0]
    bag = strip.channelbag(data.action_slot)
    return () if bag is None else bag.fcurves


def fcurve(datablock: bpy.types.ID, data_path: str, index: int = 0) -> Any:
    """Returns one F-curve of a datablock's own action, or None."""
    found = fcurves(datablock)
    return found.find(data_path, index=index) if found else None


def eevee() -> str:
    """Returns EEVEE's identifier among the render engines."""
    return "BLENDER_EEVEE" if IS_5 else "BLENDER_EEVEE_NEXT"


def playhead_color(preferences: Any) -> tuple[float, float, float, float]:
    """Returns the theme's colour of the current frame."""
    theme = preferences.themes[0]
    color = theme.common.anim.playhead if IS_5 else theme.dopesheet_editor.frame_current
    return color[0], color[1], color[2], 1.0


def modifier_input(modifier: Any, identifier: str, value: Any = None) -> str:
    """Returns the data path of an input of a Geometry Nodes modifier, from its object; sets it to `value` where one is given."""
    if hasattr(modifier, "properties"):  # 5.2
        if value is not None:
            getattr(modifier.properties.inputs, identifier).value = value
        return f'modifiers["{modifier.name}"].properties.inputs.{identifier}.value'
    if value is not None:
        modifier[identifier] = value
    return f'modifiers["{modifier.name}"]["{identifier}"]'


def center_strings(node: Any) -> None:
    """Has a String to Curves node set its letters about the middle."""
    if "Align X" in node.inputs:  # 5.2
        node.inputs["Align X"].default_value, node.inputs["Align Y"].default_value = "Center", "Middle"
    else:
        node.align_x, node.align_y = "CENTER", "MIDDLE"


def bag_of(action: Any, slot: Any) -> Any:
    """Returns the channelbag of an action's slot, or None where it holds no keys."""
    if action is None or slot is None:
        return None
    for layer in action.layers:
        for strip in layer.strips:
            bag = strip.channelbag(slot)
            if bag is not None:
                return bag
    return None


def bags_of(datablock: bpy.types.ID) -> list[Any]:
    """Returns every channelbag that animates a datablock: that of its action, and those of its NLA strips."""
    data: Any = getattr(datablock, "animation_data", None)
    if data is None:
        return []
    found: dict[int, Any] = {}
    strips = [strip for track in data.nla_tracks for strip in track.strips]
    for action, slot in [(data.action, data.action_slot), *((strip.action, strip.action_slot) for strip in strips if strip.type == "CLIP")]:
        bag = bag_of(action, slot)
        if bag is not None:
            found.setdefault(bag.as_pointer(), bag)
    return list(found.values())


def copy_fcurve(bag: Any, curve: Any, data_path: str) -> Any:
    """Adds a copy of a curve of the same channelbag, with keys and modifiers, for another property; returns it."""
    if IS_5:
        return bag.fcurves.new_from_fcurve(curve, data_path=data_path)
    made, count = bag.fcurves.new(data_path, index=curve.array_index), len(curve.keyframe_points)
    made.keyframe_points.add(count)
    for name in ("handle_left_type", "handle_right_type", "interpolation", "easing", "type", "co", "handle_left", "handle_right"):
        values = array("f" if name in _PAIRS else "i", bytes(4 * count * (2 if name in _PAIRS else 1)))
        curve.keyframe_points.foreach_get(name, values)
        made.keyframe_points.foreach_set(name, values)
    for name in ("extrapolation", "color_mode", "color", "lock", "mute", "hide", "auto_smoothing"):
        setattr(made, name, getattr(curve, name))
    for modifier in curve.modifiers:
        copied = made.modifiers.new(modifier.type)
        for entry in modifier.bl_rna.properties:
            if not entry.is_readonly and entry.identifier != "active":
                setattr(copied, entry.identifier, getattr(modifier, entry.identifier))
    made.update()
    return made


_PAIRS = ("co", "handle_left", "handle_right")
