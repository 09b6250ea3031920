"""The flower's own colours, stirred by what the words (or layers) of the network still have to move.

The displacement is a turn of hue, with a little chroma and lightness, in OKLab: mapping vectors to RGB directly gives brown mud. It is 0 at the end
of training, so the last ramp is the design's own palette.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bloom_core.trajectories.run_model import Embeddings, Trajectory

from .color_ramp import STOPS, Ramp, spread_keys, stops
from .movers import shares
from .oklab import into_gamut, to_oklab

DoubleArray = NDArray[np.float64]

HUE, CHROMA, LIGHTNESS = 0.9, 0.25, 0.08
"""Largest displacement: the hue turns by radians, the chroma by a factor 1 ± this, OKLab's L by this much times L itself."""


def ramp(trajectory: Trajectory, palette: DoubleArray, states: DoubleArray, frame_start: int = 1) -> Ramp:
    """Returns the palette ramps of a film.

    `palette` float64 (n, 3) sRGB: the design's own; `states` float64 (F,): optimizer steps recorded before each frame, rising, from 0 to T.
    The ramp of the last frame is `palette` at STOPS stops. Keys are spread evenly over the colours' own path, so that epochs in which nothing
    moves take none.
    """
    positions, base = stops(palette)
    moved = movement(trajectory, states)
    keys = spread_keys(moved)
    colors = np.array([displace(base, moved[key]) if np.any(moved[key]) else base for key in keys])
    return Ramp(positions, colors, np.asarray(keys + frame_start, dtype=np.int64))


def displace(
    base: DoubleArray, movement: DoubleArray, hue: float = HUE, chroma: float = CHROMA, lightness: float = LIGHTNESS
) -> DoubleArray:
    """Returns `base` sRGB (S, 3) displaced by `movement` (S, 3) in hue, chroma and lightness; 1 is the largest displacement.

    Turning and scaling keep the design's own order: white stays white, the dark end dark, and nothing turns to mud.
    """
    lab = to_oklab(base)
    turn, factor = hue * movement[:, 0], 1.0 + chroma * movement[:, 1]
    a, b = lab[:, 1], lab[:, 2]
    turned = np.stack([a * np.cos(turn) - b * np.sin(turn), a * np.sin(turn) + b * np.cos(turn)], axis=1)
    return into_gamut(np.column_stack([lab[:, 0] * (1.0 + lightness * movement[:, 2]), turned * factor[:, None]]))


def movement(trajectory: Trajectory, states: DoubleArray) -> DoubleArray:
    """Returns what is still to be moved at each state, float64 (F, STOPS, 3), bounded to (−1, 1), exactly 0 in the last frame."""
    words = trajectory.embeddings
    if words is not None and words.reduction is not None and len(words.steps) > 1:
        left = _words_left(words, trajectory, states)
    else:
        left = _layers_left(trajectory, states)
    left = left - left[-1]
    size = float(np.quantile(np.linalg.norm(left, axis=2), 0.95))
    return np.tanh(left / size) if size > 0.0 else np.zeros_like(left)


def _words_left(words: Embeddings, trajectory: Trajectory, states: DoubleArray) -> DoubleArray:
    """Words sorted along the first direction of their final places, gathered into STOPS groups: the groups' mean distance to those places."""
    assert words.reduction is not None
    places = words.reduction.coordinates.astype(np.float64)
    places = np.pad(places, ((0, 0), (0, 0), (0, 3 - places.shape[2])))
    places = places[:, np.argsort(places[-1, :, 0], kind="stable")]
    count = places.shape[1]
    if count >= STOPS:
        groups = np.stack([part.mean(axis=1) for part in np.array_split(places, STOPS, axis=1)], axis=1)
    else:
        at, lower = np.linspace(0.0, count - 1.0, STOPS), np.minimum(np.linspace(0.0, count - 1.0, STOPS).astype(int), max(count - 2, 0))
        share = (at - lower)[None, :, None]
        groups = places[:, lower] * (1.0 - share) + places[:, np.minimum(lower + 1, count - 1)] * share
    taken = np.searchsorted(trajectory.steps, words.steps, side="right").astype(np.float64)
    flat = (groups - groups[-1]).reshape(len(groups), -1)
    return np.stack([np.interp(states, taken, column) for column in flat.T], axis=1).reshape(len(states), STOPS, 3)


def _layers_left(trajectory: Trajectory, states: DoubleArray) -> DoubleArray:
    """Without words: each layer's share of its update path still to go, turning hue and chroma its own way."""
    layers = np.linspace(0.0, len(trajectory.layers) - 1.0, STOPS).round().astype(int)
    angle = layers * np.pi * (3.0 - np.sqrt(5.0))
    stirring, member = np.unique(layers, return_inverse=True)
    now = 1.0 - shares(trajectory.update_norm, stirring[:, None], states)[:, member]
    return np.asarray(now[:, :, None] * np.stack([np.cos(angle), np.sin(angle), np.zeros(STOPS)], axis=1))
