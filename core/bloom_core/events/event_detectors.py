"""How the other kinds of events are found in the recorded numbers of a run (`event_explosions` finds explosions). numpy only: Blender runs it too.

Each function returns the events of its kind in the order of their steps. `docs/events.md` tells what they mean; the thresholds are constants here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bloom_core.events.event_explosions import learning_rate, network_size
from bloom_core.events.event_statistics import Rule, rolling_mean, runs_of, stretches, usual
from bloom_core.trajectories.run_model import DoubleArray, Event, Trajectory

LOSS_SPIKE = Rule(factor=3.0, deviations=8.0, tail=6.0)
"""Losses of sound batches reach 6.8 deviations and 5.0 tails (as measured for explosions); batches with wrong labels 8 … 35 and 7 … 28."""

LR_FACTOR = 1.5
"""A learning rate that changes by less in one step belongs to a smooth schedule, or matters little."""

LR_SMOOTH = 4.0
"""A jump is so many times the changes one step before and after it, in the rate and in its logarithm: warm-ups rise evenly in one of them."""

JITTER_WINDOW = 51
"""Steps over which cosines are averaged: from sketches, the noise of one is 0.12, and of the mean below 0.02."""

JITTER_COSINE = -0.2
"""Without momentum, successive updates of sound trainings have cosines around −0.1 … 0.2; of one that bounces between two walls −0.35 and less."""

JITTER_MOMENTUM = 0.5
"""Momentum m alone gives successive updates a cosine of about m; the threshold rises by this share of it."""

JITTER_EDGE = 0.1
"""A stretch of jitter ends where the mean cosine is so far above the threshold: no flicker at its edges."""

PERIOD_TWO = 0.2
"""A mean cosine with the update before last above this, where the one with the last is negative, is a bounce between two sides."""

SETTLED_SHARE = 0.1
"""Settled: updates stay below this share of their early size. In a film, that is where movement is no longer seen."""

SETTLED_REST = 0.05
"""Settled is said only of at least this last share of a run: every schedule that ends at 0 has small last steps."""

SETTLED_LEAST = 20
"""Shorter runs settle nothing."""

LEVEL = 0.5
"""‖Δθ‖/lr that keeps this share of its early size has stayed level: the schedule alone explains the settling."""

DEFAULT_MOMENTUM = {"adam": 0.9, "adamw": 0.9, "nadam": 0.9, "radam": 0.9, "adamax": 0.9, "lion": 0.9, "muon": 0.95}
"""Of optimizers whose momentum the run does not state."""


def nonfinite(run: Trajectory) -> list[Event]:
    """The first step of each stretch that was not finite; value: its length in steps; layers: those with norms that are not finite."""
    events = []
    for row, end in runs_of(run.nonfinite != 0):
        bad = ~np.isfinite(run.update_norm[row])
        if run.gradient_norm is not None:
            bad |= ~np.isfinite(run.gradient_norm[row])
        names = tuple(run.layers[layer].name for layer in np.flatnonzero(bad))
        note = "" if np.isfinite(run.loss[row]) or bad.any() else "loss"
        events.append(_event(run, row, "nonfinite", float(end - row), names, note))
    return events


def loss_spikes(run: Trajectory) -> list[Event]:
    """Steps whose loss stands out from the losses just before; value: how many times their median it is, None where losses are not all above 0."""
    rows = np.flatnonzero(np.isfinite(run.loss))
    values = run.loss[rows]
    events = []
    for stretch in stretches(values, LOSS_SPIKE):
        note = f"{values[stretch.first]:.4g}, usually {usual(values, stretch.first):.4g}"
        events.append(_event(run, int(rows[stretch.first]), "loss_spike", stretch.factor if math.isfinite(stretch.factor) else None, (), note))
    return events


def lr_changes(run: Trajectory) -> list[Event]:
    """Steps at which a parameter group's learning rate jumps; value: new / old (of the group that jumps most), None from or to 0."""
    jumps: dict[int, list[tuple[int, float, float]]] = {}
    for group in range(run.lr.shape[1]):
        rows = np.flatnonzero(np.isfinite(run.lr[:, group]) & (run.lr[:, group] >= 0.0))
        rates = run.lr[rows, group].astype(np.float64)
        for place in _jumps(rates):
            jumps.setdefault(int(rows[place]), []).append((group, float(rates[place - 1]), float(rates[place])))
    events = []
    for row in sorted(jumps):
        groups = jumps[row]
        _, old, new = max(groups, key=lambda jump: abs(_log(jump[2]) - _log(jump[1])))
        note = f"{old:.4g} to {new:.4g}"
        if len(groups) < run.lr.shape[1]:
            note += f" in group{'s' if len(groups) > 1 else ''} " + ", ".join(str(group) for group, _, _ in groups)
        events.append(_event(run, row, "lr_change", new / old if old > 0.0 and new > 0.0 else None, (), note))
    return events


