"""Point frames of takes: a cloud in which every point knows how fast it moves, as a PLY file that Blender's Geometry Nodes import.

A point keeps its identity from frame to frame (see `native.Points`), so its velocity is where it is in the next frame less where it
was in the one before, by two: central differences, one-sided at the ends of the range.
"""

from __future__ import annotations

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


def velocity(points: Points, before: Points | None, after: Points | None) -> NDArray[np.float32]:
    """Returns float32 (n, 3), flame units per frame: how the points move between the frames `before` and `after`.

    0 for points that neither has. Where both have one but disagree (it was sent through other xforms in one of them, which changed weights
    do), the slower of the two differences is taken, and what then still is far faster than the rest counts as a jump and gets 0.
    """
    forward, ahead = _difference(points, after)
    backward, behind = _difference(points, before)
    backward = -backward
    both = (ahead & behind)[:, None]
    slow = np.where(_length(forward)[:, None] <= _length(backward)[:, None], forward, backward)
    agree = (_length(forward - backward) <= 0.5 * (_length(forward) + _length(backward)))[:, None]
    moved = np.where(both, np.where(agree, (forward + backward) / 2, slow), forward + backward)  # of which one is 0
    speed = _length(moved)
    if len(speed):
        moved[speed > max(_JUMP * float(np.quantile(speed, 0.9)), 1e-9)] = 0.0
    return moved.astype(np.float32)


def _difference(points: Points, other: Points | None) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Returns how far each point is in `other` from where it is here, 0 where it is not there; and whether it is."""
    count = len(points.identity)
    if other is None or not len(other.identity):
        return np.zeros((count, 3), np.float32), np.zeros(count, np.bool_)
    if np.array_equal(points.identity, other.identity):
        return other.position - points.position, np.ones(count, np.bool_)
    order = np.argsort(other.identity, kind="stable")
    place = order[np.minimum(np.searchsorted(other.identity, points.identity, sorter=order), len(order) - 1)]
    found = other.identity[place] == points.identity
    return np.where(found[:, None], other.position[place] - points.position, np.float32(0.0)), found


def _length(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    squares: NDArray[np.float32] = np.einsum("ij,ij->i", vectors, vectors)
    return np.sqrt(squares)


def write_point_frame(path: Path, points: Points, moved: NDArray[np.float32]) -> None:
    """Writes a binary PLY file with COLUMNS, in place: give a temporary name, and rename it. Raises OSError.

    A cloud without points is written as one that is too thin to be seen: Blender takes an empty PLY file for a broken one.
    """
    rows = np.zeros((max(len(points.position), 1), len(COLUMNS)), "<f4")
    if len(points.position):
        rows[:, :3], rows[:, 3], rows[:, 4], rows[:, 5:] = points.position, points.palette, points.weight, moved
    header = "".join(f"property float {name}\n" for name in COLUMNS)
    with path.open("wb") as file:
        file.write(f"ply\nformat binary_little_endian 1.0\ncomment Bloom\nelement vertex {len(rows)}\n{header}end_header\n".encode("ascii"))
        file.write(rows.tobytes())


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
