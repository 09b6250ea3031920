"""Where everything of a lesson stands in the picture: rectangles on the plane y = 0, in units of which the picture is 16 wide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bloom_core.flames.flame import FloatArray
from bloom_core.lessons.lesson import Act, Node

WIDTH = 16.0
EDGE = 0.4
"""Room at the picture's sides."""

TITLE, CAPTION = 0.09, 0.205
"""Shares of the height that the title's strip and the captions' take."""

LOSS, GAP = 2.0, 0.3
"""How high a loss curve below the flower is, and the room between neighbours."""

FLOWER = 4.7
"""How wide the flower's place is: about a third of the picture."""

_LOWER = (0.52, 0.49, 0.46, 0.43, 0.40)
"""Shares of the height between title and captions that the plane or the sequence may take; the graph above it has the rest."""

READABLE = 0.38
"""The size of nodes below which a graph gets more of the height."""


@dataclass(frozen=True)
class Rectangle:
    """A place on the plane y = 0: from `left` to `right` along x, from `bottom` to `top` along z."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def width(self) -> float:
        """How wide it is."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """How high it is."""
        return self.top - self.bottom

    @property
    def center(self) -> tuple[float, float]:
        """Its middle, x and z."""
        return (self.left + self.right) / 2, (self.bottom + self.top) / 2

    def inset(self, left: float, bottom: float, right: float, top: float) -> Rectangle:
        """Returns the rectangle with margins taken off each side."""
        return Rectangle(self.left + left, self.bottom + bottom, self.right - right, self.top - top)


@dataclass(frozen=True)
class Layout:
    """The places of an act in a picture `height` high. `plane` or `sequence` is None where the lesson has none."""

    height: float
    title: Rectangle
    step: Rectangle
    caption: Rectangle
    graph: Rectangle
    loss: Rectangle
    flower: Rectangle
    plane: Rectangle | None
    sequence: Rectangle | None


def lay_out(aspect: float, act: Act) -> Layout:
    """Returns the places for an act in a picture `aspect` times as wide as high.

    The graph stands above, what the network sees below it, the flower at the right.
    """
    shares = _LOWER if act.plane is None else _LOWER[:3]  # a plane is nothing when it is low
    tried = [_lay_out(aspect, share, act.plane is not None, act.sequence is not None) for share in shares]
    sizes = [lay_out_graph(act.nodes, laid.graph).size for laid in tried]
    enough = min(READABLE, 0.97 * max(sizes))
    return next(laid for laid, size in zip(tried, sizes, strict=True) if size >= enough)


def _lay_out(aspect: float, share: float, plane: bool, sequence: bool) -> Layout:
    height, side = WIDTH / aspect, WIDTH / 2 - EDGE
    half = height / 2
    top, bottom = half - TITLE * height, CAPTION * height - half
    split, flower_left = bottom + share * (top - bottom), side - FLOWER
    title = Rectangle(-side, top, flower_left, half - 0.2)
    step = Rectangle(flower_left + GAP, top, side, half - 0.2)
    graph, lower = Rectangle(-side, split + GAP / 2, flower_left - GAP, top), Rectangle(-side, bottom, flower_left - GAP, split - GAP / 2)
    caption = Rectangle(-side, EDGE / 2 - half, side, bottom - GAP)
    if sequence or not plane:
        loss = Rectangle(flower_left + GAP, bottom, side, bottom + LOSS)
        flower = Rectangle(flower_left, loss.top + GAP, side, top)
        return Layout(height, title, step, caption, graph, loss, flower, None, lower)
    field = Rectangle(lower.left, lower.bottom, lower.left + 0.55 * lower.width, lower.top)
    loss = Rectangle(field.right + GAP, lower.bottom, lower.right, lower.top)
    return Layout(height, title, step, caption, graph, loss, Rectangle(flower_left, bottom, side, top), field, None)


@dataclass(frozen=True)
class GraphLayout:
    """Where the nodes of a graph stand: `places` (N, 2) x and z, and `size`, how far its nodes reach from their middle."""

    places: FloatArray
    size: float


LARGEST = 0.46
"""How far a node reaches at most."""

ABOVE, BELOW, BESIDE = 2.05, 1.95, 1.1
"""How far a node's words reach above it, its number below it, and the node alone, in its size. Inputs have their words at their left."""

