"""What the tests of pictures share: flames that are one point, and histograms as arrays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bloom_core import library
from bloom_core.flames.flame import Flame, Rendering, View, Xform, identity
from bloom_core.images import image
from bloom_core.native import Statistics

FLAT = Rendering(quality=50.0, filter=0.0, filter_shape="box", estimator_radius=0.0, palette_mode="linear")
"""A rendering in which every cell is a pixel of its own."""


def point(
    x: float = 0.0, y: float = 0.0, z: float = 0.0, *, view: View, color: float = 0.5, opacity: float = 1.0, dialect: str = "ember-25"
) -> Flame:
    """Returns a flame all of whose points are one: an xform without variations gives the origin, which its post-affine moves."""
    post = identity()
    post[:, 3] = x, y, z
    xform = Xform((), post=post, color=color, color_speed=1.0, opacity=opacity)
    palette = np.linspace(0.0, 1.0, 256)[:, None] * [1.0, 0.5, 0.0]
    return Flame((xform,), palette=palette, dialect=dialect, view=view, rendering=FLAT)


def play(
    flame: Flame, samples: int, *, supersample: int = 1, gutter: int = 0, weight: float = 1.0, threads: int = 1
) -> tuple[NDArray[np.float64], Statistics]:
    """Returns a flame's histogram, float64 (rows, columns, 4), and the statistics."""
    width, height = flame.view.size
    out = np.empty((height * supersample + 2 * gutter, width * supersample + 2 * gutter, 4))
    with image._Image(width, height, supersample, gutter) as opened:
        done = opened.accumulate(image.Moment(flame, weight), library.RawPlay(1, threads, 0), 1.0, samples, None)
        opened._lib.bloom_image_cells(opened._handle, out.ctypes.data)
    return out, done


def seen_at(flame: Flame, expected: tuple[float, float], *, pixels_per_unit: float, side: int = 9) -> bool:
    """Says whether all that a flame plots falls within a pixel of `expected`, at the middle of the picture."""
    near = replace(flame, view=replace(flame.view, size=(side, side), center=expected, scale=pixels_per_unit))
    cells, done = play(near, 4096)
    middle = cells[side // 2 - 1 : side // 2 + 2, side // 2 - 1 : side // 2 + 2, 3]
    return bool(middle.sum() == done.iterations > 0)
