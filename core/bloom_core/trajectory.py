"""Reading recorded runs, format version 1: a directory of npz shards, or the same tree packed into one `.bloom` zip.

    run.json                  format, version, closed, groups, steps and snapshots (once closed), sketch, optimizer, libraries …
    layers.json               [{name, shape, group}]
    steps-NNNNNN.npz          columns of consecutive steps; NNNNNN counts the steps before it (so a gap shows)
    emb/NNNN.npz              step, epoch, ids (V,), values (V, D)      with vocab.json: V words
    events.jsonl              {step, kind, value, layer, batch} a line
    reduction.npz, embedding_reduction.npz

numpy alone reads it, nothing is unpickled, and sizes are checked before memory is taken. A run that was never closed (its process was
killed) opens too, with the steps whose shards are there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from bloom_core.run_files import Budget, DirectorySource, RunError, Source, ZipSource, read_json, read_npz
from bloom_core.run_model import Embeddings, Event, Layer, Reduction, Trajectory
from bloom_core.run_writer import FORMAT, VERSION, RunWriter, pack_run, write_run

__all__ = [
    "Embeddings",
    "Event",
    "Layer",
    "Reduction",
    "RunError",
    "RunWriter",
    "Trajectory",
    "embedded_run",
    "embedded_runs",
    "pack_run",
    "read_run",
    "write_run",
]

MAX_LAYERS = 65_536
_RUNS = Path(__file__).parent / "runs"
_FLOATS = ("<f2", "<f4", "<f8")
_SHARD = re.compile(r"steps-(\d{6,12})\.npz")
_SNAPSHOT = re.compile(r"emb/(\d{4,9})\.npz")


def embedded_runs() -> tuple[str, ...]:
    """Returns the names of the runs that come with the package."""
    return tuple(sorted(path.stem for path in _RUNS.glob("*.bloom")))


def embedded_run(name: str) -> Path:
    """Returns the file of an embedded run. Raises RunError for an unknown name."""
    if name not in embedded_runs():
        raise RunError(f"{name}: no such embedded run. There are: {', '.join(embedded_runs())}.")
    return _RUNS / f"{name}.bloom"


def read_run(path: Path | str) -> Trajectory:
    """Returns the run at `path`, a directory or a packed file. Raises RunError naming the file and the place."""
    path = Path(path)
    if not path.exists():
        raise RunError(f"{path}: not found. Check the path.")
    if path.is_dir():
        return _Reader(DirectorySource(path)).trajectory()
    source = ZipSource(path)
    try:
        return _Reader(source).trajectory()
    finally:
        source.close()


class _Reader:
    """Reads and checks one run from its source."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.budget = Budget()

    def trajectory(self) -> Trajectory:
        meta = self._meta()
        layers = self._layers()
        columns = self._columns(len(layers), meta)
        return Trajectory(
            steps=columns["step"].astype(np.int64),
            epoch=_single(columns["epoch"]),
            wall=columns["wall"].astype(np.float64),
            loss=_single(columns["loss"]),
            lr=_single(columns["lr"]),
            layers=layers,
            update_norm=_single(columns["unorm"]),
            parameter_norm=_single(columns["pnorm"]),
            gradient_norm=_single(columns["gnorm"]) if "gnorm" in columns else None,
            sketch=_single(columns["sketch"]),
            batch_id=columns["batch_id"].astype(np.int64),
            nonfinite=columns["nonfinite"].astype(np.uint8),
            embeddings=self._embeddings(meta),
            reduction=self._reduction("reduction.npz", (len(columns["step"]),), 64),
            events=self._events(),
            meta=MappingProxyType(meta),
        )

    def place(self, name: str) -> str:
        return f"{self.source.path}, {name}"

    def fail(self, name: str, problem: str) -> RunError:
        return RunError(f"{self.place(name)}: {problem}")

    def _json(self, name: str) -> Any:
        if name not in self.source.names():
            raise self.fail(name, "is missing. This is not a Bloom run, or it was copied without this file.")
        return read_json(self.source.read(name, self.budget), self.place(name))

    def _npz(self, name: str) -> dict[str, NDArray[Any]]:
        return read_npz(self.source.read(name, self.budget), self.place(name), self.budget)

    def _meta(self) -> dict[str, Any]:
        meta = self._json("run.json")
        if not isinstance(meta, dict) or meta.get("format") != FORMAT:
            raise self.fail("run.json", f"does not say it is a {FORMAT}. Choose a folder or file that Bloom recorded.")
        if meta.get("version") != VERSION:
            raise self.fail("run.json", f"is of format version {meta.get('version')!r}; this Bloom reads version {VERSION}. Update Bloom.")
        for key in ("groups", "steps", "snapshots"):
            if key in meta and (type(meta[key]) is not int or not 0 <= meta[key] < 2**53):
                raise self.fail("run.json", f"{key} is {meta[key]!r}, not a count. Copy the run again.")
        if not 1 <= meta.get("groups", 1) <= 4096:
            raise self.fail("run.json", f"claims {meta['groups']} parameter groups. Copy the run again.")
        return meta

    def _layers(self) -> tuple[Layer, ...]:
        entries = self._json("layers.json")
        if not isinstance(entries, list) or not 1 <= len(entries) <= MAX_LAYERS:
            raise self.fail("layers.json", f"must list 1 … {MAX_LAYERS} layers. Copy the run again.")
        return tuple(self._layer(index, entry) for index, entry in enumerate(entries))

    def _layer(self, index: int, entry: Any) -> Layer:
        if isinstance(entry, dict):
            name, shape, group = entry.get("name"), entry.get("shape"), entry.get("group", "")
            sides: list[Any] = shape if isinstance(shape, list) else [None]
            if isinstance(name, str) and isinstance(group, str) and all(type(side) is int and side >= 0 for side in sides):
                return Layer(name, tuple(sides), group)
        raise self.fail("layers.json", f"entry {index} is not {{name, shape, group}}. Copy the run again.")

    def _columns(self, layers: int, meta: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
        starts = {int(match[1]): name for name in self.source.names() if (match := _SHARD.fullmatch(name))}
        if not starts:
            raise self.fail("steps-000000.npz", "is missing: the run holds no steps yet. Record at least one shard of steps.")
        shards: list[dict[str, NDArray[Any]]] = []
        expected = 0
        for start in sorted(starts):
            if start != expected:
                raise self.fail(f"steps-{expected:06d}.npz", f"is missing, though {starts[start]} is there. Copy the whole run again.")
            shards.append(self._shard(starts[start], layers, meta.get("groups", 1), "gnorm" in shards[0] if shards else None))
            expected += len(shards[-1]["step"])
        if meta.get("closed") is True and meta.get("steps", expected) != expected:
            raise self.fail(f"steps-{expected:06d}.npz", f"is missing: the run was closed with {meta['steps']} steps. Copy the whole run again.")
        columns = {name: np.concatenate([shard[name] for shard in shards]) for name in shards[0]}
        if np.any(np.diff(columns["step"]) <= 0):
            raise self.fail("steps-*.npz", f"step numbers do not rise at row {int(np.argmax(np.diff(columns['step']) <= 0)) + 1}. Record again.")
        return columns

    def _shard(self, name: str, layers: int, groups: int, gradients: bool | None) -> dict[str, NDArray[Any]]:
        """Reads one shard and checks names, types, shapes and where values must be finite."""
        arrays = self._npz(name)
        if "step" not in arrays or arrays["step"].ndim != 1 or not len(arrays["step"]):
            raise self.fail(name, "has no column `step`. Copy the run again.")
        count = len(arrays["step"])
        per_layer = (count, layers)
        wanted: dict[str, tuple[tuple[int, ...], tuple[str, ...]]] = {
            "step": ((count,), ("<i8",)),
            "epoch": ((count,), ("<f4",)),
            "wall": ((count,), ("<f8",)),
            "loss": ((count,), ("<f4",)),
            "lr": ((count, groups), ("<f4",)),
            "unorm": (per_layer, ("<f4",)),
            "pnorm": (per_layer, ("<f4",)),
            "sketch": ((*per_layer, 64), ("<f2", "<f4")),
            "nonfinite": ((count,), ("|u1",)),
            "batch_id": ((count,), ("<i8",)),
        }
        if gradients or (gradients is None and "gnorm" in arrays):
            wanted["gnorm"] = (per_layer, ("<f4",))
        for column, (shape, kinds) in wanted.items():
            self._check(name, arrays, column, shape, kinds)
        sound = arrays["nonfinite"] == 0
        for column in ("epoch", "wall", "sketch", "unorm", "pnorm", *(("gnorm",) if "gnorm" in wanted else ())):
            values = arrays[column][sound] if column.endswith("norm") else arrays[column]
            finite = np.isfinite(values).all(axis=tuple(range(1, values.ndim)))
            if not finite.all():
                row = int(np.flatnonzero(sound)[np.argmin(finite)] if column.endswith("norm") else np.argmin(finite))
                raise self.fail(name, f"column {column}, row {row}: is not finite, though the step is not marked so. Record again.")
            if column.endswith("norm") and np.any(values < 0.0):
                raise self.fail(name, f"column {column} holds negative norms. Record again.")
        return {column: arrays[column] for column in wanted}

    def _check(self, name: str, arrays: Mapping[str, NDArray[Any]], column: str, shape: tuple[int, ...], kinds: tuple[str, ...]) -> None:
        if column not in arrays:
            raise self.fail(name, f"has no column `{column}`. Copy the run again.")
        array = arrays[column]
        if array.shape != shape:
            raise self.fail(name, f"column {column} has the shape {array.shape}, not {shape}. Copy the run again.")
        if array.dtype.str not in kinds:
            raise self.fail(name, f"column {column} is of type {array.dtype.str}, not {' or '.join(kinds)}. Copy the run again.")

    def _embeddings(self, meta: Mapping[str, Any]) -> Embeddings | None:
        numbers = sorted((int(match[1]), name) for name in self.source.names() if (match := _SNAPSHOT.fullmatch(name)))
        missing = next((index for index, (number, _) in enumerate(numbers) if number != index), None)
        if missing is None and meta.get("closed") is True and meta.get("snapshots", len(numbers)) != len(numbers):
            missing = len(numbers)
        if missing is not None:
            raise self.fail(f"emb/{missing:04d}.npz", "is missing. Copy the whole run again.")
        if not numbers:
            return None
        words = self._json("vocab.json")
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise self.fail("vocab.json", "is not a list of words. Copy the run again.")
        snapshots: list[dict[str, NDArray[Any]]] = []
        for _, name in numbers:
            arrays = self._npz(name)
            size = arrays["values"].shape[1:2] if "values" in arrays else ()
            if snapshots:
                size = snapshots[0]["values"].shape[1:]
            self._check(name, arrays, "step", (1,), ("<i8",))
            self._check(name, arrays, "epoch", (1,), ("<f4",))
            self._check(name, arrays, "ids", (len(words),), ("<i8",))
            self._check(name, arrays, "values", (len(words), *size), ("<f2", "<f4"))
            finite = np.isfinite(arrays["values"]).all() and np.isfinite(arrays["epoch"]).all()
            if arrays["values"].ndim != 2 or not arrays["values"].size or not finite:
                raise self.fail(name, "values are empty or not finite. Record again.")
            snapshots.append(arrays)
        values = np.stack([_single(snapshot["values"]) for snapshot in snapshots])
        return Embeddings(
            steps=np.concatenate([snapshot["step"] for snapshot in snapshots]).astype(np.int64),
            epochs=_single(np.concatenate([snapshot["epoch"] for snapshot in snapshots])),
            ids=snapshots[0]["ids"].astype(np.int64),
            words=tuple(words),
            values=values,
            reduction=self._reduction("embedding_reduction.npz", values.shape[:2], values.shape[2]),
        )

    def _reduction(self, name: str, leading: tuple[int, ...], size: int) -> Reduction | None:
        if name not in self.source.names():
            return None
        arrays = self._npz(name)
        kept = arrays["basis"].shape[0] if "basis" in arrays and arrays["basis"].ndim else 0
        if not 1 <= kept <= 64:
            raise self.fail(name, f"holds {kept} directions, not 1 … 64. Delete it; the run can be reduced again.")
        for column, shape in {"basis": (kept, size), "mean": (size,), "coordinates": (*leading, kept), "explained": (kept,)}.items():
            self._check(name, arrays, column, shape, ("<f4",))
            if not np.isfinite(arrays[column]).all():
                raise self.fail(name, f"{column} is not finite. Delete it; the run can be reduced again.")
        return Reduction(*(_single(arrays[column]) for column in ("basis", "mean", "coordinates", "explained")))

    def _events(self) -> tuple[Event, ...]:
        if "events.jsonl" not in self.source.names():
            return ()
        events = []
        for number, line in enumerate(self.source.read("events.jsonl", self.budget).splitlines(), start=1):
            if line.strip():
                entry = read_json(line, f"{self.place('events.jsonl')}, line {number}")
                if not isinstance(entry, dict) or type(entry.get("step")) is not int or not isinstance(entry.get("kind"), str):
                    raise self.fail("events.jsonl", f"line {number} is not {{step, kind, …}}. Remove the line.")
                events.append(_event(cast(dict[str, Any], entry)))
        return tuple(events)


def _event(entry: Mapping[str, Any]) -> Event:
    """Builds an event; optional fields of another type than expected are left out."""
    value, layer, batch = entry.get("value"), entry.get("layer"), entry.get("batch")
    return Event(
        step=entry["step"],
        kind=entry["kind"],
        value=float(value) if isinstance(value, (int, float)) else None,
        layer=layer if isinstance(layer, str) else None,
        batch=batch if type(batch) is int else None,
    )


def _single(values: NDArray[Any]) -> NDArray[np.float32]:
    return np.asarray(values, dtype=np.float32)
