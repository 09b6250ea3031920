"""An experiment as a TOML file, the declared configuration of a map. docs/formats.md describes it.

    name = "reference"
    activation = "tanh"
    width = 16

    [x]
    parameter = "input_rate"
    low = 1e-3
    high = 1e6

What is left out is as in the reference experiment.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from bloom_core.trainability.experiment import Axis, Experiment, MapError
from bloom_core.trainability.experiment_checks import REAL, check_axis, check_experiment, check_field
from bloom_core.whole_file import whole_file

_AXES = ("x", "y", "z")
_FIELDS = tuple(field.name for field in fields(Experiment))
_AXIS_FIELDS = tuple(field.name for field in fields(Axis))
_MOST_BYTES = 1 << 20


def read_experiment(path: Path | str) -> Experiment:
    """Reads a configuration. Raises MapError that names the file, the key, and what is allowed there."""
    path = Path(path)
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise MapError(f"{path}: cannot be read ({error.strerror}). Check the path and its permissions.") from error
    if len(data) > _MOST_BYTES:
        raise MapError(f"{path}: is larger than any configuration")
    try:
        table = tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise MapError(f"{path}: is not TOML ({error})") from error
    return experiment_of({"name": path.stem[:100] if path.stem.isprintable() else "experiment", "title": "", **table}, str(path))


def write_experiment(path: Path | str, experiment: Experiment) -> None:
    """Writes a configuration; the file is whole or not there. Raises MapError."""
    try:
        with whole_file(Path(path)) as file:
            file.write(experiment_text(experiment).encode("utf-8"))
    except OSError as error:
        raise MapError(f"{path}: cannot be written ({error.strerror or error}). Choose another folder.") from error


def experiment_text(experiment: Experiment) -> str:
    """Returns the configuration as TOML, every field of it. Raises MapError for an experiment that cannot be."""
    table, lines = table_of(check_experiment(experiment)), []
    lines += [f"{name} = {_value(value)}" for name, value in table.items() if name not in _AXES]
    for name in _AXES:
        if name in table:
            lines += ["", f"[{name}]", *(f"{key} = {_value(value)}" for key, value in table[name].items())]
    return "\n".join(lines) + "\n"


def table_of(experiment: Experiment) -> dict[str, Any]:
    """Returns the experiment as plain data."""
    table = {name: getattr(experiment, name) for name in _FIELDS}
    for name in _AXES:
        axis = table.pop(name)
        if axis is not None:
            table[name] = {key: getattr(axis, key) for key in _AXIS_FIELDS}
    return table


def experiment_of(table: object, place: str) -> Experiment:
    """Returns the experiment that plain data describe. Raises MapError that begins with `place`."""
    if not isinstance(table, Mapping):
        raise MapError(f"{place}: does not describe an experiment")
    given: dict[str, Any] = {}
    try:
        for name, value in table.items():
            if name not in _FIELDS:
                raise MapError(f"{name!r} is not known; what may stand there is {', '.join(_FIELDS)}")
            if name in _AXES:
                given[name] = _axis(name, value)
            else:
                value = _number(name, value)
                check_field(name, value)
                given[name] = value
        return check_experiment(Experiment(**given))
    except MapError as error:
        raise MapError(f"{place}: {error}") from error


def _axis(name: str, table: object) -> Axis:
    if not isinstance(table, Mapping):
        raise MapError(f"{name} must be a table of its own, [{name}], with {', '.join(_AXIS_FIELDS)}")
    for key in table:
        if key not in _AXIS_FIELDS:
            raise MapError(f"{name}.{key} is not known; what may stand there is {', '.join(_AXIS_FIELDS)}")
    for key in ("parameter", "low", "high"):
        if key not in table:
            raise MapError(f"{name}.{key} is missing")
    axis = Axis(table["parameter"], table["low"], table["high"], table.get("logarithmic", True))
    check_axis(name, axis)
    return Axis(axis.parameter, float(axis.low), float(axis.high), axis.logarithmic)


def _number(name: str, value: object) -> object:
    """Whole numbers may stand for numbers: TOML tells 1 from 1.0, people do not."""
    return float(value) if name in REAL and type(value) is int and abs(value) < 2**53 else value


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
