"""The strip of a run: a peak is never lost, however long the run and however narrow the strip."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from bloom_core.reports import strip

FINITE = some.floats(min_value=-1e6, max_value=1e6, width=32)


@pytest.mark.parametrize("row", [0, 1, 499_999, 777_777, 999_999])
@pytest.mark.parametrize("width", [37, 800, 1911])
def test_one_step_in_a_million_is_seen_at_its_column(row: int, width: int) -> None:
    values = np.random.default_rng(3).uniform(0.9, 1.1, 1_000_000).astype(np.float32)
    values[row] = 3.0
    _, high = strip.envelope(values).columns(width)
    peak = int(np.argmax(high))
    assert high[peak] == 1.0 and np.sort(high)[-2] < 0.2
    assert abs((peak + 0.5) / len(high) - strip.share_of(row, len(values))) <= 1.0 / width


@settings(deadline=None, max_examples=150)
@given(some.lists(FINITE | some.just(float("nan")), min_size=1, max_size=400), some.integers(1, 300), some.integers(1, 90))
def test_columns_hold_exactly_the_range_of_their_steps(numbers: list[float], most: int, width: int) -> None:
    values = np.array(numbers, np.float32)
    curve = strip.envelope(values, most)
    assert len(curve.low) == min(most, len(values))
    columns = np.arange(len(values)) * len(curve.low) // len(values)
    for column in range(len(curve.low)):
        inside = values[columns == column]
        known = inside[np.isfinite(inside)]
        assert (np.isnan(curve.low[column]) and not known.size) or (curve.low[column], curve.high[column]) == (known.min(), known.max())
    low, high = curve.columns(width)
    assert len(low) == len(high) == min(width, len(curve.low))
    known = np.isfinite(high)
    assert (known == np.isfinite(low)).all() and (low[known] <= high[known]).all()
    assert not known.any() or (0.0 <= low[known].min() and high[known].max() <= 1.0)
    if np.nanmax(values, initial=-np.inf) > np.nanmin(values, initial=np.inf):
        assert np.nanmax(high) == 1.0


def test_decades_are_drawn_in_logarithms_and_a_tiny_value_does_not_flatten_them() -> None:
    falling = strip.envelope(np.geomspace(10.0, 0.01, 4000).astype(np.float32))
    _, high = falling.columns(4000)
    assert falling.logarithmic and high[2000] == pytest.approx(0.5, abs=0.01)
    assert not strip.envelope(np.linspace(1.0, 5.0, 100)).logarithmic
    assert not strip.envelope(np.linspace(-10.0, 1000.0, 100)).logarithmic
    values = np.full(10_000, 1.0)
    values[5000], values[7000] = 1e-30, 100.0
    assert strip.envelope(values).bottom == 1.0


@pytest.mark.parametrize("values", [[np.nan, np.nan], [np.inf]])
def test_a_curve_that_was_not_recorded_has_no_heights(values: list[float]) -> None:
    low, high = strip.envelope(np.array(values)).columns(10)
    assert np.isnan(low).all() and np.isnan(high).all()


def test_a_level_curve_lies_in_the_middle_and_no_steps_are_no_curve() -> None:
    assert (strip.envelope(np.full(5, 3.0)).columns(10)[0] == 0.5).all()
    with pytest.raises(ValueError, match="no steps"):
        strip.envelope(np.zeros(0))


@given(some.integers(1, 10**7).flatmap(lambda count: some.tuples(some.integers(0, count - 1), some.just(count))))
def test_a_step_is_found_where_it_stands(place: tuple[int, int]) -> None:
    row, count = place
    assert strip.row_at(strip.share_of(row, count), count) == row
    assert strip.row_at(-1.0, count) == 0 and strip.row_at(2.0, count) == count - 1


def test_the_pointer_means_the_most_serious_mark_near_it() -> None:
    shares, weights = np.array([0.1, 0.5, 0.505, 0.52]), np.array([3, 0, 2, 2])
    assert strip.nearest(shares, weights, 0.5, 0.03) == 2
    assert strip.nearest(shares, weights, 0.518, 0.03) == 3
    assert strip.nearest(shares, weights, 0.5, 0.001) == 1
    assert strip.nearest(shares, weights, 0.8, 0.03) is None


def test_a_million_steps_are_quick_to_draw() -> None:
    curve = strip.envelope(np.random.default_rng(1).lognormal(size=1_000_000))
    begin = time.perf_counter()
    for width in range(1000, 1020):
        curve.columns(width)
    assert (time.perf_counter() - begin) / 20 < 0.005
