"""Swatches: a palette over time as a small picture, to choose by."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .color_ramp import Ramp

DoubleArray = NDArray[np.float64]


def swatch(ramp: Ramp, design_palette: DoubleArray, first: int, last: int, size: int = 64) -> DoubleArray:
    """Returns a picture (size, size, 3), sRGB, of a ramp from frame `first` to `last`.

    Along a row the palette runs from its beginning to its end; from row to row, as in a flower that grows, time goes by: row 0 is `first`.
    """
    base = design_palette if ramp.base is None else ramp.base
    places = np.linspace(0.0, len(base) - 1.0, size).round().astype(int)
    return np.stack([ramp.palette(base, frame)[places] for frame in np.linspace(first, last, size)])
