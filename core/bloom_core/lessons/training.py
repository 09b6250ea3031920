"""Training the network of an act in PyTorch, and keeping what the lesson shows of it. Imports PyTorch when it is asked to train."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from bloom_core.lessons.lesson import DoubleArray, IntArray


@dataclass(frozen=True)
class Training:
    """What was kept: `steps` (S,), `parameters` name → (S, …) and `losses` (S,) as in Act, and the bytes of the .bloom run of all steps.

    `right` int64 (S,): how many of the examples that are shown the network has right.
    """

    steps: IntArray
    parameters: Mapping[str, DoubleArray]
    losses: DoubleArray
    right: IntArray
    run: bytes

    def tensors(self, row: int) -> dict[str, Any]:
        """Returns the network's tensors (PyTorch, float64) of a recorded row."""
        import torch

        return {name: torch.from_numpy(values[row].copy()) for name, values in self.parameters.items()}

    def only(self, steps: Iterable[int]) -> Training:
        """Returns the same with no other rows than those of `steps` and of step 0. Raises IndexError for a step that was not made."""
        rows = sorted({0, *steps})
        parameters = {name: values[rows] for name, values in self.parameters.items()}
        return replace(self, steps=self.steps[rows], parameters=parameters, losses=self.losses[rows], right=self.right[rows])

    def milestones(self) -> list[int]:
        """Returns the first step at which the loss has halved, and the first with as many right as ever: what is told of them must be shown."""
        halved = np.flatnonzero(self.losses < self.losses[0] / 2)
        return [*self.steps[halved[:1]].tolist(), int(self.steps[np.argmax(self.right)])]


def train(
    model: Any,
    optimizer: Any,
    measure: Callable[[], tuple[Any, Any]],
    steps: int,
    about: Mapping[str, Any],
    loss_of: Callable[[int], Any] | None = None,
) -> Training:
    """Makes `steps` training steps, and keeps a row before the first and after each.

    `measure()`: the loss over all data, and how many of the examples that are shown are right. `loss_of(step)`: the loss whose gradient makes the
    step that follows `step` others, where that is another.
    `about` goes into the run.
    """
    from bloom_core.demos.demo_recording import recording

    kept: list[dict[str, DoubleArray]] = []
    losses: list[float] = []
    rights: list[int] = []

    def keep() -> Any:
        kept.append({name: value.detach().numpy().copy() for name, value in model.named_parameters()})
        loss, right = measure()
        losses.append(float(loss.detach()))
        rights.append(int(right))
        return loss

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "act.bloom"
        with recording(model, optimizer, file, about) as run:
            whole = keep()
            for step in range(steps):
                loss = whole if loss_of is None else loss_of(step)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(loss=loss, epoch=step + 1, batch_id=0)
                whole = keep()
        data = file.read_bytes()
    parameters = {name: np.stack([row[name] for row in kept]) for name in kept[0]}
    counts = np.array(rights, dtype=np.int64)
    return Training(np.arange(steps + 1, dtype=np.int64), parameters, np.array(losses, dtype=np.float64), counts, data)


def faster(first: int, last: int, count: int) -> list[int]:
    """Returns about `count` steps from `first` to `last`, first each one, then farther and farther apart."""
    return [int(step) for step in np.unique(np.round(np.geomspace(first, last, count)))]


def eventful(losses: DoubleArray, count: int) -> list[int]:
    """Returns about `count` of the steps of a training whose `losses` these are, so that the loss changes about as much from each to the next."""
    way = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(losses)))])
    return [int(step) for step in np.unique(np.searchsorted(way, np.linspace(0.0, way[-1], count)))]
