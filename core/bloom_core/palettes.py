"""Palettes over time: the flower's own colours, stirred by what the words (or layers) of the network still have to move.

The displacement is a turn of hue, with a little chroma and lightness, in OKLab (Ottosson 2020, "A perceptual color space for image processing"):
mapping vectors to RGB directly gives brown mud. It is 0 at the end of training, so the last ramp is the design's own palette.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bloom_core.run_model import Embeddings, Trajectory

DoubleArray = NDArray[np.float64]

STOPS = 32
"""As many as a Color Ramp of Blender's takes."""

KEYS = 24
HUE, CHROMA, LIGHTNESS = 0.9, 0.25, 0.08
"""Largest displacement: the hue turns by radians, the chroma by a factor 1 ± this, OKLab's L by this much times L itself."""

_EXPOSURE, _LUMINANCE = 0.6, 0.37  # chosen by eye on the package's flowers, whose palettes have about this luminance

_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


@dataclass(frozen=True)
class Ramp:
    """Palette ramps at R key frames.

    `positions` float64 (S,) in [0, 1], S ≤ 32; `colors` float64 (R, S, 3), sRGB in [0, 1]; `frames` int64 (R,), rising.
    """

    positions: DoubleArray
    colors: DoubleArray
    frames: NDArray[np.int64]

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


def ramp(trajectory: Trajectory, palette: DoubleArray, states: DoubleArray, frame_start: int = 1) -> Ramp:
    """Returns the palette ramps of a film.

    `palette` float64 (n, 3) sRGB: the design's own; `states` float64 (F,): optimizer steps recorded before each frame, rising, from 0 to T.
    The ramp of the last frame is `palette` at STOPS stops. Keys are spread evenly over the colours' own path, so that epochs in which nothing
    moves take none.
    """
    positions, base = stops(palette)
    movement = _movement(trajectory, states)
    keys = _keys(movement)
    colors = np.array([displace(base, movement[key]) if np.any(movement[key]) else base for key in keys])
    return Ramp(positions, colors, np.asarray(keys + frame_start, dtype=np.int64))


def stops(palette: DoubleArray) -> tuple[DoubleArray, DoubleArray]:
    """Returns `palette` sRGB (n, 3) as STOPS stops: positions (STOPS,) and colours (STOPS, 3).

    Each is the mean of its neighbourhood: single entries of a lively palette would give colours that the flower hardly has.
    """
    positions, across = np.linspace(0.0, 1.0, STOPS), np.linspace(0.0, 1.0, len(palette))
    around = np.clip(positions[:, None] + np.linspace(-0.5, 0.5, 9) / (STOPS - 1), 0.0, 1.0)
    return positions, np.stack([np.interp(around, across, channel).mean(axis=1) for channel in palette.T], axis=1)


def displace(base: DoubleArray, movement: DoubleArray) -> DoubleArray:
    """Returns `base` sRGB (S, 3) displaced by `movement` (S, 3) in hue, chroma and lightness; 1 is the largest displacement.

    Turning and scaling keep the design's own order: white stays white, the dark end dark, and nothing turns to mud.
    """
    lab = to_oklab(base)
    turn, factor = HUE * movement[:, 0], 1.0 + CHROMA * movement[:, 1]
    a, b = lab[:, 1], lab[:, 2]
    turned = np.stack([a * np.cos(turn) - b * np.sin(turn), a * np.sin(turn) + b * np.cos(turn)], axis=1)
    return _into_gamut(np.column_stack([lab[:, 0] * (1.0 + LIGHTNESS * movement[:, 2]), turned * factor[:, None]]))


def exposure(palette: DoubleArray) -> float:
    """Returns the emission strength at which a glow of this palette, sRGB (n, 3), is as bright as one of middle luminance."""
    luminance = float((srgb_to_linear(palette) @ np.array([0.2126, 0.7152, 0.0722])).mean())
    return _EXPOSURE * float(np.clip(_LUMINANCE / max(luminance, 1e-6), 0.2, 1.5))


def srgb_to_linear(srgb: DoubleArray) -> DoubleArray:
    """Returns linear light, as shader nodes hold it, of sRGB colours in [0, 1], any shape (IEC 61966-2-1)."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((np.maximum(srgb, 0.04045) + 0.055) / 1.055) ** 2.4)


def linear_to_srgb(linear: DoubleArray) -> DoubleArray:
    """Returns sRGB of linear light, any shape (IEC 61966-2-1)."""
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * np.maximum(linear, 0.0031308) ** (1.0 / 2.4) - 0.055)


def to_oklab(srgb: DoubleArray) -> DoubleArray:
    """Returns OKLab (n, 3) of sRGB (n, 3) in [0, 1]."""
    return np.asarray(np.cbrt(srgb_to_linear(srgb) @ _TO_LMS.T) @ _TO_LAB.T)


def to_srgb(lab: DoubleArray) -> DoubleArray:
    """Returns sRGB (n, 3) of OKLab (n, 3), not clipped: outside [0, 1] where the colour cannot be shown."""
    return linear_to_srgb((lab @ np.linalg.inv(_TO_LAB).T) ** 3 @ np.linalg.inv(_TO_LMS).T)


def _into_gamut(lab: DoubleArray) -> DoubleArray:
    """Returns sRGB (n, 3) in [0, 1]; a colour that cannot be shown keeps lightness and hue and loses chroma."""
    lab[:, 0] = np.clip(lab[:, 0], 0.0, 1.0)
    low, high = np.zeros(len(lab)), np.ones(len(lab))
    for _ in range(12):
        middle = np.where(_shown(lab), 1.0, (low + high) / 2.0)
        inside = _shown(np.column_stack([lab[:, 0], lab[:, 1:] * middle[:, None]]))
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    return np.clip(to_srgb(np.column_stack([lab[:, 0], lab[:, 1:] * low[:, None]])), 0.0, 1.0)


def _shown(lab: DoubleArray) -> NDArray[np.bool_]:
    rgb = to_srgb(lab)
    return np.asarray(((rgb >= -1e-6) & (rgb <= 1.0 + 1e-6)).all(axis=1))


def _movement(trajectory: Trajectory, states: DoubleArray) -> DoubleArray:
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
    norms = np.nan_to_num(trajectory.update_norm.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    left = 1.0 - np.vstack([np.zeros(norms.shape[1]), np.cumsum(norms, axis=0)]) / np.maximum(norms.sum(axis=0), 1e-300)
    layers = np.linspace(0.0, norms.shape[1] - 1.0, STOPS).round().astype(int)
    angle = layers * np.pi * (3.0 - np.sqrt(5.0))
    now = np.stack([np.interp(states, np.arange(len(left)), left[:, layer]) for layer in layers], axis=1)
    return np.asarray(now[:, :, None] * np.stack([np.cos(angle), np.sin(angle), np.zeros(STOPS)], axis=1))


def _keys(movement: DoubleArray) -> NDArray[np.int64]:
    """Returns at most KEYS rows, first and last among them, evenly spread over the path of the movement."""
    flat = movement.reshape(len(movement), -1)
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(flat, axis=0), axis=1))])
    if length[-1] <= 0.0:
        return np.unique(np.array([0, len(movement) - 1], dtype=np.int64))
    rows = np.searchsorted(length, np.linspace(0.0, length[-1], KEYS))  # the first row that has come so far, so a rest ends where it began
    return np.asarray(np.unique(np.concatenate([[0], rows, [len(movement) - 1]])), dtype=np.int64)
