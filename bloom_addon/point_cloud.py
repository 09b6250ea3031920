"""Takes of points in the scene: a companion object whose Geometry Nodes read the PLY file of the frame. Plays without the add-on.

Nodes: scene frame → number of the file, kept inside the take → its path → Import PLY → points with `tint`, `weight`, `velocity` and a radius.
Between frames (where motion blur looks) points stand where their velocity takes them; Cycles also reads `velocity` itself, per second.
"""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from bloom_core.palettes import linear_to_srgb
from bloom_core.takes import Take

from . import compat, material, properties
from .materials import variants

TAKE, SIZE, MATERIAL = "Bloom Take", "Bloom Point Size", "Bloom Point Material"
VARIETY = "Bloom Size Variety"
"""Value node: 0, all points are as large; 1, most are smaller and one in thirty is a drop of two to three times the size."""
_START, _COUNT = "Bloom First Frame", "Bloom Frame Count"


def companion(obj: bpy.types.Object) -> Any:
    """Returns the object that plays a bloom's points, or None. A copied bloom has none until it is given one: it points to the other's."""
    found = properties.bloom_of(obj).baking.points
    return found if found is not None and found.parent == obj and nodes_of(found) is not None else None


def ensure_companion(obj: bpy.types.Object) -> Any:
    """Returns the object that plays a bloom's points; where there is none, a new one, which shows nothing yet."""
    return companion(obj) or _new_companion(obj)


def nodes_of(points: bpy.types.Object) -> Any:
    """Returns the nodes of a companion's tree, or None where the artist took the modifier away."""
    for modifier in points.modifiers:
        tree: Any = getattr(modifier, "node_group", None)
        if tree is not None and TAKE in tree.nodes:
            return tree.nodes
    return None


def play(obj: bpy.types.Object, take: Take, path: str, frame_start: int) -> bpy.types.Object:
    """Makes the bloom's companion play a take of points from `frame_start` on; `path` is the take's first file, as Blender is to find it."""
    points: bpy.types.Object = ensure_companion(obj)
    nodes = nodes_of(points)
    nodes[TAKE].string = path.removesuffix("0001.ply")
    nodes[_START].integer, nodes[_COUNT].integer = frame_start, len(take.files)
    match_palette(obj)
    points.hide_render = points.hide_viewport = False
    return points


def stop(obj: bpy.types.Object) -> None:
    """Makes the companion show nothing; it stays, with what the artist did to it."""
    points = companion(obj)
    if points is not None:
        points.hide_render = points.hide_viewport = True


def played(obj: bpy.types.Object) -> tuple[str, int, int] | None:
    """Returns the path of the take's first file, the frame where it begins and its length; None where no points are shown."""
    points = companion(obj)
    if points is None or (points.hide_render and points.hide_viewport):
        return None
    nodes = nodes_of(points)
    return f"{nodes[TAKE].string}0001.ply", nodes[_START].integer, nodes[_COUNT].integer


def palette_differs(obj: bpy.types.Object) -> bool:
    """Says whether the points' ramp has other stops than the bloom's, so that it no longer follows it."""
    source, own = _ramps(obj)
    return source is not None and own is not None and len(source.elements) != len(own.elements)


def match_palette(obj: bpy.types.Object) -> None:
    """Makes the points' ramp follow that of the bloom's glow, stop by stop, keys and edits alike, by drivers that need no Python."""
    source, own = _ramps(obj)
    if source is None or own is None:
        return
    giver, taker = _materials(obj)
    tree = compat.ensure_nodes(taker)
    base = f'nodes["{material.RAMP}"].color_ramp.elements'
    for curve in [curve for curve in (tree.animation_data.drivers if tree.animation_data else ()) if curve.data_path.startswith(base)]:
        tree.animation_data.drivers.remove(curve)
    while len(own.elements) > 1:
        own.elements.remove(own.elements[-1])
    for element in list(source.elements)[1:]:
        own.elements.new(element.position)
    own.interpolation, own.color_mode, own.hue_interpolation = source.interpolation, source.color_mode, source.hue_interpolation
    for number, element in enumerate(source.elements):
        own.elements[number].position, own.elements[number].color = element.position, element.color
        for path, index in (("position", -1), *(("color", channel) for channel in range(4))):
            driver = tree.driver_add(f"{base}[{number}].{path}", index).driver
            driver.type = "SUM"  # of one: no expression, so nothing that a cautious Blender would refuse to run
            target = driver.variables.new().targets[0]
            target.id_type, target.id = "MATERIAL", giver
            target.data_path = f"node_tree.{base}[{number}].{path}" + (f"[{index}]" if index >= 0 else "")
    _follow_exposure(giver, tree)


