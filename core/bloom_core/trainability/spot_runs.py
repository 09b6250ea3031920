"""Real trainings at chosen places of a map, recorded as runs: the very networks of its pixels.

A pixel's network is trained once more here, by NumPy in double precision, with the data, first weights, minibatches and hyperparameters that the map
had there. Beyond the edge its loss grows until a run's files, in single precision, cannot hold it; that step is the last one that is recorded.
"""

from __future__ import annotations

import math
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bloom_core.native import Cancelled, Progress
from bloom_core.recorder.arrays import ArrayRecorder
from bloom_core.trainability import standing
from bloom_core.trainability.experiment import VALUES, Experiment, MapError
from bloom_core.trainability.maps import Map
from bloom_core.trainability.outcomes import Problem
from bloom_core.trainability.places import groups
from bloom_core.trainability.standing import Standing
from bloom_core.trajectories.trajectory import pack_run

DoubleArray = NDArray[np.float64]

KINDS = {
    "edge": "converges, next to the edge",
    "deep": "converges, deep inside",
    "beyond": "does not converge, just beyond the edge",
    "far": "does not converge, far beyond the edge",
}
"""The kinds of places, in the order in which they are chosen, and what each is."""

_SHARES = {"edge": (0.0, 0.04), "deep": (0.45, 0.85), "beyond": (0.0, 0.04), "far": (0.45, 0.85)}
"""Which share of a side's pixels, from the nearest to the boundary to the farthest, is of a kind."""

_LARGEST = float(np.finfo(np.float32).max)
_CANDIDATES, _MARGIN = 4096, 0.13
_BETA2, _EPSILON = 0.999, 1e-8  # PyTorch's defaults


@dataclass(frozen=True)
class Spot:
    """A pixel of a map, (x, y) or (x, y, z), where a training is to be recorded: of which kind (see `KINDS`), and where that is."""

    pixel: tuple[int, ...]
    kind: str
    standing: Standing


def choose(map_: Map, count: int) -> list[Spot]:
    """Returns `count` pixels far apart, of all `KINDS` in turn that the map has; always the same. Raises MapError where it has no boundary."""
    subject = standing.experiment_of(map_)
    size = np.array(map_.view.size)
    draw = np.random.default_rng(0)
    margin = np.minimum((size * _MARGIN).astype(np.int64), (size - 1) // 2)
    pixels = np.unique(margin + (draw.random((_CANDIDATES, len(size))) * (size - 2 * margin)).astype(np.int64), axis=0)
    away = standing.distances(map_, pixels.astype(np.float64))
    if not np.isfinite(away).all():
        raise MapError(f"{subject.title}: the view shows no edge of training, so no place is near to it or far from it. Zoom out")
    inside = map_.labels[tuple(pixels.T[::-1])] == 1
    classes = {kind: _of_kind(kind, away, inside if kind in ("edge", "deep") else ~inside) for kind in KINDS}
    kinds = [kind for kind in KINDS if len(classes[kind])]
    chosen: list[int] = []
    found: list[Spot] = []
    for number in range(count):
        kind = kinds[number % len(kinds)]
        members = classes[kind]
        places = pixels / size
        others = places[chosen] if chosen else np.full((1, len(size)), 0.5)
        nearest = np.min(np.linalg.norm(places[members][:, None] - others[None], axis=2), axis=1)
        # The first stands in the middle of the picture, each further one as far from the others as it can.
        chosen.append(int(members[np.argmin(nearest) if not chosen else np.argmax(nearest)]))
        found.append(_spot(map_, pixels[chosen[-1]], kind))
    return found


def at(map_: Map, position: DoubleArray) -> Spot:
    """Returns the pixel at a position in pixels, with the kind that its distance gives it. Raises MapError outside of the map."""
    pixel = np.rint(position).astype(np.int64)
    where = standing.stand(map_, pixel.astype(np.float64))
    if not where.shown:
        raise MapError("This place is not on the map. Put the 3D cursor onto the terrain")
    near = where.distance is not None and abs(where.distance) < 3.0 * min(standing.pitches(map_))
    kind = ("beyond" if near else "far") if where.beyond else ("edge" if near else "deep")
    return Spot(tuple(int(index) for index in pixel), kind, where)


def spot_runs(map_: Map, places: int | Sequence[Spot], folder: Path, progress: Progress | None = None) -> list[Path]:
    """Trains and records the networks of places (or of as many as are asked for) into `folder`, a `.bloom` file each; returns the files.

    Raises MapError, RunError, OSError where the folder cannot be made, and Cancelled when `progress` returns False.
    """
    spots = choose(map_, places) if isinstance(places, int) else list(places)
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for number, spot in enumerate(spots):
        name = "-".join([spot.kind, *(str(index) for index in spot.pixel)])
        files.append(record(map_, spot, folder / f"{name}.bloom", _share(progress, number, len(spots))))
    return files


def record(map_: Map, spot: Spot, file: Path, progress: Progress | None = None) -> Path:
    """Trains the network of one pixel and records it as `file` (.bloom); returns that. Raises as `spot_runs`."""
    subject = standing.experiment_of(map_)
    group = next(groups(subject, map_.view, [spot.pixel]))
    given, values = group.problem, group.values[0].sum(axis=1)
    known = dict(zip(VALUES, (float(value) for value in values), strict=True))
    where = standing.parameters_text(map_, spot.standing)
    meta: dict[str, Any] = {
        "title": f"{subject.title}: {where}",
        "seed": subject.seed,
        "optimizer": subject.optimizer,
        "batch": subject.batch_size or None,
        standing.HYPERPARAMETERS: known | {"batch_size": _batch(given), "width": given.inputs.shape[2]},
        standing.META: {
            "experiment": subject.name,
            "steps": subject.steps,
            "pixel": list(spot.pixel),
            "kind": spot.kind,
            "converged": not spot.standing.beyond,
            "distance": spot.standing.distance,
            "unit": spot.standing.unit,
            "precision": "double",
        },
    }
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".recording-") as place:
        trained = train(subject, given, values)
        _, weights = next(trained)
        run = ArrayRecorder(("hidden.weight", "output.weight"), weights, Path(place) / "run", meta=meta)
        with np.errstate(over="ignore"):  # what is too large for a run's files is infinite there, and marked
            for step, (loss, weights) in enumerate(trained, 1):
                run.mark_step(weights, known["input_rate"])
                run.log(loss=loss if loss < _LARGEST else math.inf, epoch=step * _batch(given) / given.inputs.shape[1])
                if progress is not None and not progress(step / subject.steps):
                    raise Cancelled
                if not loss < _LARGEST:
                    break
            run.close()
        pack_run(Path(place) / "run", Path(place) / "run.bloom")
        shutil.move(Path(place) / "run.bloom", file)
    return file


