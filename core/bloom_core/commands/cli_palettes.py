"""The command `bloom palettes`: a picture of the palettes that a run can give a flower, to choose from."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from bloom_core import designs, palettes
from bloom_core.growth import grow, spread_frames
from bloom_core.images.image_files import check_place
from bloom_core.palettes.choices import MAX_COUNT
from bloom_core.palettes.sheet import write_sheet
from bloom_core.trajectories import trajectory

AddCommand = Callable[[str, Callable[[argparse.Namespace], None], str], argparse.ArgumentParser]

_FRAMES = 49
_COUNT = 12


def add_commands(command: AddCommand) -> None:
    """Adds `palettes`."""
    sub = command("palettes", _palettes, "Draw the palettes that a run can give a flower, to choose from.")
    sub.add_argument("run", metavar="RUN", type=Path, help="a recorded run, .bloom file or folder")
    sub.add_argument("-o", "--output", metavar="SHEET.png", type=Path, required=True)
    sub.add_argument("--design", metavar="FLOWER", default="lotus", help="a design, or a .flame file, that wears them (default: %(default)s)")
    sub.add_argument("--count", metavar="N", type=_count, default=_COUNT, help="how many, at most (default: %(default)s)")
    sub.add_argument("--seed", metavar="S", type=int, default=0, help="another seed gives other words and hues (default: %(default)s)")
    sub.add_argument("--method", choices=palettes.methods(), help="only those that are made this way")


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_COUNT):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to {MAX_COUNT}")
    return int(text)


def _palettes(options: argparse.Namespace) -> None:
    check_place(options.output, (".png",))
    name = options.design
    design = designs.design(name) if name in designs.designs() and not Path(name).exists() else designs.read_design(name)
    run = trajectory.read_run(options.run)
    animation = grow(run, design, frames=_FRAMES)
    states = spread_frames(run, _FRAMES)
    found = palettes.candidates(run, design.open.palette, states, options.count, options.seed, method=options.method)
    title = " ".join(str(run.meta.get("title") or options.run.name).split())[:80]
    write_sheet(options.output, f"Palettes of {title} for the {design.name}, seed {options.seed}", found, animation)
    for candidate in found:
        print(f"{candidate.name}: {candidate.explanation}")
