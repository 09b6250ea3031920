"""Word vectors of every epoch, a text file each, as runs: the original Bloom's, and what GloVe, word2vec, fastText or OpenNMT saved in training."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from bloom_core.importers.token_embeddings import MAX_ROWS
from bloom_core.importers.word_vector_files import SUFFIXES, Table, looks_like_vectors, read_table, read_words, resolution, series_in
from bloom_core.trajectories import reduction
from bloom_core.trajectories.run_columns import cosines
from bloom_core.trajectories.run_files import Budget, RunError
from bloom_core.trajectories.run_model import DoubleArray, Embeddings, FloatArray, IntArray, Layer, Trajectory
from bloom_core.trajectories.sketch import DIMENSIONS, sketch

SIDES = ("tgt", "src")
"""The two tables of a translator, as OpenNMT calls them in the files' names: of the words it writes, and of those it reads."""

_CHUNK = 1 << 20
_SPECIAL = re.compile(r"<.*>|\[.*\]|\{.*\}|_+[A-Za-z]+_+|(?i:unk|pad|bos|eos|sos|blank|null|go)")
_EARLY = 16
"""Special tokens come among the first rows of a table."""

_MOVING = 0.9
"""In a trained table at least this share of the words moves; what never moves is then a token that is never fed to the network."""


def looks_like(path: Path) -> bool:
    """Returns whether this is a folder of word vectors, one text file an epoch."""
    return path.is_dir() and any(looks_like_vectors(next(iter(files.values()))) for files in series_in(path).values())


def import_word_vectors(
    folder: Path | str, *, side: str | None = None, labels: Path | str | None = None, swap_labels: bool = False
) -> tuple[Trajectory, list[str]]:
    """Returns the run that a folder of word vectors tells, and warnings.

    Files are told apart by the number in their names that changes: the epoch. `side`: "tgt" or "src", where the folder holds both (default: "tgt").
    OpenNMT-py once wrote each side's vectors with the other's words (its issue 812): `swap_labels` takes the words from the other side's file,
    `labels` from any file of as many words. One step from each epoch to the next, in one layer named `embedding`, over the words that all epochs
    have; norms are exact, snapshots hold the MAX_ROWS words that moved farthest. Loss and learning rate are not known. Reductions are fitted where
    scikit-learn is installed. Raises RunError naming file and line.
    """
    folder = Path(folder)
    if side is not None and side not in SIDES:
        raise ValueError(f"side is {side!r}; choose one of {', '.join(SIDES)}")
    if not folder.is_dir():
        raise RunError(f"{folder}: is not a folder. Name the folder that holds the epochs' embeddings.")
    files, other = _chosen(folder, side)
    epochs = sorted(files)
    if labels is not None and swap_labels:
        raise RunError(f"{folder}: both labels and swapped labels are wanted. Choose one of them.")
    if swap_labels and other is None:
        raise RunError(f"{folder}: has no files of the other side, whose words could be taken. Put one there, or name a file with --labels.")
    warnings = _missing(folder, epochs)
    rows = _aligned(folder, [files[epoch] for epoch in epochs], warnings)
    first, last = read_table(files[epochs[0]]), read_table(files[epochs[-1]])
    _check_size(files[epochs[-1]], first, last)
    names = first.words
    labels = labels if labels is not None else other if swap_labels else None
    if labels is not None:
        names = _labels(Path(labels), len(first.words), rows, str(folder))
    else:
        warnings += _swapped(folder, files[epochs[0]], other, first, last)
    walk = _walk([files[epoch] for epoch in epochs], rows, first, _farthest(first, last, rows))
    warnings += _identical(folder, epochs, walk.update_norm)
    warnings += _rounded(folder, epochs, walk.update_norm, resolution(files[epochs[0]]), walk.size)
    total = len(first.words) if rows is None else len(rows[0])
    if total > len(walk.rows):
        warnings.append(f"{folder}: of {total} word vectors the {len(walk.rows)} that moved farthest are kept as snapshots; norms are of all.")
    words = tuple(names[row] for row in (walk.rows if rows is None else rows[0][walk.rows]))
    trajectory = _trajectory(epochs, walk, words, {"title": folder.name, "source": files[epochs[0]].name, "warnings": warnings})
    return (reduction.reduce_run(trajectory) if reduction.available() else trajectory), warnings


def _check_size(file: Path, first: Table, other: Table) -> None:
    """Refuses an epoch whose vectors are longer or shorter than the first's."""
    if other.values.shape[1] != first.values.shape[1]:
        sizes = f"{other.values.shape[1]} numbers, and the first epoch's have {first.values.shape[1]}"
        raise RunError(f"{file}: vectors of {sizes}. Leave this file out, or name a folder of one training's word vectors.")


