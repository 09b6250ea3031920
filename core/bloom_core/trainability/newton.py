"""Newton's method fractals: to which root of a polynomial Newton's method leads from each start. The classical neighbour of a trainability map.

From z, a step goes to z − a·p(z)/p′(z), with the relaxation a (1: Newton's own method). Sources: Cayley, "The Newton-Fourier imaginary problem"
(1879); Smale's z³ − 2z + 2, whose starts near 0 run round 0 → 1 → 0 for ever, in "The fundamental theorem of algebra and complexity theory" (1981).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bloom_core.native import Cancelled, Progress
from bloom_core.trainability.experiment import Axis, MapError
from bloom_core.trainability.maps import Making, Map
from bloom_core.trainability.views import View, values_along

NO_ROOT = 255
"""The label of starts that came to no root within the steps."""

MOST_ROOTS = 64
FINEST = 1e-13
"""The finest pitch, for starts of about 1: rounding in double precision (1.1e-16 a step) then moves a start by far less than a pixel."""

REAL = Axis("real", -2.0, 2.0, logarithmic=False)
IMAGINARY = Axis("imaginary", -2.0, 2.0, logarithmic=False)
RELAXATION = Axis("relaxation", 0.4, 1.9, logarithmic=False)
"""The third axis of a volume: from cautious steps, whose basins are smooth, to bold ones, whose basins shatter."""

_TOGETHER = 1e-4  # numpy finds a root of multiplicity m only to about eps^(1/m): what is closer than this is one root
_BLOCK = 1 << 14  # starts that are iterated at once: they stay in the processor's cache


@dataclass(frozen=True)
class Newton:
    """A polynomial and how its roots are sought; the subject of a map as an experiment is.

    `coefficients`: complex, from the highest power down, as they are written. `relaxation`: in (0, 2), what each step is multiplied by, where no
    axis goes along it. `steps`: the most that are taken; `tolerance`: a start has arrived when it is as close as this to a root. `x` and `y`: the
    real and imaginary part of the start, linear; `z`, where there is one: the relaxation.
    """

    name: str = "cubic"
    title: str = "z³ − 1"
    coefficients: tuple[complex, ...] = (1, 0, 0, -1)
    relaxation: float = 1.0
    steps: int = 100
    tolerance: float = 1e-6
    x: Axis = REAL
    y: Axis = IMAGINARY
    z: Axis | None = None

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The axes: x and y, and z where there is one."""
        return (self.x, self.y) if self.z is None else (self.x, self.y, self.z)


_BESIDE = replace(REAL, low=-1.99, high=2.01)  # so that no pixel lies just on a diagonal, from which starts never come away
_SMALE = replace(REAL, low=-2.4, high=1.6)

PRESETS: dict[str, Newton] = {
    newton.name: newton
    for newton in (
        Newton(),
        Newton("quartic", "z⁴ − 1", (1, 0, 0, 0, -1), x=_BESIDE),
        Newton("smale", "z³ − 2z + 2, with a cycle", (1, 0, -2, 2), x=_SMALE),
        Newton("octic", "z⁸ + 15z⁴ − 16", (1, 0, 0, 0, 15, 0, 0, 0, -16), x=_BESIDE),
        Newton("quintic", "z⁵ − 3iz³ − (5 + 2i)z² + 3z + 1", (1, 0, -3j, -(5 + 2j), 3, 1)),
        Newton("cubic-volume", "z³ − 1, relaxed", z=RELAXATION),
        Newton("smale-volume", "z³ − 2z + 2, relaxed", (1, 0, -2, 2), x=_SMALE, z=RELAXATION),
    )
}
"""Polynomials whose maps are worth a look, by name; the last two have the relaxation as their third axis."""


def roots(newton: Newton) -> NDArray[np.complex128]:
    """Returns the distinct roots, in the order of their angle in [0, 2π), then of their size: label n of a map is the n-th. Raises MapError."""
    _check(newton)
    found = np.roots(np.asarray(newton.coefficients, np.complex128))
    distinct: list[complex] = []
    for root in found:
        if all(abs(root - other) > _TOGETHER * max(1.0, abs(root)) for other in distinct):
            distinct.append(complex(root))
    # Rounded, so that a root on the real axis is not at an angle of almost 2π.
    angles = [round(float(np.angle(root)) % (2.0 * np.pi), 9) % round(2.0 * np.pi, 9) for root in distinct]
    return np.array([root for _, _, root in sorted(zip(angles, map(abs, distinct), distinct, strict=True), key=lambda entry: entry[:2])])


