"""What a training came to: a few numbers a network, from which every score is made without training again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bloom_core.native import Progress

COLUMNS = ("total", "inverse", "tail", "final", "minimum", "reached", "died", "sensitivity")
"""The numbers of a network's outcome, in the order of engines. v is the loss at a step over the first loss, 1e6 where that is more or not finite.

`total`: Σ v; `inverse`: Σ 1/v; `tail`: the mean of the last 20 v; `final`: the last v; `minimum`: the least v; `reached`: the first step (from 0)
with v below the threshold, −1 for none; `died`: the first step whose loss was not finite, −1 for none; `sensitivity`: the largest Lyapunov exponent
per step (natural logarithm), NaN where it was not measured.
"""

PRECISIONS = ("float", "double", "double-double")

CEILING = 1e6
"""What v is limited to."""

TAIL = 20
"""Last steps whose mean says whether a training converged: it did where that is below 1."""


@dataclass(frozen=True)
class Problem:
    """The data and first weights of networks of one width, float64, drawn from N(0, 1).

    `inputs` (S, points, width), `targets` (S, points), `input_weights` (S, width, width), from input to neuron, `output_weights` (S, width): S is 1
    where all networks share them, else one set for each. `batches` int32 (steps, batch size), indices of points, or None for the whole set.
    """

    inputs: NDArray[np.float64]
    targets: NDArray[np.float64]
    input_weights: NDArray[np.float64]
    output_weights: NDArray[np.float64]
    batches: NDArray[np.int32] | None


class Engine(Protocol):
    """What trains many networks at once."""

    name: str
    """As pictures state it: "native v4", "PyTorch cuda"."""
    precisions: tuple[str, ...]
    """Those of `PRECISIONS` that it has."""

    def train(
        self,
        problem: Problem,
        values: NDArray[np.float64],
        *,
        activation: str,
        optimizer: str,
        steps: int,
        threshold: float,
        precision: str,
        sensitivity: bool,
        progress: Progress | None,
    ) -> NDArray[np.float64]:
        """Returns outcomes float64 (N, 8), one column for each of `COLUMNS`.

        `values` float64 (N, 6, 2): for each network `experiment.VALUES`, each as a number and what that lacks (a double-double). `progress` takes
        the share done and cancels by returning False: then native.Cancelled is raised. A network whose output weights are all NaN stays so, and is
        not trained on: its outcome is as if it had been.
        """
        ...
