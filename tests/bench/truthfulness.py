"""Does the picture move as much as the network did? Measured over the runs that come with Bloom.

The distance between successive frames, as rendered (small pictures, `opening.distance`), against the update between them: how far the network moved in
its reduced directions from one frame's step to the next. Spearman's rank correlation, so no scale is assumed.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bloom_core import designs, growth, opening, signals, trajectory
from bloom_core.animation import Animation
from bloom_core.designs import Design
from bloom_core.trajectory import Trajectory

from .timing import heading, table

FRAMES = 96
WIDTH, QUALITY = 96, 400.0

DoubleArray = NDArray[np.float64]


def frame_distances(film: Animation) -> DoubleArray:
    """Returns the distance between successive rendered frames, (F − 1,), with the colours held still: those of the open flower."""
    palette = film.flame.palette
    pictures = [opening.picture(replace(film.at(frame), palette=palette), WIDTH, QUALITY) for frame in range(film.frame_start, film.frame_end + 1)]
    return np.array([opening.distance(before, after) for before, after in pairwise(pictures)])


def noise_floor(film: Animation) -> float:
    """Returns the distance between two pictures of the last frame that differ in nothing but the random numbers."""
    flame = film.at(film.frame_end)
    return opening.distance(*(opening.picture(flame, WIDTH, QUALITY, seed=seed) for seed in (0, 1)))


def frame_updates(run: Trajectory, frames: int, pace: str = "balanced") -> DoubleArray:
    """Returns how far the network moved between the steps of successive frames, (F − 1,)."""
    places = signals.path(run, growth.spread_frames(run, frames, pace)).places
    return np.asarray(np.linalg.norm(np.diff(places, axis=0), axis=1))


def rank_correlation(one: DoubleArray, other: DoubleArray) -> float:
    """Returns Spearman's correlation of two samples (n,) without ties."""
    ranks = [np.argsort(np.argsort(values)) for values in (one, other)]
    return float(np.corrcoef(ranks)[0, 1])


def correlation(run: Trajectory, design: Design, frames: int = FRAMES) -> tuple[float, int]:
    """Returns the rank correlation of a film as growth makes it by default, and the number of its keys."""
    film = growth.grow(run, design, frames=frames)
    assert film.keys is not None
    return rank_correlation(frame_distances(film), frame_updates(run, frames)), sum(len(keys.frames) for keys in film.keys)


def main() -> None:
    heading(f"Truthfulness: rank correlation of update and frame distance, {FRAMES} frames (bar: 0.9)")
    rows = []
    for name in trajectory.embedded_runs():
        run = trajectory.read_run(trajectory.embedded_run(name))
        found = {flower: correlation(run, designs.design(flower)) for flower in designs.designs()}
        rows.append([name, *(f"{value:.3f} ({keys} keys)" for value, keys in found.values())])
    table(["run", *designs.designs()], rows)
