"""A lesson that was recorded: every number that its scene shows, from a real training.

A lesson is played in acts. An act shows one network; its *moments* are the states that are shown one after another: a training step, or a place in a
sequence at a training step, or one stage of a step that is walked through slowly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

DoubleArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

NODE_KINDS = ("input", "sum", "activation", "gate", "memory", "hidden", "output", "target", "loss")
EDGE_KINDS = ("weight", "bias", "flow", "recurrent")
STAGES = ("whole", "input", "sum", "activation", "memory", "output", "loss", "update")
"""What of a step a moment dwells on; "whole" for steps that pass by in one."""


@dataclass(frozen=True)
class Node:
    """A node of the graph: its `label` (English; whoever shows it translates it) and `place`, x along the flow, y up, neighbours 1 apart."""

    name: str
    kind: str
    label: str
    place: tuple[float, float]


@dataclass(frozen=True)
class Edge:
    """A connection between the nodes of numbers `source` and `target`. Its value is its weight; of "flow", which has none, what flows."""

    name: str
    kind: str
    source: int
    target: int


@dataclass(frozen=True)
class Plane:
    """The data plane of two inputs: `points` (P, 2), their `targets` (P,) 0 or 1, `axes` the two inputs' labels, shown over `center` ± `extent`.

    `surface` float32 (S, G, G): the network's output at each recorded training step over a grid whose outermost nodes lie on the edge of what is
    shown; rows are the second input, row 0 the lowest, columns the first. `names`: the points' labels, or () for none.
    """

    points: DoubleArray
    targets: DoubleArray
    surface: NDArray[np.float32]
    extent: float
    axes: tuple[str, str]
    names: tuple[str, ...] = ()
    center: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class Sequence:
    """What a recurrent network reads.

    `symbols`: its alphabet, letters or notes such as "G4"; `given` and `wanted` int64 (L,): the symbol at each place, and the one to be foretold.

    `predicted` float32 (S, L, len(symbols)): probabilities at each recorded training step. `durations` float64 (L,): length of each place in beats.
    `title`: what it is. `written`: for some recorded training steps, what the network writes when left alone (step row → text).
    """

    title: str
    symbols: tuple[str, ...]
    given: IntArray
    wanted: IntArray
    predicted: NDArray[np.float32]
    durations: DoubleArray
    written: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Caption:
    """What is said from moment `moment` until the next caption: `text` is English with named fields, as "the weight is {weight:+.2f}".

    `values`: the numbers, or words to be translated, of its fields; all come from the recording.
    """

    moment: int
    text: str
    values: Mapping[str, float | str] = field(default_factory=dict)


@dataclass(frozen=True)
class Act:
    """One network at work: N nodes, E edges, M moments, S recorded training steps (row 0: before the first update).

    `steps` int64 (S,): training steps of the rows, rising from 0. `parameters`: name → float64 (S, …), the network's tensors, named as PyTorch does.
    `losses` float64 (S,): the loss over the whole data at each. `rows` int64 (M,): which recorded step a moment shows; `examples` int64 (M,): which
    point, song or place in the sequence; `stages`: M of `STAGES`. `node_values` float64 (M, N), `edge_values` float64 (M, E): what the graph shows.
    """

    name: str
    title: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    steps: IntArray
    parameters: Mapping[str, DoubleArray]
    losses: DoubleArray
    rows: IntArray
    examples: IntArray
    stages: tuple[str, ...]
    node_values: DoubleArray
    edge_values: DoubleArray
    captions: tuple[Caption, ...]
    plane: Plane | None = None
    sequence: Sequence | None = None


@dataclass(frozen=True)
class Lesson:
    """A recorded lesson: its acts in order, and `runs`, for each act the run (the bytes of a .bloom file) that its flower grows from."""

    name: str
    title: str
    acts: tuple[Act, ...]
    runs: tuple[bytes, ...]
