"""Reading and writing `.bloomlesson` files, format version 1: a zip of

    lesson.json                      format, version, name, title, acts: nodes, edges, stages, captions and all other words
    acts/N/NAME.npy                  the arrays of act N (0 first), named as in Act; acts/N/parameters/NAME.npy, acts/N/plane/…, acts/N/sequence/…
    acts/N/run.bloom                 the run that the act's flower grows from (see `trajectory.read_run`, which checks it)

numpy alone reads it, nothing is unpickled, and every size is checked before memory is taken.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bloom_core.lessons.lesson import Act, Lesson
from bloom_core.lessons.lesson_check import LessonError, lesson_of
from bloom_core.trajectories.run_files import Budget, RunError, npy_bytes, open_zip, read_json, read_member, read_npy
from bloom_core.whole_file import whole_file

__all__ = ["LessonError", "lessons", "read_lesson", "write_lesson"]

FORMAT, VERSION = "bloom-lesson", 1
MAX_LESSON_BYTES = 64 << 20
"""Bytes that a lesson may hold, unpacked."""

_RECORDINGS = Path(__file__).parent / "recordings"
_NAMES = ("neuron", "songs", "recurrent", "melody")
_PICTURES = ("surface", "predicted")
"""Arrays that are filed as half floats."""


def lessons() -> tuple[str, ...]:
    """Returns the names of the lessons that come with the package, in the order in which they are taught."""
    return _NAMES


def read_lesson(name: Path | str) -> Lesson:
    """Returns a lesson: one that comes with the package, by its name, or a `.bloomlesson` file. Raises LessonError naming file and place."""
    path = _RECORDINGS / f"{name}.bloomlesson" if name in _NAMES else Path(name)
    try:
        with path.open("rb") as file:
            size = file.seek(0, io.SEEK_END)
            if size > MAX_LESSON_BYTES:
                raise LessonError(f"{path}: has {size} bytes, more than a lesson ({MAX_LESSON_BYTES}). Name a .bloomlesson file.")
            return _read(file, path)
    except OSError as error:
        told = f"There are the lessons {', '.join(_NAMES)}, and files of your own." if len(path.parts) == 1 and not path.suffix else "Check the path."
        raise LessonError(f"{path}: cannot be opened ({error.strerror or error}). {told}") from error
    except RunError as error:
        raise LessonError(str(error)) from error


def _read(file: Any, path: Path) -> Lesson:
    budget = Budget(MAX_LESSON_BYTES)
    with open_zip(file, str(path)) as archive:
        members = {info.filename: info for info in archive.infolist() if not info.is_dir()}
        if "lesson.json" not in members:
            raise LessonError(f"{path}: holds no lesson.json, so it is not a lesson of Bloom's. Choose a .bloomlesson file.")
        files = {name: read_member(archive, info, f"{path}, member {name}", budget) for name, info in members.items()}
    told = read_json(files["lesson.json"], f"{path}, lesson.json")
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise LessonError(f"{path}, lesson.json: does not say it is a {FORMAT}. Choose a .bloomlesson file.")
    if told.get("version") != VERSION:
        version = f"is of format version {told.get('version')!r}; this Bloom reads version {VERSION}"
        raise LessonError(f"{path}, lesson.json: {version}. Update the older of the two, or record the lesson again.")
    arrays = {name.removesuffix(".npy"): _array(data, name, path) for name, data in files.items() if name.endswith(".npy")}
    runs = {name: data for name, data in files.items() if name.endswith("/run.bloom")}
    return lesson_of(told, arrays, runs, str(path))


def _array(data: bytes, name: str, path: Path) -> NDArray[Any]:
    array = read_npy(data, f"{path}, member {name}")
    return array.astype(np.float32) if name.rpartition("/")[2].removesuffix(".npy") in _PICTURES else array


def write_lesson(lesson: Lesson, path: Path | str) -> None:
    """Writes a lesson as a `.bloomlesson` file; the same lesson gives the same bytes. Raises LessonError when the disk refuses."""
    path = Path(path)
    members: dict[str, bytes] = {}
    for number, (act, run) in enumerate(zip(lesson.acts, lesson.runs, strict=True)):
        members |= {f"acts/{number}/{name}.npy": npy_bytes(_filed(name, array)) for name, array in _arrays_of(act).items()}
        members[f"acts/{number}/run.bloom"] = run
    told = {"format": FORMAT, "version": VERSION, "name": lesson.name, "title": lesson.title, "acts": [_told(act) for act in lesson.acts]}
    members["lesson.json"] = json.dumps(told, ensure_ascii=False, allow_nan=False, indent=1).encode()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as raw, zipfile.ZipFile(raw, "w") as archive:
            for name, data in sorted(members.items()):
                packed = name.endswith(".bloom")
                archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED, None if packed else 9)
    except OSError as error:
        raise LessonError(f"{path}: cannot be written ({error.strerror}). Free some space or choose another folder.") from error


def _filed(name: str, array: NDArray[Any]) -> NDArray[Any]:
    kind = "<f2" if name.rpartition("/")[2] in _PICTURES else "<i8" if array.dtype.kind == "i" else "<f8"
    return array.astype(kind)


def _arrays_of(act: Act) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {f"parameters/{name}": values for name, values in act.parameters.items()}
    arrays |= {name: getattr(act, name) for name in ("steps", "losses", "rows", "examples", "node_values", "edge_values")}
    if act.plane is not None:
        arrays |= {f"plane/{name}": getattr(act.plane, name) for name in ("points", "targets", "surface")}
    if act.sequence is not None:
        arrays |= {f"sequence/{name}": getattr(act.sequence, name) for name in ("given", "wanted", "predicted", "durations")}
    return arrays


def _told(act: Act) -> dict[str, Any]:
    """Returns an act's words, as JSON holds them."""
    told: dict[str, Any] = {"name": act.name, "title": act.title, "nodes": [asdict(node) for node in act.nodes]}
    told |= {"edges": [asdict(edge) for edge in act.edges], "parameters": list(act.parameters), "stages": list(act.stages)}
    told["captions"] = [{"moment": caption.moment, "text": caption.text, "values": dict(caption.values)} for caption in act.captions]
    if act.plane is not None:
        told["plane"] = {name: getattr(act.plane, name) for name in ("extent", "axes", "names", "center")}
    if act.sequence is not None:
        written: Mapping[int, str] = act.sequence.written
        told["sequence"] = {"title": act.sequence.title, "symbols": act.sequence.symbols, "written": [[row, text] for row, text in written.items()]}
    return told
