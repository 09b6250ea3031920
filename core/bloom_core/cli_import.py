"""The commands `bloom import` and `bloom pack`: runs from what others recorded, and one file of a run's folder."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from . import importers, trajectory

AddCommand = Callable[[str, Callable[[argparse.Namespace], None], str], argparse.ArgumentParser]


def add_commands(command: AddCommand) -> None:
    """Adds `import` and `pack`."""
    sub = command("import", _import, "Make a run of a folder of word embeddings, one text file an epoch.")
    sub.add_argument("source", metavar="FOLDER", type=Path)
    sub.add_argument("-o", "--output", metavar="RUN.bloom", type=Path, required=True)
    sub.add_argument("--side", choices=importers.SIDES, default=importers.SIDES[0], help="which embeddings to read (default: %(default)s)")
    sub.add_argument("--labels", metavar="FILE", type=Path, help="an embeddings file whose words name the rows instead")

    sub = command("pack", _pack, "Pack a recorded run's folder into one file.")
    sub.add_argument("directory", metavar="FOLDER", type=Path)
    sub.add_argument("-o", "--output", metavar="RUN.bloom", type=Path, required=True)


def warn(warnings: Sequence[str]) -> None:
    for warning in warnings:
        print(f"bloom: warning: {warning}", file=sys.stderr)


def _import(options: argparse.Namespace) -> None:
    run, warnings = importers.import_embeddings(options.source, side=options.side, labels=options.labels)
    warn(warnings)
    with tempfile.TemporaryDirectory(prefix="bloom-import-") as folder:
        trajectory.write_run(run, Path(folder) / "run")
        trajectory.pack_run(Path(folder) / "run", options.output)
    print(f"{options.output}: {len(run.steps)} steps")


def _pack(options: argparse.Namespace) -> None:
    trajectory.pack_run(options.directory, options.output)
    print(f"{options.output}: {options.output.stat().st_size} bytes")
