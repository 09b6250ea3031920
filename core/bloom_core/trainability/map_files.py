"""A map as one file, NAME.bloommap: a zip of map.json and one .npy for each array. docs/formats.md describes it.

A map may come from anywhere, so nothing here trusts it: every size is checked against what the map says it is, and against one limit, before memory
is taken; only plain numbers are read, never pickles; nothing is extracted.
"""

from __future__ import annotations

import json
import math
import re
import zipfile
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bloom_core.trainability.experiment import Experiment, MapError
from bloom_core.trainability.experiment_files import experiment_of, table_of
from bloom_core.trainability.maps import Making, Map
from bloom_core.trainability.newton import Newton
from bloom_core.trainability.newton_files import newton_of, newton_table
from bloom_core.trainability.outcomes import COLUMNS, PRECISIONS
from bloom_core.trainability.views import View
from bloom_core.trajectories.run_files import Budget, RunError, npy_bytes, open_zip, read_json, read_member, read_npy
from bloom_core.whole_file import whole_file

FORMAT, VERSION, SUFFIX = "bloom-map", 1, ".bloommap"

MAX_BYTES = 8 << 30
"""Bytes that reading one map may take."""

_MAX_JSON, _MAX_NUMBER = 1 << 20, 2000
_FRACTION = re.compile(r"-?[0-9]+(/[1-9][0-9]*)?")
_ARRAYS = {"labels": ("|u1",), "score": ("<f4", "<f8"), "outcomes": ("<f8",)}
_SMALL_WORK, _FEWEST_LEVELS = 1 << 27, 256
"""A small file of n pixels has 2²⁷/n different scores on either side of the boundary, or 256."""


def write_map(path: Path | str, map: Map, *, small: bool = False) -> None:
    """Writes a map; the file is whole or not there. `small`: without outcomes, and with fewer scores. Raises MapError."""
    told = described(map)
    arrays: dict[str, NDArray[Any]] = {"labels": map.labels, "score": _fewer(map.score) if small else map.score}
    if map.outcomes is not None and not small:
        arrays["outcomes"] = map.outcomes
    try:
        with whole_file(Path(path)) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            _add(archive, "map.json", json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False).encode())
            for name, array in arrays.items():
                _add(archive, f"{name}.npy", npy_bytes(array))
    except OSError as error:
        raise MapError(f"{path}: cannot be written ({error.strerror or error}). Free some space or choose another folder.") from error


