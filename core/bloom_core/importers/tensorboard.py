"""TensorBoard's event files as runs: every scalar, and the norms of histograms. No library is needed.

An event is a protocol buffer in a TFRecord: wall time, step, and a summary of values, each with a tag. A scalar is a plain float (PyTorch) or a
tensor of one number (TensorFlow 2, whose plugin is "scalars"). Source of the field numbers: TensorFlow's event.proto, summary.proto, tensor.proto.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bloom_core.importers import scalar_tags, tfrecord, wire_format
from bloom_core.importers.scalars import MAX_STEP, Log, trajectory_of
from bloom_core.importers.wire_format import BYTES, FIXED32, FIXED64, VARINT
from bloom_core.trajectories.run_files import Budget, RunError
from bloom_core.trajectories.run_model import Trajectory

KIND = "TensorBoard log"
NORMS = "norms/"
"""What stands before the tag of a histogram where its norm is meant."""

MAX_FILES = 10_000
MAX_ENTRIES = 100_000
MAX_TAG_BYTES = 4096
MAX_MESSAGES = 8

_START = 1
_TENSOR_TYPES = {1: "<f4", 2: "<f8", 3: "<i4", 9: "<i8", 19: "<f2", 4: "|u1", 6: "|i1", 5: "<i2", 22: "<u4", 23: "<u8", 10: "|b1"}
"""Types of tensors (DataType of types.proto) that a single number can have, as numpy names them."""

_FLOATS = {5: "<f4", 6: "<f8"}
_INTEGERS = (7, 10, 11, 16, 17)
"""Fields of a tensor that hold its numbers, where they are not in its `tensor_content` (4)."""


@dataclass
class _Event:
    """What is read of one event; `scalars`: (tag, value)."""

    wall: float = float("nan")
    step: int = 0
    started: bool = False
    scalars: list[tuple[str, float]] = field(default_factory=list)


def looks_like(path: Path) -> bool:
    """Returns whether this is an event file, or a folder that holds some."""
    if path.is_dir():
        return next(_event_files(path), None) is not None
    return _is_event_file(path.name)


def import_tensorboard(path: Path | str) -> tuple[Trajectory, list[str]]:
    """Returns the run that the event files of a folder (and of those below it) tell, and warnings; or that of one such file.

    Several files are joined in the order of their first wall times: what a later one logs makes void what an earlier one logged under the same tag at
    the same step or later, as after a restart from a checkpoint; so does a restart that the log itself tells. Folders below one with files of its
    own, and `train` beside `validation`, belong to one run, their tags after their names. The end that a running job has not yet written is left out,
    and so are damaged records. Raises RunError, also for a folder of several runs.
    """
    path = Path(path)
    files = sorted(_event_files(path)) if path.is_dir() else [path]
    if not files:
        raise RunError(f"{path}: holds no event files (events.out.tfevents.*). Name the folder that TensorBoard shows.")
    if len(files) > MAX_FILES:
        raise RunError(f"{path}: holds more than {MAX_FILES} event files. Name the folder of one run.")
    prefixes = _prefixes(path, sorted({file.parent for file in files}))
    log = Log(str(path), Budget())
    warnings: list[str] = []
    for file in sorted(files, key=lambda file: (_first_wall(file), file.name)):
        warnings += _read(file, prefixes[file.parent], log)
    if len(warnings) > MAX_MESSAGES:
        warnings = [*warnings[:MAX_MESSAGES], f"{path}: {len(warnings) - MAX_MESSAGES} more such places."]
    if log.dropped:
        warnings.append(f"{path}: {log.dropped} values at steps below 0 or above 2⁵³ were left out.")
    series = log.series()
    if not series:
        why = f" ({warnings[0]})" if warnings else ""
        raise RunError(f"{path}: no scalars in its event files{why}. Choose the log of a training that wrote some.")
    if any(path.glob("checkpoints/*.ckpt")):
        warnings.append(f"{path}: its checkpoints tell the parameters themselves; {path / 'checkpoints'} can be imported as well.")
    return trajectory_of(series, path, KIND, warnings)


def _event_files(folder: Path) -> Iterator[Path]:
    """Yields the event files in a folder and below it, links to other folders not followed. Raises RunError for a folder too large to be searched."""
    seen = 0
    for place, folders, names in os.walk(folder):
        folders.sort()
        seen += len(names) + len(folders)
        if seen > MAX_ENTRIES:
            raise RunError(f"{folder}: more than {MAX_ENTRIES} files and folders. Name the folder of the event files itself.")
        yield from (Path(place, name) for name in sorted(names) if _is_event_file(name))


def _is_event_file(name: str) -> bool:
    return ".tfevents." in f"{name}." and not name.endswith((".profile-empty", ".tmp"))


def _prefixes(root: Path, folders: list[Path]) -> dict[Path, str]:
    """Returns what stands before the tags of each folder's files. Raises RunError when the folders are those of several runs."""
    tops = [folder for folder in folders if not any(other in folder.parents for other in folders)]
    beside = tops if len({top.parent for top in tops}) == 1 and all(_is_phase(top.name) for top in tops) else tops[:1]
    if len(tops) > len(beside):
        listed = ", ".join(str(top.relative_to(root)) for top in tops[:8]) + (" …" if len(tops) > 8 else "")
        raise RunError(f"{root}: holds {len(tops)} runs ({listed}). Name the folder of one.")
    base = tops[0] if len(tops) == 1 else tops[0].parent
    return {folder: "" if folder == base else f"{folder.relative_to(base).as_posix()}/" for folder in folders}


