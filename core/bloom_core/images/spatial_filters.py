"""The filters through which a histogram's cells become pixels, as in flam3 3.1.1 and Ember."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bloom_core.flames.flame import FloatArray

Curve = Callable[[FloatArray], FloatArray]


def _cubic(b: float, c: float) -> Curve:
    """Returns Mitchell and Netravali's family of cubics (1988)."""

    def inner(t: FloatArray) -> FloatArray:
        return np.asarray(((12 - 9 * b - 6 * c) * t**3 + (-18 + 12 * b + 6 * c) * t**2 + (6 - 2 * b)) / 6)

    def outer(t: FloatArray) -> FloatArray:
        return np.asarray(((-b - 6 * c) * t**3 + (6 * b + 30 * c) * t**2 + (-12 * b - 48 * c) * t + (8 * b + 24 * c)) / 6)

    return lambda t: np.where(np.abs(t) < 1, inner(np.abs(t)), np.where(np.abs(t) < 2, outer(np.abs(t)), 0.0))


def _windowed_sinc(lobes: float) -> Curve:
    return lambda t: np.where(np.abs(t) < lobes, np.sinc(t) * np.sinc(t / lobes), 0.0)


def _quadratic(t: FloatArray) -> FloatArray:
    return np.where(np.abs(t) < 0.5, 0.75 - t**2, np.where(np.abs(t) < 1.5, 0.5 * (np.abs(t) - 1.5) ** 2, 0.0))


SHAPES: dict[str, tuple[float, Curve]] = {
    "gaussian": (1.5, lambda t: np.sqrt(2 / np.pi) * np.exp(-2 * t**2)),
    "hermite": (1.0, lambda t: np.where(np.abs(t) < 1, (2 * np.abs(t) - 3) * t**2 + 1, 0.0)),
    "box": (0.5, lambda t: np.where((t > -0.5) & (t <= 0.5), 1.0, 0.0)),
    "triangle": (1.0, lambda t: np.maximum(1 - np.abs(t), 0.0)),
    "bell": (1.5, _quadratic),
    "bspline": (2.0, _cubic(1.0, 0.0)),
    "mitchell": (2.0, _cubic(1 / 3, 1 / 3)),
    "blackman": (1.0, lambda t: 0.42 + 0.5 * np.cos(np.pi * t) + 0.08 * np.cos(2 * np.pi * t)),
    "catrom": (2.0, _cubic(0.0, 0.5)),
    "hanning": (1.0, lambda t: 0.5 + 0.5 * np.cos(np.pi * t)),
    "hamming": (1.0, lambda t: 0.54 + 0.46 * np.cos(np.pi * t)),
    "lanczos3": (3.0, _windowed_sinc(3.0)),
    "lanczos2": (2.0, _windowed_sinc(2.0)),
    "quadratic": (1.5, _quadratic),
}
"""By name: how far the filter reaches at radius 1, in pixels, and its curve."""

OTHER_NAMES = {"b-spline": "bspline", "bspl": "bspline", "catmull-rom": "catrom", "mitchel": "mitchell"}


def weights(shape: str, radius: float, supersample: int) -> FloatArray:
    """Returns the filter's weights along one axis, float64 (n,), of sum 1; n is odd or even as `supersample` is.

    `radius` is in pixels, as in the attribute `filter`; `shape` one of SHAPES, and a name that is not known gives a gaussian, as in
    Ember.
    """
    name = shape.lower().replace(" ", "").replace("_", "")
    support, curve = SHAPES.get(OTHER_NAMES.get(name, name), SHAPES["gaussian"])
    reach = 2.0 * support * supersample * radius
    width = int(reach) + 1
    width += (width - supersample) % 2
    at = (2.0 * np.arange(width) + 1.0) / width - 1.0
    at = at * support * (width / reach if reach > 0 else 1.0)
    values = np.asarray(curve(at), dtype=np.float64)
    total = float(values.sum())
    return np.asarray(values / total if abs(total) > 1e-12 else np.full(width, 1.0 / width))
