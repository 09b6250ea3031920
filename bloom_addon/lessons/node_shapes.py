"""The shapes of nodes: beads, a curve with a dot that travels on it, a valve, a vessel that fills, the distance between output and target."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from bloom_core.flames.flame import FloatArray
from bloom_core.lessons.lesson import Node

from . import look, shapes
from .objects import IntArray, Workshop, eased

BEADS = ("input", "sum", "hidden", "output", "target")
"""Kinds of nodes that are beads, with room for their number within."""

FRAME = 0.05
"""How thick the frame of a token is, or a fifth of its size where that is less."""


def build(workshop: Workshop, node: Node, place: tuple[float, float], size: float, frames: IntArray, values: FloatArray) -> list[Any]:
    """Adds the objects of a node that reaches `size` from its place; the first stands for the node."""
    if node.kind == "activation":
        return _activation(workshop, node, place, size, frames, values)
    if node.kind == "gate":
        return _gate(workshop, node, place, size, frames, values)
    if node.kind == "memory":
        return _memory(workshop, node, place, size, frames, values)
    if node.kind == "loss":
        return _loss(workshop, node, place, size, frames, values)
    points, faces = shapes.ball(size)
    return [workshop.mesh("graph", node.name, points, faces, [look.material("Bead")], place, smooth=True)]


def _token(workshop: Workshop, node: Node, place: tuple[float, float], width: float, height: float, radius: float) -> Any:
    points, faces, slots = shapes.frame(shapes.rounded(width, height, radius), min(FRAME, 0.1 * height))
    return workshop.mesh("graph", node.name, points, faces, [look.material("Shade"), look.material("Plate")], place, depth=0.05, slots=slots)


def _activation(workshop: Workshop, node: Node, place: tuple[float, float], size: float, frames: IntArray, values: FloatArray) -> list[Any]:
    """A token with the curve of the sigmoid or of tanh on it, and a dot where the curve has the node's value."""
    token = _token(workshop, node, place, 2 * size, 2 * size, 0.35 * size)
    low = -1.0 if values.min() < 0.0 else 0.0  # tanh, else the sigmoid
    reach, half = 0.78 * size, 3.0 if low < 0.0 else 6.0
    along = np.linspace(-half, half, 40)
    heights = np.tanh(along) if low < 0.0 else 1.0 / (1.0 + np.exp(-along))
    across = np.column_stack([place[0] + along / half * reach, place[1] + ((heights - low) / (1.0 - low) * 2.0 - 1.0) * 0.8 * reach])
    curve = workshop.line("graph", f"{node.name} curve", across, min(0.03, 0.12 * size), "Line", depth=0.1)
    inside = np.clip(values, low + 1e-6, 1.0 - 1e-6)
    given = np.arctanh(inside) if low < 0.0 else np.log(inside / (1.0 - inside))
    points, faces = shapes.ball(0.15 * size + 0.02, 16, 8)
    dot = workshop.mesh("graph", f"{node.name} dot", points, faces, [look.material("Gold")], place, depth=0.2, smooth=True)
    eased(dot, "location", 0, "Dot", frames, place[0] + np.clip(given / half, -1.0, 1.0) * reach)
    eased(dot, "location", 2, "Dot", frames, place[1] + ((np.clip(values, low, 1.0) - low) / (1.0 - low) * 2.0 - 1.0) * 0.8 * reach)
    return [token, curve, dot]


def _gate(workshop: Workshop, node: Node, place: tuple[float, float], size: float, frames: IntArray, values: FloatArray) -> list[Any]:
    """A round valve whose two halves part as it opens: shut at 0, wide open at 1."""
    points, faces, slots = shapes.frame(shapes.circle(size), min(FRAME, 0.2 * size))
    ring = workshop.mesh("graph", node.name, points, faces, [look.material("Shade"), look.material("Plate")], place, depth=0.05, slots=slots)
    inner = size - 1.5 * min(FRAME, 0.2 * size)
    half = [(inner * math.cos(angle), inner * math.sin(angle)) for angle in np.linspace(0.0, math.pi, 24)]
    made = [ring]
    for name, side in (("upper", 1.0), ("lower", -1.0)):
        leaf = workshop.mesh(
            "graph", f"{node.name} {name} leaf", [(x, side * z) for x, z in half], [tuple(range(24))], [look.material("Fluid")], place, 0.1
        )
        opened = np.clip(values, 0.0, 1.0)
        # A leaf shrinks towards its own side of the ring as it gives way.
        eased(leaf, "scale", 2, "Valve", frames, 0.96 - 0.80 * opened)
        eased(leaf, "scale", 0, "Valve", frames, 0.96 - 0.50 * opened)
        eased(leaf, "location", 2, "Valve", frames, place[1] + side * (0.02 + 0.80 * inner * opened))
        made.append(leaf)
    return made


def _memory(workshop: Workshop, node: Node, place: tuple[float, float], size: float, frames: IntArray, values: FloatArray) -> list[Any]:
    """A vessel with a middle line: what it holds fills it upwards where it is positive, downwards where it is negative."""
    token = _token(workshop, node, place, 1.9 * size, 2 * size, 0.25 * size)
    reach = size - 2 * min(FRAME, 0.2 * size)
    points, faces = shapes.box(-0.75 * size, 0.0, 0.75 * size, reach)
    fluid = workshop.mesh("graph", f"{node.name} fill", points, faces, [look.material("Fluid")], place, depth=0.1)
    most = max(1.0, float(np.abs(values).max(initial=0.0)))
    eased(fluid, "scale", 2, "Fill", frames, values / most)
    middle = workshop.line(
        "graph", f"{node.name} middle", np.array([[place[0] - 0.8 * size, place[1]], [place[0] + 0.8 * size, place[1]]]), 0.02, "Line", depth=0.15
    )
    return [token, fluid, middle]


def _loss(workshop: Workshop, node: Node, place: tuple[float, float], size: float, frames: IntArray, values: FloatArray) -> list[Any]:
    """A gauge: a bar that is the longer, the farther output and target are apart."""
    token = _token(workshop, node, place, 0.9 * size, 2 * size, 0.2 * size)
    reach = 2 * (size - 2 * min(FRAME, 0.2 * size))
    points, faces = shapes.box(-0.28 * size, 0.0, 0.28 * size, reach)
    bar = workshop.mesh("graph", f"{node.name} bar", points, faces, [look.material("Gold")], (place[0], place[1] - reach / 2), depth=0.1)
    eased(bar, "scale", 2, "Loss", frames, np.maximum(values, 0.0) / max(1e-9, float(values.max(initial=0.0))))
    return [token, bar]
