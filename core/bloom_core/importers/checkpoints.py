"""Checkpoints of one training run, from whatever files: what is known of each, and the order that they come in."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from bloom_core.trajectories.run_files import RunError

MAX_CHECKPOINTS = 100_000
MAX_STEP = 1 << 53

ReadTensor = Callable[[str], NDArray[Any]]


class NotCheckpointError(RunError):
    """A file that is sound, as far as one can tell, but holds no parameters of a network."""


@dataclass(frozen=True)
class Checkpoint:
    """One saved state of the network.

    `place`: its file or folder. `shapes`: its parameters by name, in the network's order. `open` gives, for as long as it is entered, a function that
    returns one tensor by name as float32 or float64 (n,), row by row, and may raise RunError. `step`, `epoch`: as the file itself says, None where it
    does not. `notes`: what was left out, and why.
    """

    place: Path
    shapes: Mapping[str, tuple[int, ...]]
    open: Callable[[], AbstractContextManager[ReadTensor]]
    step: int | None = None
    epoch: float | None = None
    notes: tuple[str, ...] = ()


def read_all(files: Sequence[Path], folder: Path, read: Callable[[Path], Checkpoint]) -> tuple[list[Checkpoint], list[str]]:
    """Returns the checkpoints among the files of a folder, and warnings of those that are none. Raises RunError: one is damaged, or none is left."""
    if len(files) > MAX_CHECKPOINTS:
        raise RunError(f"{folder}: {len(files)} checkpoints; at most {MAX_CHECKPOINTS} can be told apart. Move some away.")
    found: list[Checkpoint] = []
    others: list[NotCheckpointError] = []
    for path in files:
        try:
            found.append(read(path))
        except NotCheckpointError as error:
            others.append(error)
    if others and not found:
        raise others[0]
    return found, [f"left out: {error}" for error in others]


_STEP = re.compile(r"(?<![A-Za-z])(?:steps?|iter|iteration|iters|it|updates?|checkpoint)[=_\-. ]?(\d{1,15})", re.IGNORECASE)
_EPOCH = re.compile(r"(?<![A-Za-z])(?:epochs?|ep)[=_\-. ]?(\d{1,15})", re.IGNORECASE)


def in_order(checkpoints: Sequence[Checkpoint], folder: Path) -> tuple[list[Checkpoint], list[str]]:
    """Returns the checkpoints in the order of training, each with its `step` known, and warnings.

    What counts is the training step inside the files; else a step in their names (`step=500`), an epoch, or any number that changes from name to
    name; else the alphabet. Of several at one step the first by name is kept. Raises RunError when fewer than two remain.
    """
    found = sorted(checkpoints, key=lambda entry: natural(_name(entry)))
    names = [_name(entry) for entry in found]
    epochs = [entry.epoch if entry.epoch is not None else _labelled(_EPOCH, name) for entry, name in zip(found, names, strict=True)]
    ways: list[tuple[str, Sequence[float | None]]] = [
        ("", [entry.step for entry in found]),
        ("training steps are taken from the files' names", [_labelled(_STEP, name) for name in names]),
        ("training steps are not known; each epoch counts as one", epochs),
        ("the numbers in the files' names are taken as training steps", _changing(names)),
    ]
    warning, numbers = max(ways, key=lambda way: len(set(way[1]) - {None}))
    if len(set(numbers) - {None}) < 2:
        warning = "neither the files nor their names tell the training step; they are taken in alphabetical order"
        numbers = list(range(1, len(found) + 1))
    warnings = [f"{folder}: {warning}."] if warning else []
    kept: dict[int, Checkpoint] = {}
    for entry, number, epoch in zip(found, numbers, epochs, strict=True):
        if number is None:
            warnings.append(f"{entry.place}: left out, for it does not tell its place in the training as the others do.")
        elif int(number) in kept:
            warnings.append(f"{entry.place}: left out, for {kept[int(number)].place.name} is of the same step {int(number)}.")
        else:
            kept[int(number)] = replace(entry, step=int(number), epoch=epoch)
    if len(kept) < 2:
        count = f"{len(kept)} checkpoint{'s' * (len(kept) != 1)}"
        raise RunError(f"{folder}: holds {count} of different steps, and movement needs two at least. Save more of them in training.")
    return [kept[step] for step in sorted(kept)], warnings


def known(number: Any) -> int | None:
    """Returns a number found in a file if it can be a training step."""
    return number if type(number) is int and 0 <= number < MAX_STEP else None


def finite(number: Any) -> float | None:
    """Returns a number found in a file if it is one that single precision can hold."""
    return float(number) if isinstance(number, (int, float)) and not isinstance(number, bool) and abs(number) < 1e38 else None


def _name(entry: Checkpoint) -> str:
    """Returns the part of the file's name that may tell its step."""
    return entry.place.name if entry.place.is_dir() else entry.place.name.removesuffix(entry.place.suffix).removesuffix(".weights")


def natural(name: str) -> list[tuple[bool, int, str]]:
    """Returns a key that sorts `model_10` after `model_9`, and `last` after both."""
    pieces = re.findall(r"[0-9]{1,18}|[^0-9]+", name)
    return [(False, int(piece), "") if piece[0] in "0123456789" else (True, 0, piece) for piece in pieces]


def _labelled(pattern: re.Pattern[str], name: str) -> int | None:
    match = pattern.search(name)
    return int(match[1]) if match else None


def _changing(names: Sequence[str]) -> list[int | None]:
    """Returns the number that tells the names apart; None for names of another pattern than most."""
    patterns = [re.sub(r"[0-9]+", "\0", name) for name in names]  # no file's name holds this
    numbers = [[int(number[:15]) for number in re.findall(r"[0-9]+", name)] for name in names]
    usual = Counter(pattern for pattern in patterns if "\0" in pattern).most_common(1)
    if not usual:
        return [None] * len(names)
    alike = [found for found, pattern in zip(numbers, patterns, strict=True) if pattern == usual[0][0]]
    column = max(range(len(alike[0])), key=lambda index: (len({found[index] for found in alike}), index))
    return [found[column] if pattern == usual[0][0] else None for found, pattern in zip(numbers, patterns, strict=True)]
