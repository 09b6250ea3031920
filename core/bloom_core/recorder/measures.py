"""Which shards are measured when which optimizer has stepped, and how."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from bloom_core.recorder.blocks import Waiting
from bloom_core.recorder.native_measure import NativeMeasure
from bloom_core.recorder.shards import Shard, local, shards_of
from bloom_core.recorder.torch_measure import TorchMeasure
from bloom_core.trajectories.run_model import DoubleArray, Layer

_Optimizers = frozenset[int]


def innermost(optimizer: Any) -> Any:
    """Returns the PyTorch optimizer inside the wrappers that training libraries put around it. Raises TypeError where there is none."""
    import torch

    while isinstance(inner := getattr(optimizer, "optimizer", None), torch.optim.Optimizer):
        optimizer = inner
    if not isinstance(optimizer, torch.optim.Optimizer):
        raise TypeError(f"{type(optimizer).__name__} is not a PyTorch optimizer. Give the one whose step() moves the parameters.")
    return optimizer


class Measures:
    """Measures all that a step concerns. Parameters that no given optimizer holds are measured after every step.

    `moved` bool (optimizers, L): the layers that a step of each optimizer concerns; `parameters` float64 (L,): squares of the parameters' norms now.
    """

    def __init__(self, parameters: Sequence[Any], layers: Sequence[Layer], optimizers: Sequence[Any], *, rank: int, capacity: int) -> None:
        holders: dict[int, set[int]] = {}
        for index, optimizer in enumerate(optimizers):
            for group in optimizer.param_groups:
                for parameter in group["params"]:
                    holders.setdefault(id(parameter), set()).add(index)
        owners = [frozenset(holders.get(id(parameter), ())) for parameter in parameters]
        self.moved = np.array([[not owner or index in owner for owner in owners] for index in range(max(1, len(optimizers)))])
        names = list(dict.fromkeys(layer.part for layer in layers))
        shards = shards_of(parameters, [names.index(layer.part) for layer in layers], rank)
        kinds: dict[tuple[_Optimizers, str, bool], list[Shard]] = {}
        for shard in shards:
            values = local(shard.parameter)
            double = values.element_size() == 8
            kinds.setdefault((owners[shard.layer], str(values.device), double), []).append(shard)
        counts = {"layers": len(layers), "parts": len(names), "capacity": capacity}
        self._measures: list[tuple[_Optimizers, NativeMeasure | TorchMeasure]] = []
        for (owner, device, double), some in kinds.items():
            measure = NativeMeasure(some, **counts) if device == "cpu" and not double else TorchMeasure(some, **counts, double=double)
            self._measures.append((owner, measure))
        self._lines: list[list[int]] = [[] for _ in self._measures]
        self.parameters: DoubleArray = np.zeros(len(layers))
        for _, measure in self._measures:
            self.parameters += measure.parameters

    def step(self, which: int, line: int) -> None:
        """Measures the step number `line` of the block, which optimizer `which` made."""
        for (owner, measure), lines in zip(self._measures, self._lines, strict=True):
            if not owner or which in owner:
                measure.step()
                lines.append(line)

    def take(self) -> list[tuple[list[int], Waiting]]:
        """Returns the block's measurements, each with the lines that it is for, and starts a new block."""
        taken = [(lines, measure.take()) for (_, measure), lines in zip(self._measures, self._lines, strict=True)]
        self._lines = [[] for _ in self._measures]
        return taken