def _is_phase(name: str) -> bool:
    said = scalar_tags.words(name)
    return bool(said) and (said[0] == "train" or said[0] in scalar_tags.HELD_OUT)


def _first_wall(file: Path) -> float:
    """Returns when the first event of a file was written; files without one come last."""
    first = next(tfrecord.records(file), None)
    try:
        wall = _event(first.data, {}).wall if isinstance(first, tfrecord.Record) else float("inf")
    except ValueError:
        wall = float("inf")
    return wall if wall == wall else float("inf")


def _read(file: Path, prefix: str, log: Log) -> list[str]:
    """Adds a file's scalars to the log, and returns warnings."""
    warnings = []
    plugins: dict[str, str] = {}
    begun: set[str] = set()
    void, earliest = 0, MAX_STEP
    for record in tfrecord.records(file):
        if isinstance(record, tfrecord.Damage):
            after = "; the job was still running, or was killed" if record.cut else ""
            warnings.append(f"{file}, byte {record.offset}: {record.what}{after}.")
            continue
        try:
            event = _event(record.data, plugins)
        except ValueError as error:
            warnings.append(f"{file}, byte {record.offset}: no event ({error}); it was left out.")
            continue
        dropped = log.forget_from(event.step) if event.started and event.step > 0 else 0
        for tag, value in event.scalars:
            name = prefix + tag
            if name not in begun:
                begun.add(name)
                dropped += log.forget_from(event.step, name)
            log.add(name, event.step, value, event.wall)
        if dropped:
            void, earliest = void + dropped, min(earliest, event.step)
    if void:
        warnings.append(f"{file}: the training was taken up again at step {earliest}; {void} values logged before from there on do not count.")
    return warnings


def _event(data: bytes, plugins: dict[str, str]) -> _Event:
    """Returns one event; `plugins` remembers the plugin of each tag, which only its first value tells. Raises ValueError."""
    event = _Event()
    for number, kind, integer, content in wire_format.fields(data):
        if number == 1 and kind == FIXED64:
            event.wall = wire_format.double(content)
        elif number == 2 and kind == VARINT:
            event.step = wire_format.signed(integer)
        elif number == 5 and kind == BYTES:
            for inner, inner_kind, _, value in wire_format.fields(content):
                scalar = _scalar(value, plugins) if inner == 1 and inner_kind == BYTES else None
                if scalar is not None:
                    event.scalars.append(scalar)
        elif number == 7 and kind == BYTES:
            event.started = any((inner, status) == (1, _START) for inner, _, status, _ in wire_format.fields(content))
    return event


def _scalar(data: bytes, plugins: dict[str, str]) -> tuple[str, float] | None:
    """Returns tag and value of one value of a summary, None where it is no number. Raises ValueError."""
    tag, found = "", None
    tensor = histogram = metadata = None
    for number, kind, _, content in wire_format.fields(data):
        if number == 2 and kind == FIXED32:
            found = wire_format.single(content)
        elif kind != BYTES:
            continue
        elif number == 1:
            tag = content[:MAX_TAG_BYTES].decode("utf-8", "replace")
        elif number == 5:
            histogram = content
        elif number == 8:
            tensor = content
        elif number == 9:
            metadata = content
    if metadata is not None and tag not in plugins:
        plugins[tag] = _plugin(metadata)
    if found is None and tensor is not None and plugins.get(tag, "") in ("", "scalars"):
        found = _number(tensor)
    if found is None and histogram is not None:
        tag, found = NORMS + tag, _norm(histogram)
    return None if found is None else (tag, found)


def _plugin(metadata: bytes) -> str:
    for number, kind, _, content in wire_format.fields(metadata):
        if number == 1 and kind == BYTES:
            for inner, _, _, name in wire_format.fields(content):
                if inner == 1:
                    return name[:MAX_TAG_BYTES].decode("utf-8", "replace")
    return ""


def _number(tensor: bytes) -> float | None:
    """Returns the number that a tensor of one holds, None for other tensors. Raises ValueError."""
    there = list(wire_format.fields(tensor))
    kind_of_number = next((integer for number, kind, integer, _ in there if (number, kind) == (1, VARINT)), 0)
    if kind_of_number not in _TENSOR_TYPES:
        return None
    for number, kind, integer, content in there:
        if number == 4 and content:
            return _one(content, _TENSOR_TYPES[kind_of_number])
        if number in _FLOATS:
            return _one(content, _FLOATS[number])
        if number in _INTEGERS:
            value, end = (integer, 0) if kind == VARINT else wire_format.varint(content, 0)
            return float(wire_format.signed(value)) if end == len(content) else None
    # Protocol buffers leave out a number that is 0; a shape without axes is empty.
    return None if any(number > 3 or (number == 2 and content) for number, _, _, content in there) else 0.0


def _one(content: bytes, kind: str) -> float | None:
    return float(np.frombuffer(content, dtype=kind)[0]) if len(content) == np.dtype(kind).itemsize else None


def _norm(histogram: bytes) -> float | None:
    """Returns the norm of the values that a histogram was made of: their sum of squares is in it."""
    for number, kind, _, content in wire_format.fields(histogram):
        if number == 5 and kind == FIXED64:
            squares = wire_format.double(content)
            return math.sqrt(squares) if squares >= 0.0 else math.nan
    return None
