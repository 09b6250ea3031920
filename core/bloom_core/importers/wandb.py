"""Histories of Weights & Biases as runs: what `wandb.log` was given, however it was kept.

- `run-ID.wandb`, the log beside every run, offline ones too: every step
- `wandb-history.jsonl` (of older versions, and of scripts that save `scan_history`): one JSON object a line
- CSV: the web page's export (columns `run - metric`, `…__MIN`, `…__MAX`), or a table with a column `_step`
- parquet: the run's history artifact (needs pyarrow)

Numbers that are not finite are written as NaN and Infinity, bare or as strings. Nothing else of a value counts: pictures and tables are passed over.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bloom_core.importers import wandb_log
from bloom_core.importers.archives import open_file
from bloom_core.importers.scalar_tags import natural_order
from bloom_core.importers.scalars import Log, trajectory_of
from bloom_core.importers.wandb_tables import CALLS, MAX_COLUMNS, STEPS, add_table, lines
from bloom_core.trajectories.run_files import Budget, RunError
from bloom_core.trajectories.run_model import Trajectory

KIND = "W&B history"
NORMS = "norms/"
MAX_DEPTH = 8
_MARKS = ('"_step"', '"_timestamp"', '"_runtime"')
_NUMBERS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def looks_like(path: Path) -> bool:
    """Returns whether this is a history of W&B, or the folder of a run that has one."""
    return bool(_histories(path)) if path.is_dir() else _is_history(path)


def import_wandb(path: Path | str) -> tuple[Trajectory, list[str]]:
    """Returns the run that a history tells, and warnings. `path`: the file, or the run's folder.

    Raises RunError for what is broken, for a folder of several runs, and for parquet where pyarrow is not installed.
    """
    path = Path(path)
    files = _history_of(path) if path.is_dir() else (path,)
    budget, warnings = Budget(), list[str]()
    log = Log(str(path), budget)
    _add_rows(log, (row for file in files for row in _rows(file, log, budget, warnings)), warnings)
    if log.dropped:
        warnings.append(f"{path}: {log.dropped} values at steps below 0 or above 2⁵³ were left out.")
    series = log.series()
    # W&B keeps the names of a row in no order.
    return trajectory_of({tag: series[tag] for tag in natural_order(series)}, path, KIND, warnings)


def _rows(file: Path, log: Log, budget: Budget, warnings: list[str]) -> Iterable[Mapping[str, Any]]:
    """Returns the rows of a history; those of a CSV go into the log at once."""
    with open_file(file) as start:
        head = start.read(6)
    if head == wandb_log.MAGIC or file.suffix.lower() == ".wandb":
        return (_decoded(row) for row in wandb_log.rows(file, warnings))
    if head[:4] == b"PAR1" or file.suffix.lower() == ".parquet":
        return _parquet_rows(file, budget)
    if file.suffix.lower() == ".csv":
        add_table(log, file, warnings)
        return ()
    return _json_rows(file, warnings)


def _histories(folder: Path) -> list[tuple[Path, ...]]:
    """Returns the histories in a folder, one a run, the files of each: the log that W&B keeps, else JSON lines, else parquet (in parts), else CSV.

    Looks into `files` of a run's folder, and into the folders of runs below it or its `wandb`.
    """
    places = [folder, *sorted(folder.glob("*run-*")), *sorted(folder.glob("wandb/*run-*"))]
    found: dict[Path, list[tuple[Path, ...]]] = {}
    for place in places:
        inside = [place, place / "files"]
        for pattern in ("run-*.wandb", "*.jsonl", "*.parquet", "*.csv"):
            files = [file for where in inside for file in sorted(where.glob(pattern)) if _is_history(file)]
            if files and place.resolve() not in found:
                found[place.resolve()] = [tuple(files)] if pattern == "*.parquet" else [(file,) for file in files]
    return [run for runs in found.values() for run in runs]


def _history_of(folder: Path) -> tuple[Path, ...]:
    found = _histories(folder)
    if not found:
        raise RunError(f"{folder}: holds no history of W&B (run-*.wandb, wandb-history.jsonl, a CSV export, parquet). Name the run's folder or file.")
    if len(found) > 1:
        listed = ", ".join(str(files[0].relative_to(folder)) for files in found[:8]) + (" …" if len(found) > 8 else "")
        raise RunError(f"{folder}: holds {len(found)} histories ({listed}). Name one of these files.")
    return found[0]


def _is_history(path: Path) -> bool:
    """Returns whether the first bytes of a file are those of a history."""
    try:
        if not path.is_file():
            return False
        with open(path, "rb") as file:
            head = file.read(65_536)
    except OSError:
        return False
    suffix = path.suffix.lower()
    if suffix == ".wandb":
        return head.startswith(wandb_log.MAGIC)
    if suffix == ".parquet":
        return head.startswith(b"PAR1")
    line = head.partition(b"\n")[0].decode("utf-8", "replace")
    if suffix == ".csv":
        names = next(csv.reader([line.lstrip("\ufeff").rstrip("\r")]), [])
        return not {"_step", "Step"}.isdisjoint(names) or any(name.endswith(("__MIN", "__MAX")) for name in names)
    return suffix == ".jsonl" and line.lstrip().startswith("{") and any(mark in line for mark in _MARKS)


def _json_rows(file: Path, warnings: list[str]) -> Iterator[Mapping[str, Any]]:
    """Yields the objects of a JSON lines file; a last line that was cut off is left out. Raises RunError naming the line."""
    for number, line, last in lines(file):
        if not line.strip():
            continue
        try:
            row = json.loads(line.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            if last:
                warnings.append(f"{file}, line {number}: is cut off, and was left out; the job was still running, or was killed.")
                return
            raise RunError(f"{file}, line {number}: not JSON ({str(error)[:200]}). Every line must be one object; copy the file again.") from error
        if not isinstance(row, dict):
            raise RunError(f"{file}, line {number}: not a JSON object. Choose a history of W&B, one object a line.")
        yield row


def _decoded(items: Sequence[tuple[str, bytes]]) -> dict[str, Any]:
    """Returns one row of a .wandb log; what is no JSON is left out. Parts of a nested value (`h.bins`) are put together again."""
    row: dict[str, Any] = {}
    for name, text in items:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            continue
        parent, _, leaf = name.rpartition(".")
        if leaf in ("_type", "values", "bins", "packedBins"):
            whole = row.setdefault(parent, {})
            if isinstance(whole, dict):
                whole[leaf] = value
        else:
            row[name] = value
    return row


def _parquet_rows(file: Path, budget: Budget) -> Iterator[Mapping[str, Any]]:
    """Yields the rows of a parquet file. Raises RunError where pyarrow is missing, or the file broken."""
    try:
        import pyarrow  # type: ignore[import-untyped,import-not-found]
        from pyarrow import parquet  # type: ignore[import-untyped,import-not-found]
    except ImportError as error:
        raise RunError(f"{file}: reading parquet needs pyarrow. Run `pip install pyarrow`, or choose the run's .wandb file instead.") from error
    try:
        with parquet.ParquetFile(file) as table:
            groups = [table.metadata.row_group(index) for index in range(table.metadata.num_row_groups)]
            claimed = max((group.total_byte_size for group in groups), default=0)
            budget.take(claimed, str(file))
            # Lists and structs (pictures, tables, histograms) are no numbers, and may be large.
            plain = [field.name for field in table.schema_arrow if pyarrow.types.is_primitive(field.type) or pyarrow.types.is_string(field.type)]
            if len(plain) > MAX_COLUMNS:
                raise RunError(f"{file}: has {len(plain)} columns. Choose the history of one run.")
            for batch in table.iter_batches(batch_size=4096, columns=plain):
                yield from batch.to_pylist()
    except (pyarrow.ArrowException, OSError, OverflowError) as error:
        raise RunError(f"{file}: damaged parquet ({str(error)[:200]}). Download the artifact again.") from error


def _add_rows(log: Log, rows: Iterable[Mapping[str, Any]], warnings: list[str]) -> None:
    """Adds every number of every row, at the step that the row tells; a row that tells none follows the one before."""
    counted = ""
    step = -1
    for row in rows:
        flat = dict(_numbers(row))
        own = next((name for name in STEPS if _is_step(flat.get(name))), None)
        if own is not None and (not counted or STEPS.index(own) < STEPS.index(counted)):
            counted = own
            log.forget_from(0)  # the rows before stand on another scale
        if _is_step(flat.get(counted)):
            step = int(flat[counted])
        elif own is None or not counted:
            step += 1
        wall = flat.get("_timestamp", flat.get("_runtime", math.nan))
        for name, value in flat.items():
            if name not in STEPS:
                log.add(name, step, value, wall)
    if counted and counted not in CALLS:
        warnings.append(f"{KIND}: steps are those of {counted!r}; W&B's own count calls of wandb.log.")


def _is_step(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _numbers(value: Mapping[str, Any], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, float]]:
    """Yields the numbers in a row by name, nested ones joined by "."; of a histogram the norm of its values."""
    for key, entry in value.items():
        name = f"{prefix}{key}".encode("utf-8", "replace").decode()
        if isinstance(entry, Mapping):
            if entry.get("_type") == "histogram":
                norm = _norm(entry)
                if norm is not None:
                    yield NORMS + name, norm
            elif depth < MAX_DEPTH and "_type" not in entry:
                yield from _numbers(entry, f"{name}.", depth + 1)
        else:
            number = _number(entry)
            if number is not None:
                yield name, number


def _number(entry: Any) -> float | None:
    if isinstance(entry, str):
        return _NUMBERS.get(entry)
    if isinstance(entry, bool) or not isinstance(entry, (int, float)):
        return None
    try:
        return float(entry)
    except OverflowError:
        return math.inf if entry > 0 else -math.inf


def _norm(histogram: Mapping[str, Any]) -> float | None:
    """Returns the norm of the values that a histogram was made of, from the middles of its bins; None for one that is broken."""
    counts, bins, packed = histogram.get("values"), histogram.get("bins"), histogram.get("packedBins")
    try:
        if isinstance(packed, Mapping):
            low, size = float(packed["min"]), float(packed["size"])
            middles = [low + size * (index + 0.5) for index in range(len(counts or ()))]
        else:
            middles = [0.5 * (float(before) + float(after)) for before, after in zip(bins or (), (bins or ())[1:], strict=False)]
        if not isinstance(counts, list) or len(counts) != len(middles) or not counts:
            return None
        return math.sqrt(sum(float(count) * middle * middle for count, middle in zip(counts, middles, strict=True)))
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
