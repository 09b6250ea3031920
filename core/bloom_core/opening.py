"""How a bud opens: evenly, as it is seen.

Between the poses bud and open lies a straight line of parameters, along which the picture changes at very different speeds. Growth opens the flower
with the share of the way that training has come; so that equal shares look like equal changes, the line is measured in pictures first.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bloom_core import image
from bloom_core.designs import Design, poses
from bloom_core.flame import Flame

DoubleArray = NDArray[np.float64]

POSES = 33
SIZE = 96
QUALITY = 200.0
"""Poses, and width in pixels and samples per pixel of the pictures that measure the line; a second of work, once a design."""


def shares(design: Design) -> tuple[DoubleArray, DoubleArray]:
    """Returns the line's measure: positions on it from 0 (bud) to 1 (open), float64 (POSES,), and the share of the visible change made there.

    Raises NativeError for a pose that cannot be rendered.
    """
    return _shares(_Same(design))


def picture(flame: Flame, width: int = SIZE, quality: float = QUALITY, seed: int = 0) -> NDArray[np.float32]:
    """Returns a small picture of a flame as its own camera sees it, float32 (height, width, 3) in [0, 1]."""
    shown, high = flame.view.size
    framed = image.framed(flame, (width, max(1, round(width * high / shown))))
    return image.render(framed, quality=quality, seed=seed).pixels[..., :3]


def distance(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Returns how different two pictures are: their root mean square difference over the mean of their root mean squares; 0 for two black ones.

    Relative to their own light, because a bud in the dark that moves is as much of an event as an open flower that does.
    """
    light = 0.5 * (_size(one) + _size(other))
    return _size(one - other) / light if light > 0.0 else 0.0


def _size(values: NDArray[np.float32]) -> float:
    return float(np.sqrt(np.square(values, dtype=np.float64).mean()))


class _Same:
    """A design as a key of a cache: designs hold arrays, so they are told apart by identity."""

    def __init__(self, design: Design) -> None:
        self.design = design

    def __hash__(self) -> int:
        return id(self.design)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.design is self.design


@lru_cache(maxsize=16)
def _shares(key: _Same) -> tuple[DoubleArray, DoubleArray]:
    design = key.design
    line = poses(design.bud, design.open, POSES)
    pictures = [picture(replace(flame, palette=design.open.palette)) for flame in line]
    changes = [distance(before, after) for before, after in pairwise(pictures)]
    positions = np.linspace(0.0, 1.0, POSES)
    travelled = np.concatenate([[0.0], np.cumsum(changes)])
    return positions, travelled / travelled[-1] if travelled[-1] > 0.0 else positions
