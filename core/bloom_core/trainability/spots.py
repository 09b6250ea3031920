"""Where a map is worth a zoom: the automatic search for places that stay detailed at every scale.

What makes a window of a map interesting is measured (`interest`): its boundary is longer than a line's, both sides have their share, and it has
shape: neither stripes nor the speckle of chaos. The best windows of the overview are mapped again, finer, and the best window in each of those, until
the wanted depth is reached: a place that only looked detailed from afar loses on the way.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from bloom_core.trainability.experiment import MapError
from bloom_core.trainability.glow import edges
from bloom_core.trainability.map_labels import digits
from bloom_core.trainability.maps import Map
from bloom_core.trainability.views import View

FACTOR = 4
"""How much finer each round of the search looks."""

LOOK = 64
"""Pixels along each side of the maps that the search makes on its way inwards."""

_STRIDES = (1, 2, 4)
"""Distances between the pixels that are compared, in pixels."""

_MOST = 5.0 / 0.8**4  # makes the largest detail 1
_EVERY_DIGIT = 1e-58
_CANDIDATES = 8  # windows of the overview that are followed, or twice as many as there shall be spots
_BEFORE_HALVING = 2  # what is a plain edge from afar may be curls from near

_LEAST_ENTROPY = 0.2  # of a window that is followed: one side has 3 % of it at least

_EDGE = 2.0
"""A straight edge through the middle of a window, of whatever slope, has at most this disorder, times the stride over the window's side."""

_SPECKLE = 0.05
"""What disorder counts that is the same at every stride."""

Look = Callable[[View], Map]
"""Makes the map of a view."""


@dataclass(frozen=True)
class Spot:
    """A place on the boundary: `at` along each axis, a short decimal that is within a pixel of the boundary in the last look.

    `interest`: the mean of the deeper half of the looks. `looks`: the maps on the way, from the overview inwards, each FACTOR finer than the one
    before: thumbnails, and the proof.
    """

    at: tuple[Fraction, ...]
    interest: float
    looks: tuple[Map, ...]

    @property
    def text(self) -> str:
        """The place as the option --at takes it."""
        return text_of(self.at)


def text_of(at: tuple[Fraction, ...]) -> str:
    """Returns a place as the option --at takes it; of decimals every digit."""
    return ",".join(digits(place, _EVERY_DIGIT) for place in at)


def looks_needed(count: int, levels: int) -> int:
    """Returns how many maps of LOOK² pixels a search makes at most, besides the overview."""
    return sum(_kept(count, levels))


def find_spots(look: Look, start: View, *, count: int = 3, levels: int = 12) -> list[Spot]:
    """Returns at most `count` spots of the map over `start` that keep their detail when it is zoomed `levels` times ×2, the best first.

    `look` makes maps: that of `start`, and on the way inwards `looks_needed` of LOOK² pixels, one every two levels for each window that is followed.
    Raises MapError where there is no boundary, or none that goes on so deep; and what `look` raises.
    """
    if len(start.size) != 2 or min(start.size) < LOOK:
        raise MapError(f"The search for spots needs an overview of two axes and at least {LOOK} pixels a side")
    first = look(start)
    kept = _kept(count, levels)
    trails = [_Trail((first,), (), window) for window in windows(first, kept[0])]
    for number in kept:
        trails = sorted(trails, key=lambda trail: -trail.interest)[:number]
        trails = [longer for trail in trails if (longer := trail.followed(look)) is not None]
    found: list[Spot] = []
    for spot in sorted((trail.spot for trail in trails), key=lambda spot: -spot.interest):
        if spot.interest > 0.0 and not any(_near(spot, other, start) for other in found):
            found.append(spot)
    if not found:
        raise MapError("No spot stays detailed so deep: choose a point with --at, fewer levels, or a finer overview")
    return found[:count]


def interest(labels: NDArray[np.uint8]) -> float:
    """Returns how detailed a window of labels is, in [0, 1]: 0 for one side alone, for a straight edge, for stripes, and for noise.

    The disorder q between pixels some strides apart along an axis is the share of pairs that differ, over that of independent labels, less that of a
    straight edge. √q (1 − q)² of both axes multiplied, largest where both are 1/5, is the detail at that stride: a statistical complexity
    (López-Ruiz, Mancini and Calbet 1995), 0 in order and in chance alike, along either axis; it counts the less the more the axes differ. The mean
    over strides is weighted by the labels' entropy, and by how much of the disorder of distant pixels neighbours do not have yet: along a boundary of
    dimension D disorder grows with the stride to the power 2 − D (all counts up to 1.6), in speckle it does not, and a zoom shows the same speckle.
    """
    _, numbers = np.unique(labels, return_counts=True)
    shares = numbers / labels.size
    by_chance = 1.0 - float((shares**2).sum())
    if by_chance == 0.0:
        return 0.0
    details, disorders = [], []
    for stride in _STRIDES:
        pairs = labels[stride:] != labels[:-stride], labels[:, stride:] != labels[:, :-stride]
        edge = _EDGE * stride / min(labels.shape)
        disorder = [min(max(float(differ.mean()) / by_chance - edge, 0.0) / (1.0 - edge), 1.0) for differ in pairs]
        disorders.append(disorder)
        alike = math.sqrt(min(disorder) / max(max(disorder), 1e-12))
        details.append(_MOST * alike * math.prod(math.sqrt(q) * (1.0 - q) ** 2 for q in disorder))
    growths = [1.0 - near / far for near, far in zip(disorders[0], disorders[-1], strict=True) if far]
    growing = max(min(2.5 * min(growths, default=0.0), 1.0), _SPECKLE)
    return min(_entropy(labels), 1.0) * growing * float(np.mean(details))


