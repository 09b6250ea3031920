"""A recording, as the training sees it: the optimizers' hooks, and what is told of each step."""

from __future__ import annotations

import json
import logging
import math
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from bloom_core.recorder.background import Background
from bloom_core.recorder.blocks import Block, Row, Shelf, number, numbers
from bloom_core.recorder.measures import Measures, innermost
from bloom_core.recorder.processes import PATIENCE, rank_and_sum
from bloom_core.recorder.shards import size, trainable
from bloom_core.trajectories.parts import parts_of
from bloom_core.trajectories.run_files import RunError
from bloom_core.trajectories.run_model import Event, Layer
from bloom_core.trajectories.run_writer import RunWriter

FLUSH_STEPS = 256
_QUEUE_BYTES = 128 << 20
_QUEUE_BLOCKS = 4, 64
_LEAVING = 10.0
"""Seconds that a process which ends with an exception gives to what its thread is just doing."""


def record(
    model: Any,
    optimizer: Any,
    path: Path | str,
    *,
    parts: Mapping[str, str | Sequence[str]] | None = None,
    scaler: Any = None,
    flush: int = FLUSH_STEPS,
    meta: Mapping[str, Any] | None = None,
) -> Recorder:
    """Starts recording `model`'s trainable parameters as `optimizer` steps, into the new directory `path`.

    `optimizer`: one, or a sequence of them: then every step of one of them is a step of the run, in which the layers of the others stand still (for
    several networks, give a ModuleDict as the model). None: nothing is hooked, and `mark_step` says when a step was made. `parts` maps names of
    parts of the network to patterns of parameter names (see `parts_of`); without it, they follow from the modules. With `scaler`, a GradScaler,
    steps that it skips become events. A shard is written every `flush` steps; `meta` (plain JSON values) goes into `run.json`. Leaving the
    `with` block closes the run, also on an exception.

    In a training of several processes, all of them call this, and `log`, alike; process 0 writes. Its loss is the one that is kept.

    Raises RunError when the directory is taken or cannot be written, ValueError when nothing in the model is trainable or `parts` fit nothing.
    """
    return Recorder(model, optimizer, path, parts=parts, scaler=scaler, flush=flush, meta=meta)


