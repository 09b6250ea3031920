"""The commands `bloom import` and `bloom pack`: runs from what others recorded, and one file of a run's folder."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from bloom_core import importers
from bloom_core.trajectories import trajectory

AddCommand = Callable[[str, Callable[[argparse.Namespace], None], str], argparse.ArgumentParser]


def add_commands(command: AddCommand) -> None:
    """Adds `import` and `pack`."""
    sub = command("import", _import, "Make a run of checkpoints, logs or word vectors that a training left.")
    sub.add_argument("source", metavar="SRC", type=Path, help="a folder of checkpoints, of TensorBoard's or W&B's logs, or of word vectors")
    sub.add_argument("-o", "--output", metavar="RUN.bloom", type=Path, required=True)
    sub.add_argument("--kind", choices=importers.KINDS, help="what SRC is (default: found out)")
    checkpoints = sub.add_argument_group("checkpoints")
    checkpoints.add_argument(
        "--part", metavar="NAME=PATTERN", type=_part, action="append", dest="parts", help="a part of the network: its parameters' names, as encoder.*"
    )
    checkpoints.add_argument("--embeddings", metavar="NAME", help="the parameter that is the table of word vectors (default: looked for by name)")
    checkpoints.add_argument("--vocab", metavar="FILE", type=Path, help="its words: tokenizer.json, vocab.json, or text with one word a line")
    vectors = sub.add_argument_group("word vectors")
    vectors.add_argument("--side", choices=importers.SIDES, help=f"which embeddings to read (default: {importers.SIDES[0]})")
    vectors.add_argument("--labels", metavar="FILE", type=Path, help="an embeddings file whose words name the rows instead")
    vectors.add_argument("--swap-labels", action="store_true", help="take the words of the sibling file of the other side")

    sub = command("pack", _pack, "Pack a recorded run's folder into one file.")
    sub.add_argument("directory", metavar="FOLDER", type=Path)
    sub.add_argument("-o", "--output", metavar="RUN.bloom", type=Path, required=True)


def warn(warnings: Sequence[str]) -> None:
    for warning in warnings:
        print(f"bloom: warning: {warning}", file=sys.stderr)


def _part(text: str) -> tuple[str, str]:
    """Reads NAME=PATTERN. Raises argparse.ArgumentTypeError."""
    name, _, pattern = text.partition("=")
    if not name or not pattern:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=PATTERN, such as encoder=model.encoder.*")
    return name, pattern


def _progress(done: int, total: int) -> None:
    """Shows on a terminal how many checkpoints have been read."""
    if sys.stderr.isatty():
        print(f"\rimport: {done} of {total}", end="\n" if done == total else "", file=sys.stderr, flush=True)


def _import(options: argparse.Namespace) -> None:
    parts: dict[str, list[str]] = {}
    for name, pattern in options.parts or ():
        parts.setdefault(name, []).append(pattern)
    run, warnings = importers.import_run(
        options.source,
        kind=options.kind,
        parts=parts or None,
        embeddings=options.embeddings,
        vocab=options.vocab,
        side=options.side,
        labels=options.labels,
        swap_labels=options.swap_labels,
        progress=_progress,
    )
    warn(warnings)
    with tempfile.TemporaryDirectory(prefix="bloom-import-") as folder:
        trajectory.write_run(run, Path(folder) / "run")
        trajectory.pack_run(Path(folder) / "run", options.output)
    print(f"{options.output}: {len(run.steps)} steps")


def _pack(options: argparse.Namespace) -> None:
    trajectory.pack_run(options.directory, options.output)
    print(f"{options.output}: {options.output.stat().st_size} bytes")
