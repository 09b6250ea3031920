"""How a bud opens, and which of its petals can move: measured once a design, by following points.

Between the poses bud and open lies a straight line of parameters, along which the flower moves at very different speeds. Growth opens it with the
share of the way that training has come; so that equal shares are equal motions, the line is measured first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bloom_core.designs import Design, poses
from bloom_core.growth import motion

DoubleArray = NDArray[np.float64]

POSES = 33
_NUDGE = 0.01
_STILL = 0.1
"""An xform counts as still where a nudge moves the flower by less than this share of what the liveliest one's does."""


@dataclass(frozen=True)
class Opening:
    """`positions` float64 (POSES,): places on the line from 0 (bud) to 1 (open); `seen` float64 (POSES,): share of the motion made until there.

    `lively`: numbers of the regular xforms that move the flower when they move (a source of points without an affine does not).
    """

    positions: DoubleArray
    seen: DoubleArray
    lively: tuple[int, ...]


def measure(design: Design) -> Opening:
    """Returns a design's opening; kept for the designs used last. Raises NativeError for a pose that cannot be played."""
    return _measure(_Same(design))


class _Same:
    """A design as a key of a cache: designs hold arrays, so they are told apart by identity."""

    def __init__(self, design: Design) -> None:
        self.design = design

    def __hash__(self) -> int:
        return id(self.design)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.design is self.design


@lru_cache(maxsize=16)
def _measure(key: _Same) -> Opening:
    design = key.design
    clouds = [motion.cloud(flame) for flame in poses(design.bud, design.open, POSES)]
    positions = np.linspace(0.0, 1.0, POSES)
    travelled = np.concatenate([[0.0], np.cumsum([motion.distance(before, after) for before, after in pairwise(clouds)])])
    seen = travelled / travelled[-1] if travelled[-1] > 0.0 else positions
    return Opening(positions, seen, _lively(design, clouds[-1]))


def _lively(design: Design, still: motion.Points) -> tuple[int, ...]:
    moved = []
    for number, xform in enumerate(design.open.xforms):
        nudged = xform.pre.copy()
        nudged[:2, 3] += _NUDGE
        moved.append(motion.distance(still, motion.cloud(design.open.with_xform(number, replace(xform, pre=nudged)))))
    return tuple(number for number, way in enumerate(moved) if way > _STILL * max(moved))
