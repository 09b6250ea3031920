"""Palette ramps: they end in the design's own colours, move with the words, and turn neither brown nor out of range."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from bloom_core import palettes
from bloom_core.palettes import displace, oklab, ramp, to_oklab, to_srgb
from bloom_core.trajectories import reduction, trajectory
from bloom_core.trajectories.trajectory import Trajectory

MakeRun = Callable[..., Trajectory]
BASE = np.linspace([0.9, 0.1, 0.4], [0.2, 0.7, 1.0], 256)


@pytest.fixture(scope="module")
def digits() -> Trajectory:
    return trajectory.read_run(trajectory.embedded_run("digits"))


def states(run: Trajectory, frames: int = 96) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.linspace(0.0, len(run.steps), frames)


def test_oklab_is_ottossons() -> None:
    # Published pairs: white, and the XYZ example's neutral axis; red as in the CSS Color 4 sample.
    np.testing.assert_allclose(to_oklab(np.array([[1.0, 1.0, 1.0]])), [[1.0, 0.0, 0.0]], atol=1e-4)
    np.testing.assert_allclose(to_oklab(np.array([[1.0, 0.0, 0.0]])), [[0.62796, 0.22486, 0.12585]], atol=1e-4)


@given(arrays.arrays(np.float64, (4, 3), elements=st.floats(0.0, 1.0)))
def test_oklab_there_and_back(colors: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> None:
    np.testing.assert_allclose(to_srgb(to_oklab(colors)), colors, atol=1e-6)


@given(arrays.arrays(np.float64, (16, 3), elements=st.floats(0.0, 1.0)), arrays.arrays(np.float64, (16, 3), elements=st.floats(-1.0, 1.0)))
def test_displaced_colours_are_bounded_and_not_muddy(
    base: np.ndarray[tuple[int, ...], np.dtype[np.float64]], movement: np.ndarray[tuple[int, ...], np.dtype[np.float64]]
) -> None:
    shown = displace(base, movement)
    assert shown.min() >= 0.0 and shown.max() <= 1.0
    before, after = to_oklab(base), to_oklab(shown)
    assert (np.abs(after[:, 0] - before[:, 0]) <= palettes.LIGHTNESS * before[:, 0] + 2e-3).all()
    chroma = [np.hypot(lab[:, 1], lab[:, 2]) for lab in (before, after)]
    assert (chroma[1] <= chroma[0] * (1.0 + palettes.CHROMA) + 2e-3).all()  # grey, black and white stay what they are


def test_ends_in_the_designs_palette_and_moves_before(digits: Trajectory) -> None:
    found = ramp(digits, BASE, states(digits), frame_start=10)
    assert len(found.positions) == palettes.STOPS <= 32
    assert found.positions[0] == 0.0 and found.positions[-1] == 1.0
    assert found.frames[0] == 10 and found.frames[-1] == 105 and (np.diff(found.frames) > 0).all() and len(found.frames) <= 26
    wanted = palettes.stops(BASE)[1]
    across = np.linspace(0.0, 1.0, len(BASE))
    sampled = np.stack([np.interp(found.positions, across, BASE[:, channel]) for channel in range(3)], axis=1)
    assert np.abs(wanted - sampled).max() < 0.05  # a smooth palette is met where its stops stand
    np.testing.assert_array_equal(found.colors[-1], wanted)
    np.testing.assert_array_equal(found.palette(BASE, 105), BASE)
    first = np.linalg.norm(to_oklab(found.colors[0]) - to_oklab(wanted), axis=1)
    assert first.mean() > 0.03  # clearly another palette (about 2 is a just noticeable difference of 0.02)
    assert found.palette(BASE, 10).shape == BASE.shape


def test_frozen_epochs_take_no_keys(make_run: MakeRun) -> None:
    run = make_run()
    assert run.embeddings is not None
    values = run.embeddings.values.copy()
    values[3:] = values[3]
    run = reduction.reduce_run(replace(run, embeddings=replace(run.embeddings, values=values)))
    found = ramp(run, BASE, states(run))
    assert (found.frames[1:-1] <= 50).all() and found.frames[-1] == 96
    np.testing.assert_array_equal(found.colors[-2], found.colors[-1])


def test_between_keys_and_outside(digits: Trajectory) -> None:
    found = ramp(digits, BASE, states(digits))
    middle = (found.frames[2] + found.frames[3]) / 2
    np.testing.assert_allclose(found.at(middle), (found.colors[2] + found.colors[3]) / 2)
    np.testing.assert_array_equal(found.at(-5), found.colors[0])


def test_without_words_the_layers_stir(make_run: MakeRun) -> None:
    run = make_run(words=0)
    found = ramp(run, BASE, states(run))
    assert len(found.frames) > 5 and np.abs(found.colors[0] - found.colors[-1]).max() > 0.05


def test_many_words_and_one_word(make_run: MakeRun) -> None:
    for words in (1, 2, 16, 50):
        run = reduction.reduce_run(make_run(words=words))
        found = ramp(run, BASE, states(run))
        assert np.isfinite(found.colors).all() and np.abs(found.colors[0] - found.colors[-1]).max() > 0.01


def test_a_still_run_keeps_the_palette(make_run: MakeRun) -> None:
    run = make_run(words=0)
    found = ramp(replace(run, update_norm=run.update_norm * 0), BASE, states(run))
    assert len(found.frames) >= 2
    np.testing.assert_allclose(found.colors[0], found.colors[-1])


@given(arrays.arrays(np.float64, (64, 3), elements=st.floats(-1.2, 1.2)))
def test_into_gamut_is_a_plain_bisection(lab: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> None:
    def shown(lab: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        rgb = to_srgb(lab)
        return np.asarray(((rgb >= -1e-6) & (rgb <= 1.0 + 1e-6)).all(axis=1))

    lab = np.column_stack([np.clip(lab[:, 0], 0.0, 1.0), lab[:, 1:]])
    low, high = np.zeros(len(lab)), np.ones(len(lab))
    for _ in range(12):
        middle = np.where(shown(lab), 1.0, (low + high) / 2.0)
        inside = shown(np.column_stack([lab[:, 0], lab[:, 1:] * middle[:, None]]))
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    plain = np.clip(to_srgb(np.column_stack([lab[:, 0], lab[:, 1:] * low[:, None]])), 0.0, 1.0)
    np.testing.assert_array_equal(oklab.into_gamut(lab), plain)
