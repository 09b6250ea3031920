"""Real PyTorch trainings, measured exactly and held in memory, with faults at known steps: what the tests of events are about."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from bloom_core.trajectories.trajectory import Layer, Trajectory

torch = pytest.importorskip("torch", reason="the tests of events train networks with PyTorch")
Fault = Callable[[Any, Any], tuple[Any, Any]]
Schedule = Callable[[int, int], float]


def constant(_step: int, _steps: int) -> float:
    return 1.0


def warmup_cosine(step: int, steps: int) -> float:
    """Rises linearly over a tenth of the run, falls as a cosine to 0."""
    rise = steps // 10
    return (step + 1) / rise if step < rise else 0.5 + 0.5 * math.cos(math.pi * (step - rise) / (steps - rise))


def staircase(step: int, steps: int) -> float:
    """A tenth of the learning rate after each third of the run."""
    return 0.1 ** (3 * step // steps)


OPTIMIZERS: dict[str, Callable[[Any], Any]] = {
    "SGD": lambda parameters: torch.optim.SGD(parameters, lr=0.1),
    "momentum": lambda parameters: torch.optim.SGD(parameters, lr=0.03, momentum=0.9),
    "Adam": lambda parameters: torch.optim.Adam(parameters, lr=1e-3),
    "AdamW": lambda parameters: torch.optim.AdamW(parameters, lr=3e-3),
}


class Recurrent(torch.nn.Module):  # type: ignore[misc, name-defined]
    """A GRU that reads the rows of a picture and names its class."""

    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        self.encoder = torch.nn.GRU(width, 24, batch_first=True)
        self.head = torch.nn.Linear(24, classes)

    def forward(self, rows: Any) -> Any:
        return self.head(self.encoder(rows)[0][:, -1])


def digits() -> tuple[Any, Any]:
    """Returns scikit-learn's digits, inputs float32 (1797, 64) around 0 and classes int64 (1797,)."""
    data = pytest.importorskip("sklearn.datasets", reason="the tests of events train on scikit-learn's digits").load_digits()
    return torch.tensor(data.data / 8.0 - 1.0, dtype=torch.float32), torch.tensor(data.target)


def perceptron(*widths: int) -> Any:
    """Returns a ReLU network of these widths."""
    layers = [module for before, after in pairwise(widths) for module in (torch.nn.Linear(before, after), torch.nn.ReLU())]
    return torch.nn.Sequential(*layers[:-1])


@dataclass
class Training:
    """One training: `faults` change the batch of a step (counted from 1), `rates` multiply the learning rate from a step on."""

    optimizer: str = "SGD"
    steps: int = 900
    seed: int = 0
    batch: int = 32
    schedule: Schedule = constant
    model: str = "perceptron"
    clip: float | None = None
    rate: float = 1.0
    faults: Mapping[int, Fault] = field(default_factory=dict)
    rates: Mapping[int, float] = field(default_factory=dict)

    def run(self) -> Trajectory:
        """Trains, and returns what a recorder would have seen. `batch_id` counts the batches of the shuffled data on and on, from 10 000."""
        torch.set_num_threads(1)
        torch.manual_seed(self.seed)
        inputs, labels = digits()
        if self.model == "recurrent":
            inputs = inputs.reshape(-1, 8, 8)
        model = Recurrent(8, 10) if self.model == "recurrent" else perceptron(64, 48, 32, 10)
        optimizer = OPTIMIZERS[self.optimizer](model.parameters())
        base = optimizer.param_groups[0]["lr"] * self.rate
        parameters = dict(model.named_parameters())
        rows = Rows(tuple(parameters), [tuple(parameter.shape) for parameter in parameters.values()])
        order, per_epoch = torch.randperm(len(inputs)), len(inputs) // self.batch
        before = [parameter.detach().clone() for parameter in parameters.values()]
        for step in range(1, self.steps + 1):
            place = (step - 1) % per_epoch
            if place == 0:
                order = torch.randperm(len(inputs))
            chosen = order[place * self.batch : (place + 1) * self.batch]
            x, y = inputs[chosen], labels[chosen]
            if step in self.faults:
                x, y = self.faults[step](x, y)
            rate = base * self.schedule(step - 1, self.steps) * math.prod(factor for start, factor in self.rates.items() if step >= start)
            optimizer.param_groups[0]["lr"] = rate
            loss = torch.nn.functional.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            raw = float("nan")
            if self.clip is not None:
                raw = float(torch.nn.utils.clip_grad_norm_(model.parameters(), self.clip))
            optimizer.step()
            after = [parameter.detach().clone() for parameter in parameters.values()]
            gradients = [parameter.grad for parameter in parameters.values()]
            rows.add(step, step / per_epoch, loss.item(), rate, raw, before, after, gradients)
            before = after
        return rows.trajectory({"optimizer": type(optimizer).__name__})