def _follow_exposure(giver: bpy.types.Material, tree: Any) -> None:
    """Drives the exposure of the points by that of the glow, where both have it: one bloom has one."""
    path = f'nodes["{material.EXPOSURE}"].outputs[0].default_value'
    tree.driver_remove(path)
    source: Any = compat.ensure_nodes(giver)
    if material.EXPOSURE not in tree.nodes or material.EXPOSURE not in source.nodes:
        return
    driver = tree.driver_add(path).driver
    driver.type = "SUM"
    target = driver.variables.new().targets[0]
    target.id_type, target.id, target.data_path = "MATERIAL", giver, f"node_tree.{path}"


def _materials(obj: bpy.types.Object) -> tuple[Any, Any]:
    points = companion(obj)
    giver = next((slot.material for slot in obj.material_slots if slot.material is not None and material.ramp_of(slot.material) is not None), None)
    return giver, None if points is None else nodes_of(points)[MATERIAL].inputs["Material"].default_value


def _ramps(obj: bpy.types.Object) -> tuple[Any, Any]:
    giver, taker = _materials(obj)
    return (None, None) if giver is None or taker is None or giver == taker else (material.ramp_of(giver), material.ramp_of(taker))


def _new_companion(obj: bpy.types.Object) -> bpy.types.Object:
    name = f"{obj.name} Points"
    points = bpy.data.objects.new(name, bpy.data.meshes.new(name))
    for collection in obj.users_collection or (bpy.context.scene.collection,):
        collection.objects.link(points)
    points.parent = obj
    for lock in ("lock_location", "lock_rotation", "lock_scale"):
        setattr(points, lock, (True, True, True))  # the bloom is what is to be moved
    modifier: Any = points.modifiers.new("Bloom Points", "NODES")
    modifier.node_group = _tree(name, _size(obj), _new_material(name, obj))
    points.hide_render = points.hide_viewport = True
    properties.bloom_of(obj).baking.points = points
    return points


def _size(obj: bpy.types.Object) -> float:
    """Returns a radius of points that a flower of this size, baked as so many, looks fine with: pictures of more points stay as bright."""
    bloom = properties.bloom_of(obj)
    side = float(max(high - low for low, high in zip(bloom.box_low, bloom.box_high, strict=True)))
    return 0.001 * side * float((0.5 / bloom.baking.point_count) ** (1.0 / 3.0))


def _new_material(name: str, obj: bpy.types.Object) -> bpy.types.Material:
    """Returns a glowing material for points, whose color is the bloom's palette at `tint`."""
    ramp = next((ramp for slot in obj.material_slots if slot.material is not None and (ramp := material.ramp_of(slot.material)) is not None), None)
    places = np.linspace(0.0, 1.0, 256)
    colors = np.ones((256, 3)) if ramp is None else np.array([ramp.evaluate(place)[:3] for place in places])
    return variants.points_material(name, linear_to_srgb(np.clip(colors, 0.0, 1.0)))


