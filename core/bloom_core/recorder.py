"""Recording a PyTorch training run, optimizer step by optimizer step.

    from bloom_core import recorder

    with recorder.record(model, optimizer, "run.bloom") as run:
        for batch_id, batch in enumerate(batches):
            ...
            optimizer.step()
            run.log(loss=loss, batch_id=batch_id)

Needs PyTorch (extra `train`), which is imported only when a recording starts. Steps that a gradient scaler skips do not reach the
optimizer, so they are not in the recording.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bloom_core import sketch as count_sketch
from bloom_core.parts import parts_of
from bloom_core.run_columns import cosines, directions
from bloom_core.run_model import Event, Layer
from bloom_core.run_writer import RunWriter

FLUSH_STEPS = 256


def record(model: Any, optimizer: Any, path: Path | str, *, flush: int = FLUSH_STEPS, meta: Mapping[str, Any] | None = None) -> Recorder:
    """Starts recording `model`'s trainable parameters as `optimizer` steps, into the new directory `path`.

    A shard is written every `flush` steps; `meta` (plain JSON values) goes into `run.json`. Leaving the `with` block closes the run, also
    on an exception. Raises RunError when the directory is taken or cannot be written, ValueError when nothing in the model is trainable.
    """
    return Recorder(model, optimizer, path, flush=flush, meta=meta)


class Recorder:
    """One recording; made by `record`. Its memory: one copy of the parameters, 12 bytes per parameter for the sketch, `flush` buffered steps."""

    def __init__(self, model: Any, optimizer: Any, path: Path | str, *, flush: int, meta: Mapping[str, Any] | None) -> None:
        import torch

        self._torch = torch
        named = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
        if not named:
            raise ValueError("The model has no trainable parameters, so there is nothing to record.")
        self._parameters = [parameter for _, parameter in named]
        parts = parts_of([name for name, _ in named], [parameter.numel() for _, parameter in named])
        layers = [Layer(name, tuple(parameter.shape), name.rpartition(".")[0], part) for (name, parameter), part in zip(named, parts, strict=True)]
        self._layers = tuple(layers)
        self._optimizer = optimizer
        about = {"optimizer": type(optimizer).__name__, "libraries": {"torch": torch.__version__, "numpy": np.__version__}}
        self._writer = RunWriter(path, layers, groups=len(optimizer.param_groups), meta=about | dict(meta or {}))
        self._before = [parameter.detach().reshape(-1).float().clone() for parameter in self._parameters]
        self._buckets: list[Any] = []
        self._signs: list[Any] = []
        start = 0
        for parameter in self._parameters:
            buckets, signs = count_sketch.buckets_and_signs(start, parameter.numel())
            self._buckets.append(torch.from_numpy(buckets).to(parameter.device))
            self._signs.append(torch.from_numpy(signs).to(parameter.device))
            start += parameter.numel()
        self._flush_steps = max(1, flush)
        self._norms: list[Any] = []
        self._sketches: list[Any] = []
        self._before_block = np.zeros((2, count_sketch.DIMENSIONS))
        self._scalars: list[dict[str, Any]] = []
        self._written = 0
        self._epoch = 0.0
        self._about: dict[str, Any] = {}
        self._started = time.monotonic()
        self._hook = optimizer.register_step_post_hook(self._after_step)

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close(ended=kind.__name__ if kind else "complete")

    @property
    def step(self) -> int:
        """Optimizer steps recorded so far."""
        return self._written + len(self._scalars)

    def log(self, *, loss: Any = None, batch_id: int | None = None, epoch: float | None = None) -> None:
        """Describes the step just made: call it after `optimizer.step()`. `loss` may be a tensor (it is not waited for).

        An epoch, once given, holds until the next is given; it may be fractional.
        """
        if epoch is not None:
            self._epoch = float(epoch)
        if not self._scalars:
            return
        latest = self._scalars[-1]
        latest["epoch"] = self._epoch
        if loss is not None:
            latest["loss"] = loss.detach() if hasattr(loss, "detach") else float(loss)
        if batch_id is not None:
            latest["batch_id"] = int(batch_id)

    def embeddings(self, values: Any, words: Sequence[str], *, epoch: float | None = None) -> None:
        """Stores a snapshot of word vectors, a (V, D) tensor or array with V labels; about once an epoch. Raises RunError for other shapes."""
        array = values.detach().float().cpu().numpy() if hasattr(values, "detach") else np.asarray(values)
        self._writer.add_embeddings(self.step, self._epoch if epoch is None else epoch, array, words)

    def event(self, kind: str, value: float | None = None) -> None:
        """Marks the current step with a named event."""
        self._writer.add_event(Event(self.step, kind, value))

    def describe(self, **meta: Any) -> None:
        """Adds plain JSON values to what `run.json` says of the run once it is closed."""
        self._about |= meta

    def close(self, **meta: Any) -> None:
        """Stops recording, writes what is buffered and closes the run. Raises RunError when the disk refuses."""
        self._hook.remove()
        self._flush()
        self._writer.close(**self._about | meta)

    def _after_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        """The optimizer's hook: measures the update on the parameters' own device, without waiting for it."""
        torch = self._torch
        if len(self._scalars) >= self._flush_steps:
            self._flush()
        with torch.no_grad():
            norms, sketches = [], []
            for index, parameter in enumerate(self._parameters):
                after = parameter.detach().reshape(-1).float()
                update = after - self._before[index]
                self._before[index].copy_(after)
                gradient = parameter.grad
                nothing = update.new_zeros(())
                norms.append(torch.stack([update.norm(), after.norm(), nothing if gradient is None else gradient.detach().float().norm()]))
                row = update.new_zeros(count_sketch.DIMENSIONS)
                sketches.append(row.index_add_(0, self._buckets[index], update * self._signs[index]))
            self._norms.append(norms)
            self._sketches.append(sketches)
        rates = [group["lr"] for group in optimizer.param_groups]
        rates = [rate.detach().clone() if hasattr(rate, "detach") else float(rate) for rate in rates]
        wall = time.monotonic() - self._started
        self._scalars.append({"lr": rates, "loss": float("nan"), "batch_id": -1, "epoch": self._epoch, "wall": wall})

    def _flush(self) -> None:
        """Brings the buffered steps to the host and writes them as one shard."""
        count = len(self._scalars)
        if count == 0:
            return
        norms = self._gather(self._norms).reshape(count, len(self._parameters), 3)
        sketches = self._gather(self._sketches).reshape(count, len(self._parameters), count_sketch.DIMENSIONS)
        loss = np.array([float(entry["loss"]) for entry in self._scalars], dtype=np.float32)
        logged = np.array([not isinstance(entry["loss"], float) or entry["loss"] == entry["loss"] for entry in self._scalars])
        bad = ~np.isfinite(norms).all(axis=(1, 2)) | ~np.isfinite(sketches).all(axis=(1, 2)) | (logged & ~np.isfinite(loss))
        sketches = np.where(bad[:, None, None], 0.0, sketches)
        names = list(dict.fromkeys(layer.part for layer in self._layers))
        by_part = np.stack([sketches[:, [layer.part == name for layer in self._layers]].sum(axis=1) for name in names], axis=1)
        whole = by_part.sum(axis=1)
        steps = self._written + 1 + np.arange(count, dtype=np.int64)
        self._writer.append(
            {
                "step": steps,
                "epoch": np.array([entry["epoch"] for entry in self._scalars]),
                "wall": np.array([entry["wall"] for entry in self._scalars]),
                "loss": loss,
                "lr": np.array([[float(rate) for rate in entry["lr"]] for entry in self._scalars]),
                "unorm": norms[:, :, 0],
                "pnorm": norms[:, :, 1],
                "gnorm": norms[:, :, 2],
                "graw": np.full(count, np.nan),
                "cosine": cosines(whole, self._before_block),
                "direction": directions(by_part, norms[:, :, 0], self._layers),
                "nonfinite": bad,
                "batch_id": np.array([entry["batch_id"] for entry in self._scalars]),
            }
        )
        for index in np.flatnonzero(bad)[:1]:
            batch = self._scalars[index]["batch_id"]
            self._writer.add_event(Event(int(steps[index]), "nonfinite", batch=batch if batch >= 0 else None))
        self._written += count
        self._norms, self._sketches, self._scalars = [], [], []
        self._before_block = np.vstack([self._before_block, whole])[-2:]

    def _gather(self, rows: list[list[Any]]) -> NDArray[np.float32]:
        """Returns the buffered tensors of all steps and layers as one host array."""
        host = self._torch.device("cpu")
        steps = [self._torch.stack([value.to(host) for value in row]).numpy() for row in rows]
        return np.asarray(np.stack(steps), dtype=np.float32)
