"""Recording a training whose parameters are NumPy arrays, or can be turned into them: no PyTorch is needed.

Every step costs a copy of all parameters to the host and some ten passes of NumPy over them, 7 to 20 ns a parameter: far more than the
recorder for PyTorch takes. It is done in the training's own thread, as is the writing of shards.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bloom_core.trajectories.parts import parts_of
from bloom_core.trajectories.run_columns import cosines, directions
from bloom_core.trajectories.run_model import DoubleArray, Event, Layer
from bloom_core.trajectories.run_writer import RunWriter
from bloom_core.trajectories.sketch import DIMENSIONS, buckets_and_signs

_FLUSH_STEPS = 256

Arrays = Sequence[NDArray[Any]]


class ArrayRecorder:
    """One recording into the new directory `path`; `values` are the parameters before the first step, `names` theirs (dotted, as a module's are).

    Memory: 8 bytes per parameter for the values before, 12 for the sketch's tables. Gradients are not recorded. Raises RunError when the directory is
    taken or the disk refuses (in every method), ValueError when there is nothing to record or `parts` fit nothing.
    """

    def __init__(
        self,
        names: Sequence[str],
        values: Arrays,
        path: Path | str,
        *,
        parts: Mapping[str, str | Sequence[str]] | None = None,
        meta: Mapping[str, Any] | None = None,
    ) -> None:
        if not names:
            raise ValueError("The model has no trainable parameters, so there is nothing to record.")
        chosen = parts_of(names, [value.size for value in values], parts)
        shapes = [tuple(value.shape) for value in values]
        self._layers = tuple(Layer(name, shape, name.rpartition(".")[0], part) for name, shape, part in zip(names, shapes, chosen, strict=True))
        self._parts = [list(dict.fromkeys(chosen)).index(part) for part in chosen]
        self._writer = RunWriter(path, self._layers, meta=dict(meta or {}))
        self._before = [_flat(value) for value in values]
        starts = np.cumsum([0, *(value.size for value in self._before)])
        self._tables = [buckets_and_signs(int(start), value.size) for start, value in zip(starts, self._before, strict=False)]
        self._rows: list[dict[str, Any]] = []
        self._last = np.zeros((2, DIMENSIONS))
        self._about: dict[str, Any] = {}
        self._epoch, self._written, self._closed = 0.0, 0, False
        self._started = time.monotonic()

    @property
    def step(self) -> int:
        """Steps recorded so far."""
        return self._written + len(self._rows)

    def mark_step(self, values: Arrays, rate: float = math.nan) -> None:
        """Says that the optimizer has made a step with the learning rate `rate`, to the new `values`."""
        if len(self._rows) >= _FLUSH_STEPS:
            self._flush()
        sketch = np.zeros((max(self._parts) + 1, DIMENSIONS))
        norms = np.zeros((len(self._layers), 2))
        with np.errstate(all="ignore"):
            for index, (value, (buckets, signs)) in enumerate(zip(values, self._tables, strict=True)):
                after = _flat(value)
                update = after - self._before[index]
                norms[index] = np.linalg.norm(update), np.linalg.norm(after)
                sketch[self._parts[index]] += np.bincount(buckets, weights=signs * update, minlength=DIMENSIONS)
                self._before[index] = after
        wall = time.monotonic() - self._started
        self._rows.append({"norms": norms, "sketch": sketch, "lr": rate, "wall": wall, "epoch": self._epoch, "loss": None, "batch": -1})

    def log(self, *, loss: float | None = None, batch_id: int | None = None, epoch: float | None = None) -> None:
        """Describes the step just made. An epoch, once given, holds until the next is given."""
        self._epoch = self._epoch if epoch is None else float(epoch)
        if self._rows:
            row = self._rows[-1]
            row["epoch"] = self._epoch
            row["loss"] = row["loss"] if loss is None else float(loss)
            row["batch"] = row["batch"] if batch_id is None else int(batch_id)

    def embeddings(self, values: Any, words: Sequence[str], *, epoch: float | None = None) -> None:
        """Stores a snapshot of word vectors (V, D) with V labels."""
        self._writer.add_embeddings(self.step, self._epoch if epoch is None else epoch, np.asarray(values, dtype=np.float32), words)

    def event(self, kind: str) -> None:
        """Marks the current step."""
        self._writer.add_event(Event(self.step, kind))

    def close(self, **meta: Any) -> None:
        """Writes what is buffered and closes the run; `meta` joins what `run.json` says. Does nothing the second time."""
        if not self._closed:
            self._closed = True
            self._flush()
            self._writer.close(**meta)

    def _flush(self) -> None:
        rows, self._rows = self._rows, []
        if not rows:
            return
        norms = np.stack([row["norms"] for row in rows]).astype(np.float32)
        sketches = np.stack([row["sketch"] for row in rows])
        loss = np.array([math.nan if row["loss"] is None else row["loss"] for row in rows])
        bad = ~(np.isfinite(norms).all(axis=(1, 2)) & np.isfinite(sketches).all(axis=(1, 2)))
        bad |= ~np.isfinite(loss) & np.array([row["loss"] is not None for row in rows])
        sketches[bad] = 0.0
        whole: DoubleArray = sketches.sum(axis=1)
        steps = self._written + 1 + np.arange(len(rows))
        self._written += len(rows)
        batches = np.array([row["batch"] for row in rows])
        self._writer.append(
            {
                "step": steps,
                "epoch": np.array([row["epoch"] for row in rows]),
                "wall": np.array([row["wall"] for row in rows]),
                "loss": loss,
                "lr": np.array([[row["lr"]] for row in rows]),
                "unorm": norms[:, :, 0],
                "pnorm": norms[:, :, 1],
                "graw": np.full(len(rows), np.nan),
                "cosine": cosines(whole, self._last),
                "direction": directions(sketches, norms[:, :, 0], self._layers),
                "nonfinite": bad,
                "batch_id": batches,
            }
        )
        self._last = np.vstack([self._last, whole])[-2:]


def _flat(value: NDArray[Any]) -> DoubleArray:
    return np.array(value, dtype=np.float64).reshape(-1)
