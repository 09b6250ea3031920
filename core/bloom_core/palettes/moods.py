"""Palettes of a mood: the flower's lights and darks in other colours, as a painter glazes a grey study, stirred by the words."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from .color_ramp import Ramp, stops
from .design_ramp import displace
from .oklab import to_oklab
from .safe import path

DoubleArray = NDArray[np.float64]


def colors(*hexes: str) -> DoubleArray:
    """Returns sRGB (n, 3) of colours written as six hexadecimal digits."""
    return np.array([[int(text[place : place + 2], 16) / 255.0 for place in (0, 2, 4)] for text in hexes])


MOODS = MappingProxyType(
    {
        "embers": colors("3a0d1e", "7d1128", "c4281f", "ee6a1f", "f9b13c", "fdf0c4"),
        "lagoon": colors("0c1f4a", "0b4a86", "0a8aa0", "2cc7a0", "a6ecb4", "f6fbe2"),
        "dusk": colors("22164f", "5b2a8c", "b03a96", "ee6d83", "fbb48c", "fff0d6"),
        "orchard": colors("2a1640", "6d1f5c", "b8434f", "d98a3a", "cdd45a", "f6fbd0"),
    }
)
"""From the darkest to the lightest."""

MONOCHROMES = MappingProxyType(
    {
        "moon": colors("1c2436", "3f5273", "7590b6", "adc3de", "dde9f5", "f8fbff"),
        "copper": colors("35160c", "6f3218", "b05f31", "dc9664", "f3cda9", "fdf2e6"),
    }
)
"""One hue each."""

SAFE_PATHS = MappingProxyType(
    {
        "beacon": colors("16125c", "5b2d9e", "a8489b", "e0707a", "f7a95e", "fdeeb0"),
        "shore": colors("1d1147", "2c4a8e", "23798f", "3fa98a", "a5cf5a", "fdf3b4"),
    }
)
"""For `safe.safe_ramp`: lightness rises strictly."""

HUE = 0.45
"""How far words turn the hue of a mood, in radians: half as far as in the flower's own colours, or it would be another mood."""

MONOCHROME = MappingProxyType({"hue": 0.0, "chroma": 0.6, "lightness": 0.22})
"""How far words move a monochrome palette: its one hue stays."""


RICHER = 1.35
"""The power by which what lies between dark and light is darker than in the flower, where colours are deep."""


def glazed(palette: DoubleArray, anchors: DoubleArray) -> DoubleArray:
    """Returns `palette` sRGB (n, 3) in the colours of `anchors` (m, 3), darkest first: what was lighter there is lighter here.

    Its range of lightness is stretched over that of the anchors; white becomes their lightest. A palette of one lightness runs from dark to light.
    """
    light = to_oklab(palette)[:, 0]
    low, high = float(light.min()), float(light.max())
    places = (light - low) / (high - low) if high - low > 0.1 else np.linspace(0.0, 1.0, len(palette))
    return path(anchors, places**RICHER)


def mood_ramp(palette: DoubleArray, movement: DoubleArray, frames: NDArray[np.int64], *, monochrome: bool = False) -> Ramp:
    """Returns the ramp that ends in `palette` sRGB (n, 3) and is displaced by `movement` (R, STOPS, 3) at `frames` (R,) before."""
    positions, base = stops(palette)
    how = dict(MONOCHROME) if monochrome else {"hue": HUE}
    moved = np.array([displace(base, row, **how) if np.any(row) else base for row in movement])
    return Ramp(positions, moved, frames, palette)
