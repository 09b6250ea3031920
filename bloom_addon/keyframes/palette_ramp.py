"""The palette over time: a curve for each stop of a glow material's color ramp."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from bloom_core import palettes

from .. import compat, growth_book, material
from .curves import new_curve, write_track

RAMP_PATH = f'nodes["{material.RAMP}"].color_ramp.elements['
"""How the data path of every stop begins, in a glow material's node tree."""

_KEY_PARTS = {"co": 2, "interpolation": 1, "easing": 1, "handle_left_type": 1, "handle_right_type": 1, "handle_left": 2, "handle_right": 2}
"""What a key is made of, and how many numbers each takes."""


@dataclass(frozen=True)
class Stop:
    """A stop of a palette: its `position` in [0, 1], its linear RGBA `color` now, and the keys of those of its four channels that have some."""

    position: float
    color: tuple[float, ...]
    keys: dict[int, dict[str, Any]]


def write_palette(obj: bpy.types.Object, ramp: palettes.Ramp, locked: Collection[int] = ()) -> None:
    """Gives a bloom's material another palette over time, curves and all; stops whose numbers are `locked` keep colour, place and curves.

    Raises ValueError where the bloom has no Bloom palette, or its curves are another file's.
    """
    target = material.glow_of(obj)
    if target is None:
        raise ValueError("This bloom's material has no Bloom palette: give it a material of Bloom's first")
    write_ramp(target, ramp, True, locked)


def write_ramp(target: bpy.types.Material, ramp: palettes.Ramp, replace_edited: bool, locked: Collection[int]) -> list[str]:
    """Writes the palette's stops and their curves; returns the names of stops that were kept, at their places and with their curves."""
    tree = compat.ensure_nodes(target)
    bag, book = growth_book.bag_to_grow(tree, f"{target.name} Palette")
    elements = material.ramp_of(target).elements
    stops: dict[int, list[Any]] = {number: [] for number in range(len(elements))}
    for curve in [curve for curve in bag.fcurves if curve.data_path.startswith(RAMP_PATH)]:
        stops.setdefault(int(curve.data_path[len(RAMP_PATH) :].partition("]")[0]), []).append(curve)
    edited = [] if replace_edited else [number for number, curves in stops.items() if any(map(book.edited, curves))]
    kept = []  # position, color, (curve, whether it is as growth wrote it) of each
    for number in sorted({*locked, *edited} & set(range(len(elements)))):
        curves = [(curve, not book.edited(curve)) for curve in stops.pop(number)]
        kept.append((elements[number].position, tuple(elements[number].color), curves))
    book.forget(RAMP_PATH)
    if ramp.base is not None:  # not the flower's own palette: another may be lighter or darker
        material.set_exposure(target, ramp.base)
    fresh = np.column_stack([palettes.srgb_to_linear(ramp.colors[-1]), np.ones(len(ramp.positions))])
    order = palettes.merged(ramp.positions, np.array([position for position, _, _ in kept]))
    material.set_stops(
        target,
        np.array([kept[number][0] if is_kept else ramp.positions[number] for is_kept, number in order]),
        np.array([kept[number][1] if is_kept else fresh[number] for is_kept, number in order]),
    )
    for place, (is_kept, number) in enumerate(order):
        for curve, as_grown in kept[number][2] if is_kept else ():
            curve.data_path = f"{RAMP_PATH}{place}]{curve.data_path[len(RAMP_PATH) :].partition(']')[2]}"
            if as_grown:
                book.note(curve)
    there = {(curve.data_path, curve.array_index): curve for curves in stops.values() for curve in curves}
    for place, number in [(place, number) for place, (is_kept, number) in enumerate(order) if not is_kept]:
        linear = palettes.srgb_to_linear(ramp.colors[:, number])
        for channel in range(3):
            path = stop_path(place)
            curve = there.pop((path, channel), None) or compat.new_fcurve(bag, path, channel, "Palette")
            write_track(curve, (ramp.frames.astype(np.float64), linear[:, channel]))
            book.note(curve)
    for curve in there.values():
        bag.fcurves.remove(curve)
    book.save()
    return [f"Palette ▸ Stop {place + 1}" for place, (is_kept, number) in enumerate(order) if is_kept and kept[number][2]]


def read_stops(target: bpy.types.Material) -> list[Stop]:
    """Returns the stops of a glow material's palette with their keys, as plain data."""
    curves = {(curve.data_path, curve.array_index): curve for curve in compat.fcurves(compat.ensure_nodes(target))}
    found = []
    for number, element in enumerate(material.ramp_of(target).elements):
        keys = {channel: _read_keys(curves[(path, channel)]) for path in [stop_path(number)] for channel in range(4) if (path, channel) in curves}
        found.append(Stop(element.position, tuple(element.color), keys))
    return found


def write_stops(target: bpy.types.Material, stops: Sequence[Stop]) -> None:
    """Gives a glow material's palette these stops, with their keys, in place of all that it had."""
    tree = compat.ensure_nodes(target)
    for curve in [curve for curve in compat.fcurves(tree) if curve.data_path.startswith(RAMP_PATH)]:
        compat.fcurves(tree).remove(curve)
    material.set_stops(target, np.array([stop.position for stop in stops]), np.array([stop.color for stop in stops]))
    for number, stop in enumerate(stops):
        for channel, keys in stop.keys.items():
            curve = new_curve(compat.channelbag(tree, f"{target.name} Palette"), stop_path(number), channel, "Palette")
            curve.keyframe_points.add(len(keys["interpolation"]))
            for name, values in keys.items():
                curve.keyframe_points.foreach_set(name, values)
            curve.update()


def key_stop(target: bpy.types.Material, stop: int, frame: float) -> None:
    """Keys the colour that a stop of the palette has now."""
    for channel in range(3):
        compat.ensure_nodes(target).keyframe_insert(stop_path(stop), index=channel, frame=frame, group="Palette")


def shift_stop(target: bpy.types.Material, stop: int, frame: float) -> None:
    """Moves all keys of a stop's colour by as much as the colour it has now differs from its curves' at `frame`; none below 0."""
    tree, color = compat.ensure_nodes(target), material.ramp_of(target).elements[stop].color
    for channel in range(3):
        curve = compat.fcurve(tree, stop_path(stop), channel)
        by = color[channel] - curve.evaluate(frame) if curve is not None else 0.0
        for point in curve.keyframe_points if by else ():
            point.co_ui.y = max(0.0, point.co.y + by)
        if by:
            curve.update()


def stop_path(stop: int) -> str:
    """Returns the data path of the colour of a stop, in a glow material's node tree."""
    return f"{RAMP_PATH}{stop}].color"


def _read_keys(curve: Any) -> dict[str, Any]:
    count, read = len(curve.keyframe_points), {}
    for name, width in _KEY_PARTS.items():
        read[name] = np.empty(count * width, np.float32 if width == 2 else np.int32)
        curve.keyframe_points.foreach_get(name, read[name])
    return read
