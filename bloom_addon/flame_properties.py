"""Flame to properties and back: the two directions of one mapping, side by side."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from bloom_core.flames.flame import Flame, Variation, Xform
from bloom_core.native import Box

NAMES = ("Source", "Petals", "Ornament", "Ornament")
"""Names for unnamed xforms, by place: the recipe of a flower (see the guide)."""


def write_flame(bloom: Any, flame: Flame) -> None:
    """Fills a bloom's properties with a flame. Every value it had is replaced; F-curves are not touched."""
    bloom.xforms.clear()
    bloom.dialect, bloom.has_final = flame.dialect, flame.final is not None
    bloom.design_xforms, bloom.design_final = len(flame.xforms), flame.final is not None
    for index, xform in enumerate([*flame.xforms, *([flame.final] if flame.final is not None else [])]):
        entry = bloom.xforms.add()
        entry.name = xform.name or ("Opening" if index == len(flame.xforms) else f"{NAMES[min(index, len(NAMES) - 1)]} {index + 1}")
        entry.origin = index
        _write_xform(entry, xform)
        if flame.xaos is not None and index < len(flame.xforms):
            for place, value in enumerate(flame.xaos[index]):
                number = entry.chaos.add()
                number.name, number.value = str(place), value  # a library override finds it by its name


def _write_xform(entry: Any, xform: Xform) -> None:
    entry.weight, entry.color, entry.color_speed, entry.opacity = xform.weight, xform.color, xform.color_speed, xform.opacity
    entry.pre, entry.post, entry.animate = xform.pre.ravel(), xform.post.ravel(), xform.animate != 0.0
    for variation in xform.variations:
        item = entry.variations.add()
        item.name, item.weight = variation.name, variation.weight
        for name, value in variation.parameters.items():
            parameter = item.parameters.add()
            parameter.name, parameter.value = name, value


def read_flame(obj: bpy.types.Object) -> Flame:
    """Returns the flame that a bloom object's properties hold at the current frame; its palette stays in the material."""
    bloom: Any = getattr(obj, "bloom")  # noqa: B009 - no attribute to the type checker
    xforms = [_read_xform(entry) for entry in bloom.xforms]
    final = xforms.pop() if bloom.has_final else None
    rows = [[number.value for number in entry.chaos] for entry in bloom.xforms][: len(xforms)]
    xaos = np.array(rows) if rows and all(len(row) == len(xforms) for row in rows) else None
    return Flame(tuple(xforms), final, xaos=xaos, name=obj.name, dialect=bloom.dialect)


def _read_xform(entry: Any) -> Xform:
    variations = tuple(Variation(item.name, item.weight, {number.name: number.value for number in item.parameters}) for item in entry.variations)
    return Xform(
        variations,
        name=entry.name,
        weight=entry.weight,
        color=entry.color,
        color_speed=entry.color_speed,
        opacity=entry.opacity,
        pre=np.array(entry.pre, np.float64).reshape(3, 4),
        post=np.array(entry.post, np.float64).reshape(3, 4),
        animate=float(entry.animate),
    )


def read_box(bloom: Any) -> Box:
    """Returns the bloom's box."""
    return Box(tuple(bloom.box_low), tuple(bloom.box_high))
