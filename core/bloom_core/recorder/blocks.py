"""A block of recorded steps, from what was measured on the devices to the columns of a shard."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bloom_core.recorder.processes import Together
from bloom_core.recorder.torch_measure import to_host
from bloom_core.trajectories.run_columns import cosines, directions
from bloom_core.trajectories.run_model import DoubleArray, Event, Layer
from bloom_core.trajectories.run_writer import RunWriter
from bloom_core.trajectories.sketch import DIMENSIONS

Waiting = Callable[[], tuple[DoubleArray, DoubleArray]]
"""Gives squares (n, L, 3) of update, parameters and gradient, and sketches (n, P, 64), once they have come from the device."""


@dataclass
class Row:
    """What is known of a step beside its measurements. Numbers are floats, or tensors of one value that are still on a device.

    `optimizer`: number of the one that made the step; `skipped`: not 0 where a fused optimizer was told to change nothing.
    """

    step: int
    wall: float
    epoch: float
    optimizer: int
    rates: list[Any]
    skipped: Any
    raw_gradient: Any = None
    loss: Any = None
    batch: int | None = None


@dataclass(frozen=True)
class Block:
    """Steps that are to be written together: measurements, each with the rows (n,) that it has steps for, and what else was told of them."""

    rows: Sequence[Row]
    measured: Sequence[tuple[list[int], Waiting]]
    numbers: Callable[[], DoubleArray]
    events: Sequence[Event]


def number(value: Any) -> Any:
    """Returns a float, or, of a tensor that is on a device, a copy there: no value is waited for. Raises ValueError for other than one value."""
    if not hasattr(value, "detach"):
        return float(value)
    value = value.detach()
    value = value.full_tensor() if hasattr(value, "full_tensor") else value
    if value.numel() != 1:
        raise ValueError(f"a tensor of shape {tuple(value.shape)} where one number was expected")
    if value.device.type == "cpu":
        return float(value)
    import torch

    return value.reshape(()).to(torch.float32, copy=True)


def numbers(rows: Sequence[Row]) -> Callable[[], DoubleArray]:
    """Starts bringing the rows' numbers to the host; what is returned gives them, float64 (n, 3 + G): loss, raw gradient, skipped, rates."""
    nothing = math.nan
    values = [[nothing if value is None else value for value in (row.loss, row.raw_gradient, row.skipped, *row.rates)] for row in rows]
    table = np.array([[value if isinstance(value, float) else nothing for value in row] for row in values])
    away: dict[Any, list[tuple[int, int, Any]]] = {}
    for line, row in enumerate(values):
        for column, value in enumerate(row):
            if not isinstance(value, float):
                away.setdefault(value.device, []).append((line, column, value))
    copies = []
    for found in away.values():
        import torch

        lines, columns, tensors = zip(*found, strict=True)
        copies.append((list(lines), list(columns), to_host(torch.stack(tensors))))

    def wait() -> DoubleArray:
        for lines, columns, copy in copies:
            table[lines, columns] = copy()
        return table

    return wait


@dataclass
class Shelf:
    """Makes shards of blocks and writes them, where this process is the one that writes.

    `moved` bool (optimizers, L): which layers each optimizer's step is measured for; `parameters` float64 (L,): squares of the parameters' norms at
    the start. Where `together` is given, measurements are of shards, and added up over the processes.
    """

    layers: tuple[Layer, ...]
    moved: Any
    parameters: DoubleArray
    writer: RunWriter | None
    together: Together | None
    _latest: int = 0
    _last_two: DoubleArray = field(default_factory=lambda: np.zeros((2, DIMENSIONS)))
    _sound: bool = True
    _started: bool = False

    def put(self, block: Block) -> None:
        """Writes a block. Raises RunError when the disk refuses, RuntimeError when other processes are gone."""
        if not block.rows:  # closed before its first step; in every process alike
            if block.events and self.writer is not None:
                self.writer.add_events(block.events)
            return
        squares, sketches = self._measurements(block)
        if self.writer is None:
            return
        rows = block.rows[: len(squares)]
        table = block.numbers()[: len(squares)]
        self._fill(squares, rows)
        done = ~(table[:, 2] > 0.0)
        events = list(block.events)
        for row, kept in zip(rows, done, strict=True):
            if kept:
                self._latest = row.step
            else:
                events.append(Event(self._latest, "skipped", batch=row.batch))
        if done.any():
            events += self._append([row for row, kept in zip(rows, done, strict=True) if kept], squares[done], sketches[done], table[done])
        if events:
            self.writer.add_events(events)

    def _measurements(self, block: Block) -> tuple[DoubleArray, DoubleArray]:
        parts = len({layer.part for layer in self.layers})
        squares = np.zeros((len(block.rows), len(self.layers), 3))
        sketches = np.zeros((len(block.rows), parts, DIMENSIONS))
        for lines, waiting in block.measured:
            of_squares, of_sketches = waiting()
            known = [line for line in lines if line < len(block.rows)]  # a step that failed while it was measured has no row
            squares[known] += of_squares[: len(known)]
            sketches[known] += of_sketches[: len(known)]
        if self.together is None or not block.rows:
            return squares, sketches
        if not self._started:
            self._started = True
            self.parameters = self.together.sum(0, [self.parameters[None]])[0][0]
        added = self.together.sum(block.rows[0].step, [squares, sketches])
        return added[0], added[1]

    def _fill(self, squares: DoubleArray, rows: Sequence[Row]) -> None:
        """Gives layers that a step did not concern the norm that they had."""
        for line, row in enumerate(rows):
            still = ~self.moved[row.optimizer]
            squares[line, still, 1] = self.parameters[still]
            self.parameters = squares[line, :, 1]

    def _append(self, rows: Sequence[Row], squares: DoubleArray, sketches: DoubleArray, table: DoubleArray) -> list[Event]:
        assert self.writer is not None
        with np.errstate(over="ignore", invalid="ignore"):
            norms = np.sqrt(squares).astype(np.float32)
            loss = table[:, 0].astype(np.float32)
            logged = np.array([row.loss is not None for row in rows])
            unsound = ~np.isfinite(norms).all(axis=2)
            bad = unsound.any(axis=1) | ~np.isfinite(sketches.astype(np.float32)).all(axis=(1, 2)) | (logged & ~np.isfinite(loss))
        sketches = np.where(bad[:, None, None], 0.0, sketches)
        whole = sketches.sum(axis=1)
        self.writer.append(
            {
                "step": np.array([row.step for row in rows]),
                "epoch": np.array([row.epoch for row in rows]),
                "wall": np.array([row.wall for row in rows]),
                "loss": loss,
                "lr": table[:, 3:],
                "unorm": norms[:, :, 0],
                "pnorm": norms[:, :, 1],
                "gnorm": norms[:, :, 2],
                "graw": table[:, 1],
                "cosine": cosines(whole, self._last_two),
                "direction": directions(sketches, norms[:, :, 0], self.layers),
                "nonfinite": bad,
                "batch_id": np.array([-1 if row.batch is None else row.batch for row in rows]),
            }
        )
        self._last_two = np.vstack([self._last_two, whole])[-2:]
        if not self._sound or not bad.any():
            return []
        self._sound = False
        first = int(np.argmax(bad))
        concerned = tuple(layer.name for layer, touched in zip(self.layers, unsound[first], strict=True) if touched)
        return [Event(rows[first].step, "nonfinite", layers=concerned, batch=rows[first].batch)]
