"""Colour ramps over time, as Blender's Color Ramp holds them: few stops, few keys, and how both are chosen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .oklab import srgb_to_linear

DoubleArray = NDArray[np.float64]

STOPS = 32
"""As many as a Color Ramp of Blender's takes."""

KEYS = 24
ENTRIES = 256
"""Colours of a whole palette."""

TOLERANCE = 0.008
"""Two levels of 255: `fewest_stops` looks for no better fit, as root mean square over all entries, keys and channels (sRGB in [0, 1])."""

_EXPOSURE, _LUMINANCE = 0.6, 0.37  # chosen by eye on the package's flowers, whose palettes have about this luminance


@dataclass(frozen=True)
class Ramp:
    """Palette ramps at R key frames.

    `positions` float64 (S,) in [0, 1], S ≤ 32; `colors` float64 (R, S, 3), sRGB in [0, 1]; `frames` int64 (R,), rising. `base` float64 (n, 3): the
    whole palette of the last key, of which its stops are the outline; None where that is the design's own palette.
    """

    positions: DoubleArray
    colors: DoubleArray
    frames: NDArray[np.int64]
    base: DoubleArray | None = None

    def at(self, frame: float) -> DoubleArray:
        """Returns the stops' colours at a frame, float64 (S, 3): straight lines between the keys, still outside them."""
        flat = self.colors.reshape(len(self.frames), -1)
        columns = [float(np.interp(frame, self.frames, column)) for column in flat.T]
        return np.array(columns, dtype=np.float64).reshape(-1, 3)

    def palette(self, base: DoubleArray, frame: float) -> DoubleArray:
        """Returns `base` float64 (n, 3), the palette of the last key, as it is at `frame`: all its detail, moved as the stops have moved."""
        moved = self.at(frame) - self.colors[-1]
        across = np.linspace(0.0, 1.0, len(base))
        shift = np.stack([np.interp(across, self.positions, moved[:, channel]) for channel in range(3)], axis=1)
        return np.asarray(np.clip(base + shift, 0.0, 1.0))


def stops(palette: DoubleArray) -> tuple[DoubleArray, DoubleArray]:
    """Returns `palette` sRGB (n, 3) as STOPS stops: positions (STOPS,) and colours (STOPS, 3).

    Each is the mean of its neighbourhood: single entries of a lively palette would give colours that the flower hardly has.
    """
    positions, across = np.linspace(0.0, 1.0, STOPS), np.linspace(0.0, 1.0, len(palette))
    around = np.clip(positions[:, None] + np.linspace(-0.5, 0.5, 9) / (STOPS - 1), 0.0, 1.0)
    return positions, np.stack([np.interp(around, across, channel).mean(axis=1) for channel in palette.T], axis=1)


def merged(positions: DoubleArray, kept: DoubleArray) -> list[tuple[bool, int]]:
    """Returns which stops make a ramp in which those at `kept` (k,) stand among new ones at `positions` (n,), from its beginning to its end.

    Each is (whether it is a kept one, its number). A kept stop takes the place of the new one that is nearest to it, so there are max(n, k).
    """
    free = list(range(len(positions)))
    for place in kept:
        if free:
            free.remove(min(free, key=lambda number: abs(float(positions[number] - place))))
    found = [(float(positions[number]), False, number) for number in free] + [(float(place), True, number) for number, place in enumerate(kept)]
    return [(is_kept, number) for _, is_kept, number in sorted(found)]


def exposure(palette: DoubleArray) -> float:
    """Returns the emission strength at which a glow of this palette, sRGB (n, 3), is as bright as one of middle luminance."""
    luminance = float((srgb_to_linear(palette) @ np.array([0.2126, 0.7152, 0.0722])).mean())
    return _EXPOSURE * float(np.clip(_LUMINANCE / max(luminance, 1e-6), 0.2, 1.5))


