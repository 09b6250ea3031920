"""Logs of scalars (TensorBoard's, W&B's) made into runs: what stands in for the updates that a log does not hold.

A log of scalars has no parameters, so what the network's layers did is not known. Instead, each signal of the log (the loss, the gradient's norm, a
layer's norm …) counts as one layer with one parameter, u. Of the logged values x,

    u = arsinh((x − median x) / s),   s = max(x₉₅ − x₀₅, RESTING · |x|₉₅)        (indices: percentiles over the run)

and the layer's update at a step is the change of u since the step before; between two values of a signal that is logged more seldom than another, u
goes straight. The percentiles make s the same whether or not the run explodes; a signal that only trembles by a small share of itself hardly moves;
arsinh is straight for usual values and a logarithm for those of an explosion, which so stays the largest change and does not flatten all others.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bloom_core.importers import scalar_tags
from bloom_core.trajectories import reduction
from bloom_core.trajectories.parts import parts_of
from bloom_core.trajectories.run_files import Budget, RunError
from bloom_core.trajectories.run_model import DoubleArray, FloatArray, IntArray, Layer, Trajectory
from bloom_core.trajectories.sketch import DIMENSIONS, sketch

RESTING = 0.1
"""A signal whose whole range is this share of its size moves by about one unit."""

MAX_STEP = 1 << 53
MAX_SIGNALS = 1024
MAX_RATES = 64
MAX_LISTED = 1000
_LARGEST = float(np.finfo(np.float32).max)
_POINT_BYTES = 96
"""What a logged value takes while it is read, sorted and joined."""


@dataclass(frozen=True)
class Series:
    """One scalar over time.

    `steps` int64 (n,), rising; `values` float64 (n,), of which some may not be finite; `wall` float64 (n,), seconds, NaN where not known.
    """

    steps: IntArray
    values: DoubleArray
    wall: DoubleArray


class Log:
    """Collects logged values by name, in the order of time; `budget` is charged before memory is taken."""

    def __init__(self, place: str, budget: Budget) -> None:
        self._place = place
        self._budget = budget
        self._points: dict[str, tuple[array[int], array[float], array[float]]] = {}
        self.dropped = 0

    def add(self, tag: str, step: int, value: float, wall: float) -> None:
        """Adds a value; one at a step that cannot be is counted in `dropped`. Raises RunError when the log grows too large."""
        if not 0 <= step < MAX_STEP:
            self.dropped += 1
            return
        points = self._points.get(tag)
        if points is None:
            self._budget.take(1000 + 4 * len(tag), self._place)
            points = self._points[tag] = (array("q"), array("d"), array("d"))
        self._budget.take(_POINT_BYTES, self._place)
        points[0].append(step)
        points[1].append(value)
        points[2].append(wall)

    def forget_from(self, step: int, tag: str | None = None) -> int:
        """Drops the values at `step` and later (of one name, or of all), which a restart made void. Returns how many."""
        dropped = 0
        for name in [tag] if tag is not None else list(self._points):
            points = self._points.get(name)
            if points is None or not points[0] or max(points[0]) < step:
                continue
            kept = np.frombuffer(points[0], dtype=np.int64) < step
            dropped += int((~kept).sum())
            steps, values, wall = np.frombuffer(points[0], dtype=np.int64), np.frombuffer(points[1]), np.frombuffer(points[2])
            self._points[name] = (array("q", steps[kept].tobytes()), array("d", values[kept].tobytes()), array("d", wall[kept].tobytes()))
        return dropped

    def series(self) -> dict[str, Series]:
        """Returns what was collected; of several values at one step the last counts."""
        return {tag: _joined(*points) for tag, points in self._points.items() if len(points[0])}


def _joined(steps: array[int], values: array[float], wall: array[float]) -> Series:
    number = np.frombuffer(steps, dtype=np.int64)
    order = np.argsort(number, kind="stable")
    last = np.append(np.flatnonzero(np.diff(number[order])), len(order) - 1)
    kept = order[last]
    return Series(number[kept], np.frombuffer(values, dtype=np.float64)[kept], np.frombuffer(wall, dtype=np.float64)[kept])


@dataclass(frozen=True)
class _Roles:
    """The names of the series by what they are for; `signals`: names of the layers, and their series."""

    loss: str | None
    gradient: str | None
    epoch: str | None
    rates: tuple[str, ...]
    signals: tuple[tuple[str, str], ...]


def trajectory_of(series: Mapping[str, Series], place: Path, kind: str, warnings: Sequence[str] = ()) -> tuple[Trajectory, list[str]]:
    """Returns the run that a log of scalars tells, and warnings (`warnings` first, `kind` names the log). Layers come in the order of `series`.

    Steps are all those at which a signal was logged; the learning rate at a step is the last one logged until then, epoch and time lie on straight
    lines between logged ones. Nothing is known of parameters, so `parameter_norm` holds |u|, and the cosines are NaN. A step whose loss or gradient
    was not finite is marked so, and its signals pass over it. Reductions are fitted where scikit-learn is installed. Raises RunError.
    """
    roles = _roles(series)
    if not roles.signals:
        raise RunError(f"{place}: holds no loss, norm or other number that was logged at two steps. Choose the log of a training.")
    steps = np.unique(np.concatenate([series[tag].steps for _, tag in roles.signals]))
    count = len(steps)
    layers = _layers(roles)
    parts = list(dict.fromkeys(layer.part for layer in layers))
    Budget().take(count * (32 * len(layers) + 3 * 4 * DIMENSIONS * len(parts) + 200), str(place))
    moved = np.zeros((count, len(layers)), dtype=np.float32)
    stands = np.zeros((count, len(layers)), dtype=np.float32)
    sketched = np.zeros((count, len(parts), DIMENSIONS), dtype=np.float32)
    for index, ((_, tag), layer) in enumerate(zip(roles.signals, layers, strict=True)):
        at = _standardised(series[tag], steps)
        update = np.diff(at, prepend=at[:1])
        moved[:, index], stands[:, index] = np.abs(update), np.abs(at)
        unit = sketch(np.ones((1, 1)), index)[0]  # the sketch is linear: one layer of one parameter
        sketched[:, parts.index(layer.part)] += update[:, None] * unit
    loss, gradient = (_at(series, tag, steps) for tag in (roles.loss, roles.gradient))
    logged = [series[tag] for tag in (roles.loss, roles.gradient) if tag is not None]
    broken = [entry.steps[~_sound(entry.values)] for entry in logged]
    said = [*warnings, *_unknown(series, roles, kind)]
    trajectory = Trajectory(
        steps=steps,
        epoch=_epochs(series, roles, steps),
        wall=_wall(series, roles, steps),
        loss=loss,
        lr=np.stack([_held(series[tag], steps) for tag in roles.rates] or [np.full(count, np.nan, dtype=np.float32)], axis=1),
        layers=layers,
        update_norm=moved,
        parameter_norm=stands,
        gradient_norm=None,
        raw_gradient_norm=gradient,
        cosine=np.full((count, 2), np.nan, dtype=np.float32),
        batch_id=np.full(count, -1, dtype=np.int64),
        nonfinite=np.isin(steps, np.concatenate(broken) if broken else np.empty(0, dtype=np.int64)).astype(np.uint8),
        sketch=sketched,
        meta={
            "title": place.name,
            "source": kind,
            "warnings": said,
            "layers_are": "signals of a log, each standardised; update norms are their absolute changes, parameter norms their absolute values",
            "signals": {name: tag for name, tag in roles.signals},
            "scalars": scalar_tags.natural_order(series)[:MAX_LISTED],
        },
    )
    return (reduction.reduce_run(trajectory) if reduction.available() else trajectory), said


def _roles(series: Mapping[str, Series]) -> _Roles:
    tags = [tag for tag, entry in series.items() if np.count_nonzero(_sound(entry.values)) > 1]
    losses = {tag: rank for tag in tags if (rank := scalar_tags.loss_rank(tag)) is not None}
    trained = [tag for tag in losses if not scalar_tags.is_held_out(tag)]
    loss = min(trained or losses, key=lambda tag: (losses[tag], -len(series[tag].steps)), default=None)
    norms = {tag: rank for tag in tags if (rank := scalar_tags.gradient_rank(tag)) is not None}
    gradient = min(norms, key=lambda tag: (norms[tag], -len(series[tag].steps)), default=None)
    # Keras counts batches in some of its series and epochs in the others: those of the epochs cannot stand beside a loss by batches.
    rates = [tag for tag in tags if scalar_tags.is_learning_rate(tag) and (_by_epoch(tag) == _by_epoch(loss or "") or not _by_epoch(tag))][:MAX_RATES]
    epochs = [tag for tag in tags if scalar_tags.is_epoch(tag)]
    signals = [("loss", loss)] if loss is not None else []
    signals += [(tag, tag) for tag in trained if tag != loss and losses[tag] > 0]
    signals += [("gradient norm", gradient)] if gradient is not None else []
    signals += [(tag, tag) for tag in tags if scalar_tags.layer_of(tag) is not None]
    if not signals:
        signals = [(tag, tag) for tag in tags if not scalar_tags.is_clock(tag)]
    epoch = max(epochs, key=lambda tag: len(series[tag].steps), default=None)
    return _Roles(loss, gradient, epoch, tuple(rates), tuple(signals[:MAX_SIGNALS]))


def _by_epoch(tag: str) -> bool:
    """Returns whether Keras logged this series once an epoch, with epochs as its steps."""
    return tag.rpartition("/")[2].startswith("epoch_")


def _layers(roles: _Roles) -> tuple[Layer, ...]:
    modules = [(scalar_tags.layer_of(tag) or name).replace("/", ".") for name, tag in roles.signals]
    return tuple(
        Layer(name, (1,), module.rpartition(".")[0] or name, part)
        for (name, _), module, part in zip(roles.signals, modules, parts_of(modules, [1] * len(modules)), strict=True)
    )


def _sound(values: DoubleArray) -> NDArray[np.bool_]:
    return np.asarray(np.abs(values) <= _LARGEST)


def _standardised(entry: Series, steps: IntArray) -> DoubleArray:
    """Returns u of a signal at `steps`, float64 (T,)."""
    sound = _sound(entry.values)
    values = entry.values[sound]
    low, middle, high = np.percentile(values, [5.0, 50.0, 95.0])
    scale = max(high - low, RESTING * float(np.percentile(np.abs(values), 95.0)))
    if scale <= 0.0:  # a signal that rests nearly always: whatever it does is measured by the largest that it does
        scale = float(np.abs(values - middle).max()) or 1.0
    return np.asarray(np.interp(steps, entry.steps[sound], np.arcsinh((values - middle) / scale)))


def _at(series: Mapping[str, Series], tag: str | None, steps: IntArray) -> FloatArray:
    """Returns the values logged at exactly `steps`, float32 (T,), NaN elsewhere."""
    found = np.full(len(steps), np.nan, dtype=np.float32)
    if tag is not None:
        with np.errstate(over="ignore"):
            found[np.searchsorted(steps, series[tag].steps)] = series[tag].values.astype(np.float32)
    return found


def _held(entry: Series, steps: IntArray) -> FloatArray:
    """Returns the last value logged until each step, float32 (T,), NaN before the first."""
    row = np.searchsorted(entry.steps, steps, side="right") - 1
    with np.errstate(over="ignore"):
        return np.where(row >= 0, entry.values[np.maximum(row, 0)], np.nan).astype(np.float32)


def _epochs(series: Mapping[str, Series], roles: _Roles, steps: IntArray) -> FloatArray:
    if roles.epoch is not None:
        entry = series[roles.epoch]
        sound = _sound(entry.values)
        return np.interp(steps, entry.steps[sound], entry.values[sound]).astype(np.float32)
    if _by_epoch(roles.loss or ""):
        return (steps + 1).astype(np.float32)
    return np.zeros(len(steps), dtype=np.float32)


def _wall(series: Mapping[str, Series], roles: _Roles, steps: IntArray) -> DoubleArray:
    """Returns seconds since the first step, float64 (T,), 0 where times are not known; a clock that was set back stands still."""
    longest = max((series[tag] for _, tag in roles.signals), key=lambda entry: len(entry.steps))
    known = np.isfinite(longest.wall) & (np.abs(longest.wall) < 1e15)
    if not known.any():
        return np.zeros(len(steps))
    wall = np.maximum.accumulate(np.interp(steps, longest.steps[known], longest.wall[known]))
    return np.asarray(wall - wall[0])


def _unknown(series: Mapping[str, Series], roles: _Roles, kind: str) -> list[str]:
    """Says what a log of scalars cannot tell, and what stands in for it."""
    names = ", ".join(name if name == tag else f"{name} ({tag})" for name, tag in roles.signals[:4])
    more = f" and {len(roles.signals) - 4} more" if len(roles.signals) > 4 else ""
    said = [
        f"{kind}: a log of numbers holds no parameters, so updates are not known; in their place stand the changes of {names}{more}, "
        "each standardised, as if it were a layer. Cosines, batches and parts of the network are not known."
    ]
    if roles.loss is None:
        said.append(f"{kind}: no loss was recognised by its name.")
    elif scalar_tags.is_held_out(roles.loss):
        said.append(f"{kind}: there is no training loss; {roles.loss!r} stands for it.")
    lost = [what for what, there in (("learning rate", roles.rates), ("gradient norm", roles.gradient), ("epochs", roles.epoch)) if not there]
    if "epochs" in lost and _by_epoch(roles.loss or ""):
        lost.remove("epochs")
        said.append(f"{kind}: each step is an epoch; what happened within is not known.")
    if lost:
        said.append(f"{kind}: not in the log: {', '.join(lost)}.")
    if roles.loss is not None and len(series[roles.loss].steps) > 1:
        apart = float(np.median(np.diff(series[roles.loss].steps)))
        if apart > 1.0:
            said.append(f"{kind}: the loss was logged every {apart:.0f} steps; what happened in between is not known.")
    return said
