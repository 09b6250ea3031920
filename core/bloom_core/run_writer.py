"""Writing a run: a directory of npz shards that is readable at every moment, and its packing into one file.

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

from bloom_core import sketch as count_sketch
from bloom_core.run_files import RunError, npz_bytes, write_atomic
from bloom_core.run_model import Event, Layer, Reduction, Trajectory
from bloom_core.whole_file import whole_file

FORMAT = "bloom-run"
VERSION = 1
COLUMNS = {
    "step": "<i8",
    "epoch": "<f4",
    "wall": "<f8",
    "loss": "<f4",
    "lr": "<f4",
    "unorm": "<f4",
    "pnorm": "<f4",
    "gnorm": "<f4",
    "sketch": "<f4",
    "nonfinite": "|u1",
    "batch_id": "<i8",
}
"""Columns of a steps shard, as named in the file, and the types they are written in. `gnorm` may be absent."""

HALF_LIMIT = 60_000.0
"""Sketches larger than this are not stored as half floats."""


class RunWriter:
    """Writes a run directory: `append` steps shard by shard, add embeddings and events, then `close`.

    `directory` must be new or empty. `layers` are the L recorded tensors, `groups` the number of the optimizer's parameter groups, `meta`
    what else `run.json` should say (plain JSON values). Raises RunError when the directory is taken or cannot be written.
    """

    def __init__(self, directory: Path | str, layers: Sequence[Layer], *, groups: int = 1, meta: Mapping[str, Any] | None = None) -> None:
        self.directory = Path(directory)
        if self.directory.exists() and (not self.directory.is_dir() or any(self.directory.iterdir())):
            raise RunError(f"{self.directory}: is already there. Choose another name for this run, or remove it first.")
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
        self._events.append(event)
        lines = [json.dumps(asdict(entry), allow_nan=False) + "\n" for entry in self._events]
        write_atomic(self.directory / "events.jsonl", "".join(lines).encode())

    def close(self, **meta: Any) -> None:
        """Marks the run as whole (`meta` joins `run.json`), then fits and stores its reductions where scikit-learn is installed. Raises RunError."""
        self._meta |= {"closed": True, "steps": self._steps, "snapshots": self._snapshots} | meta
        self._write_json("run.json", self._meta)
        from bloom_core import reduction, trajectory

        if reduction.available() and self._steps:
            for name, data in reduction_files(reduction.reduce_run(trajectory.read_run(self.directory))).items():
                write_atomic(self.directory / name, data)

    def _write_json(self, name: str, value: Any) -> None:
        write_atomic(self.directory / name, json.dumps(value, allow_nan=False, ensure_ascii=False, indent=1).encode())


def reduction_files(trajectory: Trajectory) -> dict[str, bytes]:
    """Returns the files that hold a trajectory's reductions, by name."""
    fitted = {"reduction.npz": trajectory.reduction, "embedding_reduction.npz": trajectory.embeddings.reduction if trajectory.embeddings else None}
    return {name: npz_bytes(_reduction_arrays(value)) for name, value in fitted.items() if value is not None}


def _reduction_arrays(value: Reduction) -> dict[str, NDArray[Any]]:
    return {name: np.asarray(array, "<f4") for name, array in vars(value).items()}


def write_run(trajectory: Trajectory, directory: Path | str) -> None:
    """Writes a trajectory held in memory (an imported one) as a run directory. Raises RunError."""
    run = RunWriter(directory, trajectory.layers, groups=trajectory.lr.shape[1], meta=trajectory.meta)
    columns: dict[str, NDArray[Any] | None] = {
        "step": trajectory.steps,
        "epoch": trajectory.epoch,
        "wall": trajectory.wall,
        "loss": trajectory.loss,
        "lr": trajectory.lr,
        "unorm": trajectory.update_norm,
        "pnorm": trajectory.parameter_norm,
        "gnorm": trajectory.gradient_norm,
        "sketch": trajectory.sketch,
        "nonfinite": trajectory.nonfinite,
        "batch_id": trajectory.batch_id,
    }
    run.append({name: column for name, column in columns.items() if column is not None})
    snapshots = trajectory.embeddings
    if snapshots is not None:
        for step, epoch, values in zip(snapshots.steps, snapshots.epochs, snapshots.values, strict=True):
            run.add_embeddings(int(step), float(epoch), values, snapshots.words, snapshots.ids)
    for event in trajectory.events:
        run.add_event(event)
    run.close()


def pack_run(directory: Path | str, file: Path | str, *, half_sketches: bool = False) -> None:
    """Packs a run directory into one `.bloom` file (a deflated zip of the same tree), after reading it through once.

    The reductions are fitted if they are missing and scikit-learn is installed. `half_sketches` stores sketches as float16, at a relative
    error of 5e-4. Raises RunError when the run is damaged or the file cannot be written.
    """
    from bloom_core import reduction, trajectory

    directory, file = Path(directory), Path(file)
    if not directory.is_dir():
        raise RunError(f"{directory}: is not a run directory. Name the folder that was recorded.")
    run = trajectory.read_run(directory)
    members = {entry.relative_to(directory).as_posix(): entry.read_bytes() for entry in sorted(directory.rglob("*")) if _belongs(entry)}
    if run.reduction is None and reduction.available():
        members |= reduction_files(reduction.reduce_run(run))
    if half_sketches:
        members |= {name: _with_half_sketch(data, f"{directory}/{name}") for name, data in members.items() if name.startswith("steps-")}
    try:
        with whole_file(file) as raw, zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for name, data in sorted(members.items()):
                archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    except OSError as error:
        raise RunError(f"{file}: cannot be written ({error.strerror}). Free some space or choose another folder.") from error


def _belongs(entry: Path) -> bool:
    return entry.is_file() and entry.suffix in (".json", ".jsonl", ".npz")


def _with_half_sketch(data: bytes, place: str) -> bytes:
    from bloom_core.run_files import Budget, read_npz

    shard = read_npz(data, place, Budget())
    if float(np.abs(shard["sketch"]).max(initial=0.0)) < HALF_LIMIT:
        shard["sketch"] = shard["sketch"].astype("<f2")
    return npz_bytes(shard)
