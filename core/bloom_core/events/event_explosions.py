"""Finding explosions: steps whose update or gradient is far above the usual, and the layers in which it happened. numpy only.

Four kinds of series are judged by `event_statistics`: the update divided by the learning rate (so that a schedule is no explosion), and the gradient
before clipping (Adam and clipping hide a bad batch from the update; momentum smears it over the following steps), each of the whole network and of
every layer. Steps at which a layer rests (a GAN's optimizers take turns) say nothing about it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bloom_core.events.event_statistics import REST, WINDOW, Rule, Stretch, deviations, stretches, usual
from bloom_core.trajectories.run_model import DoubleArray, Event, FloatArray, IntArray, Trajectory

NETWORK = Rule(factor=4.0, deviations=6.0, tail=4.0)
"""Measured over 64 clean trainings (4 optimizers, 3 schedules, batches of 1 … 128; 300 000 norms): at 4 times the median or more, none was 6
deviations and 4 tails above it; injected bad batches are at 7 … 30 deviations and 4.4 … 25 tails."""

LAYER = Rule(factor=8.0, deviations=8.0, tail=5.0)
"""One layer alone, unseen in the whole network: stricter, as there are many layers, and each has its chance of a false alarm."""

LAYER_SHARE = 0.1
"""Such a layer's norm must be this share of the network's: a bias that wakes up moves nothing."""

PATTERN_SHARE = 0.05
"""Steps at which the same layers move are judged among themselves, where they are at least this share of all steps."""

RISE = 2.0
"""However small the learning rate has become, the update itself must be this many times the usual one: where a rate falls in a group of layers
that others outweigh, or to where rounding is all that moves, nothing has exploded."""

CAUSE = 4.5
"""Momentum makes updates so even that a gradient within its own noise can stand out in them: where the gradient rose by no less than the update, it
must itself be so many deviations above its usual. (Small batches: up to 3.7; the weakest bad batch: 6.3.)"""

_BLOCK = 65_536


@dataclass(frozen=True)
class _Norms:
    """What is judged, one number a step, float32 (T,): learning rate, the network's update and gradient, and what undoes the clipping."""

    rate: FloatArray
    update: FloatArray
    gradient: FloatArray | None
    unclip: FloatArray


@dataclass(frozen=True)
class _Series:
    """A norm that can explode: its `values` above 0 at `rows` of the run, `raw` before they were divided by the learning rate.

    `cause`: the gradient at those rows, which may explain an update; None where it is unknown, or judged itself.
    """

    what: str
    rows: IntArray
    values: FloatArray
    raw: FloatArray
    rule: Rule
    cause: FloatArray | None


@dataclass(frozen=True)
class _Found:
    """An explosion in one series, in rows of the run."""

    first: int
    last: int
    factor: float
    jumped: bool
    what: str
    alone: bool


def explosions(run: Trajectory) -> list[Event]:
    """Returns the explosions: value is how many times the usual the norm was, `note` which norm, "update" or "gradient"."""
    gradient, unclip = _gradients(run)
    norms = _Norms(learning_rate(run), network_size(run.update_norm), gradient, unclip)
    found = [one for series in _all_series(run, norms) for one in _in(series, norms)]
    found.sort(key=lambda one: (one.first, one.alone, one.what != "update", -one.factor))
    return [_event(run, norms, one) for one in _merged(found)]


