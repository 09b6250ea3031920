"""The graph of a network as objects: what it reckons with as beads and tokens, its weights as lines that grow and change colour with their values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from bloom_core.flames.flame import FloatArray
from bloom_core.lessons.lesson import Act, Node

from .. import keyframes
from . import look, node_shapes, shapes
from .layout import LEGIBLE, GraphLayout, Rectangle, goes_within, heads, lay_out_graph
from .look import LIT, LOOK, PULSE
from .objects import IntArray, Workshop, eased
from .translations import say

THIN, THICK = 0.022, 0.46
"""How thick a line is whose weight is 0, and how thick one can be, in the size of a node."""

HALF = 1.0
"""The weight whose line is half as thick as can be: thickness and colour follow |w| / (|w| + HALF)."""

DIM = 0.42
"""Light of what a moment does not dwell on."""

FOCUS: dict[str, tuple[str, ...]] = {
    "input": ("input",),
    "sum": ("sum",),
    "activation": ("activation", "gate", "hidden"),
    "memory": ("memory", "gate"),
    "output": ("output",),
    "loss": ("loss", "target"),
}
"""The kinds of nodes that a stage dwells on."""

PULSE_FRAMES = 22
"""Frames that a pulse of light takes along a connection."""

MOST_NUMBERS = 14
"""The most weights that a graph may have for their numbers to be shown."""

DIGITS = np.array([0.85, 0.35])
"""How far a number beside a token reaches from its middle, in the size of a node."""

Spot = tuple[FloatArray, FloatArray]
"""A place that something takes: its middle, and how far it reaches from it along x and z."""

FEW = 36
"""Connections that may be as bright and as thick as can be; more of them share that."""

LETTERS, PLATE = 0.56, (3.1, 1.15)
"""Size of a weight's number, in that of a node, and of the dark plate behind it, in that of its letters."""


def strength(weights: FloatArray) -> FloatArray:
    """Returns how much of a line weights make, from -1 to 1: 0 at 0, ±1/2 at ±HALF."""
    return np.asarray(weights / (np.abs(weights) + HALF))


def build(workshop: Workshop, act: Act, frames: IntArray, place: Rectangle) -> tuple[list[Any], list[Any]]:
    """Builds an act's graph in its place; returns the objects of its nodes and of its edges, in the recording's order."""
    laid = lay_out_graph(act.nodes, place)
    ways = [shapes.way(_place(laid, edge.source), _place(laid, edge.target), laid.size) for edge in act.edges]
    digits = [_digits_place(laid, node, number, np.concatenate(ways)) for number, node in enumerate(act.nodes)]
    taken: list[Spot] = [
        (np.array(spot), DIGITS * laid.size) for node, spot in zip(act.nodes, digits, strict=True) if node.kind not in node_shapes.BEADS
    ]
    labels = _labels(workshop, act.nodes, laid, ways, place, taken)
    taken += [(spot, np.full(2, laid.size)) for spot in laid.places]
    edges = _edges(workshop, act, frames, laid, ways, taken)
    nodes = []
    for number, node in enumerate(act.nodes):
        values = act.node_values[:, number]
        made = node_shapes.build(workshop, node, _place(laid, number), laid.size, frames, values)
        signs, lit = _signs(act, node, values), _light(act, node.kind)
        for obj in made:
            eased(obj, f'["{LOOK}"]', 0, "Look", frames, signs)
        if number in labels:
            made.append(labels[number])
        if laid.size >= LEGIBLE:
            made.append(_number(workshop, node, laid.size, digits[number], frames, values))
        for obj in made:
            eased(obj, f'["{LIT}"]', 0, "Light", frames, lit)
        workshop.value(made[0], frames, values)
        nodes.append(made[0])
    return nodes, edges


def _place(laid: GraphLayout, number: int) -> tuple[float, float]:
    return float(laid.places[number][0]), float(laid.places[number][1])


