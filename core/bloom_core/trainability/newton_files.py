"""A Newton fractal's description as plain data, for the file of its map."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from bloom_core.trainability.experiment import Axis, MapError
from bloom_core.trainability.newton import MOST_ROOTS, Newton

_PARAMETERS = {"x": "real", "y": "imaginary", "z": "relaxation"}
_MOST_STEPS, _MOST_TEXT = 1_000_000, 200


def newton_table(newton: Newton) -> dict[str, Any]:
    """Returns the description as plain data."""
    axes = {name: getattr(newton, name) for name in _PARAMETERS}
    return {
        "name": newton.name,
        "title": newton.title,
        "coefficients": [[complex(value).real, complex(value).imag] for value in newton.coefficients],
        "relaxation": newton.relaxation,
        "steps": newton.steps,
        "tolerance": newton.tolerance,
        **{name: [axis.low, axis.high] for name, axis in axes.items() if axis is not None},
    }


def newton_of(table: object, place: str) -> Newton:
    """Returns the description that plain data hold. Raises MapError that begins with `place`."""
    if not isinstance(table, Mapping):
        raise MapError(f"{place}: does not describe a Newton fractal")
    coefficients = table.get("coefficients")
    if not isinstance(coefficients, list) or not 2 <= len(coefficients) <= MOST_ROOTS + 1:
        raise MapError(f"{place}: coefficients must be a list of two to {MOST_ROOTS + 1} pairs")
    steps = table.get("steps")
    if type(steps) is not int or not 1 <= steps <= _MOST_STEPS:
        raise MapError(f"{place}: steps must be a whole number from 1 to {_MOST_STEPS}")
    axes = {name: _axis(name, table[name], place) for name in _PARAMETERS if name in table}
    if not {"x", "y"} <= set(axes):
        raise MapError(f"{place}: lacks its axes x and y")
    return Newton(
        name=_text("name", table, place),
        title=_text("title", table, place),
        coefficients=tuple(complex(*_pair("coefficients", pair, place)) for pair in coefficients),
        relaxation=_real("relaxation", table.get("relaxation"), place),
        steps=steps,
        tolerance=_real("tolerance", table.get("tolerance"), place),
        **axes,
    )


def _axis(name: str, value: object, place: str) -> Axis:
    low, high = _pair(name, value, place)
    if not low < high:
        raise MapError(f"{place}: {name} must go from a smaller number to a larger one")
    return Axis(_PARAMETERS[name], low, high, logarithmic=False)


def _pair(name: str, value: object, place: str) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise MapError(f"{place}: {name} must hold pairs of numbers")
    return _real(name, value[0], place), _real(name, value[1], place)


def _real(name: str, value: object, place: str) -> float:
    if type(value) not in (int, float) or not isinstance(value, (int, float)) or not math.isfinite(value) or abs(value) > 1e30:
        raise MapError(f"{place}: {name} must be a number")
    return float(value)


def _text(name: str, table: Mapping[str, Any], place: str) -> str:
    value = table.get(name)
    if not isinstance(value, str) or len(value) > _MOST_TEXT or not value.isprintable():
        raise MapError(f"{place}: {name} must be a text of at most {_MOST_TEXT} characters in one line")
    return value
