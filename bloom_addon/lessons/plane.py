"""The data plane: what the network says of every point, as a picture that changes from step to step, with the line where it cannot decide.

The recorded surfaces lie side by side in one image, packed into the .blend; a keyed offset in the material chooses one. The image holds the
recording's single-precision numbers, so at each recorded step the plane shows these and no others.
"""

from __future__ import annotations

import math
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from bloom_core.flames.flame import FloatArray
from bloom_core.lessons.lesson import Act, Plane

from .. import compat
from . import look, shapes
from .layout import Rectangle
from .look import COOL, MARK, WARM, WHITE, Shader
from .objects import UPRIGHT, IntArray, Workshop, eased, held
from .translations import say

BOUNDARY = 0.05
"""How thick the line is where the output is one half."""

LEVEL = 1e-3
"""The slope, in output for each unit of the picture, below which the plane is level, and has no line."""

WORDS, TICKS, NAMES = 0.30, 0.24, 0.22
"""Sizes of the axes' names, of their numbers, and of the points' names."""

STEP = "Step"
"""The node whose inputs 0 and 1 choose the surface that is shown: how far to the right and up in the image, as a share of it."""


def atlas(surfaces: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Returns `surfaces` (S, G, G) side by side as one image (H, W), row 0 lowest, and which column and row (S, 2) each has."""
    count, side = surfaces.shape[0], surfaces.shape[1]
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    image = np.zeros((rows * side, columns * side), np.float32)
    cells = np.stack([np.arange(count) % columns, np.arange(count) // columns], axis=1)
    for surface, (column, row) in zip(surfaces, cells, strict=True):
        image[row * side : (row + 1) * side, column * side : (column + 1) * side] = surface
    return image, cells.astype(np.int64)


def build(workshop: Workshop, act: Act, frames: IntArray, place: Rectangle) -> None:
    """Builds an act's data plane in its place."""
    plane = act.plane
    assert plane is not None
    field = place.inset(0.85, 0.73, 0.0, 0.05)
    shown, cells_of = np.unique(act.rows, return_inverse=True)
    pixels, cells = atlas(plane.surface[shown])
    image = _image(f"{act.name} surface", pixels)
    size = plane.surface.shape[1]
    grid = np.array(pixels.shape[::-1]) // size  # columns and rows
    own = cells[cells_of] / grid
    surface, line = _surface_material(act, image, size, grid, field), _point_material(act, image)
    for material in (surface, line):
        for axis in range(2):
            held(compat.ensure_nodes(material), f'nodes["{STEP}"].inputs[{axis}].default_value', 0, "Step", frames, own[:, axis])
    corners, faces = shapes.box(-field.width / 2, -field.height / 2, field.width / 2, field.height / 2)
    sheet = workshop.mesh("plane", f"{act.name} plane", corners, faces, [surface], field.center, depth=-0.2)
    _set_uv(sheet.data, "UVMap", _inside(np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]), size, grid))
    _points(workshop, plane, field, line, size, grid)
    _current(workshop, act, plane, field, frames)
    _axes(workshop, plane, field)


def _inside(shares: FloatArray, size: int, grid: NDArray[np.int64]) -> FloatArray:
    """Returns where in the image's first cell shares (n, 2) of the plane are: its border runs through the middles of the outer pixels."""
    return np.asarray((0.5 + shares * (size - 1)) / (size * grid))


def _image(name: str, pixels: NDArray[np.float32]) -> Any:
    image: Any = bpy.data.images.new(name, pixels.shape[1], pixels.shape[0], float_buffer=True, is_data=True)
    image[MARK] = "surface"
    colors = np.ones((*pixels.shape, 4), np.float32)
    colors[..., :3] = pixels[..., None]
    image.pixels.foreach_set(colors.ravel())
    image.update()
    image.pack()
    return image