def train(subject: Experiment, given: Problem, values: DoubleArray) -> Iterator[tuple[float, tuple[DoubleArray, DoubleArray]]]:
    """Trains one network in double precision. Yields NaN and the first weights, then each step's loss, of the whole set and before the step as an
    engine measures it, and the weights after it. Ends with the first step whose loss is not finite.

    `given` is of one network; `values` (6,) are its `experiment.VALUES`.
    """
    input_rate, output_rate, scale, offset, momentum, decay = (float(value) for value in values)
    inputs, targets = given.inputs[0], given.targets[0]
    width = inputs.shape[1]
    weights = [scale * given.input_weights[0], scale * given.output_weights[0]]
    rates, memory = (input_rate, output_rate), [(np.zeros_like(each), np.zeros_like(each)) for each in weights]
    yield math.nan, (weights[0], weights[1])
    for step in range(subject.steps):
        with np.errstate(all="ignore"):
            hidden, _ = _activated(subject.activation, inputs, weights[0] + offset)
            loss = float(np.mean((hidden @ weights[1] / width - targets) ** 2))
            chosen: Any = slice(None) if given.batches is None else given.batches[step]
            x, y = inputs[chosen], targets[chosen]
            hidden, slope = _activated(subject.activation, x, weights[0] + offset)
            error = 2.0 * (hidden @ weights[1] / width - y) / (len(y) * width)
            gradients = [x.T @ (error[:, None] * weights[1] * slope), hidden.T @ error]
            for layer, rate in enumerate(rates):
                gradient = gradients[layer] + decay * weights[layer]
                step_taken = _step(subject.optimizer, gradient, memory, layer, momentum, step + 1)
                weights[layer] = weights[layer] - rate * step_taken
        yield loss, (weights[0], weights[1])
        if not math.isfinite(loss):
            return


def _activated(activation: str, x: DoubleArray, weights: DoubleArray) -> tuple[DoubleArray, DoubleArray]:
    """Returns the hidden layer's values, and their derivative by x · weights, both (points, width)."""
    gain = math.sqrt(2.0 / weights.shape[0])
    z = gain * (x @ weights)
    if activation == "tanh":
        h = np.tanh(z)
        return h, gain * (1.0 - h * h)
    if activation == "relu":
        return math.sqrt(2.0) * np.maximum(z, 0.0), gain * math.sqrt(2.0) * (z > 0.0)
    return z, np.full_like(z, gain)


def _step(optimizer: str, gradient: DoubleArray, memory: list[tuple[DoubleArray, DoubleArray]], layer: int, beta: float, step: int) -> DoubleArray:
    """Returns what the learning rate is multiplied by, as PyTorch's SGD, SGD with momentum, and Adam have it; keeps what they remember."""
    first, second = memory[layer]
    if optimizer == "sgd":
        return gradient
    if optimizer == "momentum":
        first = gradient if step == 1 else beta * first + gradient
        memory[layer] = first, second
        return first
    first = beta * first + (1.0 - beta) * gradient
    second = _BETA2 * second + (1.0 - _BETA2) * gradient * gradient
    memory[layer] = first, second
    root = np.sqrt(second) / math.sqrt(1.0 - _BETA2**step) + _EPSILON
    return np.asarray(first / (1.0 - beta**step) / root)


def _of_kind(kind: str, away: DoubleArray, side: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Returns which candidates are of a kind: those of a side whose distance from the boundary is within the kind's share; always some."""
    members = np.flatnonzero(side)
    order = members[np.argsort(away[members], kind="stable")]
    low, high = (round(share * len(order)) for share in _SHARES[kind])
    return order[low : max(high, low + 1)]


def _spot(map_: Map, pixel: NDArray[np.int64], kind: str) -> Spot:
    return Spot(tuple(int(index) for index in pixel), kind, standing.stand(map_, pixel.astype(np.float64)))


def _batch(given: Problem) -> int:
    return given.inputs.shape[1] if given.batches is None else given.batches.shape[1]


def _share(progress: Progress | None, number: int, count: int) -> Progress | None:
    return None if progress is None else lambda share: progress((number + share) / count)
