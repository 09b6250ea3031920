"""Importing what other programs recorded: a folder of word embeddings, one text file an epoch, as the original Bloom has.

Files are called `N.pt-tgt_embeddings.txt` (or `-src_`), N the epoch. A line is a token, a space, and D numbers separated by spaces; tokens
may hold any character but a line feed, so a line is split at its last D spaces.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np

from bloom_core import reduction
from bloom_core.run_files import MAX_RUN_BYTES, Budget, RunError
from bloom_core.run_model import DoubleArray, Embeddings, Layer, Trajectory
from bloom_core.sketch import sketch

SIDES = ("tgt", "src")
MAX_DIMENSIONS = 65_536
_NAME = re.compile(r"(\d{1,9})\.pt-(src|tgt)_embeddings\.txt")


def import_embeddings(folder: Path | str, *, side: str = "tgt", labels: Path | str | None = None) -> tuple[Trajectory, list[str]]:
    """Returns the run that a folder of epoch embeddings tells, and warnings.

    `side`: "tgt" or "src", which of the files to read. `labels`: another embeddings file whose tokens name the rows instead (OpenNMT-py once
    swapped its two vocabularies; the sibling `src` file then holds the right words). One step an epoch, from the first to the last, in one layer
    named `embedding`; loss and learning rate are not known. Reductions are fitted where scikit-learn is installed. Raises RunError naming file and
    line.
    """
    folder = Path(folder)
    if side not in SIDES:
        raise ValueError(f"side is {side!r}; choose one of {', '.join(SIDES)}")
    if not folder.is_dir():
        raise RunError(f"{folder}: is not a folder. Name the folder that holds the epochs' embeddings.")
    files = {int(match[1]): entry for entry in folder.iterdir() if (match := _NAME.fullmatch(entry.name)) and match[2] == side}
    if len(files) < 2:
        raise RunError(f"{folder}: holds {len(files)} files called N.pt-{side}_embeddings.txt, and movement needs two epochs at least.")
    budget = Budget()
    words: tuple[str, ...] = ()
    epochs: list[DoubleArray] = []
    for epoch in sorted(files):
        found, values = _read_table(files[epoch], budget)
        if epochs:
            _check_same(files[epoch], (found, values), (words, epochs[0]))
        words = found
        epochs.append(values)
    if labels is not None:
        words, _ = _read_table(Path(labels), budget)
        if len(words) != epochs[0].shape[0]:
            raise RunError(f"{labels}: has {len(words)} tokens, and the embeddings have {epochs[0].shape[0]} rows. Choose the sibling file.")
    numbers = sorted(files)
    warnings = _warnings(folder, numbers, epochs, _resolution(files[numbers[0]]))
    trajectory = _trajectory(numbers, np.stack(epochs), words, {"title": folder.name, "source": f"{side} embeddings", "warnings": warnings})
    return (reduction.reduce_run(trajectory) if reduction.available() else trajectory), warnings


def _trajectory(numbers: list[int], values: DoubleArray, words: tuple[str, ...], meta: dict[str, object]) -> Trajectory:
    updates = np.diff(values, axis=0)
    count = len(updates)
    unknown = np.full(count, np.nan, dtype=np.float32)
    return Trajectory(
        steps=np.arange(1, count + 1, dtype=np.int64),
        epoch=np.array(numbers[1:], dtype=np.float32),
        wall=np.zeros(count),
        loss=unknown,
        lr=unknown[:, None],
        layers=(Layer("embedding", values.shape[1:], "embedding"),),
        update_norm=np.linalg.norm(updates, axis=(1, 2))[:, None].astype(np.float32),
        parameter_norm=np.linalg.norm(values[1:], axis=(1, 2))[:, None].astype(np.float32),
        gradient_norm=None,
        sketch=sketch(updates.reshape(count, -1))[:, None, :],
        batch_id=np.full(count, -1, dtype=np.int64),
        nonfinite=np.zeros(count, dtype=np.uint8),
        embeddings=Embeddings(
            steps=np.arange(count + 1, dtype=np.int64),
            epochs=np.array(numbers, dtype=np.float32),
            ids=np.arange(values.shape[1], dtype=np.int64),
            words=words,
            values=values.astype(np.float32),
        ),
        meta=meta,
    )


def _read_table(path: Path, budget: Budget) -> tuple[tuple[str, ...], DoubleArray]:
    """Returns the tokens and the values (V, D) of one file. Raises RunError naming file and line."""
    lines = _lines(path, budget)
    fields = Counter(line.count(" ") for line in lines)
    size = fields.most_common(1)[0][0] if fields else 0
    if not 1 <= size <= MAX_DIMENSIONS:
        raise RunError(f"{path}, line 1: no token followed by numbers. Choose a file of word embeddings as text.")
    first = 1 if len(lines) > 1 and size != 1 and re.fullmatch(r"\d+ \d+", lines[0]) else 0
    budget.take(12 * size * len(lines), str(path))
    tokens: list[str] = []
    values = np.empty((len(lines) - first, size))
    for row, line in enumerate(lines[first:]):
        token, *numbers = line.rsplit(" ", size)
        place = f"{path}, line {row + first + 1}"
        if len(numbers) != size:
            raise RunError(f"{place}: {len(numbers)} numbers where the other lines have {size}. The file is cut off or damaged; copy it again.")
        try:
            values[row] = [float(number) for number in numbers]
        except ValueError as error:
            raise RunError(f"{place}: {error}. Every token must be followed by {size} numbers; correct the line or copy the file again.") from error
        if not np.isfinite(values[row]).all() or np.abs(values[row]).max() > 1e30:
            raise RunError(f"{place}: a value is not finite (or beyond 1e30). The training broke down here, or the file is damaged; leave it out.")
        tokens.append(token)
    return tuple(tokens), values


def _lines(path: Path, budget: Budget) -> list[str]:
    try:
        size = path.stat().st_size
        if size > MAX_RUN_BYTES or not path.is_file():
            raise RunError(f"{path}: not an ordinary file of less than {MAX_RUN_BYTES} bytes. Choose a file of word embeddings as text.")
        budget.take(size, str(path))
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise RunError(f"{path}: cannot be read ({error.strerror}). Check the path and its permissions.") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise RunError(f"{path}, line {line}: not UTF-8 text. Choose a file of word embeddings as text.") from error
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]


def _check_same(path: Path, found: tuple[tuple[str, ...], DoubleArray], first: tuple[tuple[str, ...], DoubleArray]) -> None:
    """Refuses an epoch whose tokens or dimensions are not those of the first epoch."""
    if found[1].shape != first[1].shape:
        raise RunError(f"{path}: a table of {found[1].shape}, and the first epoch's is {first[1].shape}. All epochs must have the same words.")
    different = next((row for row, pair in enumerate(zip(found[0], first[0], strict=True)) if pair[0] != pair[1]), None)
    if different is not None:
        tokens = f"{found[0][different]!r} where the first epoch has {first[0][different]!r}"
        raise RunError(f"{path}, token {different + 1}: {tokens}. All epochs must have the same words.")


def _resolution(path: Path) -> float:
    """Returns the step of the numbers' decimals in the file's first line of several, such as 1e-6; 0 when they are not written so."""
    with open(path, encoding="utf-8", newline="\n") as file:
        lines = [file.readline(1 << 20) for _ in range(2)]
    decimals = {len(match) for match in re.findall(r" -?\d+\.(\d+)(?= |$)", lines[1].rstrip())}
    return 10.0 ** -max(decimals) if len(decimals) == 1 else 0.0


def _warnings(folder: Path, numbers: list[int], epochs: list[DoubleArray], resolution: float) -> list[str]:
    """Says what the data cannot tell: missing and identical epochs, and updates that are only the rounding of the text."""
    warnings = []
    missing = sorted(set(range(numbers[0], min(numbers[-1], numbers[0] + 100_000))) - set(numbers))
    if missing:
        listed = ", ".join(map(str, missing[:10])) + (" …" if len(missing) > 10 else "")
        warnings.append(f"{folder}: epochs {listed} are missing; their updates are joined.")
    # Two roundings to a grid of that step, each uniform: variance step²/12 an entry.
    floor = resolution * np.sqrt(epochs[0].size / 6.0)
    sizes = [float(np.linalg.norm(after - before)) for before, after in pairwise(epochs)]
    for (number, following), size in zip(pairwise(numbers), sizes, strict=True):
        if size == 0.0:
            warnings.append(f"{folder}: epochs {number} and {following} hold identical values.")
    rounded = next((index for index in range(len(sizes)) if floor > 0.0 and max(sizes[index:]) <= 2.0 * floor), None)
    if rounded is not None:
        warnings.append(f"{folder}: from epoch {numbers[rounded]} on, updates are no larger than the text's rounding ({resolution:.0e} a number).")
    return warnings