def jitter(run: Trajectory) -> list[Event]:
    """The first step of each stretch in which updates undo each other; value: its mean cosine of successive updates; note: "period 2" where so."""
    one, two = (rolling_mean(run.cosine[:, lag], JITTER_WINDOW, JITTER_WINDOW // 2) for lag in (0, 1))
    if not np.isfinite(one).any():
        return []
    threshold = jitter_threshold(run, one)
    # Optimizers that take turns give cosines of 0 at lag 1 and high ones at lag 2: below what momentum promises, and yet no jitter.
    below = (one < JITTER_COSINE) | ((one < threshold) & (two < threshold))
    within = (one < JITTER_COSINE + JITTER_EDGE) | ((one < threshold + JITTER_EDGE) & (two < threshold + JITTER_EDGE))
    events = []
    for first, end in _close(runs_of(within), JITTER_WINDOW):
        inside = np.flatnonzero(below[first:end])
        if len(inside) < JITTER_WINDOW // 2:
            continue
        last, back = (float(np.nanmean(run.cosine[first:end, lag])) for lag in (0, 1))
        note = "period 2" if last < 0.0 and back > PERIOD_TWO else ""
        events.append(_event(run, first + int(inside[0]), "jitter", last, (), note))
    return events


def jitter_threshold(run: Trajectory, mean: DoubleArray | None = None) -> float:
    """Returns the mean cosine of successive updates below which a run jitters, from its optimizer's momentum.

    Where the run does not state the momentum, the upper quartile of its own mean cosines (`mean`, if already taken) stands for it.
    """
    momentum = momentum_of(run.meta)
    if momentum is None:
        mean = rolling_mean(run.cosine[:, 0], JITTER_WINDOW, JITTER_WINDOW // 2) if mean is None else mean
        known = mean[np.isfinite(mean)]
        momentum = max(0.0, float(np.quantile(known, 0.75))) if len(known) else 0.0
    return JITTER_COSINE + JITTER_MOMENTUM * momentum


def momentum_of(meta: Mapping[str, Any]) -> float | None:
    """Returns the optimizer's momentum (or Adam's β₁) by what `run.json` says, None where it does not say."""
    about = meta.get("optimizer")
    if isinstance(about, Mapping):
        betas = about.get("betas")
        stated = about.get("momentum", betas[0] if isinstance(betas, (list, tuple)) and betas else None)
        if isinstance(stated, (int, float)) and 0.0 <= stated < 1.0:
            return float(stated)
        about = about.get("name")
    return DEFAULT_MOMENTUM.get(about.lower()) if isinstance(about, str) else None


def settled(run: Trajectory) -> list[Event]:
    """The step from which on updates stay small, if there is one; value: their size as a share of the early size; note: what explains it.

    "schedule": the learning rate fell, and the update per learning rate stayed level; "convergence": that fell too; "unknown": no learning rate.
    """
    size = np.nan_to_num(network_size(run.update_norm), nan=0.0, posinf=0.0).astype(np.float64)
    count = len(size)
    if count < SETTLED_LEAST:
        return []
    # The largest of the first three fifths' medians: warm-ups start small, and a first few wild steps are no level.
    fifths = [size[count * part // 5 : count * (part + 1) // 5] for part in range(3)]
    early = max(range(3), key=lambda part: float(np.median(fifths[part])))
    level = float(np.median(fifths[early]))
    block = max(1, count // 100)
    medians = np.median(size[: count // block * block].reshape(-1, block), axis=1)
    loud = np.flatnonzero(medians >= SETTLED_SHARE * level)
    row = (int(loud[-1]) + 1) * block if len(loud) else 0
    if level <= 0.0 or row == 0 or count - row < max(3, SETTLED_REST * count):
        return []
    rate = learning_rate(run)
    value = float(np.median(size[row:])) / level
    note = "unknown"
    if np.isfinite(run.lr).any(axis=1).all():
        per_rate = np.divide(size, rate, out=np.full(count, np.nan), where=rate > 0.0)
        before, after = per_rate[count * early // 5 : count * (early + 1) // 5], per_rate[row:]
        if np.isfinite(before).any():
            stayed = not np.isfinite(after).any() or float(np.nanmedian(after)) >= LEVEL * float(np.nanmedian(before))
            note = "schedule" if stayed else "convergence"
    return [_event(run, row, "settled", value, (), note)]


def epochs(run: Trajectory) -> list[Event]:
    """The last step of each epoch; value: how many epochs were then complete. A run of one step an epoch has none: each of its steps is one."""
    epoch = run.epoch.astype(np.float64)
    rises = np.diff(epoch)
    moving = rises[rises > 0.0]
    if not len(moving) or np.median(rises) >= 1.0:
        return []
    if np.all(epoch == np.floor(epoch)):
        # A count that holds through an epoch: it ends a step before the count rises; the last one has ended if it is as long as the one before.
        rows = np.flatnonzero(rises > 0.0)
        done = epoch[rows] + (1.0 if epoch[0] == 0.0 else 0.0)
        length = rows[-1] - rows[-2] if len(rows) > 1 else rows[-1] + 1
        if len(epoch) - 1 - rows[-1] >= length:
            rows, done = np.append(rows, len(epoch) - 1), np.append(done, done[-1] + 1.0)
    else:
        # A count that rises with every step: the epoch ends where it reaches a whole number (rounding may leave it just below).
        whole = np.floor(epoch + 0.01 * float(np.median(moving)))
        rows = np.flatnonzero(np.diff(whole) > 0.0) + 1
        done = whole[rows]
    return [_event(run, int(row), "epoch", float(value)) for row, value in zip(rows, done, strict=True)]


def _event(run: Trajectory, row: int, kind: str, value: float | None, layers: tuple[str, ...] = (), note: str = "") -> Event:
    batch = int(run.batch_id[row])
    return Event(int(run.steps[row]), kind, value, layers, batch if batch >= 0 else None, note)


def _jumps(rates: DoubleArray) -> NDArray[np.int64]:
    """Returns the places of a learning rate (n,) that jumped from the one before."""
    if len(rates) < 2:
        return np.zeros(0, dtype=np.int64)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.nan_to_num(np.diff(np.log(rates)), nan=0.0, posinf=np.inf, neginf=-np.inf)
    sudden = np.abs(logs) >= math.log(LR_FACTOR) * (1.0 - 1e-6)
    for change in (np.abs(np.diff(rates)), np.abs(logs)):
        around = np.maximum(np.append(0.0, change[:-1]), np.append(change[1:], 0.0))
        sudden &= (change > LR_SMOOTH * around) | np.isinf(change)
    return np.asarray(np.flatnonzero(sudden) + 1)


def _log(value: float) -> float:
    return math.log(value) if value > 0.0 else -math.inf


def _close(runs: list[tuple[int, int]], gap: int) -> list[tuple[int, int]]:
    """Returns runs with those joined that are less than `gap` apart."""
    joined: list[tuple[int, int]] = []
    for first, end in runs:
        if joined and first - joined[-1][1] < gap:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((first, end))
    return joined
