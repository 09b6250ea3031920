"""From the checkpoints of a run to its trajectory: what moved from each to the next, measured tensor by tensor."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bloom_core.importers.checkpoints import Checkpoint, ReadTensor
from bloom_core.importers.token_embeddings import WordTable, find_table
from bloom_core.trajectories import reduction
from bloom_core.trajectories.parts import parts_of
from bloom_core.trajectories.run_columns import cosines
from bloom_core.trajectories.run_files import Budget, RunError
from bloom_core.trajectories.run_model import DoubleArray, FloatArray, Layer, Trajectory
from bloom_core.trajectories.run_reader import MAX_LAYERS
from bloom_core.trajectories.sketch import DIMENSIONS, sketch

CHUNK = 1 << 18
"""Values that are compared at a time; the sketch of a chunk takes about 40 bytes for each."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Options:
    """What the user wishes of an import of checkpoints.

    `parts`: patterns of tensor names by part (see `parts.parts_of`), None for the network's own modules. `embeddings`: the name of the tensor that is
    the table of word vectors, None to look for one. `vocab`: a file with its words. `progress(done, total)` is told how far the import is.
    """

    parts: Mapping[str, str | Sequence[str]] | None = None
    embeddings: str | None = None
    vocab: Path | None = None
    progress: Progress | None = None


@dataclass(frozen=True)
class Scalars:
    """What a log said at the step of a checkpoint; NaN where it said nothing."""

    loss: float = float("nan")
    lr: float = float("nan")
    raw_gradient_norm: float = float("nan")


@dataclass(frozen=True)
class _Movement:
    """From one checkpoint to the next: exact norms per layer (L,), and sketches per part (P, 64), all 0 where something was not finite."""

    update_norm: DoubleArray
    parameter_norm: DoubleArray
    sketch: DoubleArray

    @property
    def finite(self) -> bool:
        return bool(np.isfinite(_single([self.update_norm, self.parameter_norm])).all())


def trajectory_of(
    checkpoints: Sequence[Checkpoint],
    folder: Path,
    kind: str,
    options: Options,
    *,
    scalars: Mapping[int, Scalars] | None = None,
    warnings: Sequence[str] = (),
) -> tuple[Trajectory, list[str]]:
    """Returns the run that checkpoints tell, and warnings (`warnings` first).

    `checkpoints`: two or more in order, with their steps (see `checkpoints.in_order`). `kind` names them in the warnings. `scalars`: what logs said,
    by step. One step of the run is what happened from one checkpoint to the next; its number is that of the later. Update and parameter norms are
    exact (float64 sums). At any time two open checkpoints with one tensor each are held in memory. Reductions are fitted where scikit-learn is
    installed. Raises RunError naming the file.
    """
    said = [*warnings, *dict.fromkeys(note for entry in checkpoints for note in entry.notes)]
    layers, more = _layers(checkpoints, folder, options)
    said += more
    count, parts = len(checkpoints) - 1, len({layer.part for layer in layers})
    Budget().take(count * (8 * len(layers) + 512 * parts), str(folder))
    table, more = find_table(checkpoints, layers, options.embeddings, options.vocab)
    said += more
    movements = []
    for done, (before, after) in enumerate(_opened(checkpoints, table), start=1):
        movements.append(_movement(before, after, layers))
        if options.progress is not None:
            options.progress(done, count)
    said += _unknown(checkpoints, kind, scalars)
    steps = [entry.step or 0 for entry in checkpoints]
    logged = [(scalars or {}).get(step, Scalars()) for step in steps[1:]]
    sketched = np.stack([movement.sketch for movement in movements]).astype(np.float32)
    snapshots, more = table.snapshots(steps, _epochs(checkpoints)) if table is not None else (None, [])
    said += more
    trajectory = Trajectory(
        steps=np.array(steps[1:], dtype=np.int64),
        epoch=_epochs(checkpoints)[1:],
        wall=np.zeros(count),
        loss=_single([entry.loss for entry in logged]),
        lr=_single([entry.lr for entry in logged])[:, None],
        layers=layers,
        update_norm=_single([movement.update_norm for movement in movements]),
        parameter_norm=_single([movement.parameter_norm for movement in movements]),
        gradient_norm=None,
        raw_gradient_norm=_single([entry.raw_gradient_norm for entry in logged]),
        cosine=cosines(sketched.sum(axis=1), np.zeros((2, DIMENSIONS))),
        batch_id=np.full(count, -1, dtype=np.int64),
        nonfinite=np.array([not movement.finite for movement in movements], dtype=np.uint8),
        sketch=sketched,
        embeddings=snapshots,
        meta={"title": folder.name, "source": kind, "warnings": said},
    )
    return (reduction.reduce_run(trajectory) if reduction.available() else trajectory), said


