"""Few stops and few keys: which are kept, and how near they come."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from bloom_core.palettes import STOPS, fewest_stops, to_oklab
from bloom_core.palettes.color_ramp import TOLERANCE, spread_keys
from bloom_core.palettes.oklab import into_gamut, largest_chroma, lifted

Array = NDArray[np.float64]


def squared_error(palettes: Array, kept: NDArray[np.int64]) -> float:
    """The error of straight lines between the kept entries, entry by entry: what `fewest_stops` works out in closed form."""
    places = np.arange(palettes.shape[1])
    rows = palettes.transpose(0, 2, 1).reshape(-1, palettes.shape[1])
    return float(sum(np.square(np.interp(places, kept, row[kept]) - row).sum() for row in rows))


@given(arrays.arrays(np.float64, (2, 9, 3), elements=st.floats(0.0, 1.0, width=32)), st.integers(2, 6))
def test_no_other_choice_of_stops_is_nearer(palettes: Array, most: int) -> None:
    kept = fewest_stops(palettes, most, tolerance=0.0)
    assert kept[0] == 0 and kept[-1] == 8 and len(kept) <= most
    every = ([0, *middle, 8] for middle in itertools.combinations(range(1, 8), most - 2))
    best = min(squared_error(palettes, np.array(choice)) for choice in every)
    assert squared_error(palettes, kept) <= best + 1e-9


def test_fewest_stops_within_the_tolerance() -> None:
    corners = np.random.default_rng(3).random((5, 7, 3))
    at = np.array([0, 20, 60, 61, 130, 200, 255])
    palettes = np.array([np.stack([np.interp(np.arange(256), at, channel) for channel in key.T], axis=1) for key in corners])
    np.testing.assert_array_equal(fewest_stops(palettes, tolerance=1e-5), at)  # an outline of straight lines is found again
    kept = fewest_stops(palettes + np.random.default_rng(4).normal(size=palettes.shape) * 0.002)
    assert len(kept) <= 7
    bent = np.sin(np.linspace(0, 9, 256))[None, :, None] * np.ones(3) * 0.5 + 0.5
    kept = fewest_stops(bent)
    assert 4 < len(kept) < STOPS
    assert np.sqrt(squared_error(bent, kept) / bent.size) <= TOLERANCE
    fewer = fewest_stops(bent, most=len(kept) - 1)
    assert np.sqrt(squared_error(bent, fewer) / bent.size) > TOLERANCE


@pytest.mark.parametrize("palettes", [np.full((3, 256, 3), 0.4), np.zeros((1, 2, 3)), np.random.default_rng(0).random((2, 256, 3))])
def test_stops_of_flat_tiny_and_noisy_palettes(palettes: Array) -> None:
    kept = fewest_stops(palettes)
    assert kept[0] == 0 and kept[-1] == palettes.shape[1] - 1 and 2 <= len(kept) <= STOPS and (np.diff(kept) > 0).all()


def test_keys_stand_where_colours_move() -> None:
    way = np.concatenate([np.zeros(100), np.linspace(0, 1, 50), np.ones(100)])[:, None] * np.ones(6)
    keys = spread_keys(way)
    assert keys[0] == 0 and keys[-1] == 249
    assert ((keys[1:-1] >= 99) & (keys[1:-1] <= 150)).all() and len(keys) > 20
    np.testing.assert_array_equal(spread_keys(np.zeros((9, 6))), [0, 8])


@given(arrays.arrays(np.float64, (6, 3), elements=st.floats(0.0, 1.0)), st.floats(0.05, 0.6))
def test_nothing_is_darker_than_the_floor(colors: Array, floor: float) -> None:
    bright = lifted(colors, floor)
    before, after = to_oklab(colors), to_oklab(bright)
    assert (after[:, 0] >= floor - 2e-3).all() and bright.min() >= 0.0 and bright.max() <= 1.0
    light = before[:, 0] >= floor
    np.testing.assert_array_equal(bright[light], colors[light])
    chroma = np.hypot(*after[:, 1:].T)
    turned = np.abs(before[:, 1] * after[:, 2] - before[:, 2] * after[:, 1]) / np.maximum(np.hypot(*before[:, 1:].T) * chroma, 1e-12)
    assert (turned[(chroma > 0.02) & (np.hypot(*before[:, 1:].T) > 0.02)] < 0.05).all()  # the same hue


@given(st.floats(0.02, 0.98), st.floats(-np.pi, np.pi))
def test_largest_chroma_is_the_edge_of_what_can_be_shown(lightness: float, hue: float) -> None:
    largest = largest_chroma(np.array([lightness]), np.array([hue]))[0]

    def kept(chroma: float) -> float:
        lab = np.array([[lightness, chroma * np.cos(hue), chroma * np.sin(hue)]])
        return float(np.abs(to_oklab(into_gamut(lab)) - lab).max())

    assert kept(0.98 * largest) < 2e-3 and kept(1.1 * largest + 0.01) > 2e-3
