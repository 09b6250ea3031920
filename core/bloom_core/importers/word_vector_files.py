"""Files of word vectors as text: finding those of one training, an epoch each, and reading one.

A line is a token, a space, and D numbers separated by spaces; tokens may hold any character but a line feed, so a line is split at its last D spaces.
GloVe, OpenNMT and the original Bloom write just that; word2vec and fastText (.vec) begin with a line "V D", and may end lines with a space. A file
may be compressed by gzip.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bloom_core.importers.archives import open_file
from bloom_core.trajectories.run_files import MAX_RUN_BYTES, Budget, RunError
from bloom_core.trajectories.run_model import DoubleArray

MAX_DIMENSIONS = 65_536
MAX_LINE_BYTES = 4 << 20
MAX_TABLE_BYTES = MAX_RUN_BYTES // 4
"""What one file's words and values may take; three files are in memory at a time."""

MAX_FILES = 100_000
SUFFIXES = (".txt", ".vec", ".txt.gz", ".vec.gz")
_LOOKED_AT = 20
_HEADER = re.compile(r"\d{1,18} \d{1,9}")


@dataclass(frozen=True)
class Table:
    """One epoch: its tokens, and their vectors float64 (V, D)."""

    words: tuple[str, ...]
    values: DoubleArray


def series_in(folder: Path) -> dict[str, dict[int, Path]]:
    """Returns the files of each series in a folder, by epoch; a series is called by what its names have in common, "#" for the epoch.

    Of several numbers in the names, the epoch is the one that changes. Series of a single file are left out. Raises RunError for a folder that cannot
    be listed.
    """
    alike: dict[str, list[tuple[Path, list[int]]]] = {}
    try:
        for count, entry in enumerate(sorted(folder.iterdir())):
            suffix = next((end for end in sorted(SUFFIXES, key=len, reverse=True) if entry.name.lower().endswith(end)), None)
            if count >= MAX_FILES:
                raise RunError(f"{folder}: holds more than {MAX_FILES} files. Name the folder that holds the epochs' embeddings alone.")
            if suffix is None:
                continue
            name, end = entry.name[: -len(suffix)], entry.name[-len(suffix) :]
            alike.setdefault(re.sub("[0-9]+", "#", name) + end, []).append((entry, [int(digits) for digits in re.findall("[0-9]{1,15}", name)]))
    except OSError as error:
        raise RunError(f"{folder}: cannot be listed ({error.strerror}). Check the path and its permissions.") from error
    found = {}
    for pattern, files in alike.items():
        columns = [set(column) for column in zip(*(numbers for _, numbers in files), strict=False)]
        changing = [index for index, values in enumerate(columns) if len(values) == len(files)]
        if len(files) > 1 and changing:
            found[pattern] = {numbers[changing[-1]]: file for file, numbers in files}
    return found


def looks_like_vectors(path: Path) -> bool:
    """Returns whether the first lines of a file are tokens, each followed by as many numbers, two at least."""
    try:
        size, lines = _size(path)
        rows = [line.rsplit(" ", size) for line in lines[1 if _is_header(lines) else 0 :]]
        return size > 1 and bool(rows) and all(len([float(number) for number in row[1:]]) == size for row in rows)
    except (RunError, ValueError):
        return False


def read_words(path: Path) -> tuple[str, ...]:
    """Returns the tokens of a file. Raises RunError naming file and line."""
    size, _ = _size(path)
    budget = Budget(MAX_TABLE_BYTES)
    words = []
    for _, line in _rows(path):
        budget.take(100 + len(line), str(path))
        words.append(line.rsplit(" ", size)[0])
    return tuple(words)