def _labels(
    workshop: Workshop, nodes: Sequence[Node], laid: GraphLayout, ways: Sequence[FloatArray], place: Rectangle, taken: list[Spot]
) -> dict[int, Any]:
    """Adds the nodes' words where least is in the way: above, above at a side, beside small nodes, at the left of an input.

    Small nodes have letters within; other words stand once for all that are alike. Returns the objects by the node's number; adds to `taken`.
    """
    shown = set(range(len(nodes))) if laid.size >= LEGIBLE else set(heads(nodes).values())
    size = max(0.62 * laid.size, 0.22)
    spots = np.concatenate(ways)
    made: dict[int, Any] = {}
    for number, node in enumerate(nodes):
        x, z = _place(laid, number)
        words, name = say(node.label), f"{node.name} label"
        if goes_within(node, laid.size):
            made[number] = workshop.text("graph", name, words, 1.15 * laid.size, (x, z), depth=1.1 * laid.size)
        elif node.kind == "input":
            made[number] = workshop.text("graph", name, words, size, (x - 1.3 * laid.size, z), align="RIGHT")
        elif number in shown and words:
            room = np.array([0.25 * len(words) * size + 0.02, 0.4 * size])
            up, aside, beside = max(1.58 * laid.size, laid.size + 0.6 * size), 0.6 * laid.size + room[0], 1.35 * laid.size + room[0]
            tried = [np.array([x + across, z + up]) for across in (0.0, -aside, aside)] + [np.array([x + across, z]) for across in (beside, -beside)]
            within = [
                spot for spot in tried[: 3 if laid.size >= LEGIBLE else 5] if place.left < spot[0] - room[0] and spot[0] + room[0] < place.right
            ]
            best = min(within or tried[:1], key=lambda spot: _crossed(laid, spots, taken, spot, room))
            taken.append((best, room))
            made[number] = workshop.text("graph", name, words, size, (float(best[0]), float(best[1])))
    return made


def _crossed(laid: GraphLayout, spots: FloatArray, taken: list[Spot], spot: FloatArray, room: FloatArray) -> int:
    """Returns how much is in the way of words of that room at a spot: lines, nodes, and other words, which count most."""
    lines = int(np.count_nonzero((np.abs(spots - spot) < room).all(axis=1)))
    nodes = int(np.count_nonzero((np.abs(laid.places - spot) < room + 1.05 * laid.size).all(axis=1)))
    words = sum(bool((np.abs(other - spot) < room + own).all()) for other, own in taken)
    return lines + 25 * nodes + 100 * words


def _digits_place(laid: GraphLayout, node: Node, number: int, spots: FloatArray) -> tuple[float, float]:
    """Returns where a node's number stands: within a bead; below a token or beside it, where fewest of the lines' `spots` pass."""
    x, z = _place(laid, number)
    if node.kind in node_shapes.BEADS:
        return x, z
    tried = [(x, z - 1.55 * laid.size), (x - 2.1 * laid.size, z), (x + 2.1 * laid.size, z)]
    room = DIGITS * laid.size
    crossed = [int(np.count_nonzero((np.abs(spots - np.array(spot)) < room).all(axis=1))) for spot in tried]
    return tried[int(np.argmin(crossed))]


def _number(workshop: Workshop, node: Node, size: float, place: tuple[float, float], frames: IntArray, values: FloatArray) -> Any:
    within = node.kind in node_shapes.BEADS
    decimals = 0 if bool(np.all(values == np.round(values))) else 2
    depth = 1.1 * size if within else 0.3
    return workshop.number("graph", f"{node.name} number", 0.6 * size, place, frames, values, decimals=decimals, depth=depth)


def _signs(act: Act, node: Node, values: FloatArray) -> FloatArray:
    """Returns a node's look, -1 to 1: classes are cool and warm, other values as far as the largest of the kind reaches."""
    if act.plane is not None and (node.kind in ("output", "target") or (node.kind == "activation" and values.min() >= 0.0)):
        return np.clip(2.0 * values - 1.0, -1.0, 1.0)
    alike = [number for number, other in enumerate(act.nodes) if other.kind == node.kind]
    return np.asarray(values / max(1.0, float(np.abs(act.node_values[:, alike]).max(initial=0.0))))


def _light(act: Act, kind: str, update: bool = False) -> FloatArray:
    """Returns how much light what is of a `kind` has at each moment. `update`: has it when the weights change."""
    return np.array([1.0 if stage == "whole" or kind in FOCUS.get(stage, ()) or (stage == "update" and update) else DIM for stage in act.stages])


