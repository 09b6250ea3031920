"""Newton's method on maps: roots, basins, cycles, the smooth count of steps, and where double precision ends."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from bloom_core.native import Cancelled
from bloom_core.trainability.experiment import Axis, MapError
from bloom_core.trainability.newton import FINEST, IMAGINARY, NO_ROOT, PRESETS, REAL, RELAXATION, Newton, newton_map, roots
from bloom_core.trainability.views import View, overview

CUBIC = PRESETS["cubic"]


def by_hand(newton: Newton, start: complex, relaxation: float = 1.0) -> tuple[complex, int]:
    """Returns where Newton's method goes from a start, and the first step at which it is within the tolerance of where it ends."""
    path, polynomial = [start], np.poly1d(newton.coefficients)
    for _ in range(newton.steps):
        path.append(path[-1] - relaxation * polynomial(path[-1]) / polynomial.deriv()(path[-1]))
    near = [abs(place - path[-1]) < newton.tolerance for place in path]
    return path[-1], near.index(True) if True in near else newton.steps


def test_the_roots_are_in_the_order_of_their_angles() -> None:
    np.testing.assert_allclose(roots(CUBIC), np.exp(2j * np.pi * np.arange(3) / 3), atol=1e-12)
    np.testing.assert_allclose(roots(PRESETS["octic"])[::2], [1, 1j, -1, -1j], atol=1e-12)
    assert len(roots(Newton(coefficients=(1, -3, 3, -1)))) == 1  # (z − 1)³, of which numpy finds three that are nearly one
    assert len(roots(Newton(coefficients=tuple(np.poly([2, 2, 2 + 1e-3]).tolist())))) == 2


@pytest.mark.parametrize("name", [name for name, newton in PRESETS.items() if newton.z is None])
def test_every_start_comes_where_newtons_method_leads_it(name: str) -> None:
    newton = PRESETS[name]
    made = newton_map(newton, overview(newton, (19, 17)))
    ends = roots(newton)
    alike = 0  # a start on the boundary is led by its rounding errors, which are others here and there
    for row, y in enumerate(made.view.coordinates(1)):
        for column, x in enumerate(made.view.coordinates(0)):
            with np.errstate(all="ignore"):
                end, steps = by_hand(newton, complex(float(x), float(y)))
            label, score = int(made.labels[row, column]), made.score[row, column]
            if not np.abs(ends - end).min() < 1e-9:
                alike += label == NO_ROOT and score == newton.steps
            else:
                alike += label == np.abs(ends - end).argmin() and steps - 1.0 <= score <= steps + 1e-6
    assert alike > 0.97 * made.labels.size


def test_starts_near_smales_cycle_come_to_no_root() -> None:
    newton = PRESETS["smale"]
    made = newton_map(newton, View((Fraction(0), Fraction(0)), (Fraction(1, 10), Fraction(1, 10)), (9, 9)))
    assert (made.labels == NO_ROOT).all() and (made.score == newton.steps).all()


def test_a_start_without_a_slope_comes_to_no_root() -> None:
    made = newton_map(CUBIC, View((Fraction(0), Fraction(0)), (Fraction(3), Fraction(3)), (3, 3)))
    assert made.labels[1, 1] == NO_ROOT and (made.labels != NO_ROOT).sum() == 8


@pytest.mark.parametrize("relaxation", [1.0, 0.7])
def test_the_score_is_smooth_inside_a_basin(relaxation: float) -> None:
    view = View((Fraction(3, 2), Fraction(0)), (Fraction(1, 2), Fraction(1, 4)), (400, 3))
    score = newton_map(replace(CUBIC, relaxation=relaxation), view).score[1]
    assert np.ptp(score) > 0.5
    assert np.abs(np.diff(score)).max() < 0.02 * np.ptp(score)


def test_the_third_axis_is_the_relaxation() -> None:
    newton = replace(CUBIC, z=RELAXATION)
    made = newton_map(newton, overview(newton, (12, 10, 4)))
    assert made.labels.shape == made.score.shape == (4, 10, 12)
    for layer, relaxation in enumerate(made.view.coordinates(2)):
        flat = newton_map(replace(CUBIC, relaxation=float(relaxation)), overview(CUBIC, (12, 10)))
        np.testing.assert_array_equal(made.labels[layer], flat.labels)
        np.testing.assert_array_equal(made.score[layer], flat.score)


def test_a_zoom_shows_what_the_wider_view_shows_there() -> None:
    view = overview(CUBIC, (90, 90))
    made, closer = newton_map(CUBIC, view), newton_map(CUBIC, View(view.center, tuple(span / 3 for span in view.span), (90, 90)))
    np.testing.assert_array_equal(closer.labels[1::3, 1::3], made.labels[30:60, 30:60])


def test_the_map_says_how_it_was_made() -> None:
    made = newton_map(CUBIC, overview(CUBIC, (20, 20)))
    assert (made.made.precision, made.made.engine, made.outcomes) == ("double", "NumPy", None)
    assert made.made.steps_played == pytest.approx(np.ceil(made.score - 1e-9).sum(), rel=0.02)


def test_what_double_precision_cannot_tell_apart_is_refused() -> None:
    fine = Fraction(20) * Fraction(FINEST) / 2
    with pytest.raises(MapError, match="double precision"):
        newton_map(CUBIC, View((Fraction(1), Fraction(1)), (fine, fine), (20, 20)))
    newton_map(CUBIC, View((Fraction(1), Fraction(1)), (5 * fine, 5 * fine), (20, 20)))
    with pytest.raises(MapError, match="double precision"):
        newton_map(CUBIC, View((Fraction(1000), Fraction(1)), (5 * fine, 5 * fine), (20, 20)))


@pytest.mark.parametrize(
    "broken",
    [
        replace(CUBIC, coefficients=(1, 2)),
        replace(CUBIC, coefficients=(0, 1, 2, 3)),
        replace(CUBIC, coefficients=(1, complex("nan"), 1)),
        replace(CUBIC, coefficients=(1.0,) * 70),
        replace(CUBIC, steps=0),
        replace(CUBIC, tolerance=0.0),
        replace(CUBIC, relaxation=2.0),
        replace(CUBIC, x=Axis("real", 1.0, 1.0, False)),
        replace(CUBIC, z=RELAXATION),
    ],
)
def test_what_makes_no_map_is_said(broken: Newton) -> None:
    with pytest.raises(MapError):
        newton_map(broken, overview(broken, (8, 8)))


def test_it_reports_and_stops() -> None:
    told: list[float] = []

    def stop(fraction: float) -> bool:
        told.append(fraction)
        return len(told) < 2

    with pytest.raises(Cancelled):
        newton_map(CUBIC, overview(CUBIC, (400, 400)), stop)
    assert told[0] == 0.0 < told[1] < 1.0
    newton_map(CUBIC, overview(CUBIC, (40, 40)), lambda fraction: told.append(fraction) is None)
    assert told[-1] == 1.0


def test_the_axes_are_those_of_the_plane() -> None:
    assert CUBIC.axes == (REAL, IMAGINARY)
    assert all(not axis.logarithmic for newton in PRESETS.values() for axis in newton.axes)
