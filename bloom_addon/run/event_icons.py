"""Icons of the kinds of events, in the colours in which the strip marks them: drawn when first asked for."""

from __future__ import annotations

from typing import Any

import bpy.utils.previews
import numpy as np
from numpy.typing import NDArray

from bloom_core.reports import event_words

_SIZE, _FINE = 32, 4
_STAR = [(0.5 + r * np.sin(a), 0.5 + r * np.cos(a)) for a, r in zip(np.arange(16) * np.pi / 8, [0.46, 0.2] * 8, strict=True)]
_SHAPES: dict[str, list[tuple[float, float]]] = {
    "explosion": _STAR,
    "nonfinite": [
        (0.5, 0.62), (0.76, 0.88), (0.88, 0.76), (0.62, 0.5), (0.88, 0.24), (0.76, 0.12),
        (0.5, 0.38), (0.24, 0.12), (0.12, 0.24), (0.38, 0.5), (0.12, 0.76), (0.24, 0.88),
    ],
    "skipped": [(0.15, 0.85), (0.5, 0.5), (0.5, 0.85), (0.9, 0.5), (0.5, 0.15), (0.5, 0.5), (0.15, 0.15)],
    "loss_spike": [(0.08, 0.14), (0.36, 0.3), (0.5, 0.92), (0.64, 0.3), (0.92, 0.14)],
    "jitter": [
        (0.04, 0.4), (0.27, 0.8), (0.5, 0.44), (0.73, 0.8), (0.96, 0.4), (0.96, 0.22), (0.73, 0.58), (0.5, 0.2), (0.27, 0.58), (0.04, 0.22),
    ],
    "lr_change": [(0.06, 0.84), (0.58, 0.84), (0.58, 0.32), (0.94, 0.32), (0.94, 0.16), (0.42, 0.16), (0.42, 0.68), (0.06, 0.68)],
    "settled": [(0.04, 0.9), (0.2, 0.9), (0.26, 0.52), (0.42, 0.34), (0.96, 0.26), (0.96, 0.12), (0.36, 0.18), (0.14, 0.42)],
    "epoch": [(0.42, 0.16), (0.58, 0.16), (0.58, 0.84), (0.42, 0.84)],
}
_DIAMOND = [(0.5, 0.9), (0.84, 0.5), (0.5, 0.1), (0.16, 0.5)]

_icons: Any = None


def icon(kind: str) -> int:
    """Returns the icon of a kind of events, for `icon_value`."""
    global _icons
    if _icons is None:
        _icons = bpy.utils.previews.new()
    kind = kind if kind in _SHAPES else "mark"
    if kind not in _icons:
        preview = _icons.new(kind)
        preview.icon_size = (_SIZE, _SIZE)
        preview.icon_pixels_float = _pixels(_SHAPES.get(kind, _DIAMOND), event_words.words(kind).color).ravel().tolist()
    return int(_icons[kind].icon_id)


def _pixels(shape: list[tuple[float, float]], color: tuple[float, float, float]) -> NDArray[np.float32]:
    """Returns a filled polygon with smooth edges, float32 (32, 32, 4), rows from the bottom."""
    places = (np.arange(_SIZE * _FINE) + 0.5) / (_SIZE * _FINE)
    x, y = np.meshgrid(places, places)
    inside = np.zeros(x.shape, dtype=bool)
    for (x0, y0), (x1, y1) in zip(shape, shape[1:] + shape[:1], strict=True):
        if y0 != y1:
            inside ^= ((y0 > y) != (y1 > y)) & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    cover = inside.reshape(_SIZE, _FINE, _SIZE, _FINE).mean(axis=(1, 3))
    return np.dstack([*(cover * value for value in color), cover]).astype(np.float32)  # premultiplied, as Blender draws icons


def register() -> None:
    """Nothing is drawn before it is asked for."""


def unregister() -> None:
    """Frees the icons."""
    global _icons
    if _icons is not None:
        bpy.utils.previews.remove(_icons)
        _icons = None
