"""Making a map: tile by tile, with progress, kept and taken up again."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bloom_core import machine_memory
from bloom_core.native import Cancelled, Progress
from bloom_core.take_files import remove_leftovers
from bloom_core.trainability.engines import open_engine
from bloom_core.trainability.experiment import Experiment, MapError
from bloom_core.trainability.experiment_checks import check_experiment
from bloom_core.trainability.maps import Making, Map
from bloom_core.trainability.newton import Newton, newton_map
from bloom_core.trainability.outcomes import COLUMNS, Engine
from bloom_core.trainability.places import along, groups, measures_sensitivity
from bloom_core.trainability.precision import check_precision, precision_for
from bloom_core.trainability.scores import labels_of, score_of
from bloom_core.trainability.tiles import NETWORKS, Tile, TileResult, read_tile, tile_key, tile_plan, write_tile
from bloom_core.trainability.views import View

_PIXEL_BYTES = 8 * len(COLUMNS) + 32


@dataclass(frozen=True)
class Work:
    """Everything that tiles of a map depend on."""

    experiment: Experiment
    view: View
    precision: str


def make_map(
    subject: Experiment | Newton,
    view: View,
    *,
    engine: Engine | None = None,
    precision: str | None = None,
    folder: Path | str | None = None,
    progress: Progress | None = None,
    scheduler: str | None = None,
) -> Map:
    """Makes the map of `subject` over `view`.

    `engine`: the native one by default. `precision`: by default the cheapest that is good for the view. `folder`: finished tiles are kept there, and
    those that are there already are not made again. `scheduler`: the address of a Dask scheduler, such as tcp://machine:8786, whose workers make the
    tiles; without it this computer does. `progress` takes the share done; where it returns False, native.Cancelled is raised and finished tiles stay.

    Raises MapError for a subject or view that cannot be, memory that is not there, a folder that cannot be written, or a scheduler that fails.
    """
    if isinstance(subject, Newton):
        return newton_map(subject, view, progress)
    check_experiment(subject)
    check_view(subject, view)
    engine = engine or open_engine()
    work = Work(subject, view, check_precision(engine, precision or precision_for(view)))
    store = None if folder is None else Path(folder)
    if store is not None and store.is_dir():
        remove_leftovers(store)
    outcomes = np.empty((*view.shape, len(COLUMNS)))
    seconds, played = 0.0, 0
    for tile, result in _results(work, engine, store, progress or _no_progress, scheduler):
        outcomes[tile.slices] = result.outcomes.reshape(*tile.shape, len(COLUMNS))
        seconds, played = seconds + result.seconds, played + result.played
    return map_of(subject, view, outcomes, Making(engine.name, work.precision, seconds, played))


def map_of(subject: Experiment, view: View, outcomes: NDArray[np.float64], made: Making) -> Map:
    """Returns the map that outcomes make, coloured by the experiment's score. Raises MapError as `score_of` does."""
    return Map(subject, view, labels_of(outcomes), score_of(outcomes, subject.score, subject.steps), outcomes, made)


def check_view(experiment: Experiment, view: View) -> None:
    """Raises MapError for a view that is not of the experiment's axes, or larger than memory."""
    if len(view.size) != len(experiment.axes):
        raise MapError(f"The view has {len(view.size)} axes and the experiment {experiment.name} has {len(experiment.axes)}: they must be as many")
    needed, installed = math.prod(view.size) * _PIXEL_BYTES, machine_memory.installed()
    if needed > (installed or 8 << 30) // 2:
        raise MapError(f"A map of {' × '.join(map(str, view.size))} pixels takes {needed / 1e9:.1f} GB of memory: too much here. Choose fewer.")
    for number in range(len(experiment.axes)):
        along(experiment, view, number)


def train_places(work: Work, places: list[tuple[int, ...]], engine: Engine, progress: Progress | None = None) -> TileResult:
    """Trains the networks of some pixels, by their indices along the view's axes; outcomes are in their order. Raises Cancelled, MapError."""
    experiment, begun = work.experiment, time.perf_counter()
    outcomes, played, done = np.empty((len(places), len(COLUMNS))), 0, 0
    for group in groups(experiment, work.view, places):
        share, before = len(group.indices) / len(places), done / len(places)

        def told(part: float, share: float = share, before: float = before) -> bool:
            return progress is None or progress(before + part * share)

        outcomes[group.indices] = engine.train(
            group.problem,
            group.values,
            activation=experiment.activation,
            optimizer=experiment.optimizer,
            steps=experiment.steps,
            threshold=experiment.threshold,
            precision=work.precision,
            sensitivity=measures_sensitivity(experiment),
            progress=None if progress is None else told,
        )
        done += len(group.indices)
        played += int(getattr(engine, "steps_played", len(group.indices) * experiment.steps))
    return TileResult(outcomes, played, time.perf_counter() - begun)


def _results(work: Work, engine: Engine, folder: Path | None, progress: Progress, scheduler: str | None) -> Iterator[tuple[Tile, TileResult]]:
    """Returns all tiles as they are ready, kept ones first."""
    tiles = tile_plan(work.view, int(getattr(engine, "networks", NETWORKS)))
    keys = {tile: tile_key(work.experiment, work.view, tile, engine.name, work.precision) for tile in tiles}
    left, done, total = [], 0, sum(tile.count for tile in tiles)
    for tile in tiles:
        kept = None if folder is None else read_tile(folder, keys[tile], tile.count)
        if kept is None:
            left.append(tile)
        else:
            done += tile.count
            yield tile, kept
    if scheduler is not None and left:
        from bloom_core.trainability.distributed import train_on_cluster

        made = train_on_cluster(scheduler, work, left, engine, lambda count: progress((done + count) / total))
    else:
        made = _train_here(work, left, engine, lambda count: progress((done + count) / total))
    for tile, result in made:
        if folder is not None:
            write_tile(folder, keys[tile], result)
        yield tile, result
    progress(1.0)


def _train_here(work: Work, tiles: list[Tile], engine: Engine, told: Progress) -> Iterator[tuple[Tile, TileResult]]:
    """Trains tile after tile; `told` takes how many networks are done."""
    done = 0
    for tile in tiles:
        if not told(done):
            raise Cancelled

        def told_here(share: float, before: float = done, count: int = tile.count) -> bool:
            return told(before + share * count)

        yield tile, train_places(work, list(tile.places()), engine, told_here)
        done += tile.count


def _no_progress(share: float) -> bool:
    return True
