"""Telling an act: which moments are shown one after another, and what is said at them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from string import Formatter
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bloom_core.lessons.graph import Graph
from bloom_core.lessons.lesson import Act, Caption, DoubleArray, IntArray, Plane, Sequence
from bloom_core.lessons.training import Training

Forward = Callable[[int, int], tuple[Mapping[str, float], Mapping[str, float]]]
"""Gives the values of all nodes and of all weights, by name, of a recorded row and an example."""


class Story:
    """Collects moments and captions of an act whose training is recorded; `forward` gives what the network does."""

    def __init__(self, training: Training, forward: Forward) -> None:
        self.training = training
        self._forward = forward
        self._moments: list[tuple[int, int, str]] = []
        self._captions: dict[int, Caption] = {}

    def row(self, step: int) -> int:
        """Returns the recorded row of a training step. Raises ValueError where it was not kept."""
        return int(self.training.steps.tolist().index(step))

    def show(self, step: int, example: int, stage: str = "whole") -> Mapping[str, float]:
        """Adds a moment after training step `step`; returns the values of its nodes."""
        self._moments.append((self.row(step), example, stage))
        return self.at(step, example)

    def at(self, step: int, example: int) -> Mapping[str, float]:
        """Returns the values of the nodes after training step `step`."""
        return self._forward(self.row(step), example)[0]

    def weights(self, step: int) -> Mapping[str, float]:
        """Returns the weights after training step `step`."""
        return self._forward(self.row(step), 0)[1]

    def say(self, text: str, known: Mapping[str, float | str] = MappingProxyType({})) -> None:
        """Says something from the moment that was added last; `text` takes those of the `known` values that it names. Raises KeyError."""
        moment = len(self._moments) - 1
        taken = {name: known[name] for _, name, _, _ in Formatter().parse(text) if name}
        self._captions[moment] = Caption(moment, text, {name: value if isinstance(value, str) else float(value) for name, value in taken.items()})

    def act(self, name: str, title: str, graph: Graph, plane: Plane | None = None, sequence: Sequence | None = None) -> Act:
        """Returns the act."""
        values = [graph.values(*self._forward(row, example)) for row, example, _ in self._moments]
        rows, examples, stages = zip(*self._moments, strict=True)
        return Act(
            name,
            title,
            graph.nodes,
            graph.edges,
            self.training.steps,
            self.training.parameters,
            self.training.losses,
            _whole(rows),
            _whole(examples),
            stages,
            np.stack([nodes for nodes, _ in values]),
            np.stack([edges for _, edges in values]),
            tuple(self._captions.values()),
            plane,
            sequence,
        )


def half_floats(values: NDArray[Any]) -> NDArray[np.float32]:
    """Returns values as float32, rounded to what half floats hold: so are pictures of a network's output filed, for which 11 bits are enough."""
    return values.astype(np.float16).astype(np.float32)


def first_below(values: DoubleArray, limit: float) -> int | None:
    """Returns the first row whose value is below `limit`, None where there is none."""
    below = np.flatnonzero(values < limit)
    return int(below[0]) if len(below) else None


def _whole(values: Iterable[int]) -> IntArray:
    return np.array(list(values), dtype=np.int64)