def learning_rate(run: Trajectory) -> FloatArray:
    """Returns what updates are divided by, float32 (T,): the geometric mean of the groups' learning rates; all 1 where a step's is unknown."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(run.lr.astype(np.float64))
    known = np.isfinite(run.lr) & (run.lr >= 0.0)
    if not known.any(axis=1).all():
        return np.ones(len(run.steps), dtype=np.float32)
    mean = np.where(known, logs, 0.0).sum(axis=1) / known.sum(axis=1)
    return np.asarray(np.exp(mean), dtype=np.float32)


def network_size(norms: NDArray[np.floating[Any]], active: NDArray[np.floating[Any]] | None = None) -> FloatArray:
    """Returns the norm of the whole network per step, float32 (T,), of norms per layer (T, L); of the layers only that are above 0 in `active`."""
    size = np.zeros(len(norms), dtype=np.float32)
    for start in range(0, len(norms), _BLOCK):
        rows = norms[start : start + _BLOCK].astype(np.float64)
        rows = rows if active is None else np.where(active[start : start + _BLOCK] > 0.0, rows, 0.0)
        size[start : start + _BLOCK] = np.sqrt(np.square(rows).sum(axis=1))
    return size


def _all_series(run: Trajectory, norms: _Norms) -> Iterator[_Series]:
    """Yields the series to judge, one at a time: each is as long as the run."""
    sound = (run.nonfinite == 0) & np.isfinite(norms.update)
    for rows in _patterns(run, sound):
        yield _series("update", rows, norms.update, norms.rate, NETWORK, norms.gradient)
        if norms.gradient is not None:
            yield _series("gradient", rows, norms.gradient, None, NETWORK)
    for layer in range(len(run.layers)) if len(run.layers) > 1 else ():
        norm = run.update_norm[:, layer]
        moves = np.flatnonzero(sound & (norm > 0.0))
        steep = None if run.gradient_norm is None else run.gradient_norm[:, layer] * norms.unclip
        yield _series("update", moves, norm, norms.rate, LAYER, steep)
        if steep is not None:
            yield _series("gradient", moves, steep, None, LAYER)


def _series(what: str, rows: IntArray, norm: FloatArray, rate: FloatArray | None, rule: Rule, cause: FloatArray | None = None) -> _Series:
    raw = norm[rows]
    scale = np.ones(1, dtype=np.float32) if rate is None else rate[rows]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        values = raw / scale
    good = np.isfinite(values) & (values > 0.0)
    return _Series(what, rows[good], values[good], raw[good], rule, None if cause is None else cause[rows[good]])


def _gradients(run: Trajectory) -> tuple[FloatArray | None, FloatArray]:
    """Returns the gradient norm of the layers that move, before clipping where that is known, and what undoes the clipping (both float32 (T,))."""
    unclip = np.ones(len(run.steps), dtype=np.float32)
    known = bool(np.isfinite(run.raw_gradient_norm).any())
    if run.gradient_norm is None:
        return (run.raw_gradient_norm if known else None), unclip
    if not known:
        return network_size(run.gradient_norm, run.update_norm), unclip
    clipped = network_size(run.gradient_norm)
    np.divide(run.raw_gradient_norm, clipped, out=unclip, where=clipped > 0.0)
    return run.raw_gradient_norm, unclip


def _patterns(run: Trajectory, sound: NDArray[np.bool_]) -> list[IntArray]:
    """Returns the rows that are judged together: those at which the same layers move, where optimizers take turns; else all rows that are sound."""
    weights = np.random.default_rng(0).random(len(run.layers))
    key = np.concatenate([(run.update_norm[start : start + _BLOCK] > 0.0) @ weights for start in range(0, len(sound), _BLOCK)])
    rows = np.flatnonzero(sound & (key > 0.0))
    _, kind, count = np.unique(key[rows], return_inverse=True, return_counts=True)
    common = np.flatnonzero(count >= PATTERN_SHARE * len(rows))
    if count[common].sum() < (1.0 - PATTERN_SHARE) * len(rows):
        return [rows]
    return [rows[kind == one] for one in common]


def _in(series: _Series, norms: _Norms) -> list[_Found]:
    found = []
    alone = series.rule is LAYER
    whole = norms.gradient if series.what == "gradient" and norms.gradient is not None else norms.update
    for stretch in stretches(series.values, series.rule):
        first, last = int(series.rows[stretch.first]), int(series.rows[stretch.last])
        size = float(series.raw[stretch.first])
        seen = size > RISE * usual(series.raw, stretch.first) and not (alone and size < LAYER_SHARE * whole[first])
        if seen and not _within_noise(series, stretch):
            found.append(_Found(first, last, stretch.factor, stretch.jumped, series.what, alone))
    return found


def _within_noise(series: _Series, stretch: Stretch) -> bool:
    """Tells whether a gradient that is not unusual itself explains the update at the start of a stretch."""
    at = stretch.first
    if series.cause is None or not series.cause[at] > 0.0:
        return False
    before = series.cause[max(0, at - WINDOW) : at]
    rise = deviations(before[before > 0.0], float(series.cause[at]))
    return rise is not None and rise[0] >= stretch.factor and rise[1] < CAUSE


def _merged(found: list[_Found]) -> list[_Found]:
    """Returns one explosion of those in several series that overlap or follow within REST rows; a jump of a whole series begins another."""
    merged: list[_Found] = []
    reach = -REST - 1
    for one in found:
        echo = one.first - merged[-1].first <= REST if merged else False
        if one.first > reach + REST or (one.jumped and not one.alone and not echo):
            merged.append(one)
        reach = max(reach, one.last)
    return merged


def _event(run: Trajectory, norms: _Norms, found: _Found) -> Event:
    factors = _layer_factors(run, norms, found.first, found.what)
    order = [int(layer) for layer in np.argsort(-factors, kind="stable") if factors[layer] >= NETWORK.factor]
    batch = int(run.batch_id[found.first])
    names = tuple(run.layers[layer].name for layer in order)
    return Event(int(run.steps[found.first]), "explosion", found.factor, names, batch if batch >= 0 else None, found.what)


def _layer_factors(run: Trajectory, norms: _Norms, row: int, what: str) -> DoubleArray:
    """Returns how many times its usual norm each layer had at a row, float64 (L,); 0 where it rested, or has no history."""
    span = slice(max(0, row - 4 * WINDOW), row + 1)  # enough steps of its own even for a layer that moves at one step of four
    if what == "gradient" and run.gradient_norm is not None:
        values = run.gradient_norm[span].astype(np.float64) * norms.unclip[span, None]
    else:
        values = run.update_norm[span].astype(np.float64) / np.maximum(norms.rate[span, None], np.finfo(np.float32).tiny)
    values[~((run.update_norm[span] > 0.0) & np.isfinite(values))] = np.nan
    factors = np.zeros(len(run.layers))
    for layer in np.flatnonzero(values[-1] > 0.0):
        own = values[:-1, layer]
        before = usual(own[np.isfinite(own)], int(np.isfinite(own).sum()))
        factors[layer] = values[-1, layer] / before if before > 0.0 else 0.0
    return factors
