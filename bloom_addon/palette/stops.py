"""The stops of a bloom's palette: which are locked, which were edited against their keys, and what can be done to all of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import bpy
import numpy as np

from bloom_core import palettes

from .. import compat, keyframes, material, properties
from ..keyframes import Stop

_NEAR = 0.002
"""A stop so near to where a locked one stood is that one; if none is, the one of its number is: it was moved."""

_SEEN = 0.004  # a difference in linear light that is no rounding


def locked(obj: bpy.types.Object) -> list[int]:
    """Returns the numbers of the palette's locked stops."""
    glow = material.glow_of(obj)
    if glow is None:
        return []
    positions = [element.position for element in material.ramp_of(glow).elements]
    found = set()
    for lock in properties.bloom_of(obj).palette.locks:
        nearest = min(range(len(positions)), key=lambda number: abs(positions[number] - lock.position))
        if abs(positions[nearest] - lock.position) <= _NEAR:
            found.add(nearest)
        elif lock.index < len(positions):
            found.add(lock.index)
    return sorted(found)


def set_locked(obj: bpy.types.Object, numbers: list[int]) -> None:
    """Locks these stops and no others."""
    locks, glow = properties.bloom_of(obj).palette.locks, material.glow_of(obj)
    locks.clear()
    for number in numbers if glow is not None else ():
        lock = locks.add()
        lock.index, lock.position = number, material.ramp_of(glow).elements[number].position


def apply(obj: bpy.types.Object, ramp: palettes.Ramp) -> None:
    """Gives a bloom another palette over time; locked stops stay as they are, and locked. Raises ValueError where there is nothing to change."""
    glow, kept = material.glow_of(obj), locked(obj)
    if glow is not None and len(kept) == len(material.ramp_of(glow).elements):
        raise ValueError("All stops are locked: unlock those that the palette may change")
    places = [material.ramp_of(glow).elements[number].position for number in kept] if glow is not None else []
    keyframes.write_palette(obj, ramp, kept)
    relock(obj, places)


def relock(obj: bpy.types.Object, places: list[float]) -> None:
    """Locks the stops at these places."""
    positions = np.array([element.position for element in material.ramp_of(material.glow_of(obj)).elements])  # type: ignore[arg-type]
    set_locked(obj, sorted({int(np.abs(positions - place).argmin()) for place in places}))


def keyed(glow: bpy.types.Material) -> list[int]:
    """Returns the numbers of the stops whose colour has keys."""
    paths = {curve.data_path for curve in compat.fcurves(compat.ensure_nodes(glow))}
    return [number for number in range(len(material.ramp_of(glow).elements)) if keyframes.stop_path(number) in paths]


def edited(glow: bpy.types.Material, frame: float) -> list[int]:
    """Returns the numbers of the stops whose colour is not what their keys say at `frame`: the next frame would take the edit back."""
    found, elements = set(), material.ramp_of(glow).elements
    numbers = {keyframes.stop_path(number): number for number in range(len(elements))}
    for curve in compat.fcurves(compat.ensure_nodes(glow)):
        number = numbers.get(curve.data_path)
        if number is not None and not curve.mute and abs(curve.evaluate(frame) - elements[number].color[curve.array_index]) > _SEEN:
            found.add(number)
    return sorted(found)


def flat(stops: list[Stop]) -> list[Stop]:
    """Returns the stops with the colours they have now, without keys."""
    return [replace(stop, keys={}) for stop in stops]


def even(stops: list[Stop]) -> list[Stop]:
    """Returns the stops at even distances from beginning to end."""
    places = np.linspace(0.0, 1.0, len(stops)).tolist()
    return [replace(stop, position=place) for stop, place in zip(stops, places, strict=True)]


def turned(stops: list[Stop]) -> list[Stop]:
    """Returns the stops in the opposite order."""
    return [replace(stop, position=1.0 - stop.position) for stop in reversed(stops)]


def shown(glow: bpy.types.Material) -> Any:
    """Returns the palette as it is now, sRGB float64 (STOPS, 3)."""
    ramp = material.ramp_of(glow)
    linear = np.array([ramp.evaluate(float(place))[:3] for place in np.linspace(0.0, 1.0, palettes.STOPS)])
    return palettes.linear_to_srgb(np.clip(linear, 0.0, 1.0))