def _tree(name: str, size: float, points_material: bpy.types.Material) -> Any:
    tree: Any = bpy.data.node_groups.new(name, "GeometryNodeTree")
    tree.interface.new_socket(name="Geometry", in_out="OUTPUT", socket_type="NodeSocketGeometry")
    build = _Builder(tree)
    path, start = build.value("FunctionNodeInputString", TAKE), build.value("FunctionNodeInputInt", _START)
    count = build.value("FunctionNodeInputInt", _COUNT)
    radius = build.value("ShaderNodeValue", SIZE)
    tree.nodes[SIZE].outputs[0].default_value = size

    time = build.node("GeometryNodeInputSceneTime")
    frame = time.outputs["Frame"]
    nearest = build.math("ROUND", frame)
    asked = build.math("ADD", build.math("SUBTRACT", nearest, start), 1.0)
    number = build.math("MINIMUM", build.math("MAXIMUM", asked, 1.0), count)
    inside = build.math("COMPARE", asked, number, 0.5)  # before and after the take its ends stand still
    file = build.node("FunctionNodeFormatString")
    file.format_items.new("STRING", "Take")
    file.format_items.new("INT", "Number")
    file.inputs["Format"].default_value = "{}{:04}.ply"
    build.link(path, file.inputs["Take"])
    build.link(number, file.inputs["Number"])

    imported, cloud = build.node("GeometryNodeImportPLY"), build.node("GeometryNodeMeshToPoints")
    build.link(file.outputs[0], imported.inputs["Path"])
    build.link(imported.outputs[0], cloud.inputs["Mesh"])
    # A point that is half as opaque covers half the area.
    covering = build.math("MULTIPLY", radius, build.math("SQRT", build.attribute("weight")))
    build.link(build.math("MULTIPLY", covering, _variety(build)), cloud.inputs["Radius"])

    velocity = build.node("ShaderNodeCombineXYZ")
    for axis, column in zip("XYZ", ("vx", "vy", "vz"), strict=True):
        build.link(build.math("MULTIPLY", build.attribute(column), inside), velocity.inputs[axis])
    moved, stored = build.node("GeometryNodeSetPosition"), build.node("GeometryNodeStoreNamedAttribute")
    colored = build.node("GeometryNodeSetMaterial")
    build.link(cloud.outputs[0], moved.inputs["Geometry"])
    build.link(build.scaled(velocity.outputs[0], build.math("SUBTRACT", frame, nearest)), moved.inputs["Offset"])
    stored.data_type, stored.domain = "FLOAT_VECTOR", "POINT"
    stored.inputs["Name"].default_value = "velocity"
    build.link(moved.outputs[0], stored.inputs["Geometry"])
    # Cycles takes velocities per second; frames over seconds is the frame rate, but for frame 0, of which nothing can be told.
    rate = build.math("DIVIDE", frame, time.outputs["Seconds"])
    build.link(build.scaled(velocity.outputs[0], rate), next(socket for socket in stored.inputs if socket.name == "Value" and socket.enabled))
    build.link(stored.outputs[0], colored.inputs["Geometry"])
    colored.name = colored.label = MATERIAL
    colored.inputs["Material"].default_value = points_material
    output = build.node("NodeGroupOutput")
    build.link(colored.outputs[0], output.inputs[0])
    return tree


def _variety(build: _Builder) -> Any:
    """Returns a factor of a point's size, by its number: points keep theirs from frame to frame, as they keep their way through the flame."""
    chance = build.node("FunctionNodeRandomValue")
    variety = build.value("ShaderNodeValue", VARIETY)
    variety.node.outputs[0].default_value = 1.0
    drops = build.math("POWER", next(socket for socket in chance.outputs if socket.enabled), 20.0)
    return build.math("MULTIPLY_ADD", variety, build.math("MULTIPLY_ADD", drops, 2.4, -0.4), 1.0)


class _Builder:
    """Adds nodes to a tree, from left to right."""

    def __init__(self, tree: Any) -> None:
        self._tree = tree

    def node(self, kind: str) -> Any:
        made = self._tree.nodes.new(kind)
        place = len(self._tree.nodes) - 1
        made.location = (200 * (place // 4), -180 * (place % 4))
        return made

    def link(self, source: Any, target: Any) -> None:
        self._tree.links.new(source, target)

    def value(self, kind: str, name: str) -> Any:
        made = self.node(kind)
        made.name = made.label = name
        return made.outputs[0]

    def attribute(self, name: str) -> Any:
        made = self.node("GeometryNodeInputNamedAttribute")
        made.data_type = "FLOAT"
        made.inputs["Name"].default_value = name
        return next(socket for socket in made.outputs if socket.enabled and socket.name == "Attribute")

    def math(self, operation: str, *inputs: Any) -> Any:
        made = self.node("ShaderNodeMath")
        made.operation = operation
        self._fill(made, inputs)
        return made.outputs[0]

    def scaled(self, vector: Any, factor: Any) -> Any:
        made = self.node("ShaderNodeVectorMath")
        made.operation = "SCALE"
        self.link(vector, made.inputs[0])
        self.link(factor, made.inputs["Scale"])
        return made.outputs[0]

    def _fill(self, made: Any, inputs: tuple[Any, ...]) -> None:
        for socket, given in zip(made.inputs, inputs, strict=False):
            if isinstance(given, float):
                socket.default_value = given
            else:
                self.link(given, socket)
