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
    low, high = np.zeros(len(lab)), np.ones(len(lab))
    for _ in range(12):
        middle = np.where(_shown(lab), 1.0, (low + high) / 2.0)
        inside = _shown(np.column_stack([lab[:, 0], lab[:, 1:] * middle[:, None]]))
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    return np.clip(to_srgb(np.column_stack([lab[:, 0], lab[:, 1:] * low[:, None]])), 0.0, 1.0)


def lifted(srgb: DoubleArray, floor: float) -> DoubleArray:
    """Returns sRGB (n, 3) of which what is darker than the lightness `floor` in [0, 1] has that lightness and its own hue."""
    lab = to_oklab(srgb)
    dark = lab[:, 0] < floor
    if not dark.any():
        return srgb
    bright = srgb.copy()
    bright[dark] = into_gamut(np.column_stack([np.full(int(dark.sum()), floor), lab[dark, 1:]]))
    return bright


def _shown(lab: DoubleArray) -> NDArray[np.bool_]:
    rgb = to_srgb(lab)
    return np.asarray(((rgb >= -1e-6) & (rgb <= 1.0 + 1e-6)).all(axis=1))