def read_table(path: Path) -> Table:
    """Returns what one file holds. Raises RunError naming file and line."""
    size, _ = _size(path)
    budget = Budget(MAX_TABLE_BYTES)
    words: list[str] = []
    blocks: list[DoubleArray] = []
    for row, (number, line) in enumerate(_rows(path)):
        if row % 1024 == 0:
            budget.take(8 * 1024 * size, str(path))
            blocks.append(np.empty((1024, size)))
        budget.take(100 + len(line), str(path))
        token, *numbers = line.rsplit(" ", size)
        place = f"{path}, line {number}"
        if len(numbers) != size:
            raise RunError(f"{place}: {len(numbers)} numbers where the other lines have {size}. The file is cut off or damaged; copy it again.")
        values = blocks[-1][row % 1024]
        try:
            values[:] = [float(text) for text in numbers]
        except ValueError as error:
            raise RunError(f"{place}: {error}. Every token must be followed by {size} numbers; correct the line or copy the file again.") from error
        if not np.abs(values).max() <= 1e30:
            raise RunError(f"{place}: a value is not finite (or beyond 1e30). The training broke down here, or the file is damaged; leave it out.")
        words.append(token)
    return Table(tuple(words), np.concatenate(blocks)[: len(words)])


def resolution(path: Path) -> float:
    """Returns the step of the numbers' decimals in a file's first lines, such as 1e-6; 0 when they are not all written so."""
    _, lines = _size(path)
    decimals = {len(match) for match in re.findall(r" -?\d+\.(\d+)(?= |$)", lines[1 if len(lines) > 1 else 0])}
    return 10.0 ** -max(decimals) if len(decimals) == 1 else 0.0


def _size(path: Path) -> tuple[int, list[str]]:
    """Returns D, and the first lines. Raises RunError."""
    lines = []
    for _, line in _lines(path):
        lines.append(line)
        if len(lines) == _LOOKED_AT:
            break
    if _is_header(lines):
        size = int(lines[0].split(" ")[1])
    else:
        size = Counter(line.count(" ") for line in lines).most_common(1)[0][0] if lines else 0
    if not 1 <= size <= MAX_DIMENSIONS:
        raise RunError(f"{path}, line 1: no token followed by numbers. Choose a file of word embeddings as text.")
    return size, lines


def _is_header(lines: Sequence[str]) -> bool:
    """Returns whether the first line tells V and D: the second has D numbers, and D is not 1 (then it is a token and its number)."""
    return len(lines) > 1 and bool(_HEADER.fullmatch(lines[0])) and not lines[0].endswith(" 1") and lines[1].count(" ") > 1


def _rows(path: Path) -> Iterator[tuple[int, str]]:
    """Yields the lines after the header, numbered from 1. Raises RunError, also where there are fewer than the header says."""
    _, first = _size(path)
    header = _is_header(first)
    number = 0
    for number, line in _lines(path):
        if number > 1 or not header:
            yield number, line
    promised = int(first[0].split(" ")[0]) if header else 0
    if header and number - 1 < promised:
        raise RunError(f"{path}, line {number}: ends after {number - 1} words of {promised}. The file is cut off; copy it again.")


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yields number and text of each line, without its end and the space before that. Raises RunError."""
    number = 0
    with _opened(path) as file:
        try:
            for number, line in enumerate(iter(lambda: file.readline(MAX_LINE_BYTES + 1), b""), start=1):
                if len(line) > MAX_LINE_BYTES:
                    raise RunError(f"{path}, line {number}: longer than {MAX_LINE_BYTES} bytes. Choose a file of word embeddings as text.")
                text = line.decode("utf-8").removesuffix("\n").removesuffix("\r")
                yield number, text.removesuffix(" ")
        except UnicodeDecodeError as error:
            raise RunError(f"{path}, line {number}: not UTF-8 text. Choose a file of word embeddings as text.") from error
        except (OSError, EOFError, zlib.error) as error:
            raise RunError(f"{path}, after line {number}: cannot be read ({error}). The file is cut off or damaged; copy it again.") from error


@contextmanager
def _opened(path: Path) -> Iterator[gzip.GzipFile]:
    with open_file(path) as file:
        if path.suffix.lower() == ".gz":
            with gzip.GzipFile(fileobj=file) as unpacked:
                yield unpacked
        else:
            yield file  # type: ignore[misc]
