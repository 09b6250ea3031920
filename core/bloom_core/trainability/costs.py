"""What a map will cost, told before it is made, and how long it still takes while it is."""

from __future__ import annotations

import math
import os
import time
from dataclasses import dataclass, replace

from bloom_core.trainability.engines import open_engine
from bloom_core.trainability.experiment import Experiment
from bloom_core.trainability.experiment_checks import check_experiment
from bloom_core.trainability.making import Work, check_view, train_places
from bloom_core.trainability.newton import Newton, newton_map
from bloom_core.trainability.outcomes import TAIL, Engine
from bloom_core.trainability.precision import check_precision, precision_for
from bloom_core.trainability.tiles import NETWORKS
from bloom_core.trainability.views import View

_SECONDS = 0.6
"""What the probe may take, about."""

_TRIED, _PER_PROCESSOR, _MOST = 64, 32, 4096
_NEWTON_PIXELS = 1 << 14
_GOLDEN = {2: 1.32471795724474602596, 3: 1.22074408460575947536}
_TRUSTED_FROM = 0.05


@dataclass(frozen=True)
class Cost:
    """What a map takes: `networks` (pixels), `steps` of each at most, `seconds` on this machine, `played`: the share of steps that is really played,
    diverging trainings ending early, and with which `engine` and `precision`."""

    networks: int
    steps: int
    seconds: float
    played: float
    engine: str
    precision: str

    @property
    def text(self) -> str:
        """The cost in a sentence."""
        return f"{self.networks:,} places × {self.steps:,} steps: about {duration(self.seconds)} ({self.engine}, {self.precision})"


class Forecast:
    """Tells how long a map still takes: at first by its cost, then by what was done.

    Tiles are made in scattered order, so what was done is a fair sample even where one part of the map is much quicker than another.
    """

    def __init__(self, cost: Cost) -> None:
        self._seconds, self._begun, self._share = cost.seconds, time.monotonic(), 0.0

    def left(self, share: float) -> float:
        """Returns seconds, `share` of the work being done. The first share told is what was there already: kept tiles take no time."""
        elapsed = time.monotonic() - self._begun
        if not self._share:
            self._share = max(share, 1e-12)
        done = (share - self._share) / max(1.0 - self._share, 1e-12)
        trust = min(max(done / _TRUSTED_FROM, 0.0), 1.0)
        whole = (1.0 - trust) * self._seconds * (1.0 - self._share) + (trust * elapsed / done if done > 0.0 else 0.0)
        return max(whole * (1.0 - done), 0.0)


def cost(subject: Experiment | Newton, view: View, engine: Engine | None = None, precision: str | None = None) -> Cost:
    """Measures what `make_map` with the same arguments will cost here, by training some scattered pixels of the view for about half a second.

    Raises MapError as `make_map` does.
    """
    networks = math.prod(view.size)
    if isinstance(subject, Newton):
        return _newton_cost(subject, view)
    check_experiment(subject)
    check_view(subject, view)
    engine = engine or open_engine()
    work = Work(subject, view, check_precision(engine, precision or precision_for(view)))
    side_by_side = int(getattr(engine, "networks", NETWORKS))
    few = scattered(view, min(networks, max(_TRIED, side_by_side // 16)))
    short = replace(work, experiment=replace(subject, steps=min(subject.steps, TAIL)))
    train_places(short, few[:1], engine)  # what a first call does once is no cost of the map
    speed = train_places(short, few, engine).seconds / (len(few) * short.experiment.steps)
    many = max(_TRIED, _PER_PROCESSOR * (os.cpu_count() or 1), round(_SECONDS / (speed * subject.steps)))
    many = min(networks, max(_MOST, side_by_side), many)
    affordable = max(TAIL, round(_SECONDS / (speed * many)))
    tried = replace(work, experiment=replace(subject, steps=min(subject.steps, affordable)))
    result = train_places(tried, scattered(view, many), engine)
    played = result.played / (many * tried.experiment.steps)
    # What each network costs apart from its steps is little; a probe cut short sees fewer of them die, and so is on the safe side.
    seconds = result.seconds / many * networks * subject.steps / tried.experiment.steps
    return Cost(networks, subject.steps, seconds, played, engine.name, work.precision)


def scattered(view: View, count: int) -> list[tuple[int, ...]]:
    """Returns `count` of the view's pixels, spread evenly: the R sequence (Roberts, 2018), which any number of fills well."""
    root = _GOLDEN[len(view.size)]
    steps = [root ** -(number + 1) for number in range(len(view.size))]
    return [tuple(int(size * ((0.5 + step * number) % 1.0)) for size, step in zip(view.size, steps, strict=True)) for number in range(count)]


def duration(seconds: float) -> str:
    """Returns a length of time as people say it."""
    if seconds < 90.0:
        return f"{max(round(seconds), 1)} s"
    if seconds < 5400.0:
        return f"{round(seconds / 60.0)} min"
    return f"{seconds / 3600.0:.1f} h" if seconds < 172800.0 else f"{seconds / 86400.0:.1f} days"


def _newton_cost(newton: Newton, view: View) -> Cost:
    networks = math.prod(view.size)
    side = max(1, round(min(networks, _NEWTON_PIXELS) ** (1.0 / len(view.size))))
    small = replace(view, size=tuple(min(side, size) for size in view.size))
    made = newton_map(newton, small).made
    tried = math.prod(small.size)
    return Cost(networks, newton.steps, made.seconds * networks / tried, made.steps_played / (tried * newton.steps), made.engine, made.precision)
