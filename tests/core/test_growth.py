"""Growth: the film opens, is wild early and trembles late, and ends exactly in the design."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bloom_core import growth
from bloom_core.designs import Design, design_from_flame
from bloom_core.flames.flame import Flame, FlameError, Variation, Xform
from bloom_core.flames.flame_file import read_flames
from bloom_core.growth import grow, growing, growth_mapping, guard
from bloom_core.growth.animation import Channel
from bloom_core.native import Box
from bloom_core.trajectories.trajectory import RunError, Trajectory

from .growing import triangle

MakeRun = Callable[..., Trajectory]


def holds(flame: Flame) -> bool:
    return True


def test_ends_exactly_in_the_open_design(digits: Trajectory, design: Design) -> None:
    film = grow(digits, design, frames=40, frame_start=11)
    last = film.at(film.frame_end)
    assert film.frame_end == 50 and len(film.values) == 40
    for shown, wanted in zip((*last.xforms, last.final), (*design.open.xforms, design.open.final), strict=True):
        assert shown is not None and wanted is not None
        np.testing.assert_array_equal(shown.pre, wanted.pre)
        assert (shown.weight, shown.opacity, shown.color) == (wanted.weight, wanted.opacity, wanted.color)
    np.testing.assert_array_equal(last.palette, design.open.palette)
    assert film.steps[-1] == len(digits.steps) - 1 and (np.diff(film.steps) >= 0).all()
    np.testing.assert_array_equal(film.at(1000).xforms[0].pre, last.xforms[0].pre)


def test_without_strength_only_the_opening_is_left(digits: Trajectory, design: Design) -> None:
    film = grow(digits, design, strength=0.0)
    first = film.at(1)
    for number in range(4):
        np.testing.assert_allclose(first.xform(number).pre, design.bud.xform(number).pre, atol=1e-12)
    column = film.channels.index(Channel(0, "weight"))
    assert film.values[0, column] == pytest.approx(0.2) and (np.diff(film.values[:, column]) >= 0.0).all()
    assert (film.guard == 1.0).all()


def test_is_wild_early_and_trembles_late(digits: Trajectory, design: Design) -> None:
    film = grow(digits, design, probe=holds)
    still = grow(digits, design, strength=0.0)
    moved = np.linalg.norm(film.values - still.values, axis=1)
    assert moved[:20].mean() > 5.0 * moved[-20:].mean()
    jumps = np.linalg.norm(np.diff(film.values - still.values, axis=0), axis=1)
    assert jumps[5:35].mean() > 3.0 * jumps[-25:].mean()
    assert jumps[-25:].min() > 0.0
    turns = np.diff(np.sign(np.diff((film.values - still.values)[-25:], axis=0)), axis=0) != 0
    assert turns.mean() > 0.3  # it trembles: in the last quarter the curves keep turning, and do not glide


def test_values_stay_in_range_at_any_strength(digits: Trajectory, design: Design) -> None:
    film = grow(digits, design, strength=20.0, probe=holds)
    for column, channel in enumerate(film.channels):
        if channel.field == "weight":
            assert film.values[:, column].min() >= 0.0
        if channel.field in ("opacity", "color"):
            assert film.values[:, column].min() >= 0.0 and film.values[:, column].max() <= 1.0
    assert np.isfinite(film.values).all()
    assert film.at(1).xforms[0].opacity == 0.0  # what the bud hides stays hidden


def test_channels_are_the_declared_ones_and_those_that_open(design: Design) -> None:
    channels = growing.channels_of(design.bud, design.open)
    assert len(channels) == len(set(channels))
    for xform in range(3):
        fields = [(channel.field, channel.index) for channel in channels if channel.xform == xform and channel.field == "pre"]
        assert {index for _, index in fields} >= {0, 1, 3, 4, 5, 7, 11}
    assert Channel(0, "pre", 10) in channels and Channel(1, "pre", 10) not in channels  # z opens in the first xform alone
    final = [channel for channel in channels if channel.xform == 3]
    assert Channel(3, "pre", 10) in final and Channel(3, "pre", 11) not in final and all(channel.field == "pre" for channel in final)
    other = replace(design.open, xforms=design.open.xforms[:2])
    with pytest.raises(FlameError, match="same xforms"):
        growing.channels_of(design.bud, other)


def test_guard_scales_back_what_would_diverge(digits: Trajectory) -> None:
    loose = triangle(0.8)
    design = Design("loose", "Loose", loose, loose, Box((-3, -3, -3), (3, 3, 3)))
    film = grow(digits, design, frames=24, strength=4.0)
    free = grow(digits, design, frames=24, strength=4.0, probe=holds)
    assert film.guard.min() < 1.0 and film.guard[-1] == 1.0
    probe = guard.native_probe(loose, loose)
    assert all(probe(film.at(frame)) for frame in range(1, 25))
    assert not all(probe(free.at(frame)) for frame in range(1, 25))
    film, free = (grow(digits, design, frames=24, strength=4.0, probe=probe, tolerance=None) for probe in (None, holds))
    kept = film.guard == 1.0
    np.testing.assert_array_equal(film.values[kept], free.values[kept])


def test_guard_bisects_to_a_sixteenth() -> None:
    flame = triangle()
    tried: list[float] = []

    def flame_at(share: float) -> Flame:
        tried.append(share)
        return replace(flame, name=str(share))

    assert guard.kept_share(flame_at, lambda shown: float(shown.name) <= 0.4) == 0.375
    assert tried == [1.0, 0.5, 0.25, 0.375, 0.4375]
    assert guard.kept_share(flame_at, lambda shown: False) == 0.0


@pytest.mark.parametrize(("scale", "reason"), [(1.4, "diverges"), (0.0, "collapses")])
def test_a_design_that_cannot_grow_is_refused(digits: Trajectory, scale: float, reason: str) -> None:
    linear = (Variation("linear", 1.0),)
    flame = Flame((Xform(linear, pre=np.hstack([np.eye(3) * scale, [[0.5], [0.5], [0.5]]])),), name="sick")
    with pytest.raises(FlameError, match=f"sick: {reason}"):
        grow(digits, Design("sick", "Sick", flame, flame, Box((-1, -1, -1), (1, 1, 1))), frames=4)


def test_a_frame_shows_a_step_and_not_a_mean(make_run: MakeRun, design: Design, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growing, "PASSES", 0)  # as mapped: the evening out lets one frame's length shift those before it
    run = make_run(200)
    film = grow(run, design, frames=20, probe=holds, tolerance=None)
    later = replace(run, sketch=run.sketch.copy())
    row = int(film.steps[10])
    later.sketch[row] += 0.3
    later.sketch[row + 1] -= 0.3  # one step's excursion
    changed = grow(later, design, frames=20, probe=holds, tolerance=None)
    assert np.abs(changed.values - film.values)[10].max() > 0.01
    assert np.abs(np.delete(changed.values - film.values, 10, axis=0)).max() < np.abs(changed.values - film.values)[10].max() / 3


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_very_short_runs_grow(make_run: MakeRun, design: Design, steps: int) -> None:
    film = grow(make_run(steps), design, frames=12)
    assert np.isfinite(film.values).all() and film.steps[-1] == steps - 1


def test_a_run_that_broke_down_grows(make_run: MakeRun, design: Design) -> None:
    run = make_run()
    norms, bad = run.update_norm.copy(), run.nonfinite.copy()
    norms[40:], bad[40:] = np.nan, 1
    run.sketch[40:] = 0.0
    film = grow(replace(run, update_norm=norms, nonfinite=bad), design, frames=12)
    assert np.isfinite(film.values).all() and np.isfinite(film.ramp.colors).all()


def test_a_still_run_grows(make_run: MakeRun, design: Design) -> None:
    run = make_run(words=0)
    film = grow(replace(run, sketch=run.sketch * 0, update_norm=run.update_norm * 0), design, frames=12)
    assert (film.guard == 1.0).all() and (film.values == film.values[0]).all()  # nothing was learned: it stays a bud
    assert film.values[0, film.channels.index(Channel(0, "weight"))] == 0.2


def test_arguments_out_of_range(digits: Trajectory, design: Design) -> None:
    for arguments in (
        {"mapping": "other"},
        {"pace": "other"},
        {"frames": 1},
        {"frames": 10**9},
        {"strength": -1.0},
        {"strength": float("nan")},
        {"smoothing": -1.0},
    ):
        with pytest.raises(ValueError, match="choose"):
            grow(digits, design, **arguments)  # type: ignore[arg-type]


def test_the_originals_flames_grow_in_time(digits: Trajectory, shared_data: Path) -> None:
    for path in sorted((shared_data / "original-bloom" / "flames").glob("*.flame")):
        flower = design_from_flame(read_flames(path)[0][0])
        started = time.process_time()
        film = grow(digits, flower)
        assert time.process_time() - started < 10.0, path.name
        assert film.guard.mean() > 0.5, path.name


def test_few_keys_stay_within_the_tolerance(digits: Trajectory, design: Design) -> None:
    dense = grow(digits, design, probe=holds, tolerance=None)
    assert dense.keys is None
    for tolerance, share in ((0.01, 0.6), (0.1, 0.25)):
        film = grow(digits, design, probe=holds, tolerance=tolerance)
        assert film.keys is not None and sum(len(keys.frames) for keys in film.keys) < share * dense.values.size
        for channel, keys, values, wanted in zip(film.channels, film.keys, film.values.T, dense.values.T, strict=True):
            low, high = {"weight": (0.0, np.inf), "opacity": (0.0, 1.0), "color": (0.0, 1.0)}.get(channel.field, (-np.inf, np.inf))
            np.testing.assert_allclose(values, np.clip(keys.at(np.arange(96.0) + 1.0), low, high), atol=1e-12)
            assert np.abs(values - wanted).max() <= tolerance * growth_mapping.reach(channel, wanted) + 1e-12
            assert values[-1] == wanted[-1]


def test_smoothing_and_the_flutter_change_the_film_where_they_should(digits: Trajectory, design: Design) -> None:
    plain, soft = (grow(digits, design, probe=holds, tolerance=None, smoothing=smoothing) for smoothing in (0.0, 3.0))

    def unrest(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]], part: slice) -> float:
        return float(np.abs(np.diff(values[part], n=2, axis=0)).mean())

    late = slice(-30, None)
    affine = [column for column, channel in enumerate(plain.channels) if channel.field == "pre"]
    assert plain.flutter is not None and not np.delete(plain.flutter, affine, axis=1).any() and not plain.flutter[-1].any()
    values, flutter = plain.values[:, affine], plain.flutter[:, affine]
    assert unrest(soft.values, late) < 0.4 * unrest(plain.values, late)
    assert unrest(values - flutter, late) < 0.7 * unrest(values, late) < 2.0 * unrest(values, late) < unrest(values + 3.0 * flutter, late)
    np.testing.assert_array_equal(soft.values[-1], plain.values[-1])


def test_a_frame_that_was_held_back_trembles_as_much_less(digits: Trajectory) -> None:
    loose = triangle(0.8)
    design = Design("loose", "Loose", loose, loose, Box((-3, -3, -3), (3, 3, 3)))
    film, free = (grow(digits, design, frames=24, strength=4.0, probe=probe, tolerance=None) for probe in (None, holds))
    assert film.flutter is not None and free.flutter is not None and film.guard.min() < 1.0
    np.testing.assert_allclose(film.flutter, film.guard[:, None] * free.flutter)


def test_one_scale_for_several_runs(make_run: MakeRun, design: Design) -> None:
    run = make_run(layers=1, words=0)
    lively = replace(run, sketch=run.sketch * 4, update_norm=run.update_norm * 4)  # type: ignore[operator]
    scale = growth.common_scale([run, lively])
    assert growth.common_scale([run]) < scale < growth.common_scale([lively])
    still = grow(run, design, frames=12, probe=holds, strength=0.0)
    quiet, loud = (np.abs(grow(one, design, frames=12, probe=holds, scale=scale).values - still.values).mean() for one in (run, lively))
    assert loud > 1.5 * quiet
    alone = [grow(one, design, frames=12, probe=holds).values for one in (run, lively)]
    np.testing.assert_allclose(alone[0], alone[1], atol=1e-5)  # each on its own scale, they are alike


def test_a_chosen_palette_is_the_open_flowers(digits: Trajectory, design: Design) -> None:
    film = grow(digits, design, frames=12, probe=holds, palette="moon")
    assert film.ramp.base is not None
    np.testing.assert_array_equal(film.flame.palette, film.ramp.base)
    np.testing.assert_array_equal(film.at(film.frame_end).palette, film.ramp.base)
    with pytest.raises(RunError, match="moon"):
        grow(digits, design, frames=12, probe=holds, palette="mud")
