"""Which step a frame shows, at each pace, and the markers of epochs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from bloom_core import growth
from bloom_core.designs import Design
from bloom_core.growth import grow, growth_frames
from bloom_core.trajectories.trajectory import RunError, Trajectory

MakeRun = Callable[..., Trajectory]


def test_frames_are_spread_as_documented(digits: Trajectory, make_run: MakeRun) -> None:
    states = growth.spread_frames(digits, 96)
    assert states[0] == 0.0 and states[-1] == len(digits.steps) and (np.diff(states) > 0.0).all()
    np.testing.assert_array_equal(states, np.round(states))
    wild = int(np.searchsorted(states, np.searchsorted(digits.share_of_path(), 0.5)))
    assert 20 < wild < 45  # the first half of the path, an eighth of the steps, has about a third of the film
    short = growth.spread_frames(make_run(10), 96)
    assert short[-1] == 10.0 and (np.diff(short) > 0.0).all()


def rows(run: Trajectory, pace: str, frames: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    states = growth.spread_frames(run, frames, pace)
    assert states[0] == 0.0 and states[-1] == len(run.steps) and (np.diff(states) > 0.0).all()
    return np.maximum(states.astype(np.int64) - 1, 0)


def test_paces_are_even_in_what_they_name(digits: Trajectory) -> None:
    frames = 60
    even = np.linspace(0.0, 1.0, frames)
    for pace, measure in (
        ("step", np.arange(1, 1261) / 1260),
        ("epoch", digits.epoch / digits.epoch[-1]),
        ("path", digits.share_of_path()),
    ):
        shown = np.asarray(measure)[rows(digits, pace, frames)]
        assert np.abs(shown - even).max() < 0.05, pace
        assert np.abs(np.asarray(measure)[rows(digits, "loss", frames)] - even).max() > 0.05, pace


def test_pace_by_loss_follows_its_fall(make_run: MakeRun) -> None:
    run = make_run(400)
    steps = np.arange(400)
    falls = np.where(steps < 200, 1.0, np.exp(-(steps - 200) / 50.0)).astype(np.float32)  # nothing is learned in the first half
    shown = rows(replace(run, loss=falls), "loss", 50)
    assert np.count_nonzero(shown < 180) <= 3
    np.testing.assert_allclose(np.diff(np.log(falls[shown[5:-5]])), -4.0 / 50, atol=0.06)


def test_paces_that_the_run_does_not_know(make_run: MakeRun) -> None:
    run = make_run(40)
    unknown = replace(run, loss=np.full(40, np.nan, np.float32), epoch=np.zeros(40, np.float32))
    with pytest.raises(RunError, match="loss"):
        growth.spread_frames(unknown, 10, "loss")
    with pytest.raises(RunError, match="epochs"):
        growth.spread_frames(unknown, 10, "epoch")
    with pytest.raises(RunError, match="never falls"):
        growth.spread_frames(replace(run, loss=np.ones(40, np.float32)), 10, "loss")
    still = replace(run, update_norm=run.update_norm * 0)
    np.testing.assert_allclose(growth.spread_frames(still, 11, "path"), np.linspace(0, 40, 11))


def test_markers_are_epochs(digits: Trajectory, design: Design) -> None:
    film = grow(digits, design, strength=0.0)
    assert 2 <= len(film.markers) <= growth_frames.MAX_MARKERS
    assert film.markers[-1].name == "epoch 28" and film.markers[-1].frame == 96
    for marker in film.markers[:-1]:
        assert digits.epoch[film.steps[marker.frame - 1]] >= int(marker.name.split()[1]) - 1e-3
        assert digits.epoch[film.steps[marker.frame - 2]] < int(marker.name.split()[1])