def _edges(workshop: Workshop, act: Act, frames: IntArray, laid: GraphLayout, ways: Sequence[FloatArray], taken: Sequence[Spot]) -> list[Any]:
    made = []
    weighted = [edge.kind in ("weight", "bias", "recurrent") for edge in act.edges]
    flowing = np.abs(act.edge_values[:, np.logical_not(weighted)]).max(initial=1.0)
    heavy = [number for number, own in enumerate(weighted) if own]
    heavy = heavy if len(heavy) <= MOST_NUMBERS and laid.size >= LEGIBLE else []
    numbered = dict(zip(heavy, number_places([ways[number] for number in heavy], taken, LETTERS * laid.size), strict=True))
    share = crowd(len(act.edges))
    for number, (edge, points) in enumerate(zip(act.edges, ways, strict=True)):
        values, kind = act.edge_values[:, number], act.nodes[edge.target].kind
        line = workshop.line("graph", f"{edge.name} {edge.kind}", points, THIN, "Wire", depth=-0.1)
        looks = strength(values) if weighted[number] else np.asarray(0.5 * values / flowing)
        lit = _light(act, kind, update=weighted[number])
        if act.nodes[edge.source].kind == "input":
            lit = np.maximum(lit, _light(act, "sum"))
        eased(line, f'["{LOOK}"]', 0, "Look", frames, looks)
        eased(line, f'["{LIT}"]', 0, "Light", frames, share * lit)
        eased(
            line.data, "bevel_depth", 0, "Width", frames, widths(looks, share * laid.size) / 2 if weighted[number] else np.full(len(values), THIN / 2)
        )
        _pulses(workshop, line, act, kind, weighted[number], frames)
        workshop.value(line, frames, values)
        made.append(line)
        place = numbered.get(number)
        if place is not None:
            _weight_number(workshop, edge.name, place, LETTERS * laid.size, frames, values, lit)
    return made


def crowd(lines: int) -> float:
    """Returns how much of their light and thickness lines have among so many: all of it among few."""
    return math.sqrt(min(1.0, FEW / lines))


def widths(strengths: FloatArray, size: float) -> FloatArray:
    """Returns how thick the lines of strengths from -1 to 1 are, among nodes that reach `size`."""
    return np.asarray(THIN + (THICK * size - THIN) * np.abs(strengths))


def _weight_number(
    workshop: Workshop, name: str, place: tuple[float, float], letters: float, frames: IntArray, values: FloatArray, lit: FloatArray
) -> None:
    """Adds a weight's number on the line, on a dark plate."""
    outline = shapes.rounded(PLATE[0] * letters, PLATE[1] * letters, 0.5 * letters)
    workshop.mesh("graph", f"{name} plate", outline, [tuple(range(len(outline)))], [look.material("Shade")], place, depth=0.1)
    number = workshop.number("graph", f"{name} number", letters, place, frames, values, signed=True, depth=0.2)
    eased(number, f'["{LIT}"]', 0, "Light", frames, lit)


def number_places(ways: Sequence[FloatArray], taken: Sequence[Spot], letters: float) -> list[tuple[float, float] | None]:
    """Returns where on its way each line's number stands, as far from other lines as can be; None where there is no room beside what is `taken`."""
    room = np.array(PLATE) * letters / 2
    full = list(taken)
    found: list[tuple[float, float] | None] = []
    for number, own in enumerate(ways):
        others = [way for other, way in enumerate(ways) if other != number]
        best, best_room = None, 0.0
        for spot in own[3:-3]:
            if any((np.abs(spot - place) < room + half + 0.04).all() for place, half in full):
                continue
            free = min((float(np.hypot(*((way - spot) / room).T).min()) for way in others), default=1.0)
            if free > best_room:
                best, best_room = spot, free
        if best is not None:
            full.append((best, room))
        found.append(None if best is None else (float(best[0]), float(best[1])))
    return found


def _pulses(workshop: Workshop, line: Any, act: Act, kind: str, weighted: bool, frames: IntArray) -> None:
    """Keys a pulse of light along a connection at each moment that dwells on where it leads; backwards where its weight is changed."""
    times: list[float] = []
    places: list[float] = []
    ends = [*frames[1:].tolist(), workshop.last + 1]
    for begin, end, stage in zip(frames.tolist(), ends, act.stages, strict=True):
        forward, back = kind in FOCUS.get(stage, ()), stage == "update" and weighted
        if (forward or back) and end - begin > 3:
            last = min(begin + PULSE_FRAMES, end - 1)
            times += [begin - 0.5, begin, last]  # between two frames it leaps to where it begins
            places += [places[-1] if places else -1.0, *((-0.2, 1.2) if forward else (1.2, -0.2))]
    if times:
        keyframes.key_values(line, f'["{PULSE}"]', 0, "Pulse", np.array(times, dtype=np.float64), np.array(places))
