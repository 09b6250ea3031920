"""CSV of W&B: what its web page exports, and tables of its API; and lines of text files that may be anything."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from bloom_core.importers.archives import open_file
from bloom_core.importers.scalars import Log
from bloom_core.trajectories.run_files import RunError

STEPS = ("trainer/global_step", "train/global_step", "global_step", "_step", "Step", "step")
"""Columns that count steps, the best first: `_step` counts calls of `wandb.log`, which is not the trainer's own count."""

CALLS = ("_step", "Step", "step")
"""Those of them that count calls of `wandb.log`, or might."""

MAX_LINE_BYTES = 16 << 20
MAX_COLUMNS = 65_536


def lines(file: Path) -> Iterator[tuple[int, bytes, bool]]:
    """Yields number, bytes, and whether it ends the file unfinished, of each line. Raises RunError for one that is too long."""
    with open_file(file) as source:
        for number, line in enumerate(iter(lambda: source.readline(MAX_LINE_BYTES + 1), b""), start=1):
            if len(line) > MAX_LINE_BYTES:
                raise RunError(f"{file}, line {number}: longer than {MAX_LINE_BYTES} bytes. Choose a history of W&B, one object a line.")
            yield number, line, not line.endswith(b"\n")


def add_table(log: Log, file: Path, warnings: list[str]) -> None:
    """Adds the numbers of a CSV file to the log, and tells `warnings` what it cannot hold. Raises RunError naming the line."""
    table = csv.reader(_text(file))
    try:
        header = next(table, [])
        columns, step_column = _columns(header, file, warnings)
        step = -1
        for row in table:
            if not row:
                continue
            place = f"{file}, line {table.line_num}"
            if len(row) != len(header):
                raise RunError(f"{place}: {len(row)} fields, and the header has {len(header)}. The file is cut off or damaged; export it again.")
            step = _step(row[step_column], place) if step_column is not None else step + 1
            wall = next((_cell(row[column]) for column, name in columns.items() if name == "_timestamp"), None)
            for column, name in columns.items():
                value = _cell(row[column])
                if value is not None:
                    log.add(name, step, value, math.nan if wall is None else wall)
    except csv.Error as error:
        raise RunError(f"{file}, line {table.line_num}: not CSV ({error}). Export it again.") from error


def _text(file: Path) -> Iterator[str]:
    for number, line, _ in lines(file):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise RunError(f"{file}, line {number}: not UTF-8 text. Choose a CSV export of W&B.") from error


def _columns(header: Sequence[str], file: Path, warnings: list[str]) -> tuple[dict[int, str], int | None]:
    """Returns the metric of each column that counts, and the column of the steps (None: rows are counted)."""
    if not 1 < len(header) <= MAX_COLUMNS:
        raise RunError(f"{file}, line 1: {len(header)} columns. Choose a CSV export of W&B.")
    step_column = next((header.index(name) for name in STEPS if name in header), None)
    plain = {column: name for column, name in enumerate(header) if not name.endswith(("__MIN", "__MAX")) and name and column != step_column}
    owned = {column: name.rpartition(" - ") for column, name in plain.items() if " - " in name}
    runs = list(dict.fromkeys(run for run, _, _ in owned.values()))
    if not runs:
        warnings.append(f"{file}: tables of W&B's API hold a sample of the steps; the run's .wandb file or its history artifact hold all.")
        return {column: name for column, name in plain.items() if name not in STEPS}, step_column
    run = max(runs, key=lambda name: sum(owner == name for owner, _, _ in owned.values()))
    if len(runs) > 1:
        others = ", ".join(repr(name) for name in runs if name != run)
        warnings.append(f"{file}: {run!r} is read; of the other runs ({others[:300]}) make files of their own.")
    warnings.append(f"{file}: exports of W&B's page average or sample the steps, so peaks may be missing; the run's .wandb file holds all.")
    own_step = next((column for column, (owner, _, metric) in owned.items() if owner == run and metric in STEPS), None)
    step_column = own_step if step_column is None else step_column
    if step_column is None:
        warnings.append(f"{file}: no column counts the steps ({header[0]!r} does not); each row counts as one.")
    chosen = {column: metric for column, (owner, _, metric) in owned.items() if owner == run and metric not in STEPS}
    shared = {column: name for column, name in plain.items() if column not in owned and name not in STEPS}
    return chosen | shared, step_column


def _cell(text: str) -> float | None:
    """Returns the number in a cell, None for an empty one or other text."""
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _step(text: str, place: str) -> int:
    number = _cell(text)
    if number is None or not math.isfinite(number):
        raise RunError(f"{place}: the step is {text[:40]!r}, not a number. Export the file again.")
    return int(number)
