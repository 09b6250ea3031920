"""Affines as flames have them, float64 (3, 4): rows x′, y′, z′; columns x, y, z, translation. Composed, inverted, taken apart."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bloom_core.flames.flame import FloatArray, identity

STILL = 1e-5
"""A posing that differs from the identity by less than this moves nothing: it is what single precision leaves of matrices that cancel."""

_GRID = float(1 << 20)


def from_matrix(matrix: FloatArray) -> FloatArray:
    """Returns the affine of a homogeneous matrix (4, 4) whose last row is 0, 0, 0, 1."""
    return np.asarray(matrix, np.float64)[:3].copy()


def composed(outer: FloatArray, inner: FloatArray) -> FloatArray:
    """Returns the affine (3, 4) that applies `inner` first and then `outer`."""
    result = outer[:, :3] @ inner
    result[:, 3] += outer[:, 3]
    return np.asarray(result)


def inverse(affine: FloatArray) -> FloatArray:
    """Returns the affine (3, 4) that undoes `affine`. Raises ValueError for one that flattens space, which nothing undoes."""
    if not abs(float(np.linalg.det(affine[:, :3]))) > 1e-18:
        raise ValueError("an affine that flattens space cannot be undone: its scale is 0 in some direction")
    linear = np.linalg.inv(affine[:, :3])
    return np.hstack([linear, -linear @ affine[:, 3:]])


def posing(bloom: FloatArray, handle: FloatArray, rest: FloatArray) -> FloatArray | None:
    """Returns what a handle does to its petal, in the bloom's own space, (3, 4), or None where it does nothing.

    `bloom`, `handle` (4, 4): where both stand in the world; `rest` (4, 4): where the handle stands in the bloom's own space when it does nothing.
    The result is bloom⁻¹ · handle · rest⁻¹, on a grid of 2⁻²⁰, so that a bloom that travels with its handles gives the same numbers everywhere. A
    matrix that flattens space (a scale of 0) leaves the petal as it is.
    """
    try:
        undone = inverse(from_matrix(bloom)), inverse(from_matrix(rest))
    except ValueError:
        return None
    moved = composed(composed(undone[0], from_matrix(handle)), undone[1])
    if not np.isfinite(moved).all() or np.abs(moved - identity()).max() < STILL:
        return None
    return np.asarray(np.round(moved * _GRID) / _GRID)


def mirror(axis: int) -> FloatArray:
    """Returns the reflection (3, 4) that turns axis 0, 1 or 2 around."""
    result = identity()
    result[axis, axis] = -1.0
    return result


def turn_about_z(angle: float) -> FloatArray:
    """Returns the rotation (3, 4) by `angle` radians about z, from x to y."""
    result, cosine, sine = identity(), math.cos(angle), math.sin(angle)
    result[:2, :2] = [[cosine, -sine], [sine, cosine]]
    return result


@dataclass(frozen=True)
class Decomposition:
    """An affine's plane in an artist's words: `angle` (radians) that x is turned by, `scale` along x and y, `shear` of y along x, and `offset` (3,).

    A mirrored plane has a negative scale along y. What the affine does to z, and z to the plane, is kept apart from it (`recomposed`).
    """

    angle: float
    scale: tuple[float, float]
    shear: float
    offset: tuple[float, float, float]


def decomposed(affine: FloatArray) -> Decomposition:
    """Returns the affine's plane as angle · shear · scale, and its translation."""
    first, second = affine[:2, 0], affine[:2, 1]
    length = float(np.hypot(*first))
    angle = math.atan2(float(first[1]), float(first[0]))
    cosine, sine = math.cos(angle), math.sin(angle)
    along, across = cosine * second[0] + sine * second[1], cosine * second[1] - sine * second[0]
    shear = float(along / across) if across else 0.0
    return Decomposition(angle, (length, float(across)), shear, (float(affine[0, 3]), float(affine[1, 3]), float(affine[2, 3])))


def recomposed(parts: Decomposition, affine: FloatArray) -> FloatArray:
    """Returns `affine` (3, 4) with its plane and translation as `parts` say; its other entries stay."""
    cosine, sine = math.cos(parts.angle), math.sin(parts.angle)
    across = parts.scale[1]
    result = affine.copy()
    result[:2, 0] = parts.scale[0] * cosine, parts.scale[0] * sine
    result[:2, 1] = across * (parts.shear * cosine - sine), across * (parts.shear * sine + cosine)
    result[:, 3] = parts.offset
    return result
