"""Renders the strips of frames of reading-a-flower.md: docs/pictures/motion-NAME.jpg, from the runs that come with Bloom.

    python docs/render_motions.py [NAME ...] [--quality SAMPLES] [--out FOLDER]

Needs matplotlib, no Blender; some minutes on two cores. Nothing is retouched: a tile is one frame of a growth, all from one camera and in one light.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from bloom_core import designs, thumbnails, wind  # noqa: E402
from bloom_core.growth import grow  # noqa: E402
from bloom_core.images import film, image  # noqa: E402
from bloom_core.trajectories import trajectory  # noqa: E402

Pixels = NDArray[np.float32]

TILE, GAP, LABEL = 210, 4, 22
DPI, INK, JPEG = 140, "#b9b4c0", 86
FRAMES, CHANGE = 96, 3.0
TINT = np.array([1.0, 0.92, 0.8], np.float32)


@dataclass(frozen=True)
class Row:
    """Frames of one growth. `told` stands above it. `wind`: seconds of wind laid over each tile; empty for none.

    `changes` adds a row below, brighter where more is different from the frame before.
    """

    told: str
    run: str
    flower: str
    frames: Sequence[int]
    growth: dict[str, Any]
    changes: bool = False
    wind: Sequence[float] = ()


FILM, SPARSE = (1, 10, 24, 48, 72, 96), (12, 24, 36, 48, 72, 95)
BY_STEP: dict[str, Any] = {"pace": "step"}
STRIPS = {
    "opening": (
        Row("momentum: fast, then still", "digits-momentum", "crocus", FILM, {"strength": 0.0, **BY_STEP}),
        Row("plain SGD: evenly", "digits-sgd", "crocus", FILM, {"strength": 0.0, **BY_STEP}),
    ),
    "displacement": (
        Row("as grown", "digits-adam", "dahlia", FILM, {}),
        Row("strength 0: opening alone", "digits-adam", "dahlia", FILM, {"strength": 0.0}),
    ),
    "explosion": (Row("plain SGD, rate 3", "digits-exploding", "dahlia", (11, 12, 13, 14, 15, 16), {}, changes=True),),
    "settling": (
        Row("momentum: it settles", "digits-momentum", "dahlia", SPARSE, BY_STEP, changes=True),
        Row("plain SGD: it does not", "digits-sgd", "dahlia", SPARSE, BY_STEP, changes=True),
    ),
    "schedule": (
        Row("it converged", "digits-momentum", "waterlily", SPARSE, BY_STEP),
        Row("its learning rate fell", "translation", "waterlily", SPARSE, BY_STEP),
    ),
    "colors": (
        Row("palette design", "digits", "dahlia", FILM, {}),
        Row("palette drift", "digits", "dahlia", FILM, {"palette": "drift"}),
        Row("palette strata", "digits", "dahlia", FILM, {"palette": "strata"}),
    ),
    "wind": (Row("the last frame, in a wind", "digits", "dahlia", (96,) * 6, {}, wind=(0.0, 0.5, 1.0, 1.5, 2.0, 2.5)),),
    "guard": (
        Row("as grown", "digits-exploding", "fern", (8, 10, 12, 13, 14, 15), {}),
        Row("without a guard", "digits-exploding", "fern", (8, 10, 12, 13, 14, 15), {"probe": lambda flame: True}),
    ),
}

JITTER, JITTERS = "jitter", {"plain SGD, rate 0.8: it jitters": "digits", "Adam: it does not": "digits-adam"}
FROM_STEP, STEPS = 60, 60


def main() -> None:
    """Renders what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"strips; default: all of {', '.join((*STRIPS, JITTER))}")
    parser.add_argument("--quality", type=float, default=400.0, help="samples per pixel")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "pictures", help="folder")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for name in options.names or (*STRIPS, JITTER):
        path = options.out / f"motion-{name}.jpg"
        if name == JITTER:
            write_jitter(path)
        else:
            write(path, [line for row in STRIPS[name] for line in lines(row, options.quality)])
        print(f"{path} {path.stat().st_size // 1024} KB", file=sys.stderr)


