"""Growing the runs of a map: those that converge open as any run does; one whose loss goes beyond all bounds bursts.

A flower's open pose is the end of training, and what is still to be learned displaces it. A training that explodes has no end to open into: seen from
there, everything before would be as far away. So it is grown from its other end: the flower stands open with the first weights, and is torn by how
far the weights have gone from them, in directions and on a scale as its neighbours', while it swells with the logarithm of its loss. No step is left
out and none invented.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bloom_core import growth
from bloom_core.designs import Design
from bloom_core.gardens import Plot
from bloom_core.growth import bezier_keys, growth_mapping
from bloom_core.growth.animation import Animation
from bloom_core.native import Cancelled, Progress
from bloom_core.trainability.maps import Map
from bloom_core.trainability.outcomes import CEILING
from bloom_core.trainability.standing import Standing
from bloom_core.trajectories.run_model import Trajectory

DoubleArray = NDArray[np.float64]

SWELL = 2.2
"""How many times its size a flower is once its loss is as many times the first as a map tells apart."""

_TREMBLE, _NEAR = 2.0, 0.15
"""Tremble is turned up by this much at the edge, and by a third of it at this share of the map's side from it."""

PACE = "step"
"""The pace of a burst: as many steps in every frame. Its path is nearly all in its last steps, which other paces would spread over the film."""


def explodes(run: Trajectory) -> bool:
    """Says whether a run's loss ends beyond all bounds: as many times the first as a map tells apart, or not finite at all."""
    return exploded_at(run) is not None


def exploded_at(run: Trajectory) -> int | None:
    """Returns the first step from which on a run's loss stays beyond all bounds, or None for one that does not explode."""
    within = np.flatnonzero(run.loss.astype(np.float64) <= CEILING * float(run.loss[0])) if len(run.loss) else np.zeros(1)
    last = int(within[-1]) if len(within) else -1
    return None if not len(run.loss) or last == len(run.loss) - 1 else int(run.steps[last + 1])


def tremble(map_: Map, where: Standing, run: Trajectory) -> float:
    """Returns the gain of a run's recorded tremble: 1 far from the edge, more the nearer it stands; a run that explodes has none to turn up."""
    if where.distance is None or explodes(run):
        return 1.0
    side = float(max(map_.view.span)) if where.unit == "decades" else 1.0
    return round(1.0 + _TREMBLE * math.exp(-abs(where.distance) / (_NEAR * side / math.log(3.0))), 1)


def grow(plots: Sequence[Plot], settings: dict[str, Any], progress: Progress | None = None) -> list[Animation]:
    """Returns the growth of each plot on one scale, that of the runs which stay finite; those that do not burst.

    `settings`: other arguments of `growth.grow`. Runs that explode must be read with their sketches. Raises what `growth.grow` raises, ValueError
    without plots, and Cancelled when `progress` returns False.
    """
    if not plots:
        raise ValueError("a garden needs a run: add one")
    scale = growth.common_scale([plot.run for plot in plots if not explodes(plot.run)] or [_undone(plot.run) for plot in plots])
    grown = []
    for number, plot in enumerate(plots):
        if progress is not None and not progress(number / len(plots)):
            raise Cancelled
        grow_one = burst if explodes(plot.run) else growth.grow
        grown.append(grow_one(plot.run, plot.design, **settings | {"scale": scale}))
    return grown


def burst(run: Trajectory, design: Design, **settings: Any) -> Animation:
    """Returns the growth of a run that explodes. `settings`: arguments of `growth.grow`, whose pace and palette over time do not apply."""
    tolerance = settings.get("tolerance", growth.TOLERANCE)
    backwards = growth.grow(_undone(run), replace(design, bud=design.open), **settings | {"pace": PACE, "tolerance": None, "palette": "design"})
    values = np.ascontiguousarray(backwards.values[::-1])
    numbers = np.arange(len(values), dtype=np.float64) + backwards.frame_start
    keys = None if tolerance is None else tuple(
        bezier_keys.fit(numbers, column, tolerance * growth_mapping.reach(channel, column))
        for channel, column in zip(backwards.channels, values.T, strict=True)
    )  # fmt: skip
    steps = np.maximum(len(run.steps) - 1 - backwards.steps[::-1], 0)
    return replace(backwards, values=values, guard=backwards.guard[::-1].copy(), steps=steps, keys=keys, markers=(), flutter=None)


def swelling(run: Trajectory, animation: Animation) -> DoubleArray:
    """Returns how many times its size a run's flower is at each frame, float64 (F,): 1 up to the first loss, SWELL at a million times that."""
    if not explodes(run):
        return np.ones(len(animation.values))
    with np.errstate(all="ignore"):
        times = np.nan_to_num(run.loss.astype(np.float64) / float(run.loss[0]), nan=CEILING, posinf=CEILING)
    return np.asarray(1.0 + (SWELL - 1.0) * np.log(np.clip(times, 1.0, CEILING))[animation.steps] / np.log(CEILING))


def _undone(run: Trajectory) -> Trajectory:
    """Returns the run as if each of its steps were undone, from the last to the first: it ends at the first weights.

    Which way along a direction of the sketch is forwards is chance (its signs are), so the updates themselves need not be turned round.
    """
    if run.sketch is None:
        raise ValueError("the run was read without its sketches; read it with sketches=True")
    return replace(
        run,
        loss=run.loss[::-1].copy(),
        update_norm=run.update_norm[::-1].copy(),
        parameter_norm=run.parameter_norm[::-1].copy(),
        gradient_norm=None,
        cosine=run.cosine[::-1].copy(),
        nonfinite=run.nonfinite[::-1].copy(),
        sketch=run.sketch[::-1],
        embeddings=None,
        reduction=None,
        part_reductions=(),
    )
