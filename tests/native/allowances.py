"""What may differ from a golden vector, and why: where another program's result is no model, and what rounding does to either."""

from __future__ import annotations

import numpy as np

from bloom_core import native
from bloom_core.flames.flame import Flame
from tests.native.vectors import Doubles, Entry


def is_known_overflow(entry: Entry) -> bool:
    """flam3's rings2 with its default value 0 overflows a 32-bit integer there: garbage, not to be reproduced."""
    return entry["source"] == "flam3" and entry["name"] == "rings2" and not entry["params"]


def is_peer_oddity(entry: Entry, point: list[float]) -> bool:
    """Single points, of no area, where a program's result hangs on how it divides by exactly 0, and Bloom's is another."""
    x, y, z = point
    match entry["source"], entry["name"]:
        case "flam3", "blob":
            return x == y == 0  # bad in flam3, the origin in Bloom
        case "ember", "whorl":
            return bool(np.hypot(x, y) == entry["weight"])  # a turn by 4.5e15: every direction is as right as another
        case "ember", "flux":
            return abs(x) == entry["weight"] and y == 0  # 0/0 where the formula has a pole
        case "ember", "spherivoid":
            return x == y == z == 0  # Ember has z = -radius there, by way of an angle
    return False


def peer_rounding(entry: Entry, size: Doubles) -> Doubles:
    """Returns how far a program's own rounding takes its result, of magnitude `size` (n,), off the formula's.

    cosh 2y - cos 2x, and half the sum of the two distances minus 1, are differences of numbers near 1: 2.2e-16 of them is lost.
    """
    if entry["name"] in ("csc", "cot", "csch", "coth", "foci", "foci_3D"):
        return 2.2e-16 * size**3
    if entry["name"] == "elliptic" and entry["source"] == "flam3":
        return 2.2e-16 / np.maximum(size, 1e-6)
    return np.zeros_like(size)


def input_rounding(flame: Flame, points: Doubles) -> Doubles:
    """Returns (n,): how far one unit in the last place of a float input, in the worst of 26 directions, moves the exact result."""
    exact = native.transform_points(flame, 0, points, double=True)
    rounded = points.astype(np.float32)
    moved = np.zeros(len(points))
    for step in np.stack(np.meshgrid(*[[-1, 0, 1]] * 3), axis=-1).reshape(-1, 3):
        neighbour = np.where(step == 0, rounded, np.nextafter(rounded, np.float32(np.inf) * np.where(step == 0, 1, step).astype(np.float32)))
        error = np.abs(native.transform_points(flame, 0, neighbour, double=True) - exact)
        moved = np.maximum(moved, np.nanmax(error, axis=1, initial=0.0))
    return moved
