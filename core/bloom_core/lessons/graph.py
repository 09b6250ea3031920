"""Building the graph of an act, and ordering what flows in it as its nodes and edges are."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from bloom_core.lessons.lesson import DoubleArray, Edge, Node


class Graph:
    """A graph that is being built: nodes and edges are known by their names, an edge's being "SOURCE>TARGET"."""

    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {}
        self._edges: dict[str, Edge] = {}

    def node(self, name: str, kind: str, label: str, place: tuple[float, float]) -> None:
        """Adds a node."""
        self._nodes[name] = Node(name, kind, label, place)

    def edge(self, kind: str, source: str, target: str) -> None:
        """Adds an edge between two nodes that are there."""
        order = list(self._nodes)
        name = f"{source}>{target}"
        self._edges[name] = Edge(name, kind, order.index(source), order.index(target))

    def flow(self, *names: str) -> None:
        """Adds "flow" edges from each node to the next."""
        for source, target in pairwise(names):
            self.edge("flow", source, target)

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The nodes in the order in which they were added."""
        return tuple(self._nodes.values())

    @property
    def edges(self) -> tuple[Edge, ...]:
        """The edges in the order in which they were added."""
        return tuple(self._edges.values())

    def values(self, nodes: Mapping[str, float], weights: Mapping[str, float]) -> tuple[DoubleArray, DoubleArray]:
        """Returns the values of all nodes (N,) and edges (E,), given those of the nodes and the weights; a "flow" has the value of its source.

        Raises KeyError for one that is missing.
        """
        names = list(self._nodes)
        flowing = [nodes[names[edge.source]] if edge.kind == "flow" else weights[edge.name] for edge in self._edges.values()]
        return np.array([nodes[name] for name in names], dtype=np.float64), np.array(flowing, dtype=np.float64)
