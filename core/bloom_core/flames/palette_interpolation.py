"""Palettes between key frames, entry by entry, in flam3's four ways."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bloom_core.flames.color_hsv import to_hsv, to_rgb
from bloom_core.flames.flame import FloatArray

_COLORS = 256


def blend(palettes: Sequence[FloatArray], weights: FloatArray, kind: str, rgb_share: float) -> FloatArray:
    """Returns the blend of palettes, each float64 (n, 3), by `weights` (as many).

    `kind`: "hsv", "rgb", "sweep" (the second one pushes the first one out, for two palettes), or "hsv_circular", where two
    hues go the shorter way round and `rgb_share` of the result is that of "rgb". Palettes of different length become 256 colours.
    """
    if len({len(palette) for palette in palettes}) > 1:
        palettes = [resampled(palette) for palette in palettes]
    if kind == "sweep" and len(palettes) == 2:
        kept = np.arange(len(palettes[0])) < len(palettes[0]) * weights[0]
        return np.where(kept[:, None], palettes[0], palettes[1])
    mixed = np.tensordot(weights, np.stack(palettes), axes=1)
    share = {"rgb": 1.0, "hsv_circular": rgb_share}.get(kind, 0.0)
    if share != 1.0:
        colors = np.stack([to_hsv(palette) for palette in palettes])
        if kind == "hsv_circular" and len(palettes) == 2:
            step = colors[1, :, 0] - colors[0, :, 0]
            colors[0, :, 0] += np.where(step > 3.0, 6.0, np.where(step < -3.0, -6.0, 0.0))
        mixed = share * mixed + (1.0 - share) * to_rgb(np.tensordot(weights, colors, axes=1))
    return np.asarray(np.clip(mixed, 0.0, 1.0))


def resampled(palette: FloatArray, count: int = _COLORS) -> FloatArray:
    """Returns `palette` (n, 3) as `count` colours, in straight lines between its own."""
    if len(palette) == count:
        return palette
    across = np.linspace(0.0, 1.0, len(palette))
    return np.stack([np.interp(np.linspace(0.0, 1.0, count), across, channel) for channel in palette.T], axis=1)