WORDS_LEFT = 1.75
"""Room for the words at the left of the inputs."""

LEGIBLE = 0.28
"""The least size of nodes whose numbers are shown."""

FARTHEST = 2.6
"""The most room between neighbours."""


def lay_out_graph(nodes: Sequence[Node], place: Rectangle) -> GraphLayout:
    """Returns the places of a graph's nodes, spread over `place` as far as it reaches; the nodes as large as their neighbours let them be."""
    given = np.array([node.place for node in nodes], dtype=np.float64)
    low, span = given.min(axis=0), np.maximum(np.ptp(given, axis=0), 1e-9)
    size, headed = LARGEST, set(heads(nodes).values())
    while True:
        inner = np.array([goes_within(node, size) for node in nodes])
        above = np.where(inner | np.array([node.kind == "input" or not node.label for node in nodes]), BESIDE, ABOVE)
        below = np.where(np.array([node.kind in ("activation", "gate", "memory", "loss") and size >= LEGIBLE for node in nodes]), BELOW, BESIDE)
        if size < LEGIBLE:  # words then stand once for all alike, and above a column only
            above = np.where([number in headed and on_top(nodes, number) for number in range(len(nodes))], above, BESIDE)
        left = WORDS_LEFT if any(node.kind == "input" and not within for node, within in zip(nodes, inner, strict=True)) else 0.3
        top, bottom = (above * size)[given[:, 1] == given[:, 1].max()].max(), (below * size)[given[:, 1] == low[1]].max()
        room = place.inset(left + size, bottom, 0.3 + size, top)
        scale = np.minimum(np.array([room.width, room.height]) / span, FARTHEST)
        if size < 0.05 or _fits(given * scale, above * size, below * size, size):
            break
        size *= 0.97
    return GraphLayout(np.array(room.center) + (given - low - span / 2) * scale, size)


def goes_within(node: Node, size: float) -> bool:
    """Says whether a node's words go into it: letters and the like, where it is too small for its number."""
    return size < LEGIBLE and len(node.label) <= 2 and node.kind in ("input", "sum", "hidden", "output", "target")


def on_top(nodes: Sequence[Node], number: int) -> bool:
    """Says whether no node stands above another in its column."""
    x, y = nodes[number].place
    return all(abs(node.place[0] - x) > 0.6 or node.place[1] <= y for node in nodes)


def heads(nodes: Sequence[Node]) -> dict[tuple[str, str, float], int]:
    """Returns, of nodes of one kind and words that stand in a column or a row, the uppermost or leftmost, by kind, words and place."""
    found: dict[tuple[str, str, float], int] = {}
    for number in sorted(range(len(nodes)), key=lambda each: (-nodes[each].place[1], nodes[each].place[0])):
        node = nodes[number]
        row = node.kind, node.label, node.place[1]
        column = node.kind, node.label, 1e6 + node.place[0]
        if row not in found and column not in found:
            found[row] = found[column] = number
    return found


def _fits(places: FloatArray, above: FloatArray, below: FloatArray, size: float) -> bool:
    """Says whether no two nodes with their words touch: beside each other, or one above the other."""
    across = np.abs(places[:, None, 0] - places[None, :, 0])
    up = places[:, None, 1] - places[None, :, 1]
    apart = (across > 2.4 * size) | (up > below[:, None] + above[None, :]) | (-up > above[:, None] + below[None, :])
    np.fill_diagonal(apart, True)
    return bool(apart.all())
