"""How a lesson looks: its colours, its materials, its camera, and a black world. Materials read what is keyed on each object: no Python plays back.

The properties of an object that its material reads: "look", from -1 (cool: negative, class 0) over 0 to 1 (warm: positive, class 1); "lit", how much
light it has; "pulse", where along a connection a pulse of light is.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import bpy

from .. import compat
from ..stage import compositing
from .layout import WIDTH

MARK = "bloom_lesson"
"""Custom property of every datablock that a lesson made; its value says what it is."""

WARM, COOL, NEUTRAL = (1.0, 0.36, 0.06), (0.08, 0.33, 1.0), (0.42, 0.45, 0.52)
"""Linear RGB of what is positive, negative, and nought. Orange and blue stay apart for colour-blind eyes."""

WHITE, GOLD = (0.92, 0.93, 0.96), (1.0, 0.80, 0.42)
DARK = (0.010, 0.012, 0.020)

LOOK, LIT, PULSE = "look", "lit", "pulse"

INK = 0.58
"""Light of words: too little for the glow, which would blur them."""

LENS, SENSOR = 135.0, 36.0
"""Millimetres: a long lens, so that what stands nearer is hardly larger."""

SAMPLES = 12
"""Enough where all shines by itself: a frame of 640 × 400 takes 1.0 to 1.4 s of one core, half of which is setting up its objects."""


def is_ours(datablock: Any) -> bool:
    """Says whether a lesson made a datablock."""
    return datablock is not None and MARK in datablock


def material(name: str) -> bpy.types.Material:
    """Returns one of the lesson's materials, made where it is missing; its name is one of `_FILL`."""
    full = f"Lesson {name}"
    found = next((entry for entry in bpy.data.materials if entry.name == full and is_ours(entry)), None)
    return found if found is not None else _new(full, _FILL[name])


def new_material(name: str) -> tuple[bpy.types.Material, Shader]:
    """Returns an empty material of a lesson, and what builds its nodes."""
    made = bpy.data.materials.new(name)
    made[MARK] = "material"
    tree = compat.ensure_nodes(made)
    tree.nodes.clear()
    return made, Shader(tree)


class Shader:
    """Builds the nodes of a material that shines by itself."""

    def __init__(self, tree: Any) -> None:
        self.tree = tree
        self._place = -1600.0

    def node(self, kind: str, **settings: Any) -> Any:
        """Adds a node with the given settings."""
        made = self.tree.nodes.new(kind)
        for name, value in settings.items():
            setattr(made, name, value)
        self._place += 60.0
        made.location = (self._place, 300.0 * math.sin(self._place))
        return made

    def read(self, name: str) -> Any:
        """Returns the socket with a property of the object."""
        return self.node("ShaderNodeAttribute", attribute_type="OBJECT", attribute_name=name).outputs["Fac"]

    def math(self, operation: str, *values: Any) -> Any:
        """Returns the socket with the result of a Math node on sockets and numbers."""
        made = self.node("ShaderNodeMath", operation=operation)
        self._connect(made, values)
        return made.outputs[0]

    def vector(self, operation: str, *values: Any) -> Any:
        """Returns the socket with the vector that a Vector Math node makes of sockets and vectors."""
        made = self.node("ShaderNodeVectorMath", operation=operation)
        self._connect(made, values)
        return made.outputs[0]

    def mix(self, factor: Any, one: Any, other: Any) -> Any:
        """Returns the socket with a colour between two, sockets or linear RGB."""
        made = self.node("ShaderNodeMix", data_type="RGBA")
        colors = [socket for socket in made.inputs if socket.type == "RGBA"]
        self._set(made.inputs[0], factor)
        self._set(colors[0], one)
        self._set(colors[1], other)
        return next(socket for socket in made.outputs if socket.type == "RGBA")

    def signed(self, look: Any) -> Any:
        """Returns the socket with the colour of a value from -1 to 1."""
        cool, warm = (self.math("POWER", self._clamped(self.math("MULTIPLY", look, sign)), 0.6) for sign in (-1.0, 1.0))
        return self.mix(warm, self.mix(cool, NEUTRAL, COOL), WARM)

    def finish(self, color: Any, strength: Any) -> None:
        """Ends the material with light of a colour and strength."""
        light, output = self.node("ShaderNodeEmission"), self.node("ShaderNodeOutputMaterial")
        self._set(light.inputs["Color"], color)
        self._set(light.inputs["Strength"], strength)
        self.tree.links.new(light.outputs[0], output.inputs["Surface"])

    def _clamped(self, value: Any) -> Any:
        made = self.node("ShaderNodeMath", operation="MULTIPLY", use_clamp=True)
        self._connect(made, (value, 1.0))
        return made.outputs[0]

    def _connect(self, node: Any, values: tuple[Any, ...]) -> None:
        for socket, value in zip(node.inputs, values, strict=False):
            self._set(socket, value)

    def _set(self, socket: Any, value: Any) -> None:
        if isinstance(value, bpy.types.NodeSocket):
            self.tree.links.new(value, socket)
        elif isinstance(value, tuple):
            socket.default_value = value if socket.type == "VECTOR" else (*value, 1.0)
        else:
            socket.default_value = value


def _new(name: str, fill: Callable[[Shader], None]) -> bpy.types.Material:
    made, shader = new_material(name)
    fill(shader)
    return made