class Rows:
    """Collects exact measurements, step by step."""

    def __init__(self, names: tuple[str, ...], shapes: list[tuple[int, ...]]) -> None:
        self.layers = tuple(
            Layer(name, shape, name.rpartition(".")[0], name.partition(".")[0]) for name, shape in zip(names, shapes, strict=True)
        )
        self.rows: dict[str, list[Any]] = {key: [] for key in ("step", "epoch", "loss", "lr", "raw", "update", "parameter", "gradient", "cosine")}
        self.last = [np.zeros(0), np.zeros(0)]

    def add(self, step: int, epoch: float, loss: float, lr: float, raw: float, before: list[Any], after: list[Any], gradients: list[Any]) -> None:
        updates = [new - old for new, old in zip(after, before, strict=True)]
        flat = torch.cat([update.reshape(-1) for update in updates]).numpy().astype(np.float64)
        self.rows["cosine"].append([cosine(flat, other) for other in self.last])
        self.last = [flat, self.last[0]]
        entry = {"step": step, "epoch": epoch, "loss": loss, "lr": [lr], "raw": raw}
        for key, value in entry.items():
            self.rows[key].append(value)
        for key, values in (("update", updates), ("parameter", after), ("gradient", gradients)):
            self.rows[key].append([0.0 if value is None else float(value.norm()) for value in values])

    def trajectory(self, meta: Mapping[str, Any]) -> Trajectory:
        columns = {key: np.array(values, dtype=np.float32) for key, values in self.rows.items()}
        bad = ~np.isfinite(columns["update"]).all(axis=1) | ~np.isfinite(columns["gradient"]).all(axis=1) | ~np.isfinite(columns["loss"])
        steps = np.array(self.rows["step"], dtype=np.int64)
        return Trajectory(
            steps=steps,
            epoch=columns["epoch"],
            wall=np.arange(len(steps), dtype=np.float64),
            loss=columns["loss"],
            lr=columns["lr"],
            layers=self.layers,
            update_norm=columns["update"],
            parameter_norm=columns["parameter"],
            gradient_norm=columns["gradient"],
            raw_gradient_norm=columns["raw"],
            cosine=columns["cosine"],
            batch_id=steps + 10_000,
            nonfinite=bad.astype(np.uint8),
            sketch=None,
            meta=meta,
        )


def cosine(one: Any, other: Any) -> float:
    """Returns the cosine of two vectors, NaN where one of them is 0 or not there."""
    if not len(other) or not one.any() or not other.any():
        return float("nan")
    return float(one @ other / np.sqrt((one @ one) * (other @ other)))


def loud(x: Any, y: Any) -> tuple[Any, Any]:
    """A batch whose inputs are a hundred times too large."""
    return 100.0 * x, y


def garbled(x: Any, y: Any) -> tuple[Any, Any]:
    """A batch whose inputs are in the wrong order and a hundred times too large."""
    return 100.0 * x.flip(-1), y


def mislabelled(x: Any, y: Any) -> tuple[Any, Any]:
    """A batch with the wrong labels, its inputs ten times too large."""
    return 10.0 * x, (y + 5) % 10


def broken(x: Any, y: Any) -> tuple[Any, Any]:
    """A batch with one number that is none."""
    x = x.clone()
    x.reshape(-1)[3] = float("nan")
    return x, y
