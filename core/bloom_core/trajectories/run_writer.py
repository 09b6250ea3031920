"""Writing a run: a directory that is readable at every moment, and its packing into one file.

Nothing is ever written in place: a file appears whole (written aside, synced, renamed). A run whose process is killed loses at
most the steps since its last shard.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bloom_core.trajectories import reduction
from bloom_core.trajectories import sketch as count_sketch
from bloom_core.trajectories.run_columns import COLUMNS, FORMAT, SHORT_RUN, VERSION, directions
from bloom_core.trajectories.run_files import DirectorySource, RunError, npy_bytes, npz_bytes, write_atomic
from bloom_core.trajectories.run_model import Event, Layer, Reduction, Trajectory
from bloom_core.trajectories.run_reader import Reader
from bloom_core.whole_file import whole_file


class RunWriter:
    """Writes a run directory: `append` steps shard by shard, add embeddings and events, then `close`.

    `directory` must be new or empty. `layers` are the L recorded tensors, `groups` the number of the optimizer's parameter groups, `meta`
    what else `run.json` should say (plain JSON values). Raises RunError when the directory is taken or cannot be written.
    """

    def __init__(self, directory: Path | str, layers: Sequence[Layer], *, groups: int = 1, meta: Mapping[str, Any] | None = None) -> None:
        self.directory = Path(directory)
        if self.directory.exists() and (not self.directory.is_dir() or any(self.directory.iterdir())):
            raise RunError(f"{self.directory}: is already there. Choose another name for this run, or remove it first.")
        self._layers = tuple(layers)
        self._meta: dict[str, Any] = {"format": FORMAT, "version": VERSION, "closed": False, "groups": groups, "sketch": count_sketch.DESCRIPTION}
        self._meta |= {key: value for key, value in (meta or {}).items() if key not in self._meta}
        self._steps = 0
        self._snapshots = 0
        self._events: list[Event] = []
        self._write_json("layers.json", [asdict(layer) for layer in layers])
        self._write_json("run.json", self._meta)

    def append(self, columns: Mapping[str, NDArray[Any]]) -> None:
        """Writes one shard: arrays by name as in COLUMNS, each with one row per step. Raises RunError."""
        count = len(columns["step"])
        if count == 0:
            return
        shard = {name: np.asarray(columns[name], dtype=kind) for name, kind in COLUMNS.items() if name in columns}
        write_atomic(self.directory / f"steps-{self._steps:06d}.npz", npz_bytes(shard))
        self._steps += count

    def add_embeddings(self, step: int, epoch: float, values: NDArray[Any], words: Sequence[str], ids: NDArray[np.int64] | None = None) -> None:
        """Writes a snapshot `values` (V, D), taken after `step` optimizer steps; `words` are its V labels. Raises RunError."""
        if values.ndim != 2 or len(values) != len(words):
            raise RunError(f"{self.directory}: embeddings of shape {values.shape} for {len(words)} words. Give one word for each row of a matrix.")
        rows = np.arange(len(words), dtype=np.int64) if ids is None else ids
        if self._snapshots == 0:
            self._write_json("vocab.json", list(words))
        snapshot = {"step": np.array([step], "<i8"), "epoch": np.array([epoch], "<f4"), "ids": rows.astype("<i8"), "values": values.astype("<f4")}
        write_atomic(self.directory / "emb" / f"{self._snapshots:04d}.npz", npz_bytes(snapshot))
        self._snapshots += 1

    def add_event(self, event: Event) -> None:
        """Adds a line to `events.jsonl`. Raises RunError."""
        self.add_events([event])

    def add_events(self, events: Sequence[Event]) -> None:
        """Adds a line each to `events.jsonl`. Raises RunError."""
        self._events.extend(events)
        lines = [json.dumps(asdict(entry), allow_nan=False, ensure_ascii=False) + "\n" for entry in self._events]
        write_atomic(self.directory / "events.jsonl", "".join(lines).encode())

    def close(self, **meta: Any) -> None:
        """Marks the run as whole (`meta` joins `run.json`), joins its shards into columns and fits its reductions where scikit-learn is installed.

        A kill at any moment leaves a run that opens. Raises RunError.
        """
        if self._steps:
            run = Reader(DirectorySource(self.directory)).trajectory(sketches=True)
            for name, data in column_files(reduction.reduce_run(run) if reduction.available() else run).items():
                write_atomic(self.directory / name, data)
        self._meta |= {"closed": True, "steps": self._steps, "snapshots": self._snapshots} | meta
        self._write_json("run.json", self._meta)
        for shard in self.directory.glob("steps-*.npz"):
            shard.unlink()

    def _write_json(self, name: str, value: Any) -> None:
        write_atomic(self.directory / name, json.dumps(value, allow_nan=False, ensure_ascii=False, indent=1).encode())


def columns_of(run: Trajectory) -> dict[str, NDArray[Any]]:
    """Returns a run's columns by their names in the file. Raises ValueError for a run read without its sketches."""
    if run.sketch is None:
        raise ValueError("the run was read without its sketches, so it cannot be written; read it with sketches=True")
    columns: dict[str, NDArray[Any] | None] = {
        "step": run.steps,
        "epoch": run.epoch,
        "wall": run.wall,
        "loss": run.loss,
        "lr": run.lr,
        "unorm": run.update_norm,
        "pnorm": run.parameter_norm,
        "gnorm": run.gradient_norm,
        "graw": run.raw_gradient_norm,
        "cosine": run.cosine,
        "nonfinite": run.nonfinite,
        "batch_id": run.batch_id,
        "direction": directions(run.sketch, run.update_norm, run.layers),
    }
    return {name: np.asarray(column, dtype=COLUMNS[name]) for name, column in columns.items() if column is not None}


