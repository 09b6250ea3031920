"""Names of xforms: unique in a bloom, and worn by their groups of curves and their handles."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from .. import keyframes

PATH = re.compile(r"^bloom\.xforms\[(\d+)\]\.")


def number_of(xform: Any) -> int:
    """Returns the place of an xform in its bloom's list."""
    return int(PATH.match(xform.path_from_id() + ".")[1])  # type: ignore[index]


def unique(wanted: str, taken: Collection[str]) -> str:
    """Returns `wanted`, or with the next number where it is taken: "Petals", "Petals 2", "Petals 3"."""
    if wanted not in taken:
        return wanted
    stem, count = re.sub(r" \d+$", "", wanted), 2
    while f"{stem} {count}" in taken:
        count += 1
    return f"{stem} {count}"


def follow(xform: Any) -> None:
    """After an xform was named: keeps the name unique, and gives it to the group of its curves and to its handle."""
    obj = xform.id_data
    number = number_of(xform)
    others = {other.name for place, other in enumerate(obj.bloom.xforms) if place != number}
    name = unique(xform.name.strip() or f"Xform {number + 1}", others)
    if xform.name != name:
        xform.name = name  # comes back here
        return
    keyframes.group_curves(obj)
    if xform.handle is not None and xform.handle.library is None and xform.handle.parent in (None, obj):
        xform.handle.name = f"{obj.name} {name}"
