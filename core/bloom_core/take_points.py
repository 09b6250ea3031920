"""Point frames of takes: a cloud in which every point knows how fast it moves, as a PLY file that Blender's Geometry Nodes import.

A point keeps its identity from frame to frame (see `native.Points`), so its velocity is where it is in the next frame less where it
was in the one before, by two: central differences, one-sided at the ends of the range.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bloom_core.native import Points

COLUMNS = ("x", "y", "z", "tint", "weight", "vx", "vy", "vz")
"""What a vertex of a point frame carries: all little-endian floats. `tint` is the palette coordinate in [0, 1] (an attribute `color` on
points reads as 0 in Cycles), `weight` the opacity in (0, 1], vx, vy, vz the velocity in flame units per frame."""

BYTES = 4 * len(COLUMNS)
"""Bytes of a point in its file."""

_JUMP = 20.0
"""A point this many times faster than nine of ten others has jumped, not moved: it was sent through other xforms than before."""

_BLOCK = 1 << 14
"""Points that are worked on at a time: what is in between stays in the processor's cache."""

_CROWDED = 4
"""So many times the number of points, at most, are the numbers that they bear, where a table of all numbers is made."""


def velocity(points: Points, before: Points | None, after: Points | None) -> NDArray[np.float32]:
    """Returns float32 (n, 3), flame units per frame: how the points move between the frames `before` and `after`.

    0 for points that neither has. Where both have one but disagree (it was sent through other xforms in one of them, which changed weights
    do), the slower of the two differences is taken, and what then still is far faster than the rest counts as a jump and gets 0.
    """
    ahead, behind = _places(points, after), _places(points, before)
    moved = np.empty((len(points.identity), 3), np.float32)
    speed = np.empty(len(moved), np.float32)
    for start in range(0, len(moved), _BLOCK):
        block = slice(start, start + _BLOCK)
        moved[block] = _moved(*_difference(points, after, ahead, block), *_difference(points, before, behind, block))
        speed[block] = _length(moved[block])
    if len(speed):
        moved[speed > max(_JUMP * float(np.quantile(speed, 0.9)), 1e-9)] = 0.0
    return moved


def _moved(
    forward: NDArray[np.float32], ahead: NDArray[np.bool_], backward: NDArray[np.float32], behind: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Returns how points move that are `forward` and `backward` of here in the frames after and before, where these have them."""
    np.negative(backward, out=backward)
    onward, back = _length(forward), _length(backward)
    both = ahead & behind
    apart = both & (_length(forward - backward) > 0.5 * (onward + back))
    moved = forward + backward  # of which one is 0 where only one frame has the point
    moved *= np.where(both, np.float32(0.5), np.float32(1.0))[:, None]
    np.copyto(moved, forward, where=(apart & (onward <= back))[:, None])
    np.copyto(moved, backward, where=(apart & (onward > back))[:, None])
    return moved


_Places = tuple[NDArray[np.int64], NDArray[np.bool_]]


def _places(points: Points, other: Points | None) -> _Places | None:
    """Returns the row of each point in `other`, and whether it is there at all; None where both have the same points in the same order."""
    count = len(points.identity)
    if other is None or not len(other.identity):
        return np.zeros(count, np.int64), np.zeros(count, np.bool_)
    if np.array_equal(points.identity, other.identity):
        return None
    largest = int(max(points.identity.max(initial=0), other.identity.max()))
    if largest < _CROWDED * len(other.identity):  # so that a table of all numbers is small; looking up is faster than searching
        rows = np.full(largest + 1, -1, np.int64)
        rows[other.identity] = np.arange(len(other.identity))
        place = rows[points.identity]
        return np.maximum(place, 0), place >= 0
    order = np.argsort(other.identity, kind="stable")
    place = order[np.minimum(np.searchsorted(other.identity, points.identity, sorter=order), len(order) - 1)]
    return place, other.identity[place] == points.identity


def _difference(points: Points, other: Points | None, places: _Places | None, block: slice) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Returns how far each point of a block is in `other` from where it is here, 0 where it is not there; and whether it is."""
    here = points.position[block]
    if places is None and other is not None:
        return other.position[block] - here, np.ones(len(here), np.bool_)
    if places is None or other is None or not len(other.position):
        return np.zeros_like(here), np.zeros(len(here), np.bool_)
    place, found = places[0][block], places[1][block]
    return np.where(found[:, None], other.position[place] - here, np.float32(0.0)), found


def _length(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    squares: NDArray[np.float32] = np.einsum("ij,ij->i", vectors, vectors)
    return np.sqrt(squares)


def write_point_frame(path: Path, points: Points, moved: NDArray[np.float32]) -> None:
    """Writes a binary PLY file with COLUMNS, in place: give a temporary name, and rename it. Raises OSError.

    A cloud without points is written as one that is too thin to be seen: Blender takes an empty PLY file for a broken one.
    """
    count = len(points.position)
    rows = np.empty((count, len(COLUMNS)), "<f4") if count else np.zeros((1, len(COLUMNS)), "<f4")
    if count:
        rows[:, :3], rows[:, 3], rows[:, 4], rows[:, 5:] = points.position, points.palette, points.weight, moved
    header = "".join(f"property float {name}\n" for name in COLUMNS)
    with path.open("wb") as file:
        file.write(f"ply\nformat binary_little_endian 1.0\ncomment Bloom\nelement vertex {len(rows)}\n{header}end_header\n".encode("ascii"))
        file.write(rows.data)
        file.flush()
        os.fsync(file.fileno())  # a name is a promise: whoever finds it after a power cut takes the frame for whole


def read_point_frame(path: Path) -> NDArray[np.float32]:
    """Returns float32 (n, 8), COLUMNS of each point. Raises OSError, ValueError for a file that is no point frame of Bloom's."""
    with path.open("rb") as file:
        head = file.read(1024)
        end = head.find(b"end_header\n")
        names = tuple(line.split()[-1] for line in head[: max(end, 0)].decode("ascii", "replace").splitlines() if line.startswith("property float "))
        if names != COLUMNS:
            raise ValueError(f"{path}: this is no point frame of Bloom's")
        file.seek(end + len(b"end_header\n"))
        return np.frombuffer(file.read(), "<f4").reshape(-1, len(COLUMNS))
