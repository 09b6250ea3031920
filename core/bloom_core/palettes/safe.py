"""Palettes that everybody can tell apart: lightness rises all the way, so that they hold without red, green or blue cones, and in grey.

What colour-blind people see is simulated as in Machado, Oliveira and Fernandes 2009 ("A Physiologically-based Model for Simulation of Color Vision
Deficiency", severity 1.0): a matrix on linear light.
"""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from .color_ramp import ENTRIES, Ramp
from .oklab import into_gamut, linear_to_srgb, srgb_to_linear, to_oklab

DoubleArray = NDArray[np.float64]

SAFE_STOPS = 16
"""Fewer than a ramp could have: each must differ clearly from the next."""

DISTINCT = 0.02
"""The least distance in OKLab between neighbouring stops, as anybody sees them: about a just noticeable difference."""

NARROWEST = 0.7
"""How near words may push neighbouring stops together, as a share of their distance at rest."""

_FINE = 513

DICHROMACIES = MappingProxyType(
    {
        "protanopia": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
        "deuteranopia": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
        "tritanopia": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
    }
)


def seen(colors: DoubleArray, dichromacy: str) -> DoubleArray:
    """Returns sRGB (n, 3) as people with one of DICHROMACIES see it. Raises KeyError for another name."""
    return linear_to_srgb(np.clip(srgb_to_linear(colors) @ DICHROMACIES[dichromacy].T, 0.0, 1.0))


def path(anchors: DoubleArray, places: DoubleArray) -> DoubleArray:
    """Returns sRGB (n, 3) at `places` (n,) in [0, 1] of the way through `anchors` sRGB (m, 3), in which OKLab's lightness rises evenly.

    The anchors' own lightness must rise; between them it is straight in OKLab.
    """
    lab = to_oklab(anchors)
    lightness = lab[0, 0] + places * (lab[-1, 0] - lab[0, 0])
    return into_gamut(np.stack([np.interp(lightness, lab[:, 0], axis) for axis in lab.T], axis=1))


def even_path(anchors: DoubleArray, places: DoubleArray) -> DoubleArray:
    """Returns sRGB (n, 3) at `places` (n,) in [0, 1] of the way through `anchors`, where equal steps differ equally to the eye that sees it least."""
    return path(anchors, np.interp(places, *_evenly(anchors)))


def _evenly(anchors: DoubleArray) -> tuple[DoubleArray, DoubleArray]:
    """Returns shares (_FINE,) of the way as the eye sees it that sees it least, and which places (_FINE,) they are."""
    fine = np.linspace(0.0, 1.0, _FINE)
    labs = _seen_by_all(path(anchors, fine)[None])[:, 0]
    least = np.linalg.norm(np.diff(labs, axis=1), axis=2).min(axis=0)
    length = np.concatenate([[0.0], np.cumsum(least)])
    return length / length[-1], fine


def safe_ramp(anchors: DoubleArray, movement: DoubleArray, frames: NDArray[np.int64], rising: bool) -> Ramp:
    """Returns the ramp of the way through `anchors`; dark to light, or light to dark where not `rising`.

    `movement` float64 (R, STOPS, 3), as `design_ramp.movement` gives it, at `frames` (R,): words push neighbouring stops nearer together or farther
    apart on that way, never past one another nor nearer than NARROWEST.
    """
    gaps = np.stack([part.mean(axis=1) for part in np.array_split(movement[:, :, 0], SAFE_STOPS - 1, axis=1)], axis=1)
    width = np.exp(3.0 * gaps)
    width = NARROWEST + (1.0 - NARROWEST) * width / width.mean(axis=1, keepdims=True)
    places = np.concatenate([np.zeros((len(gaps), 1)), np.cumsum(width, axis=1)], axis=1) / (SAFE_STOPS - 1.0)
    order = slice(None) if rising else slice(None, None, -1)
    seen_share, place = _evenly(anchors)
    colors = np.array([path(anchors, np.interp(row, seen_share, place))[order] for row in np.clip(places, 0.0, 1.0)])
    base = even_path(anchors, np.linspace(0.0, 1.0, ENTRIES))[order]
    return Ramp(np.linspace(0.0, 1.0, SAFE_STOPS), colors, frames, base)


def least_distance(colors: DoubleArray) -> float:
    """Returns the least distance in OKLab of neighbouring stops, sRGB (R, S, 3), to normal eyes and to those of every dichromacy."""
    return float(np.linalg.norm(np.diff(_seen_by_all(colors), axis=2), axis=3).min())


def _seen_by_all(colors: DoubleArray) -> DoubleArray:
    """Returns OKLab (1 + dichromacies, R, S, 3) of sRGB (R, S, 3): as normal eyes see it, and those of each dichromacy."""
    views = [colors, *(seen(colors.reshape(-1, 3), name).reshape(colors.shape) for name in DICHROMACIES)]
    return np.array([to_oklab(view.reshape(-1, 3)).reshape(colors.shape) for view in views])
