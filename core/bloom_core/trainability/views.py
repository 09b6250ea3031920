"""The part of a map that is looked at: exact, however deep the zoom."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bloom_core.trainability.experiment import Axis, Experiment, MapError

if TYPE_CHECKING:
    from bloom_core.trainability.newton import Newton

_DIGITS = Context(prec=60)


@dataclass(frozen=True)
class View:
    """A window of the map's axes.

    `center` and `span` (its full side) hold one exact number for each axis x, y (and z): log10 of the parameter along a logarithmic axis, else the
    parameter itself. `size`: pixels along each axis, in the same order.
    """

    center: tuple[Fraction, ...]
    span: tuple[Fraction, ...]
    size: tuple[int, ...]

    def __post_init__(self) -> None:
        if not len(self.center) == len(self.span) == len(self.size) in (2, 3):
            raise MapError("A view has two axes or three, each with its centre, its span and its pixels")
        if min(self.size) < 1 or min(self.span) <= 0:
            raise MapError("A view is at least one pixel wide and shows more than a point; choose a larger size or span")

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of arrays of the view: (height, width), or (depth, height, width). Row 0 is the lowest y."""
        return tuple(reversed(self.size))

    @property
    def pitch(self) -> float:
        """From one pixel to the next along the finest axis, in the axis's unit (decades, where it is logarithmic)."""
        return float(min(span / size for span, size in zip(self.span, self.size, strict=True)))

    def coordinates(self, axis: int) -> tuple[Fraction, ...]:
        """Returns the exact places of the pixels' centres along an axis."""
        center, span, size = self.center[axis], self.span[axis], self.size[axis]
        return tuple(center + span * (Fraction(2 * index + 1, 2 * size) - Fraction(1, 2)) for index in range(size))

    def zoomed(self, factor: Fraction | int, about: tuple[Fraction, ...] | None = None) -> View:
        """Returns the view that shows 1/factor of each side, with the point `about` (the centre by default) where it was."""
        fixed = about or self.center
        center = tuple(point + (middle - point) / factor for point, middle in zip(fixed, self.center, strict=True))
        return View(center, tuple(span / factor for span in self.span), self.size)


def overview(experiment: Experiment | Newton, size: tuple[int, ...]) -> View:
    """Returns the view of the experiment's whole axes. Raises MapError for axes that have no extent."""
    ends = [_ends(axis) for axis in experiment.axes]
    return View(tuple((low + high) / 2 for low, high in ends), tuple(high - low for low, high in ends), size)


def values_along(axis: Axis, coordinates: tuple[Fraction, ...]) -> NDArray[np.float64]:
    """Returns the parameter's values at `coordinates`, float64 (n, 2): each a number and what that lacks, together good to 32 digits."""
    rows = []
    for coordinate in coordinates:
        exact = _DIGITS.divide(Decimal(coordinate.numerator), Decimal(coordinate.denominator))
        value = _DIGITS.power(Decimal(10), exact) if axis.logarithmic else exact
        high = float(value)
        rows.append((high, float(_DIGITS.subtract(value, Decimal(high)))))
    return np.array(rows)


def _ends(axis: Axis) -> tuple[Fraction, Fraction]:
    if axis.logarithmic and not (0.0 < axis.low < float("inf") and 0.0 < axis.high < float("inf")):
        raise MapError(f"The axis {axis.parameter} is logarithmic: its ends must be numbers above 0, not {axis.low:g} and {axis.high:g}")
    # The short decimal that a user typed is meant, not the binary number nearest to it.
    ends = [Fraction(_DIGITS.log10(Decimal(repr(end)))) if axis.logarithmic else Fraction(repr(end)) for end in (axis.low, axis.high)]
    if not ends[0] < ends[1]:
        raise MapError(f"The axis {axis.parameter} must go from a smaller number to a larger one, not from {axis.low:g} to {axis.high:g}")
    return ends[0], ends[1]