def newton_map(newton: Newton, view: View, progress: Progress | None = None) -> Map:
    """Returns the map of `newton` over `view`, in double precision.

    `labels` are root numbers (those of `roots`), or NO_ROOT; `score` is the number of steps until a start was within the tolerance of its root, with
    the logarithm of the distance interpolated within the last step, so that it has no jumps inside a basin; `steps` where it came to none.
    `progress` takes the share done; where it returns False, native.Cancelled is raised.

    Raises MapError for a polynomial without roots, a view with another number of axes, or a pitch finer than FINEST (for starts of about 1, and as
    much coarser as starts are larger): double precision could not tell its pixels apart.
    """
    begun = time.perf_counter()
    ends = roots(newton)
    if len(view.size) != len(newton.axes):
        raise MapError(f"The view has {len(view.size)} axes, the map of {newton.title} has {len(newton.axes)}: choose a view with as many")
    places = [values_along(axis, view.coordinates(index))[:, 0] for index, axis in enumerate(newton.axes)]
    largest = max(1.0, *(float(np.abs(along).max()) for along in places))
    if view.pitch < FINEST * largest:
        raise MapError(
            f"A pixel of this view is {view.pitch:.1e} wide: starts of about {largest:.2g} are exact to {FINEST * largest:.1e} in double precision. "
            "Zoom out, or choose fewer pixels"
        )
    width, rows = view.size[0], int(np.prod(view.shape[:-1]))
    labels, score = np.empty((rows, width), np.uint8), np.empty((rows, width))
    at_once, played = max(1, _BLOCK // width), 0
    for first in range(0, rows, at_once):
        if progress is not None and not progress(first / rows):
            raise Cancelled
        chosen = np.arange(first, min(first + at_once, rows))
        imaginary = places[1][chosen % len(places[1])]
        starts = places[0][None, :] + 1j * imaginary[:, None]
        relaxation = places[2][chosen // len(places[1])] if len(places) == 3 else np.full(len(chosen), newton.relaxation)
        found, counts, steps = _play(newton, ends, starts.ravel(), np.repeat(relaxation, width))
        labels[chosen], score[chosen] = found.reshape(starts.shape), counts.reshape(starts.shape)
        played += steps
    if progress is not None:
        progress(1.0)
    made = Making("NumPy", "double", time.perf_counter() - begun, played)
    return Map(newton, view, labels.reshape(view.shape), score.reshape(view.shape), None, made)


def _play(
    newton: Newton, ends: NDArray[np.complex128], starts: NDArray[np.complex128], relaxation: NDArray[np.float64]
) -> tuple[NDArray[np.uint8], NDArray[np.float64], int]:
    """Returns label and score of each start, and how many steps were taken in all."""
    labels, score = np.full(len(starts), NO_ROOT, np.uint8), np.full(len(starts), float(newton.steps))
    going, z, before, played = np.arange(len(starts)), starts, np.full(len(starts), np.inf), 0
    coefficients = [complex(value) for value in newton.coefficients]
    with np.errstate(all="ignore"):  # a start on a zero of p′ goes to infinity, as it should
        for step in range(newton.steps + 1):
            distances = np.abs(z[:, None] - ends[None, :])
            nearest = distances.argmin(axis=1)
            distance = distances[np.arange(len(z)), nearest]
            arrived = distance < newton.tolerance
            if arrived.any():
                there = going[arrived]
                labels[there] = nearest[arrived]
                if step:
                    now = np.log(np.maximum(distance[arrived], np.finfo(np.float64).tiny))
                    last = np.log(before[arrived])
                    score[there] = step - 1 + (last - np.log(newton.tolerance)) / (last - now)
                else:
                    score[there] = 0.0
            stay = ~arrived & np.isfinite(distance)
            if step == newton.steps or not stay.any():
                break
            going, z, before, relaxation = going[stay], z[stay], distance[stay], relaxation[stay]
            value, slope = np.full(len(z), coefficients[0]), np.zeros(len(z), np.complex128)
            for coefficient in coefficients[1:]:
                slope = slope * z + value
                value = value * z + coefficient
            z = z - relaxation * value / slope
            played += len(z)
    return labels, score, played


def _check(newton: Newton) -> None:
    degree = len(newton.coefficients) - 1
    if not 2 <= degree <= MOST_ROOTS or not np.isfinite(newton.coefficients).all() or newton.coefficients[0] == 0:
        raise MapError(f"{newton.title}: a polynomial has 3 to {MOST_ROOTS + 1} finite coefficients, the first of them not 0")
    if not 1 <= newton.steps <= 100_000:
        raise MapError(f"{newton.title}: {newton.steps} steps; choose 1 to 100000")
    if not 0.0 < newton.tolerance <= 0.1:
        raise MapError(f"{newton.title}: a tolerance of {newton.tolerance:g}; choose one above 0, to 0.1")
    if not 0.0 < newton.relaxation < 2.0:
        raise MapError(f"{newton.title}: a relaxation of {newton.relaxation:g}; roots attract with one above 0 and below 2")
