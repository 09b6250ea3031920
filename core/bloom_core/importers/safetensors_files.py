"""Folders of safetensors files. The format (8 bytes of length, a header in JSON, the tensors' bytes one after another) is read with numpy alone."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bloom_core.importers.archives import open_file, parse_json, read_at, size_of
from bloom_core.importers.checkpoints import Checkpoint, NotCheckpointError, ReadTensor, in_order, natural, read_all
from bloom_core.importers.snapshots import Options, trajectory_of
from bloom_core.trajectories.run_files import RunError
from bloom_core.trajectories.run_model import Trajectory

MAX_HEADER_BYTES = 64 << 20
_TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}
_SIZES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U64": 8, "U32": 4, "U16": 2, "U8": 1, "BOOL": 1}
_BUFFERS = re.compile(r"(.*\.)?(running_mean|running_var)")


@dataclass(frozen=True)
class _Entry:
    """A tensor of a file: its type, shape, and the bytes it takes, counted from the file's start."""

    kind: str
    shape: tuple[int, ...]
    start: int
    stop: int


def looks_like(path: Path) -> bool:
    """Returns whether a folder (or file) holds safetensors files."""
    return bool(_files(path))


def _files(folder: Path) -> list[Path]:
    entries = folder.iterdir() if folder.is_dir() else [folder]
    return sorted(entry for entry in entries if entry.suffix == ".safetensors" and entry.is_file())


def import_safetensors(folder: Path | str, options: Options = Options()) -> tuple[Trajectory, list[str]]:  # noqa: B008
    """Returns the run that a folder of safetensors files tells, and warnings.

    The network's own order of layers is not in such files; their names give it, `layers.2` before `layers.10`. Raises RunError naming the file.
    """
    folder = Path(folder)
    found, left_out = read_all(_files(folder), folder, checkpoint)
    checkpoints, warnings = in_order(found, folder)
    return trajectory_of(checkpoints, folder, "safetensors files", options, warnings=left_out + warnings)


def checkpoint(path: Path) -> Checkpoint:
    """Returns what one file tells. Raises RunError."""
    entries, about = read_header(path)
    floating = {name: entries[name] for name in sorted(entries, key=natural) if entries[name].kind in _TYPES and not _BUFFERS.fullmatch(name)}
    if not floating:
        raise NotCheckpointError(f"{path}: holds {len(entries)} tensors, none of them a parameter in float. Choose a file of a network's weights.")
    others = [name for name in entries if name not in floating]
    notes = (f"left out, buffers, integers and types that are not read here: {', '.join(others[:5])}{' …' * (len(others) > 5)}.",) if others else ()
    step = next((int(text) for key in ("global_step", "step") if re.fullmatch("[0-9]{1,15}", text := str(about.get(key, "")))), None)
    return Checkpoint(path, {name: entry.shape for name, entry in floating.items()}, partial(_open, path, floating), step, notes=notes)


@contextmanager
def _open(path: Path, entries: Mapping[str, _Entry]) -> Iterator[ReadTensor]:
    with open_file(path) as file:

        def read(name: str) -> NDArray[Any]:
            entry = entries[name]
            values = np.frombuffer(read_at(file, entry.start, entry.stop - entry.start, f"{path}, tensor {name}"), _TYPES[entry.kind])
            if entry.kind == "BF16":
                return (values.astype(np.uint32) << 16).view(np.float32)
            return values.astype(np.float64 if entry.kind == "F64" else np.float32, copy=False)

        yield read


def read_header(path: Path) -> tuple[dict[str, _Entry], Mapping[str, Any]]:
    """Returns the tensors of a safetensors file, in the order of their bytes, and its metadata.

    The tensors must fill the file without gap or overlap, as the format demands. Raises RunError naming the file and the tensor.
    """
    size = size_of(path)
    with open_file(path) as file:
        length = struct.unpack("<Q", read_at(file, 0, 8, str(path)))[0] if size >= 8 else size
        if length > min(MAX_HEADER_BYTES, size - 8):
            raise RunError(f"{path}: claims a header of {length} bytes in a file of {size}. It is cut off, damaged, or not a safetensors file.")
        header = parse_json(read_at(file, 8, length, str(path)), f"{path}, header")
    if not isinstance(header, dict):
        raise RunError(f"{path}, header: not a table of tensors. The file is damaged; copy it again.")
    about = header.pop("__metadata__", {})
    found = {name: _entry(entry, 8 + length, f"{path}, tensor {name[:200]}") for name, entry in header.items()}
    ordered = dict(sorted(found.items(), key=lambda item: (item[1].start, item[1].stop)))
    expected = 8 + length
    for name, entry in ordered.items():
        if entry.start != expected or entry.stop > size:
            problem = "reaches beyond the end of the file" if entry.stop > size else "overlaps another, or leaves a gap"
            raise RunError(f"{path}, tensor {name[:200]}: {problem}. The file is cut off or damaged; copy it again.")
        expected = entry.stop
    if expected != size:
        raise RunError(f"{path}: has {size - expected} bytes more than its tensors. The file is damaged; copy it again.")
    return ordered, about if isinstance(about, dict) else {}


def _entry(entry: Any, base: int, place: str) -> _Entry:
    kind, shape, offsets = (entry.get(key) for key in ("dtype", "shape", "data_offsets")) if isinstance(entry, dict) else (None, None, None)
    numbers = [*shape, *offsets] if isinstance(shape, list) and isinstance(offsets, list) and len(offsets) == 2 and len(shape) <= 32 else [None]
    if not isinstance(kind, str) or not all(type(number) is int and 0 <= number < 1 << 60 for number in numbers):
        raise RunError(f"{place}: is not {{dtype, shape, data_offsets}}. The file is damaged; copy it again.")
    assert isinstance(shape, list) and isinstance(offsets, list)
    count = int(np.prod(shape, dtype=object)) if shape else 1
    if offsets[1] < offsets[0] or (kind in _SIZES and count * _SIZES[kind] != offsets[1] - offsets[0]):
        raise RunError(f"{place}: claims shape {shape} of {kind} in {offsets[1] - offsets[0]} bytes. The file is damaged; copy it again.")
    return _Entry(kind, tuple(shape), base + offsets[0], base + offsets[1])