class Recorder:
    """One recording; made by `record`. Its memory: one copy of the parameters, and the steps that are not yet written.

    A failure while recording (the disk is full, say) ends it with one warning. The training, and every call of this, goes on.
    """

    def __init__(
        self,
        model: Any,
        optimizer: Any,
        path: Path | str,
        *,
        parts: Mapping[str, str | Sequence[str]] | None,
        scaler: Any,
        flush: int,
        meta: Mapping[str, Any] | None,
    ) -> None:
        import torch

        self._no_grad = torch.no_grad
        given = optimizer if isinstance(optimizer, Sequence) else [] if optimizer is None else [optimizer]
        self._given, self._optimizers = list(given), [innermost(one) for one in given]
        named = trainable(model)
        self._parameters = [parameter for _, parameter in named]
        chosen = parts_of([name for name, _ in named], [size(parameter) for parameter in self._parameters], parts)
        self._layers = tuple(
            Layer(name, tuple(parameter.shape), name.rpartition(".")[0], part) for (name, parameter), part in zip(named, chosen, strict=True)
        )
        self.path = Path(path)
        self._flush_steps = max(1, flush)
        self._scaler = scaler if scaler is not None and scaler.is_enabled() else None
        self._epoch, self._about = 0.0, dict[str, Any]()
        self._raw: Any = None
        self._step, self._logged, self._warned, self._closed = 0, 0, False, False
        self._rows: list[Row] = []
        self._events: list[Event] = []
        self._started = time.monotonic()
        rank, self._together = rank_and_sum(self._parameters)
        self._writes = rank == 0
        self._silent = not self._writes and self._together is None  # a copy of the network: process 0 records it
        self._stopped = self._silent
        if not self._silent:
            self._widths = [len(one.param_groups) for one in self._optimizers] or [1]
            told = {"optimizer": _describe(self._optimizers)} if self._optimizers else {}
            told |= {"libraries": {"torch": torch.__version__, "numpy": np.__version__}}
            writer = RunWriter(self.path, self._layers, groups=sum(self._widths), meta=told | dict(meta or {})) if self._writes else None
            self._measures = Measures(self._parameters, self._layers, self._optimizers, rank=rank, capacity=self._flush_steps)
            self._shelf = Shelf(self._layers, self._measures.moved, self._measures.parameters, writer, self._together)
            row_bytes = 24 * len(self._layers) + 8 * 64 * len(set(chosen))
            fewest, most = _QUEUE_BLOCKS
            self._background = Background(min(most, max(fewest, _QUEUE_BYTES // (row_bytes * self._flush_steps))))
        hook = torch.compiler.disable(self._after_step)
        self._hooks = [one.register_step_post_hook(hook) for one in self._optimizers]

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._close({"ended": kind.__name__ if kind else "complete"}, failed=kind is not None)

    @property
    def step(self) -> int:
        """Optimizer steps seen so far."""
        return self._step

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The recorded parameter tensors, in the order of the columns."""
        return self._layers

    def log(self, *, loss: Any = None, batch_id: int | None = None, epoch: float | None = None, gradient_norm: Any = None) -> None:
        """Describes the step just made: call it once after `optimizer.step()` (and after `scaler.update()`).

        `loss` and `gradient_norm`, the norm of all gradients before clipping, may be tensors; they are not waited for. An epoch, once given, holds
        until the next is given; it may be fractional. What was said of a step stays: later calls before the next change nothing. Where a `scaler` was
        given, a call with `loss` or `batch_id` but no step since the last one says that the scaler skipped the step. Raises ValueError for a
        tensor of more than one value, and for an epoch that is not finite.
        """
        if epoch is not None:
            if not math.isfinite(epoch):
                raise ValueError(f"the epoch is {epoch}; give a finite number")
            self._epoch = float(epoch)
        described = loss is not None or batch_id is not None
        loss = None if loss is None else number(loss)
        gradient_norm = None if gradient_norm is None else number(gradient_norm)
        if self._stopped:
            return
        if described and self._scaler is not None and self._logged == self._step:
            self._events.append(Event(self._step, "skipped", batch=None if batch_id is None else int(batch_id)))
            self._raw = None
            return
        if described:
            self._logged = self._step
        if not self._rows:
            return
        latest = self._rows[-1]
        latest.epoch = self._epoch if latest.loss is None and latest.batch is None else latest.epoch
        latest.loss = loss if latest.loss is None else latest.loss
        latest.batch = int(batch_id) if latest.batch is None and batch_id is not None else latest.batch
        latest.raw_gradient = gradient_norm if latest.raw_gradient is None else latest.raw_gradient

    def clip_gradients(self, max_norm: float, optimizer: Any = None) -> Any:
        """Clips the recorded parameters' gradients to the total norm `max_norm`, as PyTorch's `clip_grad_norm_` does, before the next step.

        Of the parameters that `optimizer` moves; None: of all. With a `scaler`, gradients are unscaled first. Returns the norm before clipping, a
        tensor, which is recorded.
        """
        import torch

        optimizers = self._given if optimizer is None else [optimizer]
        if self._scaler is not None:
            for one in optimizers:
                self._scaler.unscale_(one)
        moved = {id(parameter) for one in optimizers for group in innermost(one).param_groups for parameter in group["params"]}
        parameters = [parameter for parameter in self._parameters if optimizer is None or id(parameter) in moved]
        norm = torch.nn.utils.clip_grad_norm_(parameters, max_norm)
        norm = norm.full_tensor() if hasattr(norm, "full_tensor") else norm
        self._raw = norm.detach()
        return norm

    def mark_step(self, learning_rates: Sequence[Any] = (), *, gradient_norm: Any = None) -> None:
        """Says that a step was made, for optimizers that are not PyTorch's: call it before `log`. Parameters are measured as they are now.

        `learning_rates`: as many as were given when the recording started with optimizer None: one.
        """
        self._raw = gradient_norm if gradient_norm is not None else self._raw
        self._guarded(partial(self._measure, 0, list(learning_rates)))

    def embeddings(self, values: Any, words: Sequence[str], *, epoch: float | None = None) -> None:
        """Stores a snapshot of word vectors, a (V, D) tensor or array with V labels; about once an epoch. Raises RunError for other shapes."""
        values = values.full_tensor() if hasattr(values, "full_tensor") else values
        array = np.array(values.detach().float().cpu() if hasattr(values, "detach") else values, dtype=np.float32)
        if array.ndim != 2 or len(array) != len(words):
            raise RunError(f"{self.path}: embeddings of shape {array.shape} for {len(words)} words. Give one word for each row of a matrix.")
        if not self._stopped and self._shelf.writer is not None:
            self._submit(partial(self._shelf.writer.add_embeddings, self._step, self._epoch if epoch is None else epoch, array, list(words)))

    def event(self, kind: str, value: float | None = None) -> None:
        """Marks the current step with a named event."""
        known = None if value is None else float(value)
        if not self._stopped:
            self._events.append(Event(self._step, kind, known if known is not None and math.isfinite(known) else None))

    def describe(self, **meta: Any) -> None:
        """Adds plain JSON values to what `run.json` says of the run once it is closed. Raises ValueError or TypeError for other values."""
        json.dumps(meta, allow_nan=False)
        self._about |= meta

    def close(self, **meta: Any) -> None:
        """Stops recording, writes what is buffered and closes the run; `meta` as in `describe`. A disk that refuses is warned of, not raised."""
        self.describe(**meta)
        self._close({}, failed=False)

    def _close(self, ended: Mapping[str, Any], *, failed: bool) -> None:
        if self._closed:
            return
        self._closed = True
        for hook in self._hooks:
            hook.remove()
        if self._silent:
            return
        # A process that fails must not wait for the others, nor can it know that they still come.
        alone = failed and self._together is not None
        if not self._stopped and not alone:
            self._flush()
        patience = None if self._together is None else _LEAVING if alone else 2 * PATIENCE.total_seconds()
        idle = self._background.close(None if self._together is None else self._together.close, patience=patience)
        self._notice()
        if self._shelf.writer is not None and idle:
            self._guarded(partial(self._shelf.writer.close, **self._about, **ended, **({"stopped": True} if self._stopped else {})), always=True)
        self._stopped = True

    def _after_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        """The optimizers' hook."""
        which = next((index for index, one in enumerate(self._optimizers) if one is optimizer), 0)
        self._guarded(partial(self._measure, which, None))

    def _measure(self, which: int, rates: list[Any] | None) -> None:
        """Adds a row: starts measuring the step that optimizer `which` made, and keeps what else is known."""
        self._step += 1
        if self._stopped:
            return
        self._notice()
        if len(self._rows) >= self._flush_steps:
            self._flush()
        if self._stopped:
            return
        self._measures.step(which, len(self._rows))
        found = getattr(self._optimizers[which], "found_inf", None) if self._optimizers else None
        row = Row(
            step=self._step,
            wall=time.monotonic() - self._started,
            epoch=self._epoch,
            optimizer=which,
            rates=[number(rate) for rate in (self._rates() if rates is None else rates or [math.nan])],
            skipped=0.0 if found is None else number(found),
            raw_gradient=None if self._raw is None else number(self._raw),
        )
        self._raw = None
        self._rows.append(row)

    def _rates(self) -> list[Any]:
        """Returns the learning rates of all groups that there were when the recording started."""
        rates: list[Any] = []
        for one, width in zip(self._optimizers, self._widths, strict=True):
            there = [group["lr"] for group in one.param_groups[:width]]
            rates += there + [math.nan] * (width - len(there))
        return rates

    def _block(self) -> Block:
        """Returns what is buffered, and starts anew."""
        block = Block(self._rows, self._measures.take(), numbers(self._rows), self._events)
        self._rows, self._events = [], []
        return block

    def _flush(self) -> None:
        self._submit(partial(self._shelf.put, self._block()))

    def _submit(self, job: Callable[[], None]) -> None:
        if not self._background.submit(job):
            self._stop(f"{self.path}: the disk is slower than the training, and {_QUEUE_BYTES >> 20} MB wait to be written")

    def _notice(self) -> None:
        """Hears of what went wrong in the background."""
        if self._background.failure is not None:
            self._stop(self._background.failure)

    def _guarded(self, do: Callable[[], None], *, always: bool = False) -> None:
        """Does something that must never end the training."""
        try:
            with self._no_grad():
                do()
        except Exception as error:
            if always or not self._stopped:
                self._stop(error)

    def _stop(self, why: Exception | str) -> None:
        """Ends the recording, with one warning; the training goes on."""
        if not self._stopped and self._background.failure is None:
            self._background.submit(partial(self._shelf.put, self._block()) if self._together is None else self._together.close)
        self._stopped = True
        self._rows, self._events = [], []
        if self._warned or not self._writes:
            return
        self._warned = True
        said = why if isinstance(why, (str, RunError)) else f"{self.path}: {why or type(why).__name__}"
        text = f"Bloom stopped recording at step {self._step}; the training goes on. {said} What was written before opens as a run."
        try:
            warnings.warn(text, RuntimeWarning, stacklevel=2)
        except RuntimeWarning:  # warnings are errors here, but not for the training
            logging.getLogger("bloom_core").warning(text)


def _describe(optimizers: Sequence[Any]) -> dict[str, Any]:
    """Returns the optimizers' name and the plain settings of the first parameter group, as far as all of them share these."""
    settings: list[dict[str, Any]] = []
    for one in optimizers:
        group = {key: list(value) if isinstance(value, tuple) else value for key, value in one.param_groups[0].items() if key not in ("params", "lr")}
        settings.append({key: value for key, value in group.items() if _plain(value)})
    shared = {key: value for key, value in (settings or [{}])[0].items() if all(other.get(key) == value for other in settings)}
    return {"name": " + ".join(dict.fromkeys(type(one).__name__ for one in optimizers))} | shared


def _plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(map(_plain, value))
    return isinstance(value, (bool, int, str)) or (isinstance(value, float) and math.isfinite(value))