def _chosen(folder: Path, side: str | None) -> tuple[dict[int, Path], Path | None]:
    """Returns the files by epoch, and a file of the other side where there is one. Raises RunError."""
    series = series_in(folder)
    found = {name: files for name, files in series.items() if looks_like_vectors(files[min(files)])} or series
    if side is None and len(found) > 1:
        side = SIDES[0]
    fitting = [name for name in found if side is None or _side(name) == side]
    if not fitting:
        files = f"of word vectors (*{', *'.join(SUFFIXES)})" if side is None else f"of the side {side}"
        raise RunError(f"{folder}: no two files {files} whose names differ by the epoch's number, and movement needs two epochs at least.")
    if len(fitting) > 1:
        raise RunError(f"{folder}: holds several series of files ({', '.join(fitting[:8])}). Put the one that is meant into a folder of its own.")
    own = _side(fitting[0])
    others = (entry for entry in sorted(folder.iterdir()) if entry.name.lower().endswith(SUFFIXES) and _side(entry.name) not in (None, own))
    return found[fitting[0]], next(others, None) if own is not None else None


def _side(name: str) -> str | None:
    """Returns the side that a file's name speaks of."""
    words = re.findall("[a-z]+", name.lower())
    return next((side for side in SIDES if side in words), None)


def _missing(folder: Path, epochs: Sequence[int]) -> list[str]:
    stride = int(np.gcd.reduce(np.diff(epochs)))
    there = set(epochs)
    missing = [epoch for epoch in range(epochs[0], min(epochs[-1], epochs[0] + 100_000 * stride), stride) if epoch not in there]
    listed = ", ".join(map(str, missing[:10])) + (" …" if len(missing) > 10 else "")
    return [f"{folder}: epochs {listed} are missing; their updates are joined."] if missing else []


def _aligned(folder: Path, files: Sequence[Path], warnings: list[str]) -> list[IntArray] | None:
    """Returns the rows of the words that all files have, for each file, in the first one's order; None where all files have the same rows.

    Raises RunError when there are none.
    """
    first = read_words(files[0])
    common = dict.fromkeys(first)
    same = True
    most = len(first)
    for file in files[1:]:
        words = read_words(file)
        if words != first:
            same, there = False, frozenset(words)
            common = {word: None for word in common if word in there}
            most = max(most, len(words))
    if same:
        return None
    if not common:
        raise RunError(f"{folder}: no word is in all of its files. Name a folder of one training's word vectors.")
    left = f"{most - len(common)} are not in every epoch and were left out" if most > len(common) else "they come in different orders"
    warnings.append(f"{folder}: the epochs' words differ: {left}; the {len(common)} common ones are matched by name.")
    rows = []
    for file in files:
        place = {word: row for row, word in reversed(list(enumerate(read_words(file))))}
        rows.append(np.array([place[word] for word in common], dtype=np.int64))
    return rows


def _labels(path: Path, count: int, rows: list[IntArray] | None, folder: str) -> tuple[str, ...]:
    """Returns the words of another file. Raises RunError when they cannot name these rows."""
    words = read_words(path)
    if rows is not None:
        raise RunError(f"{folder}: its epochs have different words, so other labels cannot name them. Use epochs with one vocabulary.")
    if len(words) != count:
        raise RunError(f"{path}: has {len(words)} tokens, and the embeddings have {count} rows. Choose the sibling file.")
    return words


def _swapped(folder: Path, file: Path, other: Path | None, first: Table, last: Table) -> list[str]:
    """Says so when the words are probably those of another table.

    What is never fed to the network never moves: padding, and the end of a sentence in a decoder. Where nearly all words move, one of the first rows
    that does not must bear such a token's name; if it bears an ordinary word instead, the names belong to another table. The other side's names, if
    they are there, must explain the row.
    """
    if first.words != last.words:
        return []
    moved = (first.values != last.values).any(axis=1)
    ordinary = np.array([_SPECIAL.fullmatch(word) is None for word in first.words])
    still = np.flatnonzero((~moved & ordinary)[:_EARLY])
    if ordinary[0] or not len(still) or moved[ordinary].mean() < _MOVING:
        return []
    named = f"line {still[0] + 1} of {file.name}, {first.words[still[0]]!r}, never moves, as only a token does that is never fed to the network"
    if other is None:
        return [f"{folder}: the words seem to be those of another table: {named}. Take the other side's words with --labels FILE."]
    words = read_words(other)
    if len(words) != len(first.words) or not all(_SPECIAL.fullmatch(words[row]) for row in still):
        return []
    return [f"{folder}: the words of the two sides seem to be swapped: {named} ({words[still[0]]!r} in {other.name}). Take those with --swap-labels."]