def _layers(checkpoints: Sequence[Checkpoint], folder: Path, options: Options) -> tuple[tuple[Layer, ...], list[str]]:
    """Returns the parameters that all checkpoints have in one shape, in the first one's order, and which were left out."""
    first = checkpoints[0].shapes
    kept = {name: shape for name, shape in first.items() if all(entry.shapes.get(name) == shape for entry in checkpoints)}
    others = dict.fromkeys(name for entry in checkpoints for name in entry.shapes if name not in kept)
    warnings = []
    if others:
        missing = [name for name in others if any(name not in entry.shapes for entry in checkpoints)]
        changing = [name for name in others if name not in set(missing)]
        warnings += [f"{folder}: left out, not in every checkpoint: {_listed(missing)}."] if missing else []
        warnings += [f"{folder}: left out, for the shape changes: {_listed(changing)}."] if changing else []
    kept = {name: shape for name, shape in kept.items() if 0 not in shape}
    if not kept or len(kept) > MAX_LAYERS:
        what = f"{len(kept)} parameters" if kept else "no parameter"
        raise RunError(f"{folder}: {what} in common to its checkpoints (1 … {MAX_LAYERS} can be told). Name a folder of one run's checkpoints.")
    names = list(kept)
    try:
        "".join(names).encode("utf-8")
        parts = parts_of(names, [int(np.prod(kept[name], dtype=np.int64)) for name in names], options.parts)
    except UnicodeEncodeError as error:
        raise RunError(f"{folder}: a parameter's name is not text. The files are damaged or hostile; do not use them.") from error
    except ValueError as error:
        raise RunError(f"{folder}: {error} Choose other patterns with --part.") from error
    return tuple(Layer(name, kept[name], name.rpartition(".")[0], part) for name, part in zip(names, parts, strict=True)), warnings


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _opened(checkpoints: Sequence[Checkpoint], table: WordTable | None) -> Iterator[tuple[ReadTensor, ReadTensor]]:
    """Gives each two successive checkpoints, opened; never more than two are open. `table` sees each checkpoint once."""
    before: tuple[ExitStack, ReadTensor] | None = None
    try:
        for entry in checkpoints:
            stack = ExitStack()
            after = stack, stack.enter_context(entry.open())
            previous, before = before, after
            with previous[0] if previous is not None else ExitStack():
                if table is not None:
                    table.see(after[1])
                if previous is not None:
                    yield previous[1], after[1]
    finally:
        if before is not None:
            before[0].close()


def _movement(before: ReadTensor, after: ReadTensor, layers: Sequence[Layer]) -> _Movement:
    parts = list(dict.fromkeys(layer.part for layer in layers))
    squares = np.zeros((2, len(layers)))
    sketched = np.zeros((len(parts), DIMENSIONS))
    start = 0
    with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is marked
        for index, layer in enumerate(layers):
            old, new = before(layer.name), after(layer.name)
            for low in range(0, len(new), CHUNK):
                value = new[low : low + CHUNK].astype(np.float64)
                update = value - old[low : low + CHUNK]
                squares[:, index] += np.dot(update, update), np.dot(value, value)
                if np.isfinite(squares[0, index]):
                    sketched[parts.index(layer.part)] += sketch(update[None], start + low)[0]
            start += len(new)
    movement = _Movement(np.sqrt(squares[0]), np.sqrt(squares[1]), sketched)
    return movement if movement.finite else _Movement(movement.update_norm, movement.parameter_norm, np.zeros_like(sketched))


def _epochs(checkpoints: Sequence[Checkpoint]) -> FloatArray:
    """Returns the epochs (T + 1,), 0 where they are not known."""
    return _single([entry.epoch or 0.0 for entry in checkpoints])


def _unknown(checkpoints: Sequence[Checkpoint], kind: str, scalars: Mapping[int, Scalars] | None) -> list[str]:
    """Says what checkpoints cannot tell."""
    steps = [entry.step or 0 for entry in checkpoints]
    apart = np.median([later - earlier for earlier, later in pairwise(steps)])
    distance = "1 training step" if apart == 1 else f"{apart:.0f} training steps"
    flutter = f"{kind}: they are {distance} apart, so what happened between (the steps' flutter, explosions that healed) is not known."
    lost = "batches and times" if scalars else "loss, learning rate, gradients, batches and times"
    return [flutter, f"{kind}: {lost} are not in the files.", *([] if _has_epochs(checkpoints) else [f"{kind}: epochs are not known."])]


def _has_epochs(checkpoints: Sequence[Checkpoint]) -> bool:
    return any(entry.epoch is not None for entry in checkpoints)


def _single(values: Any) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):
        return np.asarray(values, dtype=np.float32)