def spread_keys(movement: DoubleArray, count: int = KEYS) -> NDArray[np.int64]:
    """Returns at most count + 2 rows of `movement` (F, …), first and last among them, evenly spread over the path it takes."""
    flat = movement.reshape(len(movement), -1)
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(flat, axis=0), axis=1))])
    if length[-1] <= 0.0:
        return np.unique(np.array([0, len(movement) - 1], dtype=np.int64))
    rows = np.searchsorted(length, np.linspace(0.0, length[-1], count))  # the first row that has come so far, so a rest ends where it began
    return np.asarray(np.unique(np.concatenate([[0], rows, [len(movement) - 1]])), dtype=np.int64)


def fewest_stops(palettes: DoubleArray, most: int = STOPS, tolerance: float = TOLERANCE) -> NDArray[np.int64]:
    """Returns which entries of `palettes` float64 (R, n, 3) to keep as stops, so that straight lines between them come closest to all R at once.

    The fewest with a root mean square error ≤ `tolerance`, and at most `most` ≥ 2 of them; among as many stops none fit better (dynamic
    programming over the exact squared errors of all n² / 2 pieces). First and last entry are always stops.
    """
    count = palettes.shape[1]
    values = palettes.transpose(1, 0, 2).reshape(count, -1)
    error = _piece_errors(values)
    least = error[0]  # of the way from the first entry to each, in one piece, then in two …
    came: list[NDArray[np.int64]] = []
    while least[-1] > tolerance**2 * values.size and len(came) < min(most, count) - 2:
        through = least[:, None] + error
        came.append(np.argmin(through, axis=0))
        least = through[came[-1], np.arange(count)]
    kept = [count - 1]
    for before in reversed(came):
        kept.append(int(before[kept[-1]]))
    return np.unique(np.array([0, *kept], dtype=np.int64))


def _piece_errors(values: DoubleArray) -> DoubleArray:
    """Returns the squared error (n, n) of a straight line from row i to row j > i of `values` (n, D) in place of all rows between; ∞ for j < i.

    Multiplied out, it needs only running sums of v, k·v and v² (k: the row's number), so all pieces cost one matrix product each.
    """
    count = len(values)
    values = values - values.mean(axis=0)  # smaller numbers, so that little is lost when large squares are subtracted
    rows = np.arange(count, dtype=np.float64)

    def running(what: DoubleArray) -> DoubleArray:
        return np.concatenate([np.zeros((1, *what.shape[1:])), np.cumsum(what, axis=0)])

    sums, moments = running(values), running(values * rows[:, None])
    squares = running(np.square(values).sum(axis=1))
    first, last = rows[:, None], rows[None, :]
    length = np.maximum(last - first, 1.0)
    between = np.maximum(last - first - 1.0, 0.0)
    # The rows strictly between i and j, k = i + 1 … j − 1.
    own = squares[None, :count] - squares[1:, None]
    by_sums, by_moments = values @ sums.T, values @ moments.T
    dot = by_sums[:, :count], by_sums[:, 1:], by_moments[:, :count], by_moments[:, 1:]
    start_sum, start_moment = dot[0] - np.diag(dot[1])[:, None], dot[2] - np.diag(dot[3])[:, None]
    end_sum, end_moment = np.diag(dot[0])[None, :] - dot[1].T, np.diag(dot[2])[None, :] - dot[3].T
    share_start = (last * start_sum - start_moment) / length  # Σ (1 − t) v·a, t = (k − i) / (j − i)
    share_end = (end_moment - first * end_sum) / length  # Σ t v·b
    squared = between * (between + 1.0) * (2.0 * between + 1.0) / 6.0 / length**2  # Σ t² = Σ (1 − t)²
    mixed = between / 2.0 - squared  # Σ t (1 − t): Σ t is half the number of rows
    norm, product = np.square(values).sum(axis=1), values @ values.T
    line = squared * (norm[:, None] + norm[None, :]) + 2.0 * mixed * product
    error = np.maximum(own - 2.0 * (share_start + share_end) + line, 0.0)
    error[between <= 0.0] = 0.0
    return np.where(last > first, error, np.where(last == first, 0.0, np.inf))