def _farthest(first: Table, last: Table, rows: list[IntArray] | None) -> IntArray:
    """Returns which of the aligned words are kept as snapshots, rising."""
    before, after = (first.values, last.values) if rows is None else (first.values[rows[0]], last.values[rows[-1]])
    if len(before) <= MAX_ROWS:
        return np.arange(len(before))
    # A stable sort: of rows that moved alike the first are kept.
    return np.sort(np.argsort(-np.linalg.norm(after - before, axis=1), kind="stable")[:MAX_ROWS])


@dataclass(frozen=True)
class _Walk:
    """What moved: norms of each update and of the table after it (T,), sketches (T, 64), and the snapshots (E, V, D) of the words `rows` (V,).

    `size`: the numbers in a whole table.
    """

    update_norm: DoubleArray
    norm: DoubleArray
    sketch: FloatArray
    rows: IntArray
    snapshots: FloatArray
    size: int


def _walk(files: Sequence[Path], rows: list[IntArray] | None, first: Table, kept: IntArray) -> _Walk:
    """Goes from epoch to epoch, with two tables in memory beside the first. Raises RunError."""
    updates, norms, sketches, snapshots = [], [], [], []
    before: DoubleArray | None = None
    budget = Budget()
    for index, file in enumerate(files):
        table = read_table(file)
        _check_size(file, first, table)
        values = table.values if rows is None else table.values[rows[index]]
        budget.take(8 * len(kept) * values.shape[1], str(file))
        snapshots.append(values[kept].astype(np.float32))
        if before is not None:
            update = (values - before).reshape(-1)
            starts = range(0, len(update), _CHUNK)
            sketches.append(np.sum([sketch(update[None, start : start + _CHUNK], start)[0] for start in starts], axis=0))
            updates.append(np.linalg.norm(update))
            norms.append(np.linalg.norm(values))
        before = values
    assert before is not None
    return _Walk(np.array(updates), np.array(norms), np.array(sketches, dtype=np.float32), kept, np.stack(snapshots), before.size)


def _identical(folder: Path, epochs: Sequence[int], sizes: DoubleArray) -> list[str]:
    return [
        f"{folder}: epochs {number} and {following} hold identical values."
        for (number, following), size in zip(pairwise(epochs), sizes, strict=True)
        if size == 0.0
    ]


def _rounded(folder: Path, epochs: Sequence[int], sizes: DoubleArray, step: float, count: int) -> list[str]:
    """Says from which epoch on updates are only the rounding of the text."""
    # Two roundings to a grid of that step, each uniform: variance step²/12 an entry.
    floor = step * np.sqrt(count / 6.0)
    rounded = next((index for index in range(len(sizes)) if floor > 0.0 and max(sizes[index:]) <= 2.0 * floor), None)
    if rounded is None:
        return []
    return [f"{folder}: from epoch {epochs[rounded]} on, updates are no larger than the text's rounding ({step:.0e} a number)."]


def _trajectory(epochs: Sequence[int], walk: _Walk, words: tuple[str, ...], meta: dict[str, object]) -> Trajectory:
    count = len(walk.update_norm)
    unknown = np.full(count, np.nan, dtype=np.float32)
    size = walk.snapshots.shape[2]
    return Trajectory(
        steps=np.arange(1, count + 1, dtype=np.int64),
        epoch=np.array(epochs[1:], dtype=np.float32),
        wall=np.zeros(count),
        loss=unknown,
        lr=unknown[:, None],
        layers=(Layer("embedding", (walk.size // size, size), "embedding"),),
        update_norm=walk.update_norm[:, None].astype(np.float32),
        parameter_norm=walk.norm[:, None].astype(np.float32),
        gradient_norm=None,
        raw_gradient_norm=unknown,
        cosine=cosines(walk.sketch, np.zeros((2, DIMENSIONS))),
        sketch=walk.sketch[:, None, :],
        batch_id=np.full(count, -1, dtype=np.int64),
        nonfinite=np.zeros(count, dtype=np.uint8),
        embeddings=Embeddings(np.arange(count + 1, dtype=np.int64), np.array(epochs, dtype=np.float32), walk.rows, words, walk.snapshots),
        meta=meta,
    )
