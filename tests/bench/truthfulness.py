"""Does the flower move as much as the network did? Measured over the runs that come with Bloom.

The distance between successive frames is how far their points travel (`motion`, here with more points and another seed than growth uses); the update
between them how far the network moved in its reduced directions from one frame's step to the next. Spearman's rank correlation, so no scale is
assumed. Beside it stands the same for pictures: root mean square difference over mean brightness, which also hears the light change.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bloom_core import designs, growth
from bloom_core.designs import Design
from bloom_core.flames.flame import Flame
from bloom_core.growth import motion
from bloom_core.growth.animation import Animation
from bloom_core.images import image
from bloom_core.trajectories import signals, trajectory
from bloom_core.trajectories.trajectory import Trajectory

from .timing import heading, table

FRAMES = 96
POINTS, SEED = 1 << 17, 7
SIZE, QUALITY = (96, 60), 800.0

DoubleArray = NDArray[np.float64]


def frame_distances(film: Animation) -> DoubleArray:
    """Returns how far the points of successive rendered frames travel, (F − 1,), flame units."""
    clouds = (motion.cloud(film.at(frame), POINTS, SEED) for frame in range(film.frame_start, film.frame_end + 1))
    return np.array([motion.distance(before, after) for before, after in pairwise(clouds)])


def picture_distances(film: Animation) -> DoubleArray:
    """Returns how different successive pictures are, (F − 1,), with the colours held still: those of the open flower."""
    flames = (replace(film.at(frame), palette=film.flame.palette) for frame in range(film.frame_start, film.frame_end + 1))
    return np.array([_difference(before, after) for before, after in pairwise(map(_picture, flames))])


def noise_floor(film: Animation) -> float:
    """Returns the distance between two pictures of the last frame that differ in nothing but the random numbers."""
    return _difference(*(_picture(film.at(film.frame_end), seed) for seed in (0, 1)))


def _picture(flame: Flame, seed: int = 0) -> NDArray[np.float32]:
    return image.render(image.framed(flame, SIZE), quality=QUALITY, seed=seed).pixels[..., :3]


def _difference(before: NDArray[np.float32], after: NDArray[np.float32]) -> float:
    def size(values: NDArray[np.float32]) -> float:
        return float(np.sqrt(np.square(values, dtype=np.float64).mean()))

    light = 0.5 * (size(before) + size(after))
    return size(after - before) / light if light > 0.0 else 0.0


def frame_updates(run: Trajectory, frames: int, pace: str = "balanced") -> DoubleArray:
    """Returns how far the network moved between the steps of successive frames, (F − 1,)."""
    places = signals.path(run, growth.spread_frames(run, frames, pace)).places
    return np.asarray(np.linalg.norm(np.diff(places, axis=0), axis=1))


def rank_correlation(one: DoubleArray, other: DoubleArray) -> float:
    """Returns Spearman's correlation of two samples (n,) without ties."""
    ranks = [np.argsort(np.argsort(values)) for values in (one, other)]
    return float(np.corrcoef(ranks)[0, 1])


def correlation(run: Trajectory, design: Design, frames: int = FRAMES) -> tuple[float, float]:
    """Returns the rank correlations, of motion and of pictures, of a film as growth makes it by default."""
    film, updates = growth.grow(run, design, frames=frames), frame_updates(run, frames)
    return rank_correlation(frame_distances(film), updates), rank_correlation(picture_distances(film), updates)


def main() -> None:
    heading(f"Truthfulness: rank correlation of update and motion, in brackets of update and picture; {FRAMES} frames (bar: 0.9)")
    rows = []
    for name in trajectory.embedded_runs():
        run = trajectory.read_run(trajectory.embedded_run(name))
        found = [correlation(run, designs.design(flower)) for flower in designs.designs()]
        rows.append([name, *(f"{motion:.3f} ({picture:.3f})" for motion, picture in found)])
    table(["run", *designs.designs()], rows)


def plot(path: str, flower: str = "lotus") -> None:
    """Draws update against motion, a dot a frame, for every run that comes with Bloom."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import NullFormatter

    names = trajectory.embedded_runs()
    figure = Figure(figsize=(12, 5.4), facecolor="#08060a", layout="constrained")
    for number, name in enumerate(names):
        run = trajectory.read_run(trajectory.embedded_run(name))
        moved, updates = frame_distances(growth.grow(run, designs.design(flower), frames=FRAMES)), frame_updates(run, FRAMES)
        axes = figure.add_subplot(2, (len(names) + 1) // 2, number + 1, facecolor="#08060a")
        axes.scatter(updates, moved, s=9, c=np.arange(len(moved)), cmap="plasma", alpha=0.9, linewidths=0)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_title(f"{name}: {rank_correlation(moved, updates):.3f}", color="#f3d9c4", fontsize=10)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_minor_formatter(NullFormatter())
        axes.tick_params(colors="#8d7f86", which="both", labelsize=7)
        for side in axes.spines.values():
            side.set_color("#3a3036")
    figure.supxlabel("update between two frames (early purple, late yellow)", color="#8d7f86", fontsize=9)
    figure.supylabel("how far the points travel", color="#8d7f86", fontsize=9)
    FigureCanvasAgg(figure).print_png(path)


if __name__ == "__main__":
    plot(sys.argv[1]) if len(sys.argv) > 1 else main()
