"""The variations of an xform: added with their defaults, removed with their curves."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import bpy

from bloom_core import native
from bloom_core.library import NativeError
from bloom_core.native import ParameterInfo

from .. import properties
from . import arranging


def add(xform: Any, name: str, dialect: str) -> Any:
    """Adds a variation with the defaults of the flame's dialect, at weight 1 where it is the only one, else 0.25; returns it."""
    info = native.variations()[name.lower()]
    entry = xform.variations.add()
    entry.name, entry.weight = info.name, 0.25 if len(xform.variations) > 1 else 1.0
    for parameter in info.parameters:
        number = entry.parameters.add()
        number.name, number.value = parameter.name, parameter.default.get(dialect, next(iter(parameter.default.values())))
    return entry


def remove(obj: bpy.types.Object, number: int, index: int) -> None:
    """Removes a variation of xform `number` with its curves and drivers; those behind it move up, and theirs with them."""
    properties.bloom_of(obj).xforms[number].variations.remove(index)
    begins = re.compile(rf"(bloom\.xforms\[{number}\]\.variations)\[(\d+)\]")

    def renamed(path: str) -> list[str]:
        found = begins.search(path)
        if found is None or int(found[2]) < index:
            return [path]
        return [] if int(found[2]) == index else [begins.sub(rf"\g<1>[{int(found[2]) - 1}]", path)]

    arranging.rename(obj, renamed)


@cache
def typical(variation: str) -> dict[str, ParameterInfo]:
    """Returns what is known of a variation's parameters, by name; nothing of an unknown one or without the native library."""
    try:
        info = native.variations().get(variation.lower())
    except NativeError:
        return {}
    return {} if info is None else {parameter.name: parameter for parameter in info.parameters}


def range_of(info: ParameterInfo) -> str:
    """Returns the range that is worth trying, as a label has it: "0 to 2"."""
    low, high = info.typical
    return f"{low:g} to {high:g}"
