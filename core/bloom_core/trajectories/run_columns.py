"""The columns of a run's steps: their names and types in the file, which values they may hold, and how they are read and joined."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bloom_core.trajectories.run_files import RunError
from bloom_core.trajectories.run_model import FloatArray, Layer, part_norms
from bloom_core.trajectories.sketch import DIMENSIONS

FORMAT = "bloom-run"
VERSION = 2

Array = NDArray[Any]

COLUMNS = {
    "step": "<i8",
    "epoch": "<f4",
    "wall": "<f8",
    "loss": "<f4",
    "lr": "<f4",
    "unorm": "<f4",
    "pnorm": "<f4",
    "gnorm": "<f4",
    "graw": "<f4",
    "cosine": "<f4",
    "nonfinite": "|u1",
    "batch_id": "<i8",
    "direction": "<f4",
}
"""Columns as named in the file, and the types they are written in (`direction` of a packed run: `<f2`). `gnorm` may be absent.

`direction` is the sketch of each part's update divided by the exact norm of that update, so that half floats keep its precision at any size."""

SHORT_RUN = 20_000
"""Packed runs of up to so many steps are deflated, and hold no coordinates (a quarter of the bytes): reading multiplies sketches and basis anew."""

_ALWAYS_FINITE = ("epoch", "wall", "direction")
_FINITE_WHERE_SOUND = ("unorm", "pnorm", "gnorm")


def shapes(count: int, layers: int, parts: int, groups: int) -> dict[str, tuple[int, ...]]:
    """Returns the shape of each column of `count` steps."""
    per_layer = dict.fromkeys(("unorm", "pnorm", "gnorm"), (count, layers))
    wide = {"lr": (count, groups), "cosine": (count, 2), "direction": (count, parts, DIMENSIONS)}
    return {name: (count,) for name in COLUMNS} | per_layer | wide


def check_columns(columns: Mapping[str, Array], wanted: Mapping[str, tuple[int, ...]], fail: Callable[[str, str], RunError]) -> None:
    """Refuses columns with other shapes or types than `wanted`, or with values that cannot be; `fail(column, problem)` makes the error."""
    for name, shape in wanted.items():
        if name not in columns:
            raise fail(name, "is missing. Copy the run again.")
        array = columns[name]
        if array.shape != shape:
            raise fail(name, f"has the shape {array.shape}, not {shape}. Copy the run again.")
        if array.dtype.str not in ("<f2", "<f4") if name == "direction" else array.dtype.str != COLUMNS[name]:
            raise fail(name, f"is of type {array.dtype.str}, not {COLUMNS[name]}. Copy the run again.")
    sound = columns["nonfinite"] == 0
    for name in wanted:
        array = columns[name]
        if name not in _ALWAYS_FINITE + _FINITE_WHERE_SOUND:
            continue
        finite = np.isfinite(array).all(axis=tuple(range(1, array.ndim))) | (~sound if name in _FINITE_WHERE_SOUND else False)
        if not finite.all():
            raise fail(name, f"row {int(np.argmin(finite))} is not finite, though the step is not marked so. Record again.")
        if name in _FINITE_WHERE_SOUND and (array < 0.0).any():
            raise fail(name, "holds negative norms. Record again.")


def directions(sketch: Array, update_norm: Array, layers: Sequence[Layer]) -> FloatArray:
    """Returns the sketches (T, P, 64) divided by the exact norms of the parts' updates; 0 where nothing moved."""
    size = part_norms(update_norm, layers).astype(np.float32)[:, :, None]
    return np.divide(sketch, size, out=np.zeros(sketch.shape, np.float32), where=size > 0.0, dtype=np.float32)


def sketches(direction: Array, update_norm: Array, layers: Sequence[Layer]) -> FloatArray:
    """Returns the sketches float32 (T, P, 64) that `directions` was given."""
    return np.asarray(direction * part_norms(update_norm, layers).astype(np.float32)[:, :, None], dtype=np.float32)


def cosines(sketch: Array, before: Array) -> FloatArray:
    """Returns the cosines of each step's sketch (T, D) with those one and two steps before, float32 (T, 2); NaN where one of them is 0.

    `before` (2, D): the sketches of the two steps before the first, the older one first; 0 where there were none.
    """
    rows = np.vstack([before, sketch]).astype(np.float64)
    size = np.linalg.norm(rows, axis=1)
    count = len(sketch)

    def lag(steps: int) -> Array:
        product = np.einsum("td,td->t", rows[2:], rows[2 - steps : 2 - steps + count])
        scale = size[2:] * size[2 - steps : 2 - steps + count]
        return np.divide(product, scale, out=np.full(count, np.nan), where=scale > 0.0)

    return np.stack([lag(1), lag(2)], axis=1).astype(np.float32)