def _sampled(shader: Shader, image: Any, place: Any) -> Any:
    node = shader.node("ShaderNodeTexImage", image=image, interpolation="Linear", extension="EXTEND")
    shader.tree.links.new(place, node.inputs[0])
    return node.outputs["Color"]


def _chosen(shader: Shader) -> Any:
    """Returns the socket with the keyed offset of the surface that is shown."""
    return shader.node("ShaderNodeCombineXYZ", name=STEP, label=STEP).outputs[0]


def _surface_material(act: Act, image: Any, size: int, grid: NDArray[np.int64], field: Rectangle) -> bpy.types.Material:
    made, shader = look.new_material(f"Lesson {act.name} plane")
    offset, own = _chosen(shader), shader.node("ShaderNodeUVMap", uv_map="UVMap").outputs[0]
    pixel = 1.0 / (size * grid)
    low, high = (0.5 * pixel[0], 0.5 * pixel[1], 0.0), ((size - 0.5) * pixel[0], (size - 0.5) * pixel[1], 0.0)

    def output(across: float, up: float) -> Any:
        moved = shader.vector("ADD", own, (float(across * pixel[0]), float(up * pixel[1]), 0.0))
        inside = shader.vector("MINIMUM", shader.vector("MAXIMUM", moved, tuple(map(float, low))), tuple(map(float, high)))
        return _sampled(shader, image, shader.vector("ADD", inside, offset))

    value = output(0.0, 0.0)
    rises = [
        shader.math("MULTIPLY", shader.math("SUBTRACT", output(*one), output(*other)), (size - 1) / length)
        for one, other, length in (((0.5, 0.0), (-0.5, 0.0), field.width), ((0.0, 0.5), (0.0, -0.5), field.height))
    ]
    slope = shader.math("SQRT", shader.math("ADD", *(shader.math("MULTIPLY", rise, rise) for rise in rises)))
    away = shader.math("ABSOLUTE", shader.math("SUBTRACT", value, 0.5))
    distance = shader.math("DIVIDE", away, shader.math("MAXIMUM", slope, 1e-6))  # to the line where the output is one half
    near = shader.node("ShaderNodeMapRange", interpolation_type="SMOOTHSTEP")
    for name, bound in (("From Min", 0.35 * BOUNDARY), ("From Max", 0.65 * BOUNDARY), ("To Min", 1.0), ("To Max", 0.0)):
        near.inputs[name].default_value = bound
    shader.tree.links.new(distance, near.inputs["Value"])
    line = shader.math("MULTIPLY", near.outputs[0], shader.math("GREATER_THAN", slope, LEVEL))
    sure = shader.math("MULTIPLY", away, 2.0)
    ground = shader.math("MULTIPLY_ADD", sure, 0.15, 0.035)
    strength = shader.math("MULTIPLY_ADD", line, 0.9, ground)
    shader.finish(shader.mix(line, shader.mix(value, COOL, WARM), WHITE), strength)
    return made


def _point_material(act: Act, image: Any) -> bpy.types.Material:
    """The rim of a point: the colour of the class that the network says now."""
    made, shader = look.new_material(f"Lesson {act.name} points")
    place = shader.node("ShaderNodeUVMap", uv_map="Place").outputs[0]
    said = shader.math("GREATER_THAN", _sampled(shader, image, shader.vector("ADD", place, _chosen(shader))), 0.5)
    shader.finish(shader.mix(said, COOL, WARM), 0.95)
    return made


def _places(plane: Plane, field: Rectangle) -> FloatArray:
    """Returns where the plane's points stand, x and z."""
    return np.asarray(np.array(field.center) + _shares(plane, plane.points) * np.array([field.width, field.height]) / 2)


def _shares(plane: Plane, points: FloatArray) -> FloatArray:
    """Returns where points (n, 2) are in the plane: from -1 at its left and lower border to 1."""
    return np.asarray((points - np.array(plane.center)) / plane.extent)


