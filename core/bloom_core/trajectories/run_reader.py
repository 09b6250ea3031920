"""Reads and checks the files of one run (format version 2; `trajectory` lists them)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from bloom_core.trajectories.run_columns import COLUMNS, FORMAT, VERSION, check_columns, shapes
from bloom_core.trajectories.run_columns import sketches as sketches_of
from bloom_core.trajectories.run_files import Budget, RunError, Source, read_json, read_npy, read_npz
from bloom_core.trajectories.run_model import DoubleArray, Embeddings, Event, Layer, Reduction, Trajectory
from bloom_core.trajectories.sketch import DIMENSIONS

MAX_LAYERS = 65_536
_SHARD = re.compile(r"steps-(\d{6,12})\.npz")
_COLUMN = re.compile(r"columns/([a-z_]+)\.npy")
_SNAPSHOT = re.compile(r"emb/(\d{4,9})\.npz")
_REDUCTION = ("basis", "mean", "coordinates", "explained")


class Reader:
    """Reads and checks one run from its source."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.budget = Budget()

    def trajectory(self, *, sketches: bool) -> Trajectory:
        """Returns the run. Raises RunError."""
        meta = self._meta()
        layers = self._layers()
        reduced = {"reduction.npz", "columns/step.npy"} <= self.source.names()
        columns = self._columns(layers, meta, sketches=sketches or not reduced or "columns/coordinates.npy" not in self.source.names())
        direction = columns.get("direction")
        sketch = None if direction is None else sketches_of(direction, columns["unorm"], layers)
        whole, parts = self._reductions(len(columns["step"]), len({layer.part for layer in layers}), sketch) if reduced else (None, ())
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
            raw_gradient_norm=_single(columns["graw"]),
            cosine=_single(columns["cosine"]),
            batch_id=columns["batch_id"].astype(np.int64),
            nonfinite=columns["nonfinite"].astype(np.uint8),
            sketch=sketch if sketches or not reduced else None,
            embeddings=self._embeddings(meta),
            reduction=whole,
            part_reductions=parts,
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

    def _npy(self, name: str) -> NDArray[Any]:
        return read_npy(self.source.read(name, self.budget), self.place(name))

    def _npz(self, name: str) -> dict[str, NDArray[Any]]:
        return read_npz(self.source.read(name, self.budget), self.place(name), self.budget)

    def _meta(self) -> dict[str, Any]:
        meta = self._json("run.json")
        if not isinstance(meta, dict) or meta.get("format") != FORMAT:
            raise self.fail("run.json", f"does not say it is a {FORMAT}. Choose a folder or file that Bloom recorded.")
        if meta.get("version") != VERSION:
            told = f"is of format version {meta.get('version')!r}; this Bloom reads version {VERSION}. Update the older of the two, or record again."
            raise self.fail("run.json", told)
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
            name, shape, group, part = entry.get("name"), entry.get("shape"), entry.get("group", ""), entry.get("part", "")
            sides: list[Any] = shape if isinstance(shape, list) else [None]
            if all(isinstance(text, str) for text in (name, group, part)) and all(type(side) is int and side >= 0 for side in sides):
                return Layer(str(name), tuple(sides), group, part)
        raise self.fail("layers.json", f"entry {index} is not {{name, shape, group, part}}. Copy the run again.")

    def _columns(self, layers: tuple[Layer, ...], meta: Mapping[str, Any], *, sketches: bool) -> dict[str, NDArray[Any]]:
        """Returns the columns of all steps: of a closed run as they stand, of one that was not (or could not be joined) from its shards."""
        if "columns/step.npy" in self.source.names():
            return self._whole_columns(layers, meta, sketches=sketches)
        starts = {int(match[1]): name for name in self.source.names() if (match := _SHARD.fullmatch(name))}
        if not starts:
            raise self.fail("steps-000000.npz", "is missing: the run holds no steps yet. Record at least one shard of steps.")
        shards: list[dict[str, NDArray[Any]]] = []
        expected = 0
        for start in sorted(starts):
            if start != expected:
                raise self.fail(f"steps-{expected:06d}.npz", f"is missing, though {starts[start]} is there. Copy the whole run again.")
            shards.append(self._shard(starts[start], layers, meta, "gnorm" in shards[0] if shards else None))
            expected += len(shards[-1]["step"])
        if meta.get("closed") is True and meta.get("steps", expected) != expected:
            raise self.fail(f"steps-{expected:06d}.npz", f"is missing: the run was closed with {meta['steps']} steps. Copy the whole run again.")
        columns = {name: np.concatenate([shard[name] for shard in shards]) for name in shards[0]}
        self._check_rising(columns["step"], "steps-*.npz")
        return columns

    def _whole_columns(self, layers: tuple[Layer, ...], meta: Mapping[str, Any], *, sketches: bool) -> dict[str, NDArray[Any]]:
        there = {match[1]: name for name in self.source.names() if (match := _COLUMN.fullmatch(name))}
        columns = {name: self._npy(there[name]) for name in COLUMNS if name in there and (sketches or name != "direction")}
        count = columns["step"].size
        if count == 0 or meta.get("steps", count) != count:
            raise self.fail("columns/step.npy", f"has {count} steps, and run.json {meta.get('steps')}. Copy the whole run again.")
        optional = {"gnorm"} - there.keys() | (set() if sketches else {"direction"})
        self._check_all(columns, count, layers, meta, optional, lambda name, problem: self.fail(f"columns/{name}.npy", problem))
        self._check_rising(columns["step"], "columns/step.npy")
        return columns

    def _check_rising(self, steps: NDArray[Any], name: str) -> None:
        if np.any(np.diff(steps) <= 0):
            raise self.fail(name, f"step numbers do not rise at row {int(np.argmax(np.diff(steps) <= 0)) + 1}. Record again.")

    def _shard(self, name: str, layers: tuple[Layer, ...], meta: Mapping[str, Any], gradients: bool | None) -> dict[str, NDArray[Any]]:
        """Reads one shard and checks names, types, shapes and where values must be finite."""
        arrays = self._npz(name)
        if "step" not in arrays or arrays["step"].ndim != 1 or not len(arrays["step"]):
            raise self.fail(name, "has no column step. Copy the run again.")
        optional = set() if gradients or (gradients is None and "gnorm" in arrays) else {"gnorm"}

        def fail(column: str, problem: str) -> RunError:
            return self.fail(name, f"column {column} {problem}")

        wanted = self._check_all(arrays, len(arrays["step"]), layers, meta, optional, fail)
        return {column: arrays[column] for column in wanted}

    def _check_all(
        self,
        columns: Mapping[str, NDArray[Any]],
        count: int,
        layers: tuple[Layer, ...],
        meta: Mapping[str, Any],
        optional: set[str],
        fail: Callable[[str, str], RunError],
    ) -> tuple[str, ...]:
        parts = len({layer.part for layer in layers})
        wanted = {name: shape for name, shape in shapes(count, len(layers), parts, meta.get("groups", 1)).items() if name not in optional}
        check_columns(columns, wanted, fail)
        return tuple(wanted)

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

    def _reductions(self, count: int, parts: int, sketch: NDArray[np.float32] | None) -> tuple[Reduction, tuple[Reduction, ...]]:
        """Returns the PCA of the whole network's updates and those of its parts; coordinates that the run does not hold are those of `sketch`."""
        arrays = self._npz("reduction.npz")
        if sketch is not None and "columns/coordinates.npy" not in self.source.names():
            arrays |= _coordinates(arrays, "", sketch.sum(axis=1, dtype=np.float64), "td,kd->tk")
            arrays |= _coordinates(arrays, "part_", sketch.astype(np.float64), "tpd,pkd->tpk")
        else:
            arrays["coordinates"] = self._npy("columns/coordinates.npy")
        whole = self._one_reduction("reduction.npz", arrays, (count,), DIMENSIONS)
        if "part_basis" not in arrays:
            return whole, ()
        name = "columns/part_coordinates.npy"
        if "part_coordinates" not in arrays:
            if name not in self.source.names():
                raise self.fail(name, "is missing. Copy the whole run again.")
            arrays["part_coordinates"] = self._npy(name)
        kept = arrays["part_basis"].shape[1] if arrays["part_basis"].ndim == 3 else 0
        wanted = {"basis": (parts, kept, DIMENSIONS), "mean": (parts, DIMENSIONS), "explained": (parts, kept), "coordinates": (count, parts, kept)}
        self._check_reduction("reduction.npz", {key: arrays.get(f"part_{key}") for key in wanted}, wanted, kept)
        return whole, tuple(
            Reduction(*(_single(arrays[f"part_{key}"][:, part] if key == "coordinates" else arrays[f"part_{key}"][part]) for key in _REDUCTION))
            for part in range(parts)
        )

    def _reduction(self, name: str, leading: tuple[int, ...], size: int) -> Reduction | None:
        return self._one_reduction(name, self._npz(name), leading, size) if name in self.source.names() else None

    def _one_reduction(self, name: str, arrays: Mapping[str, NDArray[Any]], leading: tuple[int, ...], size: int) -> Reduction:
        kept = arrays["basis"].shape[0] if "basis" in arrays and arrays["basis"].ndim else 0
        wanted = {"basis": (kept, size), "mean": (size,), "coordinates": (*leading, kept), "explained": (kept,)}
        self._check_reduction(name, {key: arrays.get(key) for key in wanted}, wanted, kept)
        return Reduction(*(_single(arrays[key]) for key in _REDUCTION))

    def _check_reduction(self, name: str, arrays: Mapping[str, NDArray[Any] | None], wanted: Mapping[str, tuple[int, ...]], kept: int) -> None:
        if not 1 <= kept <= DIMENSIONS:
            raise self.fail(name, f"holds {kept} directions, not 1 … {DIMENSIONS}. Delete it; the run can be reduced again.")
        for column, shape in wanted.items():
            self._check(name, {key: array for key, array in arrays.items() if array is not None}, column, shape, ("<f4",))
            if not np.isfinite(arrays[column]).all():  # type: ignore[arg-type]
                raise self.fail(name, f"{column} is not finite. Delete it; the run can be reduced again.")

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
    value, layers, batch, note = (entry.get(key) for key in ("value", "layers", "batch", "note"))
    return Event(
        step=entry["step"],
        kind=entry["kind"],
        value=float(value) if isinstance(value, (int, float)) else None,
        layers=tuple(name for name in layers if isinstance(name, str)) if isinstance(layers, list) else (),
        batch=batch if type(batch) is int else None,
        note=note if isinstance(note, str) else "",
    )


def _coordinates(arrays: Mapping[str, NDArray[Any]], prefix: str, rows: DoubleArray, product: str) -> dict[str, NDArray[Any]]:
    """Returns the coordinates of `rows` in a basis of `arrays`, or nothing where the two do not fit, which the checks of the reduction then name."""
    basis, mean = arrays.get(f"{prefix}basis"), arrays.get(f"{prefix}mean")
    if basis is None or mean is None or mean.shape != rows.shape[1:] or basis.shape != (*mean.shape[:-1], *basis.shape[-2:-1], DIMENSIONS):
        return {}
    return {f"{prefix}coordinates": _single(np.einsum(product, rows - mean, basis))}


def _single(values: NDArray[Any]) -> NDArray[np.float32]:
    return np.asarray(values, dtype=np.float32)
