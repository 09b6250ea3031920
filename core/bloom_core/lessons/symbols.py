"""What recurrent networks read, letters or notes: their codes, and the nodes that stand for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from bloom_core.lessons.graph import Graph
from bloom_core.lessons.lesson import DoubleArray, IntArray

SPACE = "␣"
"""How a space is shown."""


def shown(symbol: str) -> str:
    """Returns how a symbol is shown as a label or in a caption."""
    return SPACE if symbol == " " else symbol


def codes(read: Sequence[str], symbols: Sequence[str]) -> tuple[IntArray, IntArray]:
    """Returns the numbers of the symbols that are read, and of those that follow each; after the last comes the first again."""
    given = np.array([symbols.index(symbol) for symbol in read], dtype=np.int64)
    return given, np.roll(given, -1)


def one_hot(codes: IntArray, count: int) -> DoubleArray:
    """Returns a row for each code: 1 at its place, else 0."""
    rows: DoubleArray = np.eye(count)[codes]
    return rows


def add_inputs(graph: Graph, symbols: Sequence[str], left: float, apart: float = 1.0) -> None:
    """Adds a node for each symbol, one above the other."""
    for name, symbol, height in zip(names("input", symbols), symbols, heights(len(symbols), apart), strict=True):
        graph.node(name, "input", shown(symbol), (left, height))


def add_outputs(graph: Graph, symbols: Sequence[str], left: float, loss: str, apart: float = 1.0) -> None:
    """Adds a node for the chance that each symbol is foretold with, one beside it for whether it is what comes (1 or 0), and the `loss`."""
    for kind, place in (("output", left), ("target", left + 1.0)):
        for name, symbol, height in zip(names(kind, symbols), symbols, heights(len(symbols), apart), strict=True):
            graph.node(name, kind, shown(symbol), (place, height))
    graph.node("loss", "loss", loss, (left + 2.5, 0.0))
    for name in (*names("output", symbols), *names("target", symbols)):
        graph.flow(name, "loss")


def names(kind: str, symbols: Iterable[str]) -> list[str]:
    """Returns the names of the symbols' nodes."""
    return [f"{kind}_{number}" for number, _ in enumerate(symbols)]


def heights(count: int, apart: float = 1.0) -> list[float]:
    """Returns the heights of `count` nodes one above the other, the first on top, about 0."""
    return [apart * ((count - 1) / 2 - number) for number in range(count)]


def spread(kind: str, symbols: Sequence[str], values: DoubleArray) -> dict[str, float]:
    """Returns the values of the symbols' nodes by name."""
    return dict(zip(names(kind, symbols), values.tolist(), strict=True))


def layer(source: Sequence[str], target: Sequence[str], matrix: DoubleArray) -> Mapping[str, float]:
    """Returns the weights of a layer by the names of its edges; `matrix` (targets, sources)."""
    return {f"{start}>{end}": float(matrix[row, column]) for row, end in enumerate(target) for column, start in enumerate(source)}


def add_layer(graph: Graph, kind: str, source: Sequence[str], target: Sequence[str]) -> None:
    """Adds an edge from every node of `source` to every one of `target`."""
    for end in target:
        for start in source:
            graph.edge(kind, start, end)
