"""A flame as one flat array of numbers: the only form in which it crosses into the native library.

Layout, version 2, float64: [magic 4027, version 2, total length, dialect, regular xforms, 1 if a final xform, 1 if xaos],
the xaos matrix row by row (previous, next), then each xform: weight, color, color_speed, opacity, pre 3×4 and post 3×4
row by row, number of variations, and for each of these its index in the native table, its stage (0 in the sum, 1 before
it, 2 after it), its weight, the number of its parameters and their values in the table's order.
"""

from __future__ import annotations

import difflib

import numpy as np

from bloom_core import native
from bloom_core.flames.flame import DIALECTS, MAX_XFORMS, Flame, FlameError, FloatArray, Variation, Xform

MAGIC = 4027
VERSION = 2
STAGES = {"": 0, "pre_": 1, "post_": 2}
"""Where a variation stands, by the prefix of its name."""
MAX_VARIATIONS = 64
"""Variations one xform can have, those before and after its sum included."""

_LARGEST = float(np.finfo(np.float32).max)  # the native library computes in float
_TINY = float(np.finfo(np.float64).eps)  # what Ember puts for a zero where none may be


def pack(flame: Flame) -> FloatArray:
    """Returns the flame as the float64 (n,) buffer described at the head of this file.

    Weights and xaos are raised to 0, color and opacity limited to [0, 1], color_speed to [-1, 1]; parameters that the
    flame leaves out take the default of its dialect, and all are brought into the values their variation can take.
    Raises FlameError, naming the xform and the field, for anything else that the native library could not use.
    """
    count = len(flame.xforms)
    if not 1 <= count <= MAX_XFORMS:
        raise FlameError(f"flame {flame.name!r}: it has {count} xforms; between 1 and {MAX_XFORMS} can be used")
    if flame.dialect not in DIALECTS:
        raise FlameError(f"flame {flame.name!r}: the dialect {flame.dialect!r} is not one of {', '.join(DIALECTS)}")
    values = [float(MAGIC), float(VERSION), 0.0, float(DIALECTS.index(flame.dialect)), float(count)]
    values += [float(flame.final is not None), float(flame.xaos is not None)]
    if flame.xaos is not None:
        values += [max(value, 0.0) for value in _array(flame, "the flame", "xaos", flame.xaos, (count, count))]
    for index, xform in enumerate(flame.xforms):
        values += _xform(flame, f"xform {index}", xform)
    if flame.final is not None:
        values += _xform(flame, "the final xform", flame.final)
    values[2] = float(len(values))
    return np.array(values, dtype=np.float64)


def _xform(flame: Flame, place: str, xform: Xform) -> list[float]:
    if len(xform.variations) > MAX_VARIATIONS:
        raise FlameError(f"flame {flame.name!r}, {place}: it has {len(xform.variations)} variations; at most {MAX_VARIATIONS} can be used")
    values = [
        max(_number(flame, place, "weight", xform.weight), 0.0),
        min(max(_number(flame, place, "color", xform.color), 0.0), 1.0),
        min(max(_number(flame, place, "color_speed", xform.color_speed), -1.0), 1.0),
        min(max(_number(flame, place, "opacity", xform.opacity), 0.0), 1.0),
    ]
    values += _array(flame, place, "pre", xform.pre, (3, 4))
    values += _array(flame, place, "post", xform.post, (3, 4))
    values.append(float(len(xform.variations)))
    for variation in xform.variations:
        values += _variation(flame, place, variation)
    return values


def _variation(flame: Flame, place: str, variation: Variation) -> list[float]:
    prefix, info = _find(flame, place, variation.name)
    given = {key.lower(): value for key, value in variation.parameters.items()}
    values = [float(info.index), float(STAGES[prefix]), _number(flame, place, variation.name, variation.weight), float(len(info.parameters))]
    for parameter in info.parameters:
        name = prefix + parameter.name
        value = _number(flame, place, name, given.pop(name.lower(), parameter.default[flame.dialect]))
        values.append(value if flame.dialect == "flam3" else _in_domain(value, parameter))
    if given:
        known = ", ".join(prefix + parameter.name for parameter in info.parameters) or "none"
        raise FlameError(f"flame {flame.name!r}, {place}: {variation.name} has no parameter {sorted(given)[0]!r}; it has {known}")
    return values


def _find(flame: Flame, place: str, name: str) -> tuple[str, native.VariationInfo]:
    """Returns the prefix of a variation's name and the variation it stands before."""
    lower = name.lower()
    if lower == "pre_blur" and flame.dialect == "flam3":
        lower = "pre_gaussian_blur"  # flam3's only one of its kind: Ember has that name for a blur of uniform radius
    prefix = next((prefix for prefix in ("pre_", "post_") if lower.startswith(prefix)), "")
    info = native.variations().get(lower[len(prefix) :])
    if info is None:
        close = difflib.get_close_matches(lower[len(prefix) :], native.variations(), 1)
        hint = f"; is {prefix}{native.variations()[close[0]].name} meant?" if close else ""
        raise FlameError(f"flame {flame.name!r}, {place}: the variation {name!r} is not known{hint}")
    return prefix, info


def _in_domain(value: float, parameter: native.ParameterInfo) -> float:
    """Returns the value that Ember would take for `value`; flam3 takes every one as it is."""
    if parameter.kind.startswith("integer"):
        value = float(round(value))
    if parameter.kind == "cyclic" and not parameter.low <= value <= parameter.high:
        return parameter.low + (value - parameter.low) % (parameter.high - parameter.low)
    value = min(max(value, parameter.low), parameter.high)
    if parameter.kind.endswith("nonzero") and value == 0.0:
        return 1.0 if parameter.kind.startswith("integer") else _TINY
    return value


def _number(flame: Flame, place: str, field: str, value: float) -> float:
    number = float(value)
    if not abs(number) <= _LARGEST:
        raise FlameError(f"flame {flame.name!r}, {place}: {field} is {number}; it must be a finite number below {_LARGEST:.1g}")
    return number


def _array(flame: Flame, place: str, field: str, value: FloatArray, shape: tuple[int, int]) -> list[float]:
    if np.shape(value) != shape:
        raise FlameError(f"flame {flame.name!r}, {place}: {field} has the shape {np.shape(value)}; it must be {shape}")
    return [_number(flame, place, field, entry) for entry in np.asarray(value, dtype=np.float64).ravel()]
