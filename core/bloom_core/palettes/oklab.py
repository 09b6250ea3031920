"""Colour spaces: sRGB, linear light and OKLab (Ottosson 2020, "A perceptual color space for image processing"), with its polar form and its gamut."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

DoubleArray = NDArray[np.float64]

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

_FROM_LMS, _FROM_LAB = np.linalg.inv(_TO_LMS), np.linalg.inv(_TO_LAB)

_HALVINGS = 12
_DARKEST, _LIGHTEST = -1e-6 / 12.92, ((1.0 + 1e-6 + 0.055) / 1.055) ** 2.4
"""What counts as shown, in linear light: sRGB from −1e-6 to 1 + 1e-6."""


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
    return linear_to_srgb((lab @ _FROM_LAB.T) ** 3 @ _FROM_LMS.T)


def from_polar(lightness: DoubleArray, chroma: DoubleArray, hue: DoubleArray) -> DoubleArray:
    """Returns OKLab (n, 3) of lightness in [0, 1], chroma ≥ 0 and hue in radians, each (n,)."""
    return np.stack([lightness, chroma * np.cos(hue), chroma * np.sin(hue)], axis=1)


def largest_chroma(lightness: DoubleArray, hue: DoubleArray) -> DoubleArray:
    """Returns the largest chroma (n,) that sRGB shows at lightness and hue, each (n,); 0 for black and white."""
    far = from_polar(lightness, np.full(len(lightness), 0.5), hue)
    lab = to_oklab(into_gamut(far))
    return np.asarray(np.hypot(lab[:, 1], lab[:, 2]))


def into_gamut(lab: DoubleArray) -> DoubleArray:
    """Returns sRGB (n, 3) in [0, 1] of OKLab (n, 3); a colour that cannot be shown keeps lightness and hue and loses chroma."""
    lab = np.column_stack([np.clip(lab[:, 0], 0.0, 1.0), lab[:, 1:]])
    share, channels = np.ones(len(lab)), _channels(lab)
    beyond = np.flatnonzero(~_shown(channels, 1.0))
    if len(beyond):
        share[beyond] = _shown_share([tuple(power[beyond] for power in cubic) for cubic in channels])
    return np.clip(to_srgb(np.column_stack([lab[:, 0], lab[:, 1:] * share[:, None]])), 0.0, 1.0)


def lifted(srgb: DoubleArray, floor: float) -> DoubleArray:
    """Returns sRGB (n, 3) of which what is darker than the lightness `floor` in [0, 1] has that lightness and its own hue."""
    lab = to_oklab(srgb)
    dark = lab[:, 0] < floor
    if not dark.any():
        return srgb
    bright = srgb.copy()
    bright[dark] = into_gamut(np.column_stack([np.full(int(dark.sum()), floor), lab[dark, 1:]]))
    return bright


Cubic = tuple[DoubleArray, ...]


def _channels(lab: DoubleArray) -> list[Cubic]:
    """Returns red, green and blue in linear light of OKLab (n, 3), each as a cubic, four (n,), of the share of its chroma that a colour keeps.

    The cone responses are cubes of what is straight in OKLab, so that asking for many shares takes neither roots nor matrices.
    """
    light, green_red, blue_yellow = np.ascontiguousarray(lab.T)
    powers = []
    for grey, of_a, of_b in _FROM_LAB:
        still, moved = light * grey, green_red * of_a + blue_yellow * of_b
        both, square = still * moved, moved * moved
        powers.append((still * still * still, 3.0 * still * both, 3.0 * still * square, square * moved))
    first, second, third = powers
    return [tuple(row[0] * one + row[1] * two + row[2] * three for one, two, three in zip(first, second, third, strict=True)) for row in _FROM_LMS]


def _shown_share(channels: list[Cubic]) -> DoubleArray:
    """Returns the largest share (n,) of their chroma with which sRGB shows colours, to 1 / 4096, by bisection."""
    low = np.zeros(len(channels[0][0]))
    step = 1.0
    for _ in range(_HALVINGS):
        step /= 2.0
        low += step * _shown(channels, low + step)
    return low


def _shown(channels: list[Cubic], share: DoubleArray | float) -> NDArray[np.bool_]:
    """Says whether sRGB shows colours of which this share of the chroma is kept, each (n,)."""
    inside = np.ones(len(channels[0][0]), dtype=np.bool_)
    for constant, linear, square, cube in channels:
        value = ((cube * share + square) * share + linear) * share + constant
        inside &= (value >= _DARKEST) & (value <= _LIGHTEST)
    return inside
