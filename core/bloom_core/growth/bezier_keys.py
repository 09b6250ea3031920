"""Few editable keys for many frames: piecewise cubic Bézier curves fitted to sampled values within a tolerance.

Handles stand at thirds between their keys, so that time runs evenly along a piece and its value is a cubic polynomial; Blender evaluates such
keys to exactly these values. A piece is fitted by least squares with its ends on the samples, and made as long as every sample lies within the
tolerance; then the next begins (after Schneider 1990, "An algorithm for automatically fitting digitized curves", for functions of time).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DoubleArray = NDArray[np.float64]


@dataclass(frozen=True)
class Keys:
    """A curve's K keys: `frames` float64 (K,), rising; `values` float64 (K,); `left`, `right` float64 (K,), values of the handles.

    The handles' frames are a third of the way to the neighbouring key; before the first and after the last key they have the key's own value.
    """

    frames: DoubleArray
    values: DoubleArray
    left: DoubleArray
    right: DoubleArray

    def at(self, frames: DoubleArray) -> DoubleArray:
        """Returns the curve's values at `frames` (n,); still outside the keys."""
        if len(self.frames) == 1:
            return np.full(len(frames), self.values[0])
        inside = np.clip(frames, self.frames[0], self.frames[-1])
        piece = np.clip(np.searchsorted(self.frames, inside, side="right") - 1, 0, len(self.frames) - 2)
        start, length = self.frames[piece], self.frames[piece + 1] - self.frames[piece]
        ends = self.values[piece], self.right[piece], self.left[piece + 1], self.values[piece + 1]
        return np.asarray(np.einsum("in,in->n", _bernstein((inside - start) / length), np.stack(ends)))

    def handle_frames(self) -> tuple[DoubleArray, DoubleArray]:
        """Returns the frames of the left and the right handles, (K,) each; those at the ends lie a third of a frame outside."""
        gap = np.diff(self.frames) / 3.0
        outer = 1.0 / 3.0
        return self.frames - np.concatenate([[outer], gap]), self.frames + np.concatenate([gap, [outer]])


def fit(frames: DoubleArray, values: DoubleArray, tolerance: float) -> Keys:
    """Returns keys whose curve passes every sample (`frames`, `values`), (F,) each, within `tolerance`; at first and last exactly.

    A curve that stays within the tolerance of its first value, and ends in it, gets one key. Raises ValueError for no samples or a tolerance below 0.
    """
    if len(frames) == 0 or tolerance < 0.0:
        raise ValueError("curves need one sample at least and a tolerance from 0 on")
    if np.abs(values - values[-1]).max() <= (tolerance if values[0] == values[-1] else 0.0):
        last = values[-1:]
        return Keys(frames[-1:], last, last, last)
    pieces: list[tuple[int, int, float, float]] = []
    first, end = 0, len(frames) - 1
    while first < end:
        good, bad, reach = first + 1, end + 1, 2
        while good < end and bad > end:  # gallop to a piece that is too long, then halve back
            tried = min(first + reach, end)
            good, bad = (tried, bad) if _fits(frames, values, first, tried, tolerance) else (good, tried)
            reach *= 2
        while bad - good > 1 and bad <= end:
            tried = (good + bad) // 2
            good, bad = (tried, bad) if _fits(frames, values, first, tried, tolerance) else (good, tried)
        pieces.append((first, good, *_piece(frames, values, first, good)[0]))
        first = good
    at = np.array([piece[0] for piece in pieces] + [len(frames) - 1])
    right = np.array([piece[2] for piece in pieces] + [values[-1]])
    left = np.array([values[0]] + [piece[3] for piece in pieces])
    return Keys(frames[at], values[at], left, right)


def _fits(frames: DoubleArray, values: DoubleArray, first: int, last: int, tolerance: float) -> bool:
    return _piece(frames, values, first, last)[1] <= tolerance


def _piece(frames: DoubleArray, values: DoubleArray, first: int, last: int) -> tuple[tuple[float, float], float]:
    """Returns the two handle values of the best piece between two samples, and its largest distance from those between them."""
    low, high = values[first], values[last]
    line = (2.0 * low + high) / 3.0, (low + 2.0 * high) / 3.0
    if last - first < 2:
        return line, 0.0
    inside = slice(first + 1, last)
    basis = _bernstein((frames[inside] - frames[first]) / (frames[last] - frames[first]))
    rest = values[inside] - basis[0] * low - basis[3] * high
    # Two unknowns; a single sample between the ends is met by many, of which this takes the smallest bend.
    bend, *_ = np.linalg.lstsq(basis[1:3].T, rest - basis[1] * line[0] - basis[2] * line[1], rcond=1e-9)
    handles = float(line[0] + bend[0]), float(line[1] + bend[1])
    return handles, float(np.abs(rest - basis[1] * handles[0] - basis[2] * handles[1]).max())


def _bernstein(share: DoubleArray) -> DoubleArray:
    """Returns the four cubic Bernstein polynomials at `share` (n,), float64 (4, n)."""
    other = 1.0 - share
    return np.stack([other**3, 3.0 * other**2 * share, 3.0 * other * share**2, share**3])
