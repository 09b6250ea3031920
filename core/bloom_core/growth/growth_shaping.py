"""Shaping what training says before it moves a flower: smoothing that keeps peaks, and the late trembling by itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

DoubleArray = NDArray[np.float64]

PEAK = (3.0, 6.0)
"""A jump between two frames is a peak, kept as it is, from the second many times the usual jump around it; below the first it is smoothed."""

_AROUND = 12
"""Frames on both sides whose median jump is the usual one."""

_SLOW = 1.0 / 24.0
"""The trembling is what is faster than a Gaussian of this share of the film."""


def smoothed(displacement: DoubleArray, frames: float) -> DoubleArray:
    """Returns the displacement (F, C) smoothed over time by a Gaussian of `frames` frames, except around peaks; the last row stays."""
    if frames <= 0.0 or len(displacement) < 3:
        return displacement
    soft = _gaussian(displacement, frames)
    keep = _peaks(displacement)[:, None]
    soft = keep * displacement + (1.0 - keep) * soft
    soft[-1] = displacement[-1]
    return np.asarray(soft)


def flutter(displacement: DoubleArray, share: DoubleArray) -> DoubleArray:
    """Returns the late trembling in a displacement (F, C): what is faster than a slow mean, times `share` (F,), from 0 to 1; 0 in the last row.

    The displacement less its flutter is calm at the end, and as wild as ever at the beginning; with it twice, it trembles twice as much.
    """
    if len(displacement) < 3:
        return np.zeros_like(displacement)
    found = share[:, None] * (displacement - _gaussian(displacement, max(1.0, _SLOW * len(displacement))))
    found[-1] = 0.0
    return np.asarray(found)


def _gaussian(rows: DoubleArray, sigma: float) -> DoubleArray:
    """Returns (F, C) convolved along time; ends are continued point-symmetrically, so a straight line stays one."""
    reach = min(int(np.ceil(3.0 * sigma)), len(rows) - 1)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    before, after = 2.0 * rows[0] - rows[reach:0:-1], 2.0 * rows[-1] - rows[-2 : -reach - 2 : -1]
    padded = np.vstack([before, rows, after])
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, axis=0)
    return np.asarray(windows @ (weights / weights.sum()))


def _peaks(rows: DoubleArray) -> DoubleArray:
    """Returns how much of each frame is a peak, (F,) in [0, 1]: the frames on both sides of a jump far above the usual one around it."""
    jump = np.linalg.norm(np.diff(rows, axis=0), axis=1)
    padded = np.pad(jump, _AROUND, mode="reflect" if len(jump) > _AROUND else "edge")
    usual = np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * _AROUND + 1), axis=1)
    ratio = np.divide(jump, usual, out=np.where(jump > 0.0, np.inf, 0.0), where=usual > 0.0)
    peak = np.clip((ratio - PEAK[0]) / (PEAK[1] - PEAK[0]), 0.0, 1.0)
    return np.maximum(np.concatenate([[0.0], peak]), np.concatenate([peak, [0.0]]))
