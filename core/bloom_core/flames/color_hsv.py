"""Hue, saturation and value as flam3 reckons them (`rgb2hsv`, `hsv2rgb` of flam3 3.1.1): hue in [0, 6), the rest in [0, 1]."""

from __future__ import annotations

import numpy as np

from bloom_core.flames.flame import FloatArray


def to_hsv(rgb: FloatArray) -> FloatArray:
    """Returns hue, saturation and value, float64 (n, 3), of colours (n, 3). Grey has hue 0."""
    value, low = rgb.max(axis=1), rgb.min(axis=1)
    span = value - low
    saturation = np.divide(span, value, out=np.zeros_like(value), where=value != 0.0)
    step = np.where(span == 0.0, 1.0, span)
    red, green, blue = ((value - rgb[:, channel]) / step for channel in range(3))
    hue = np.where(rgb[:, 0] == value, blue - green, np.where(rgb[:, 1] == value, 2.0 + red - blue, 4.0 + green - red))
    return np.stack([np.where(saturation == 0.0, 0.0, hue % 6.0), saturation, value], axis=1)


def to_rgb(hsv: FloatArray) -> FloatArray:
    """Returns colours, float64 (n, 3), of hue, saturation and value (n, 3); hues outside [0, 6) are wrapped."""
    hue, saturation, value = (hsv[:, channel] for channel in range(3))
    hue = hue % 6.0
    sector = np.minimum(hue.astype(int), 5)  # -1e-20 % 6 is 6
    within = hue - sector
    low, falling, rising = value * (1.0 - saturation), value * (1.0 - saturation * within), value * (1.0 - saturation * (1.0 - within))
    red = np.choose(sector, [value, falling, low, low, rising, value])
    green = np.choose(sector, [rising, value, value, falling, low, low])
    blue = np.choose(sector, [low, low, rising, value, value, falling])
    return np.stack([red, green, blue], axis=1)
