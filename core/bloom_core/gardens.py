"""Gardens: several runs grown on one common scale, so that the one which moved more is seen to move more."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bloom_core import growth
from bloom_core.designs import Design
from bloom_core.growth.animation import Animation
from bloom_core.native import Cancelled, Progress
from bloom_core.trajectories.run_model import Trajectory

OPTIMIZERS = ("digits-sgd", "digits-momentum", "digits-adam", "digits-adamw", "digits-exploding")
"""The runs of the package that differ in their optimizer alone: the garden for which none other is named."""


@dataclass(frozen=True)
class Plot:
    """One place of a garden: a run by its `name` (a file, or one of the package), read as `run`, the flower it grows into, and its label."""

    name: str
    run: Trajectory
    design: Design
    title: str


def title_of(run: Trajectory, name: str) -> str:
    """Returns a label: what the run calls itself, without what it learns."""
    title = str(run.meta.get("title") or name)
    return title.partition(": ")[2] or title


def outcome(run: Trajectory) -> str:
    """Returns how a run ended, in a few words: the mean loss of its last twentieth."""
    tail = run.loss[-max(1, len(run.loss) // 20) :]
    tail = tail[[math.isfinite(value) for value in tail]]
    return f"loss {float(tail.mean()):.2g}" if len(tail) else "no finite loss"


def coordinates(run: Trajectory) -> tuple[float, float]:
    """Returns where a run stands on a map: the logarithms (base 10) of its median learning rate and of its final loss.

    Raises ValueError for a run without them.
    """
    rate = float(sorted(run.lr[:, 0])[len(run.lr) // 2]) if run.lr.size else math.nan
    tail = [value for value in run.loss[-max(1, len(run.loss) // 20) :] if math.isfinite(value)]
    if not rate > 0.0 or not tail or sum(tail) <= 0.0:
        name = run.meta.get("title", "this run")
        raise ValueError(f"{name}: has no learning rate or no finite loss, so it has no place on a map. Choose a row or a circle")
    return math.log10(rate), math.log10(sum(tail) / len(tail))


def grow(plots: Sequence[Plot], settings: dict[str, Any], progress: Progress | None = None) -> list[Animation]:
    """Returns the growth of each plot, all on their common scale; `settings`: other arguments of `growth.grow`.

    Raises what `growth.grow` raises, ValueError without plots, and Cancelled when `progress` returns False.
    """
    if not plots:
        raise ValueError("a garden needs a run: add one")
    scale = growth.common_scale([plot.run for plot in plots])
    grown = []
    for number, plot in enumerate(plots):
        if progress is not None and not progress(number / len(plots)):
            raise Cancelled
        grown.append(growth.grow(plot.run, plot.design, scale=scale, **settings))
    return grown
