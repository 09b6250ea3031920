"""The search for detailed spots: what counts as detail, and that what is found lies on the boundary and stays detailed."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from bloom_core.trainability import spots
from bloom_core.trainability.experiment import MapError
from bloom_core.trainability.glow import edges
from bloom_core.trainability.making import make_map
from bloom_core.trainability.maps import Map
from bloom_core.trainability.native_engine import NativeEngine
from bloom_core.trainability.newton import PRESETS
from bloom_core.trainability.presets import PRESETS as EXPERIMENTS
from bloom_core.trainability.views import View, overview

ROWS, COLUMNS = np.mgrid[0:64, 0:64]
RANDOM = np.random.RandomState(0)


def labels(where: np.ndarray) -> np.ndarray:
    return where.astype(np.uint8)


@pytest.mark.parametrize("slope", [(1, 0), (0, 1), (1, 1), (1, 2), (-3, 1)])
def test_a_straight_edge_has_no_detail(slope: tuple[int, int]) -> None:
    assert spots.interest(labels(slope[0] * (ROWS - 32) + slope[1] * (COLUMNS - 32) < 0)) < 0.01


def test_order_and_chance_have_no_detail() -> None:
    for plain in (ROWS < 0, COLUMNS % 2 == 0, COLUMNS // 3 % 2 == 0, RANDOM.random_sample((64, 64)) < 0.5):
        assert spots.interest(labels(plain)) < 0.02


def test_speckle_whose_share_changes_has_hardly_any_detail() -> None:
    chance = np.random.RandomState(4)
    fractal = make_map(PRESETS["cubic"], View((Fraction("-0.7937"), Fraction(0)), (Fraction(1), Fraction(1)), (64, 64))).labels
    for share in (np.linspace(0.05, 0.95, 64), np.repeat(chance.random_sample(8), 8)):  # a slope of chance, and stripes of it
        speckle = labels(chance.random_sample((64, 64)) < share)
        assert spots.interest(speckle) < 0.02 * spots.interest(fractal)


def test_a_fractal_has_more_detail_than_a_disc_and_speckle_takes_from_it() -> None:
    cubic = PRESETS["cubic"]
    fractal = make_map(cubic, View((Fraction("-0.7937"), Fraction(0)), (Fraction(1), Fraction(1)), (64, 64))).labels
    disc = labels(np.hypot(ROWS - 32, COLUMNS - 32) < 14)
    assert spots.interest(fractal) > 1.5 * spots.interest(disc) > 0.0
    speckled = np.where(RANDOM.random_sample((64, 64)) < 0.35, RANDOM.randint(0, 3, (64, 64)), fractal).astype(np.uint8)
    assert spots.interest(speckled) < 0.6 * spots.interest(fractal)


@pytest.mark.parametrize("name", ["cubic", "smale", "quintic"])
def test_spots_of_newton_fractals_lie_on_the_boundary_and_stay_detailed(name: str) -> None:
    newton = PRESETS[name]
    start = overview(newton, (128, 128))
    found = spots.find_spots(lambda view: make_map(newton, view), start, count=2, levels=10)
    assert len(found) == 2 and found[0].interest >= found[1].interest > 0.0
    apart = [abs(a - b) / span for a, b, span in zip(found[0].at, found[1].at, start.span, strict=True)]
    assert max(apart) > 1 / 64
    for spot in found:
        assert len(spot.looks) == 6 and spot.looks[0].view == start
        at = tuple(Fraction(part) for part in spot.text.split(","))  # what is typed, after --at, must lead there
        for zoomed in (2, 8, 10):
            view = View(at, tuple(span / 2**zoomed for span in start.span), (48, 48))
            near = make_map(newton, view).labels
            assert edges(near)[18:30, 18:30].any(), f"{spot.text} is off the boundary at ×2^{zoomed}"
            assert spots.interest(near) > 0.02


def test_spots_of_a_trainability_map_are_no_noise_and_no_line() -> None:
    small = replace(EXPERIMENTS["preview"], steps=60)
    engine = NativeEngine(1)
    views: list[View] = []

    def look(view: View) -> Map:
        views.append(view)
        return make_map(small, view, engine=engine)

    (spot,) = spots.find_spots(look, overview(small, (64, 64)), count=1, levels=6)
    assert len(views) <= 1 + spots.looks_needed(1, 6) and all(view.size == (spots.LOOK, spots.LOOK) for view in views[1:])
    last = spot.looks[-1]
    assert 0.02 < last.labels.mean() < 0.98 and spot.interest > 0.02
    shares = [(at - center) / span + Fraction(1, 2) for at, center, span in zip(spot.at, last.view.center, last.view.span, strict=True)]
    column, row = (int(share * spots.LOOK) for share in shares)
    assert edges(last.labels)[row, column]


def test_a_map_without_boundary_has_no_spots() -> None:
    cubic = PRESETS["cubic"]
    with pytest.raises(MapError, match="choose a point with --at"):
        spots.find_spots(lambda view: make_map(cubic, view), View((Fraction(5), Fraction(0)), (Fraction(1), Fraction(1)), (64, 64)))
    with pytest.raises(MapError, match="at least 64 pixels"):
        spots.find_spots(lambda view: make_map(cubic, view), overview(cubic, (32, 32)))