def column_files(run: Trajectory) -> dict[str, bytes]:
    """Returns the files that hold a closed run's columns and reductions, by name; `step` is the last, so that the others are there when it is."""
    small: dict[str, NDArray[Any]] = {}
    columns = columns_of(run)
    if run.reduction is not None:
        small, columns["coordinates"] = _without_coordinates(run.reduction), run.reduction.coordinates
    if run.part_reductions:
        kept = max(len(part.basis) for part in run.part_reductions)
        parts = [_padded(part, kept) for part in run.part_reductions]
        small |= {f"part_{name}": np.stack([getattr(part, name) for part in parts]) for name in ("basis", "mean", "explained")}
        columns["part_coordinates"] = np.stack([part.coordinates for part in parts], axis=1)
    files = {"reduction.npz": npz_bytes(small)} if small else {}
    words = run.embeddings.reduction if run.embeddings is not None else None
    if words is not None:
        files["embedding_reduction.npz"] = npz_bytes(_without_coordinates(words) | {"coordinates": words.coordinates})
    return files | {f"columns/{name}.npy": npy_bytes(columns[name]) for name in sorted(columns, key=lambda name: name == "step")}


def _without_coordinates(value: Reduction) -> dict[str, NDArray[Any]]:
    return {"basis": value.basis, "mean": value.mean, "explained": value.explained}


def _padded(value: Reduction, kept: int) -> Reduction:
    """Returns a reduction with as many directions as its neighbours', the added ones 0."""
    more = kept - len(value.basis)
    basis, coordinates = np.pad(value.basis, ((0, more), (0, 0))), np.pad(value.coordinates, ((0, 0), (0, more)))
    return Reduction(basis, value.mean, coordinates, np.pad(value.explained, (0, more)))


def write_run(run: Trajectory, directory: Path | str) -> None:
    """Writes a trajectory held in memory (an imported one, with its sketches) as a closed run directory. Raises RunError."""
    writer = RunWriter(directory, run.layers, groups=run.lr.shape[1], meta=run.meta)
    writer.append(columns_of(run))
    snapshots = run.embeddings
    if snapshots is not None:
        for step, epoch, values in zip(snapshots.steps, snapshots.epochs, snapshots.values, strict=True):
            writer.add_embeddings(int(step), float(epoch), values, snapshots.words, snapshots.ids)
    if run.events:
        writer.add_events(run.events)
    writer.close()


def pack_run(directory: Path | str, file: Path | str) -> None:
    """Packs a run directory, closed or not, into one `.bloom` file: a zip of the closed run's tree, after reading it through once.

    Sketches are stored as half floats of their directions (relative error 5e-4). Raises RunError when the run is damaged or the file cannot be
    written.
    """
    directory, file = Path(directory), Path(file)
    if not directory.is_dir():
        raise RunError(f"{directory}: is not a run directory. Name the folder that was recorded.")
    run = Reader(DirectorySource(directory)).trajectory(sketches=True)
    members = {entry.relative_to(directory).as_posix(): entry.read_bytes() for entry in sorted(directory.rglob("*")) if _belongs(entry)}
    members |= column_files(reduction.reduce_run(run) if run.reduction is None and reduction.available() else run)
    direction = directions(_sketch(run), run.update_norm, run.layers)
    members["columns/direction.npy"] = npy_bytes(direction.astype("<f2"))
    short = len(run.steps) <= SHORT_RUN
    if short:
        members.pop("columns/coordinates.npy", None)
        members.pop("columns/part_coordinates.npy", None)
    try:
        with whole_file(file) as raw, zipfile.ZipFile(raw, "w", zipfile.ZIP_STORED) as archive:
            for name, data in sorted(members.items()):
                # Noise does not shrink; the few columns and texts that do are small, and long runs open faster so.
                stored = name.startswith("columns/") and not short
                archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED)
    except OSError as error:
        raise RunError(f"{file}: cannot be written ({error.strerror}). Free some space or choose another folder.") from error


def _sketch(run: Trajectory) -> NDArray[np.float32]:
    assert run.sketch is not None
    return run.sketch


def _belongs(entry: Path) -> bool:
    return entry.is_file() and entry.suffix in (".json", ".jsonl", ".npz", ".npy") and not entry.name.startswith("steps-")