def described(map: Map) -> dict[str, Any]:
    """Returns what map.json tells of a map: everything but its arrays, as plain data."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "subject": {"newton": newton_table(map.subject)} if isinstance(map.subject, Newton) else {"experiment": table_of(map.subject)},
        "view": {"center": [str(value) for value in map.view.center], "span": [str(value) for value in map.view.span], "size": list(map.view.size)},
        "made": asdict(map.made),
    }


def read_description(text: str, path: Path) -> tuple[Experiment | Newton, View]:
    """Returns of what and where a map is that JSON as of `described` tells of; `path`: the file it stood in. Raises MapError that names it."""
    try:
        told = read_json(text.encode(), str(path))
    except RunError as error:
        raise MapError(str(error)) from error
    if not isinstance(told, dict) or told.get("format") != FORMAT or told.get("version") != VERSION:
        raise MapError(f"{path}: does not describe a map of Bloom's")
    subject, view = _subject(told, path), _view(told, path)
    if len(view.size) != len(subject.axes):
        raise MapError(f"{path}: its view has {len(view.size)} axes and its subject {len(subject.axes)}")
    return subject, view


def read_map(path: Path | str) -> Map:
    """Reads a map. Raises MapError that names the file and what is wrong with it."""
    path = Path(path)
    try:
        data_file = path.open("rb")
    except OSError as error:
        raise MapError(f"{path}: cannot be opened ({error.strerror}). Check the path and its permissions.") from error
    with data_file:
        try:
            with open_zip(data_file, str(path)) as archive:
                return _read(archive, path)
        except RunError as error:
            raise MapError(str(error)) from error
        except (OSError, zipfile.BadZipFile) as error:
            raise MapError(f"{path}: damaged ({error}). Copy or download it again.") from error


def example_maps() -> tuple[str, ...]:
    """Returns the names of the maps that come along."""
    return tuple(sorted(path.stem for path in _examples().glob(f"*{SUFFIX}")))


def example_map(name: str) -> Map:
    """Returns a map that comes along. Raises MapError for a name that is none."""
    if name not in example_maps():
        raise MapError(f"There is no map {name!r}; choose from {', '.join(example_maps())}")
    return read_map(_examples() / f"{name}{SUFFIX}")


def _examples() -> Path:
    return Path(__file__).parent / "examples"


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    info = zipfile.ZipInfo(name)  # with no date: the same map gives the same bytes
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, data)


def _fewer(score: NDArray[np.float64]) -> NDArray[np.float32]:
    """Puts another pixel's score of nearly the same rank in place of each, so that few differ: colours are given out by rank."""
    fewer = score.astype(np.float32)
    levels = max(_FEWEST_LEVELS, _SMALL_WORK // score.size)
    for side in (fewer < 0, fewer >= 0):
        ranked = np.sort(fewer[side])
        if len(ranked) > levels:
            level = np.searchsorted(ranked, fewer[side]) * levels // len(ranked)
            fewer[side] = ranked[(2 * level + 1) * len(ranked) // (2 * levels)]
    return fewer


def _read(archive: zipfile.ZipFile, path: Path) -> Map:
    budget = Budget(MAX_BYTES)
    members = {info.filename: info for info in archive.infolist()}
    if "map.json" not in members:
        raise MapError(f"{path}: holds no map.json, so it is no map of Bloom's")
    if members["map.json"].file_size > _MAX_JSON:
        raise MapError(f"{path}: its map.json is larger than any map's. The file is damaged or hostile.")
    told = read_json(read_member(archive, members["map.json"], f"{path}, map.json", budget), f"{path}, map.json")
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise MapError(f"{path}: is no map of Bloom's")
    if told.get("version") != VERSION:
        raise MapError(f"{path}: is of version {told.get('version')!r}, and this Bloom reads {VERSION}. Get a newer Bloom.")
    subject, view, made = _subject(told, path), _view(told, path), _made(told, path)
    if len(view.size) != len(subject.axes):
        raise MapError(f"{path}: its view has {len(view.size)} axes and its subject {len(subject.axes)}")
    arrays: dict[str, NDArray[Any]] = {}
    for name, kinds in _ARRAYS.items():
        info = members.get(f"{name}.npy")
        if info is None:
            continue
        shape = (*view.shape, len(COLUMNS)) if name == "outcomes" else view.shape
        most = math.prod(shape) * int(kinds[-1][-1]) + 4096
        if info.file_size > most:
            raise MapError(f"{path}, {name}: claims {info.file_size} bytes, too many for {view.size} pixels. The file is damaged or hostile.")
        arrays[name] = array = read_npy(read_member(archive, info, f"{path}, {name}", budget), f"{path}, {name}")
        if array.shape != shape or array.dtype.str not in kinds:
            raise MapError(f"{path}, {name}: is {array.dtype.str} {array.shape} and should be {' or '.join(kinds)} {shape}. Make the map again.")
    if "labels" not in arrays or "score" not in arrays:
        raise MapError(f"{path}: lacks its labels or its score. Copy or download it again.")
    score = arrays["score"].astype(np.float64)
    if not np.isfinite(score).all():
        raise MapError(f"{path}: its score is not finite everywhere. Make the map again.")
    if isinstance(subject, Experiment) and arrays["labels"].max() > 1:
        raise MapError(f"{path}: its labels are not 0 and 1. Make the map again.")
    return Map(subject, view, arrays["labels"], score, arrays.get("outcomes"), made)


def _subject(told: dict[str, Any], path: Path) -> Experiment | Newton:
    subject = told.get("subject")
    if not isinstance(subject, dict) or len(subject) != 1 or next(iter(subject)) not in ("experiment", "newton"):
        raise MapError(f"{path}: does not say what it is a map of")
    ((kind, table),) = subject.items()
    return experiment_of(table, f"{path}, experiment") if kind == "experiment" else newton_of(table, f"{path}, newton")


def _view(told: dict[str, Any], path: Path) -> View:
    table = told.get("view")
    if not isinstance(table, dict):
        raise MapError(f"{path}: does not say what it shows (view)")
    sides = {name: table.get(name) for name in ("center", "span", "size")}
    for name, side in sides.items():
        if not isinstance(side, list) or len(side) not in (2, 3):
            raise MapError(f"{path}: view.{name} must be a list of two or three")
    sizes = sides["size"]
    if not all(type(size) is int and 1 <= size <= 1 << 20 for size in sizes or ()):
        raise MapError(f"{path}: view.size must be whole numbers of pixels")
    exact = {name: tuple(_fraction(value, f"{path}: view.{name}") for value in sides[name] or ()) for name in ("center", "span")}
    try:
        return View(exact["center"], exact["span"], tuple(sizes or ()))
    except MapError as error:
        raise MapError(f"{path}: {error}") from error


def _fraction(value: object, place: str) -> Fraction:
    if not isinstance(value, str) or len(value) > _MAX_NUMBER or not _FRACTION.fullmatch(value):
        raise MapError(f"{place} must hold whole numbers or fractions, as texts")
    number = Fraction(value)
    if abs(number) > 10**30:
        raise MapError(f"{place} holds a number that is too large")
    return number


def _made(told: dict[str, Any], path: Path) -> Making:
    table = told.get("made")
    if not isinstance(table, dict):
        raise MapError(f"{path}: does not say how it was made")
    engine, precision, seconds, played = (table.get(name) for name in ("engine", "precision", "seconds", "steps_played"))
    if not isinstance(engine, str) or len(engine) > 100 or not engine.isprintable() or precision not in PRECISIONS:
        raise MapError(f"{path}: does not say with which engine and precision it was made")
    if type(seconds) not in (int, float) or not isinstance(seconds, (int, float)) or not 0 <= seconds < 1e12:
        raise MapError(f"{path}: made.seconds must be a number")
    if type(played) is not int or not 0 <= played < 1 << 63:
        raise MapError(f"{path}: made.steps_played must be a whole number")
    return Making(engine, str(precision), float(seconds), played)
