"""Affines between key frames and in loops, as flam3 3.1.1 and Ember blend and turn them."""

from __future__ import annotations

import math

import numpy as np

from bloom_core.flames.flame import FloatArray, identity

_TURN = 2.0 * math.pi
_EPSILON = 1e-10  # makes an exact half turn go one fixed way
_LEAST_LOGARITHM = -10.0  # of a column's length, below which lengths are blended as they are


def blend(affines: FloatArray, weights: FloatArray, *, log: bool, winding: FloatArray | None = None) -> FloatArray:
    """Returns the blend of `affines`, float64 (n, 3, 4), by `weights` (n,), float64 (3, 4).

    With `log`, the images of the x and of the y axis within the plane are blended in polar form, angle by angle and logarithm
    of the length by logarithm, the shorter way round; all else, and without `log` everything, entry by entry. `winding` (2,)
    is the angle from which on each axis of both of two affines is measured, in place of the shorter way.
    """
    if (affines == identity()).all():
        return identity()
    result = np.asarray(np.tensordot(weights, affines, axes=1))
    if not log:
        return result
    x, y = affines[:, 0, :2], affines[:, 1, :2]
    angle, length = np.arctan2(y, x), np.hypot(x, y)
    for column in (0, 1):
        alone = (length[:, column] == 0.0) & (length[:, 1 - column] != 0.0)
        angle[alone, column] = angle[alone, 1 - column]
    for column in (0, 1):
        if winding is None:
            _unwrap(angle[:, column])
        else:
            low = winding[column]
            angle[:, column] = np.where(angle[:, column] == low + _TURN, low + _TURN, low + (angle[:, column] - low) % _TURN)
        with np.errstate(divide="ignore"):
            logarithms = np.log(length[:, column])
        size = weights @ length[:, column] if (logarithms < _LEAST_LOGARITHM).any() else math.exp(weights @ logarithms)
        turned = weights @ angle[:, column]
        result[:2, column] = size * math.cos(turned), size * math.sin(turned)
    return result


def windings(first: FloatArray, second: FloatArray, *, first_turns: bool) -> FloatArray:
    """Returns `winding` for an edge between two affines (3, 4) of which one turns and the other does not: the angles of the turning one."""
    angle = np.arctan2(np.stack([first[1, :2], second[1, :2]]), np.stack([first[0, :2], second[0, :2]]))
    for column in (0, 1):
        _unwrap(angle[:, column])
    return np.asarray(angle[0 if first_turns else 1])


def turn(affine: FloatArray, share: float) -> FloatArray:
    """Returns an affine (3, 4) after `share` of a whole turn of its linear part about z; its translation stays."""
    cosine, sine = math.cos(_TURN * share), math.sin(_TURN * share)
    result = affine.copy()
    result[:2, :3] = np.array([[cosine, -sine], [sine, cosine]]) @ affine[:2, :3]
    return result


def _unwrap(angle: FloatArray) -> None:
    """Brings each angle (n,) of a sequence, in place, to within half a turn of the one before."""
    for number in range(1, len(angle)):
        step = angle[number] - angle[number - 1]
        if step > math.pi + _EPSILON:
            angle[number] -= _TURN
        elif step < -(math.pi - _EPSILON):
            angle[number] += _TURN
