"""Keras weights: `.h5`, `.weights.h5` and `.keras`. Only numbers are read; a model is never loaded, for loading one can run anything."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bloom_core.importers.archives import Archive, open_file, size_of
from bloom_core.importers.checkpoints import MAX_CHECKPOINTS, Checkpoint, NotCheckpointError, ReadTensor, in_order, known, natural, read_all
from bloom_core.importers.hdf5 import SIGNATURE, Hdf5
from bloom_core.importers.snapshots import Options, trajectory_of
from bloom_core.trajectories.run_files import RunError
from bloom_core.trajectories.run_model import Trajectory

SUFFIXES = frozenset((".h5", ".hdf5", ".keras"))
_UNSAID = frozenset(("layers", "vars", "model_weights", "_layer_checkpoint_dependencies"))
_OPTIMIZER = re.compile(r"optimizer(_weights)?/.*")
_ITERATIONS = re.compile(r"optimizer(_weights)?/(vars/0|(.*/)?(iteration|iterations|iter)(:0)?)")
_STATISTICS = re.compile(r".*/(moving_mean|moving_variance)(:0)?|.*batch_normalization(_\d+)?/vars/[23]|.*seed_generator.*")


def looks_like(path: Path) -> bool:
    """Returns whether a folder (or file) holds weights that Keras wrote."""
    return any(_is_keras(entry) for entry in _candidates(path)[:MAX_CHECKPOINTS])


def _candidates(folder: Path) -> list[Path]:
    entries = folder.iterdir() if folder.is_dir() else [folder]
    return sorted(entry for entry in entries if entry.suffix.lower() in SUFFIXES and entry.is_file())


def _is_keras(path: Path) -> bool:
    try:
        with open_file(path) as file:
            return file.read(8).startswith((SIGNATURE, b"PK\x03\x04"))
    except RunError:
        return False


def import_keras(folder: Path | str, options: Options = Options()) -> tuple[Trajectory, list[str]]:  # noqa: B008
    """Returns the run that a folder of Keras weights tells, and warnings. Raises RunError naming the file."""
    folder = Path(folder)
    found, left_out = read_all(_candidates(folder), folder, checkpoint)
    checkpoints, warnings = in_order(found, folder)
    return trajectory_of(checkpoints, folder, "Keras weights", options, warnings=left_out + warnings)


def checkpoint(path: Path) -> Checkpoint:
    """Returns what one file tells. Raises RunError."""
    with _opened(path) as file:
        found = file.datasets
        counters = [name for name, entry in found.items() if _ITERATIONS.fullmatch(name) and entry.kind[1:2] in ("i", "u") and not entry.shape]
        step = known(file.read(counters[0])[0].item()) if counters else None
    weights = {name: entry.shape for name, entry in found.items() if entry.kind[1:2] == "f" and not _OPTIMIZER.fullmatch(name)}
    buffers = [name for name in weights if _STATISTICS.fullmatch(name)]
    parameters = sorted(weights.keys() - set(buffers), key=natural)
    names = {_short(name): name for name in parameters}
    if len(names) < len(parameters):
        names = {name.replace("/", "."): name for name in parameters}
    if not names:
        raise NotCheckpointError(f"{path}: holds no weights. Save with model.save('epoch_01.keras') or model.save_weights('epoch_01.weights.h5').")
    listed = ", ".join(buffers[:5]) + (f" and {len(buffers) - 5} more" if len(buffers) > 5 else "")
    notes = (f"left out, running statistics: {listed}.",) if buffers else ()
    return Checkpoint(path, {short: weights[name] for short, name in names.items()}, partial(_open, path, names), step, notes=notes)


def _short(name: str) -> str:
    """Returns a parameter's name with dots and without what Keras adds: `layers/dense/vars/0` is `dense.0`, `dense/dense/kernel:0` `dense.kernel`."""
    pieces = [piece for piece in name.removesuffix(":0").split("/") if piece not in _UNSAID] or [name]
    again = len(pieces) - 1 - pieces[::-1].index(pieces[0])  # the legacy format puts a layer's whole path below its name
    return ".".join(pieces[again:])


@contextmanager
def _open(path: Path, names: Mapping[str, str]) -> Iterator[ReadTensor]:
    with _opened(path) as file:
        yield lambda short: _read(file, names[short])


@contextmanager
def _opened(path: Path) -> Iterator[Hdf5]:
    """Opens the HDF5 file, or the one in a `.keras` zip. Raises RunError."""
    with open_file(path) as file:
        start, size = 0, size_of(path)
        if path.suffix.lower() == ".keras":
            archive = Archive(file, str(path))
            names = [name for name in archive.members if name == "model.weights.h5"]
            if not names:
                raise RunError(f"{path}: a zip without Keras' model.weights.h5. Choose a file that model.save wrote.")
            start, size = archive.span(names[0])
        yield Hdf5(file, start, size, str(path))


def _read(file: Hdf5, name: str) -> NDArray[Any]:
    values = file.read(name)
    return values.astype(np.float64 if values.dtype.itemsize > 4 else np.float32)