def _entropy(labels: NDArray[np.uint8]) -> float:
    """Returns the entropy of labels in bits."""
    _, numbers = np.unique(labels, return_counts=True)
    shares = numbers / labels.size
    return float(-(shares * np.log2(shares)).sum())


def windows(found: Map, count: int) -> list[View]:
    """Returns at most `count` windows of a map of two axes, 1/FACTOR of its sides, that do not overlap: the most interesting, then plain edges."""
    height, width = found.labels.shape
    sides = height // FACTOR, width // FACTOR
    rows, columns = (range(0, whole - side + 1, max(side // 4, 1)) for whole, side in zip((height, width), sides, strict=True))
    places = [(row, column) for row in rows for column in columns]
    cut = {place: found.labels[place[0] : place[0] + sides[0], place[1] : place[1] + sides[1]] for place in places}
    ranked = sorted(((interest(part), _entropy(part), *place) for place, part in cut.items()), reverse=True)
    chosen: list[tuple[int, int]] = []
    for _, mixed, row, column in ranked:
        apart = all(abs(row - other[0]) >= sides[0] or abs(column - other[1]) >= sides[1] for other in chosen)
        if mixed > _LEAST_ENTROPY and apart:
            chosen.append((row, column))
        if len(chosen) == count:
            break
    return [_about(found, *_boundary_point(found.labels, row, column, sides)) for row, column in chosen]


@dataclass(frozen=True)
class _Trail:
    """A way inwards: the maps that were looked at, how interesting each but the first was, and the window to look at next."""

    looks: tuple[Map, ...]
    worths: tuple[float, ...]
    window: View

    @property
    def interest(self) -> float:
        latest = self.worths[len(self.worths) // 2 :]  # from afar every boundary is a plain edge
        return float(np.mean(latest)) if latest else 0.0

    @property
    def spot(self) -> Spot:
        last = self.looks[-1].view
        pitches = [float(span / size) for span, size in zip(last.span, last.size, strict=True)]
        at = tuple(Fraction(digits(place, pitch)) for place, pitch in zip(self.window.center, pitches, strict=True))
        return Spot(at, self.interest, self.looks)

    def followed(self, look: Look) -> _Trail | None:
        """Returns the trail with one look more, or None where that saw no boundary."""
        found = look(replace(self.window, size=(LOOK, LOOK)))
        inner = windows(found, 1)
        return _Trail((*self.looks, found), (*self.worths, interest(found.labels)), inner[0]) if inner else None


def _kept(count: int, levels: int) -> list[int]:
    """Returns how many trails are followed in each round: all in the first rounds, then ever fewer (successive halving)."""
    rounds = max(1, math.ceil(levels / math.log2(FACTOR)))
    first = max(_CANDIDATES, 2 * count)
    return [max(2 * count, first >> max(0, number + 1 - _BEFORE_HALVING)) for number in range(rounds)]


def _near(spot: Spot, other: Spot, start: View) -> bool:
    """Says whether two spots are less than a window's sixteenth apart: neighbouring windows may lead to one place."""
    return all(abs(a - b) * FACTOR * 16 < span for a, b, span in zip(spot.at, other.at, start.span, strict=True))


def _about(found: Map, row: int, column: int) -> View:
    """Returns a window of a map about a pixel."""
    view = found.view
    center = tuple(view.coordinates(axis)[index] for axis, index in ((0, column), (1, row)))
    return View(center, tuple(span / FACTOR for span in view.span), view.size)


def _boundary_point(labels: NDArray[np.uint8], row: int, column: int, sides: tuple[int, int]) -> tuple[int, int]:
    """Returns the pixel (row, column) of a window that lies on the boundary, nearest to the middle of its busiest part."""
    window = labels[row : row + sides[0], column : column + sides[1]]
    places = np.argwhere(edges(window))
    middle = places.mean(axis=0)
    nearest = places[((places - middle) ** 2).sum(axis=1).argmin()]
    return row + int(nearest[0]), column + int(nearest[1])