def _radius(plane: Plane, field: Rectangle) -> float:
    return float(np.clip(0.26 * field.height / math.sqrt(len(plane.points)), 0.05, 0.17))


def _points(workshop: Workshop, plane: Plane, field: Rectangle, rim: bpy.types.Material, size: int, grid: NDArray[np.int64]) -> None:
    """Adds all points as one object: a core of the target's colour, a rim of the network's, and dark between and around them."""
    radius, corners = _radius(plane, field), 24
    points: list[tuple[float, ...]] = []
    faces: list[tuple[int, ...]] = []
    slots: list[int] = []
    places: list[FloatArray] = []
    inside = _inside((_shares(plane, plane.points) + 1.0) / 2.0, size, grid)
    for (x, z), target, own in zip(_places(plane, field), plane.targets, inside, strict=True):
        for level, (reach, slot) in enumerate(((1.2, 0), (1.0, 1), (0.74, 0), (0.60, 3 if target >= 0.5 else 2))):
            faces.append(tuple(range(len(points), len(points) + corners)))
            points += [(x + px, -0.01 * level, z + pz) for px, pz in shapes.circle(reach * radius, corners)]
            slots.append(slot)
            places += [own] * corners
    materials = [look.material("Shade"), rim, look.material("Cool"), look.material("Warm")]
    made = workshop.mesh("plane", "points", points, faces, materials, (0.0, 0.0), depth=-0.1, slots=slots)
    _set_uv(made.data, "Place", np.array(places))
    middle = field.center[1]
    for (x, z), name in zip(_places(plane, field), plane.names, strict=False):
        away = radius + 0.17
        workshop.text("plane", f"point {name}", say(name), NAMES, (x, z + away if z > middle else z - away))


def _current(workshop: Workshop, act: Act, plane: Plane, field: Rectangle, frames: IntArray) -> None:
    """Adds the ring about the point that the network looks at."""
    radius = _radius(plane, field)
    ring = workshop.line("plane", "current point", np.array(shapes.circle(1.7 * radius)), 0.05, "Gold", depth=0.1, closed=True)
    places = _places(plane, field)[act.examples]
    for axis, along in ((0, places[:, 0]), (2, places[:, 1])):
        eased(ring, "location", axis, "Current", frames, along)


def _axes(workshop: Workshop, plane: Plane, field: Rectangle) -> None:
    outline = np.array([(field.left, field.bottom), (field.right, field.bottom), (field.right, field.top), (field.left, field.top)])
    workshop.line("plane", "plane frame", outline, 0.02, "Line", closed=True)
    below, beside = field.bottom - 0.2, field.left - 0.26
    workshop.text("plane", "axis across", say(plane.axes[0]), WORDS, (field.center[0], below - 0.08))
    up = workshop.text("plane", "axis up", say(plane.axes[1]), WORDS, (beside - 0.25, field.center[1]))
    up.rotation_euler = (UPRIGHT[0], -math.pi / 2, 0.0)
    for axis, length in enumerate((field.width, field.height)):
        low, high = plane.center[axis] - plane.extent, plane.center[axis] + plane.extent
        for number in (math.ceil(low), math.floor(high)):
            share = (number - low) / (high - low)
            at = (field.left, field.bottom)[axis] + np.clip(share, 0.1 / length, 1.0 - 0.1 / length) * length
            words = f"{number:+d}" if plane.center[axis] == 0.0 else f"{number:d}"
            workshop.text("plane", "tick", words, TICKS, (at, below) if axis == 0 else (beside, at))


def _set_uv(mesh: Any, name: str, places: FloatArray) -> None:
    """Gives a mesh a UV map from the places (n, 2) of its points."""
    layer = mesh.uv_layers.new(name=name)
    corners = np.empty(len(mesh.loops), np.int32)
    mesh.loops.foreach_get("vertex_index", corners)
    layer.data.foreach_set("uv", places[corners].astype(np.float32).ravel())
