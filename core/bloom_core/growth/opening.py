"""How a bud opens, and which of its petals can move: measured once a design, by following points.

Between the poses bud and open lies a straight line of parameters, along which the flower moves at very different speeds. Growth opens it with the
share of the way that training has come; so that equal shares are equal motions, the line is measured first.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bloom_core.designs import Design, poses
from bloom_core.growth import motion
from bloom_core.growth.watched import UNWATCHED, Watched
from bloom_core.side_by_side import side_by_side

DoubleArray = NDArray[np.float64]

POSES = 33
_MOST_KEPT = 16
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


_KEPT: OrderedDict[int, tuple[Design, Opening]] = OrderedDict()


def measure(design: Design, watched: Watched = UNWATCHED) -> Opening:
    """Returns a design's opening; kept for the designs used last, which are told apart by identity: they hold arrays.

    Raises NativeError for a pose that cannot be played, Cancelled where who watches says so.
    """
    found = _KEPT.get(id(design))
    if found is None or found[0] is not design:
        found = _KEPT[id(design)] = design, _measured(design, watched)
    _KEPT.move_to_end(id(design))
    while len(_KEPT) > _MOST_KEPT:
        _KEPT.popitem(last=False)
    return found[1]


def _measured(design: Design, watched: Watched) -> Opening:
    clouds = list(watched.asked(side_by_side(motion.cloud, poses(design.bud, design.open, POSES))))
    positions = np.linspace(0.0, 1.0, POSES)
    ways = watched.asked(motion.distance(before, after) for before, after in pairwise(clouds))
    travelled = np.concatenate([[0.0], np.cumsum(list(ways))])
    seen = travelled / travelled[-1] if travelled[-1] > 0.0 else positions
    return Opening(positions, seen, _lively(design, clouds[-1], watched))


def _lively(design: Design, still: motion.Batch, watched: Watched) -> tuple[int, ...]:
    def moved_by(number: int) -> float:
        xform = design.open.xforms[number]
        nudged = xform.pre.copy()
        nudged[:2, 3] += _NUDGE
        return motion.distance(still, motion.cloud(design.open.with_xform(number, replace(xform, pre=nudged))))

    moved = list(watched.asked(side_by_side(moved_by, range(len(design.open.xforms)))))
    return tuple(number for number, way in enumerate(moved) if way > _STILL * max(moved))
