"""The table of word vectors among a network's parameters: which tensor it is, the rows that are worth keeping, and their words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bloom_core.importers.archives import parse_json, read_small
from bloom_core.importers.checkpoints import Checkpoint, ReadTensor
from bloom_core.trajectories.run_files import Budget, RunError
from bloom_core.trajectories.run_model import Embeddings, FloatArray, Layer

MAX_ROWS = 512
"""Rows that are kept: those that moved farthest from the first checkpoint to the last."""

_MARKS = ("embed", "wte", "emb")
VOCABULARIES = ("tokenizer.json", "vocab.json", "vocab.txt")


def find_table(
    checkpoints: Sequence[Checkpoint], layers: Sequence[Layer], wanted: str | None, vocab: Path | None
) -> tuple[WordTable | None, list[str]]:
    """Returns the table of word vectors, None when there is none, and warnings.

    `wanted`: its name, or the end of it; otherwise the matrix of most values whose name speaks of embeddings and not of positions. `vocab`: a file of
    its words. Raises RunError for a name that no matrix has, or a vocabulary that cannot be read.
    """
    matrices = [layer for layer in layers if len(layer.shape) == 2]
    if wanted is not None:
        named = [layer for layer in matrices if layer.name == wanted] or [layer for layer in matrices if f".{layer.name}".endswith(f".{wanted}")]
        if len(named) != 1:
            there = ", ".join(layer.name for layer in matrices[:8])
            raise RunError(f"{checkpoints[0].place}: {len(named)} matrices are called {wanted!r}. There are: {there}.")
    else:
        named = [layer for layer in matrices if any(mark in layer.name.lower() for mark in _MARKS) and "pos" not in layer.name.lower()]
    if not named:
        return None, [f"{vocab}: not used, for no table of word vectors was found; name it with --embeddings."] if vocab is not None else []
    table = max(named, key=lambda layer: layer.shape[0] * layer.shape[1])
    rows, size = table.shape
    kept = _farthest(checkpoints, table)
    Budget().take(8 * len(checkpoints) * len(kept) * size, table.name)
    words = read_words(vocab) if vocab is not None else {}
    warnings = [] if words else [f"{table.name}: no vocabulary, so its words are called by their rows; name one with --vocab."]
    if words and not all(int(row) in words for row in kept):
        warnings.append(f"{vocab}: names {len(words)} words, and {table.name} has {rows} rows; the others are called by their rows.")
    if rows > len(kept):
        warnings.append(f"{table.name}: of {rows} word vectors the {len(kept)} that moved farthest are kept.")
    return WordTable(table.name, table.shape, kept, tuple(_writable(words.get(int(row), f"row {row}")) for row in kept)), warnings


def _farthest(checkpoints: Sequence[Checkpoint], table: Layer) -> NDArray[np.int64]:
    """Returns the numbers of the rows to keep, rising."""
    rows, size = table.shape
    if rows <= MAX_ROWS:
        return np.arange(rows)
    with checkpoints[0].open() as first, checkpoints[-1].open() as last, np.errstate(over="ignore", invalid="ignore"):
        before, after = first(table.name).reshape(rows, size), last(table.name).reshape(rows, size)
        moved = np.nan_to_num(np.linalg.norm(after - before, axis=1), nan=0.0, posinf=0.0)
    # A stable sort: of rows that moved alike the first are kept.
    return np.sort(np.argsort(-moved, kind="stable")[:MAX_ROWS])


class WordTable:
    """Collects snapshots of chosen rows of one tensor, one from each checkpoint in turn."""

    def __init__(self, name: str, shape: tuple[int, ...], rows: NDArray[np.int64], words: tuple[str, ...]) -> None:
        self.name = name
        self._shape = shape
        self._rows = rows
        self._words = words
        self._values: list[FloatArray] = []

    def see(self, read: ReadTensor) -> None:
        """Takes the snapshot of the next checkpoint. Raises RunError."""
        with np.errstate(over="ignore", invalid="ignore"):
            self._values.append(np.asarray(read(self.name).reshape(self._shape)[self._rows], dtype=np.float32))

    def snapshots(self, steps: Sequence[int], epochs: FloatArray) -> tuple[Embeddings | None, list[str]]:
        """Returns the snapshots, of which the k-th was taken after `steps[k]` steps; those with values that are not finite are left out."""
        sound = [index for index, values in enumerate(self._values) if np.isfinite(values).all()]
        warnings = [f"{self.name}: not finite at {len(steps) - len(sound)} of {len(steps)} checkpoints."] if len(sound) < len(steps) else []
        if not sound:
            return None, warnings
        values = np.stack([self._values[index] for index in sound])
        taken = np.array([steps[index] for index in sound], dtype=np.int64)
        return Embeddings(taken, epochs[sound], self._rows.astype(np.int64), self._words, values), warnings


def read_words(path: Path) -> dict[int, str]:
    """Returns words by row from a vocabulary.

    JSON: {word: row}, a list of words, or a `tokenizer.json`; else text, one word a line, its row the line's number from 0. Raises RunError.
    """
    data = read_small(path)
    if path.suffix.lower() == ".json":
        words = _words_of(parse_json(data, str(path)))
    else:
        try:
            lines = data.decode("utf-8").removesuffix("\n").split("\n")
        except UnicodeDecodeError as error:
            raise RunError(f"{path}: not UTF-8 text. Choose a vocabulary with one word a line, or one in JSON.") from error
        words = {row: line.removesuffix("\r").split("\t")[0] for row, line in enumerate(lines)}
    if not words:
        raise RunError(f"{path}: no words in it. Choose a vocabulary: JSON of words and rows, or text with one word a line.")
    return words


def _words_of(value: Any) -> dict[int, str]:
    if isinstance(value, Mapping):
        model = value.get("model")
        if isinstance(model, Mapping):
            added = value.get("added_tokens")
            extra = {entry["id"]: entry["content"] for entry in added if _is_token(entry)} if isinstance(added, list) else {}
            return _words_of(model.get("vocab")) | extra
        return {row: word for word, row in value.items() if type(row) is int}
    if isinstance(value, list):
        # A unigram tokenizer lists [word, score].
        words = [entry[0] if isinstance(entry, list) and entry else entry for entry in value]
        return {row: word for row, word in enumerate(words) if isinstance(word, str)}
    return {}


def _is_token(entry: Any) -> bool:
    return isinstance(entry, dict) and type(entry.get("id")) is int and isinstance(entry.get("content"), str)


def _writable(word: str) -> str:
    """Returns the word without halves of characters, which JSON can name and no file can hold."""
    return word.encode("utf-8", "replace").decode("utf-8")