def lines(row: Row, quality: float) -> list[tuple[list[str], list[Pixels]]]:
    """Returns a row's tiles with their labels, and below them, where the row says so, what changed."""
    run = trajectory.read_run(trajectory.embedded_run(row.run))
    animation = grow(run, designs.design(row.flower), **{"frames": FRAMES, **row.growth})
    story = film.story_of_growth(animation)
    view = thumbnails.camera(designs.design(row.flower).open, TILE)

    def tile(frame: int, seconds: float | None = None) -> Pixels:
        flame = story.at(frame)
        if seconds is not None:
            everything = len(flame.xforms) + 1
            flame = wind.swayed(flame, wind.Breeze(strength=2.0), seconds, [1.0] * everything, [0.0] * everything)
        rendering = replace(flame.rendering, supersample=1, estimator_radius=4.0, estimator_minimum=0.0, estimator_curve=0.5, curves=None)
        return image.render(replace(flame, view=view, rendering=rendering), quality=quality).pixels[:, ::-1, :3]

    tiles = [tile(frame, *row.wind[number : number + 1]) for number, frame in enumerate(row.frames)]
    if row.wind:
        labels = [f"{seconds:g} s" for seconds in row.wind]
    else:
        labels = [f"frame {frame} · step {run.steps[animation.steps[frame - 1]]}" for frame in row.frames]
    labels[0] = f"{row.told}\n{labels[0]}"
    made = [(labels, tiles)]
    if row.changes:
        others = [tile(frame - 1) for frame in row.frames]
        changes = [CHANGE * np.abs(now - then).max(axis=-1, keepdims=True) * TINT for now, then in zip(tiles, others, strict=True)]
        made.append(([f"what changed since the frame before, {CHANGE:g} times as bright", *[""] * (len(tiles) - 1)], changes))
    return made


def write(path: Path, lines_of_tiles: list[tuple[list[str], list[Pixels]]]) -> None:
    """Writes a JPEG of lines of tiles, each with its label above it."""
    heights = [LABEL * (1 + max(label.count("\n") for label in labels)) for labels, _ in lines_of_tiles]
    width = (TILE + GAP) * len(lines_of_tiles[0][1]) - GAP
    height = sum(heights) + (TILE + GAP) * len(heights)
    figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI, facecolor="black")
    top = height
    for (labels, tiles), room in zip(lines_of_tiles, heights, strict=True):
        for number, (label, pixels) in enumerate(zip(labels, tiles, strict=True)):
            left = number * (TILE + GAP)
            figure.text((left + 4) / width, (top - room + 5) / height, label, color=INK, fontsize=7.5, va="bottom")
            place = figure.add_axes((left / width, (top - room - TILE) / height, TILE / width, TILE / height))
            place.imshow(np.clip(pixels, 0.0, 1.0), interpolation="none")
            place.set_axis_off()
        top -= room + TILE + GAP
    figure.savefig(path, pil_kwargs={"quality": JPEG})


def write_jitter(path: Path) -> None:
    """Writes a JPEG of where one petal of a dahlia is after each of STEPS steps, in a film with a frame for each step."""
    figure = Figure(figsize=(9.1, 2.6), dpi=DPI, facecolor="black")
    places = figure.subplots(1, len(JITTERS))
    for place, (told, name) in zip(places, JITTERS.items(), strict=True):
        run = trajectory.read_run(trajectory.embedded_run(name))
        animation = grow(run, designs.design("dahlia"), frames=len(run.steps) + 1, pace="step", tolerance=None, probe=lambda flame: True)
        seen = animation.values[FROM_STEP : FROM_STEP + STEPS, [channel.field == "pre" for channel in animation.channels]]
        busiest = int(np.argmax(np.abs(np.diff(seen, n=2, axis=0)).sum(axis=0)))
        place.plot(range(FROM_STEP, FROM_STEP + STEPS), seen[:, busiest] - seen[:, busiest].mean(), color="#ff9d5c", linewidth=1.2)
        place.set_title(told, color=INK, fontsize=8, loc="left")
        place.set_xlabel("step", color=INK, fontsize=7.5)
        place.set_facecolor("black")
        place.tick_params(colors=INK, labelsize=7)
        place.set_yticks([])  # each has a scale of its own: it is the shape that tells
        for side in place.spines.values():
            side.set_visible(False)
    places[0].set_ylabel("where a petal is", color=INK, fontsize=7.5)
    figure.tight_layout()
    figure.savefig(path, pil_kwargs={"quality": JPEG})


if __name__ == "__main__":
    main()