def _ink(shader: Shader) -> None:
    shader.finish(WHITE, shader.math("MULTIPLY", shader.read(LIT), INK))


def _gold(shader: Shader) -> None:
    shader.finish(GOLD, shader.math("MULTIPLY", shader.read(LIT), 1.0))


def _line(shader: Shader) -> None:
    shader.finish(NEUTRAL, shader.math("MULTIPLY", shader.read(LIT), 0.5))


def _shade(shader: Shader) -> None:
    shader.finish(DARK, 0.0)


def _bead(shader: Shader) -> None:
    """A glass bead: dark in its middle, for the number that stands there, and the brighter at its rim, the larger its value."""
    look = shader.read(LOOK)
    facing = shader.node("ShaderNodeLayerWeight").outputs["Facing"]
    rim = shader.math("POWER", facing, 2.2)
    size = shader.math("ABSOLUTE", look)
    bright = shader.math("MULTIPLY_ADD", size, 1.5, 0.45)
    inner = shader.math("MULTIPLY_ADD", size, 0.10, 0.025)
    strength = shader.math("MULTIPLY", shader.math("MULTIPLY_ADD", rim, bright, inner), shader.read(LIT))
    shader.finish(shader.signed(look), strength)


def _plate(shader: Shader) -> None:
    """The frame of a flat token."""
    look = shader.read(LOOK)
    strength = shader.math("MULTIPLY_ADD", shader.math("ABSOLUTE", look), 0.6, 0.45)
    shader.finish(shader.signed(look), shader.math("MULTIPLY", strength, shader.read(LIT)))


def _fluid(shader: Shader) -> None:
    """What fills a vessel, or is shown by the length of a bar."""
    shader.finish(shader.signed(shader.read(LOOK)), shader.math("MULTIPLY", shader.read(LIT), 0.75))


def _wire(shader: Shader) -> None:
    """A connection: rounder at its middle, with a pulse of light that runs along it."""
    look, lit = shader.read(LOOK), shader.read(LIT)
    along = shader.node("ShaderNodeSeparateXYZ")
    shader.tree.links.new(shader.node("ShaderNodeUVMap").outputs[0], along.inputs[0])
    off = shader.math("DIVIDE", shader.math("SUBTRACT", along.outputs[0], shader.read(PULSE)), 0.07)
    pulse = shader.math("EXPONENT", shader.math("MULTIPLY", shader.math("MULTIPLY", off, off), -1.0))
    facing = shader.node("ShaderNodeLayerWeight").outputs["Facing"]
    body = shader.math("MULTIPLY_ADD", facing, -0.45, 1.0)
    strength = shader.math("MULTIPLY", shader.math("MULTIPLY_ADD", shader.math("ABSOLUTE", look), 0.75, 0.25), body)
    strength = shader.math("MULTIPLY", strength, lit)
    shader.finish(shader.mix(pulse, shader.signed(look), WHITE), shader.math("MULTIPLY_ADD", pulse, 1.6, strength))


def _warm(shader: Shader) -> None:
    shader.finish(WARM, 1.0)


def _cool(shader: Shader) -> None:
    shader.finish(COOL, 1.0)


_FILL = {
    "Warm": _warm,
    "Cool": _cool,
    "Ink": _ink,
    "Gold": _gold,
    "Line": _line,
    "Shade": _shade,
    "Bead": _bead,
    "Plate": _plate,
    "Fluid": _fluid,
    "Wire": _wire,
}


def set_camera(collection: bpy.types.Collection) -> bpy.types.Object:
    """Returns a new camera straight before the plane y = 0, of which it sees `WIDTH`."""
    lens: Any = bpy.data.cameras.new("Lesson Camera")
    camera = bpy.data.objects.new("Lesson Camera", lens)
    for datablock in (lens, camera):
        datablock[MARK] = "camera"
    collection.objects.link(camera)
    lens.lens, lens.sensor_width, lens.sensor_fit = LENS, SENSOR, "HORIZONTAL"
    distance = WIDTH * LENS / SENSOR
    lens.clip_start, lens.clip_end = distance / 10, 4 * distance
    camera.location, camera.rotation_euler = (0.0, -distance, 0.0), (math.pi / 2, 0.0, 0.0)
    return camera


def black_world() -> bpy.types.World:
    """Returns a world of the lesson's: black."""
    world = bpy.data.worlds.new("Lesson Black")
    world[MARK] = "world"
    tree = compat.ensure_nodes(world)
    tree.nodes.clear()
    background, output = tree.nodes.new("ShaderNodeBackground"), tree.nodes.new("ShaderNodeOutputWorld")
    background.inputs["Color"].default_value, background.inputs["Strength"].default_value = (0.0, 0.0, 0.0, 1.0), 0.0
    tree.links.new(background.outputs[0], output.inputs["Surface"])
    return world


def set_render(scene: Any) -> None:
    """Sets the scene to render a lesson: Cycles, few samples, for all shines by itself; its colours as they are, and a glow about what is bright."""
    scene.render.engine = "CYCLES"
    scene.cycles.samples, scene.cycles.use_denoising, scene.cycles.use_adaptive_sampling = SAMPLES, False, False
    scene.cycles.max_bounces, scene.cycles.transparent_max_bounces = 0, 8
    compat.prepare_volumes(scene)
    scene.view_settings.view_transform = "Standard"
    compositing.build(scene, ("GLOW",))
