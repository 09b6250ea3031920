"""The command `bloom demo-train`: the runs that come with Bloom, trained again."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from bloom_core.demos import demo_train

AddCommand = Callable[[str, Callable[[argparse.Namespace], None], str], argparse.ArgumentParser]


def add_commands(command: AddCommand) -> None:
    """Adds `demo-train`."""
    sub = command("demo-train", _demo_train, "Train one of the networks whose runs come with Bloom, and record it.")
    demos = "; ".join(f"{name}: {text}" for name, text in demo_train.DEMOS.items())
    sub.add_argument("demo", choices=list(demo_train.DEMOS), nargs="?", default="digits", help=f"{demos} (default: %(default)s)")
    sub.add_argument("-o", "--output", metavar="FOLDER", type=Path, default=Path(), help="where the runs go (default: here)")
    sub.add_argument("--epochs", metavar="N", type=_positive, help="how long to train (default: as the shipped run)")
    sub.add_argument("--catalogue", metavar="FILE", type=Path, help="Blender's Spanish blender.mo (default: that of the Blender found here)")


def _positive(text: str) -> int:
    """Reads a count. Raises argparse.ArgumentTypeError."""
    if text.isdecimal() and 1 <= int(text) <= 10_000:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")


def _demo_train(options: argparse.Namespace) -> None:
    try:
        for file in demo_train.train(options.demo, options.output, catalogue=options.catalogue, epochs=options.epochs):
            print(f"{file}: {file.stat().st_size / 1e6:.2f} MB", flush=True)
    except KeyboardInterrupt as interrupt:
        for note in getattr(interrupt, "__notes__", ()):
            print(note, flush=True)
        raise
