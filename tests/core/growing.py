"""A small flower that the tests of growth share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bloom_core.designs import Design
from bloom_core.flames.flame import Flame, Variation, Xform
from bloom_core.native import Box


def affine(scale: float, x: float, y: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.array([[scale, 0.1, 0.0, x], [-0.1, scale, 0.0, y], [0.0, 0.0, 0.5, 0.2]])


def triangle(scale: float = 0.5) -> Flame:
    linear = (Variation("linear", 1.0),)
    corners = [(0.0, 1.0), (-1.0, -0.5), (1.0, -0.5)]
    xforms = tuple(Xform(linear, weight=1.0 + n, color=n / 2, pre=affine(scale, x, y)) for n, (x, y) in enumerate(corners))
    palette = np.linspace([0.1, 0.0, 0.3], [1.0, 0.8, 0.2], 256)
    return Flame(xforms, final=Xform(linear, color_speed=0.0), palette=palette, name="triangle")


def triangle_design() -> Design:
    opened = triangle()
    first = opened.xforms[0]
    bud = opened.with_xform(0, replace(first, opacity=0.0, weight=0.2, pre=np.diag([0.5, 0.5, 2.0]) @ first.pre))
    bud = bud.with_xform(3, replace(opened.xform(3), pre=np.diag([1.5, 1.5, 8.0]) @ opened.xform(3).pre))
    return Design("triangle", "Triangle", bud, opened, Box((-3, -3, -3), (3, 3, 3)))


