"""Reading recorded runs, format version 2: a directory, or the same tree packed into one `.bloom` zip.

    run.json                  format, version, closed, groups, steps and snapshots (once closed), sketch, optimizer, libraries …
    layers.json               [{name, shape, group, part}]
    steps-NNNNNN.npz          while recording: columns of consecutive steps; NNNNNN counts the steps before it (so a gap shows)
    columns/NAME.npy          once closed, in their place: each column whole (see `run_columns`)
    emb/NNNN.npz              step, epoch, ids (V,), values (V, D)      with vocab.json: V words
    events.jsonl              {step, kind, value, layers, batch, note} a line
    reduction.npz, embedding_reduction.npz

numpy alone reads it, nothing is unpickled, and sizes are checked before memory is taken. A run that was never closed (its process was
killed) opens too, with the steps whose shards are there.
"""

from __future__ import annotations

from pathlib import Path

from bloom_core.trajectories.run_files import DirectorySource, RunError, ZipSource
from bloom_core.trajectories.run_model import Embeddings, Event, Layer, Reduction, Trajectory
from bloom_core.trajectories.run_reader import Reader
from bloom_core.trajectories.run_writer import RunWriter, pack_run, write_run

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

_RUNS = Path(__file__).parents[1] / "runs"


def embedded_runs() -> tuple[str, ...]:
    """Returns the names of the runs that come with the package."""
    return tuple(sorted(path.stem for path in _RUNS.glob("*.bloom")))


def embedded_run(name: str) -> Path:
    """Returns the file of an embedded run. Raises RunError for an unknown name."""
    if name not in embedded_runs():
        raise RunError(f"{name}: no such embedded run. There are: {', '.join(embedded_runs())}.")
    return _RUNS / f"{name}.bloom"


def read_run(path: Path | str, *, sketches: bool = False) -> Trajectory:
    """Returns the run at `path`, a directory or a packed file.

    `sketches`: read them even where the reductions stand for them (they are most of a long run's bytes). Raises RunError naming file and place.
    """
    path = Path(path)
    if not path.exists():
        raise RunError(f"{path}: not found. Check the path.")
    if path.is_dir():
        return Reader(DirectorySource(path)).trajectory(sketches=sketches)
    source = ZipSource(path)
    try:
        return Reader(source).trajectory(sketches=sketches)
    finally:
        source.close()
