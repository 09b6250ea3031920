"""Wind: bounded, smooth, the same everywhere, nothing at strength 0; whatever it does to a flower is a turn, and the flower stays whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bloom_core import designs, wind
from bloom_core.growth import guard
from bloom_core.wind import Breeze, elapsed, lean, looped, swayed

times = st.floats(-1e4, 1e4)
angles = st.floats(0.0, 2.0 * np.pi)
breezes = st.builds(
    lambda strength, angle, length, gusts, seed, base: Breeze(strength, (length * np.cos(angle), length * np.sin(angle)), gusts, seed, base),
    st.floats(0.01, 100.0), angles, st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.integers(0, 2**31), st.floats(-5.0, 5.0),
)  # fmt: skip


def turns(breeze: Breeze, time: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """What the wind does after each xform of a lotus, (4, 4) each, the final one's last."""
    flower = designs.design("lotus").open
    moved = swayed(flower, breeze, time, (1.0, 1.0, 1.0), (0.0, 2.0, 0.0))

    def square(affine: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        return np.vstack([affine, [0.0, 0.0, 0.0, 1.0]])

    return np.array([square(moved.xform(n).post) @ np.linalg.inv(square(flower.xform(n).post)) for n in range(3)])


@given(breezes, times)
@settings(max_examples=80, deadline=None)
def test_the_wind_only_turns_and_never_far(breeze: Breeze, time: float) -> None:
    for turn, most in zip(turns(breeze, time), (*[wind.MOST[1]] * 2, wind.MOST[0]), strict=True):
        np.testing.assert_allclose(turn[:3, :3] @ turn[:3, :3].T, np.eye(3), atol=1e-9)
        assert np.linalg.det(turn) == pytest.approx(1.0)
        assert np.arccos(np.clip((np.trace(turn[:3, :3]) - 1.0) / 2.0, -1.0, 1.0)) <= most + 1e-6
        np.testing.assert_allclose(turn @ [0.0, 0.0, breeze.base, 1.0], [0.0, 0.0, breeze.base, 1.0], atol=1e-9)  # the base stands still


@given(breezes.filter(lambda breeze: breeze.strength < 3.0), st.floats(0.0, 1e3))
@settings(max_examples=80, deadline=None)
def test_it_moves_smoothly(breeze: Breeze, time: float) -> None:
    at = [turns(breeze, time + step)[:, :3, :3] for step in (-0.01, 0.0, 0.01)]
    speed = max(np.abs(at[1] - at[0]).max(), np.abs(at[2] - at[1]).max()) / 0.01
    change = np.abs(at[2] - 2.0 * at[1] + at[0]).max() / 0.01**2
    assert speed < 1.6 * breeze.strength and change < 25.0 * breeze.strength  # radians a second, and how fast that changes


@given(breezes, times)
@settings(max_examples=30, deadline=None)
def test_every_moment_is_the_same_again_in_any_order(breeze: Breeze, time: float) -> None:
    first = turns(breeze, time)
    turns(breeze, time + 1.0)
    wind._tides.cache_clear()
    np.testing.assert_array_equal(turns(breeze, time), first)


def test_the_same_wind_blows_on_every_machine() -> None:
    """Literal values: they may only change together with the wind of every .blend."""
    found = lean(Breeze(1.0, (1.0, 0.0), 0.5, 7), 12.25)
    np.testing.assert_allclose(found[2, :3], [-0.09204573195837218, -0.09441207498287209, 0.9912688552182379], atol=1e-12)


def test_no_strength_and_no_factor_is_no_wind() -> None:
    flower = designs.design("waterlily").open
    assert swayed(flower, Breeze(0.0), 3.0, [1.0] * 4, [0.0] * 4) is flower
    still = swayed(flower, Breeze(2.0), 3.0, [0.0] * 4, [0.0] * 4)
    for number in range(4):
        np.testing.assert_array_equal(still.xform(number).post, flower.xform(number).post)


def test_it_leans_with_the_wind_more_in_more_wind_and_swings_back() -> None:
    tops = np.array([[lean(Breeze(strength, (0.0, 1.0), 0.5, 3), time)[:, 2] for time in np.arange(0.0, 60.0, 0.1)] for strength in (0.5, 1.0)])
    mean = tops.mean(axis=1)
    assert mean[1, 1] > 1.5 * mean[0, 1] > 0.0 and abs(mean[1, 0]) < 0.3 * mean[1, 1]
    along = tops[1, :, 1] - mean[1, 1]
    swings = (np.diff(np.sign(along)) != 0).sum() / 2.0 / 60.0
    assert 0.2 < swings < 0.7  # in 1/s, near the stem's own frequency: it sways, and does not shake


def test_gusts_reach_late_petals_later() -> None:
    flower = designs.design("lotus").open
    breeze = Breeze(1.0, gusts=1.0)
    early, late = (swayed(flower, breeze, time, (1.0,) * 3, (0.0, phase, 0.0)) for time, phase in ((5.0, 0.0), (5.0 + wind.TRAVEL / 2.0, np.pi)))
    np.testing.assert_allclose(early.xforms[1].post, late.xforms[1].post, atol=1e-12)
    assert (early.xforms[0].post != late.xforms[0].post).any()


def test_a_flower_without_a_final_xform_leans_as_a_whole() -> None:
    flower = replace(designs.design("lotus").open, final=None)
    breeze = Breeze(3.0, gusts=1.0, base=-0.4)
    moved = swayed(flower, breeze, 2.0, (0.0, 0.0), (0.0, 0.0))
    leant = lean(breeze, 2.0)
    points = np.random.default_rng(0).normal(size=(5, 3))
    for before, after in zip(flower.xforms, moved.xforms, strict=True):
        into = (points @ leant[:, :3].T + leant[:, 3]) @ after.pre[:, :3].T + after.pre[:, 3]
        np.testing.assert_allclose(into, points @ before.pre[:, :3].T + before.pre[:, 3], atol=1e-12)
        np.testing.assert_allclose(after.post[:, :3], leant[:, :3] @ before.post[:, :3], atol=1e-12)


@pytest.mark.parametrize("name", designs.designs())
def test_no_wind_blows_a_flower_apart(name: str) -> None:
    design = designs.design(name)
    holds = guard.native_probe(design.bud, design.open)
    count = len(design.open.xforms) + 1
    for strength, time in ((1.0, 1.0), (5.0, 4.0), (100.0, 9.0)):
        for flame in (design.open, design.bud):
            assert holds(swayed(flame, Breeze(strength, gusts=1.0, base=design.box.low[2]), time, [1.0] * count, [0.7 * n for n in range(count)]))


@given(st.lists(st.tuples(st.floats(0.5, 40.0), st.floats(-3.0, 3.0)), min_size=1, max_size=6), st.floats(-60.0, 200.0))
@settings(max_examples=60, deadline=None)
def test_elapsed_time_is_the_integral_of_the_pace(steps: list[tuple[float, float]], end: float) -> None:
    knots = np.cumsum([gap for gap, _ in steps])
    paces = np.array([pace for _, pace in steps])

    def pace(moment: float) -> float:
        return float(np.interp(moment, knots, paces))

    fine = np.linspace(0.0, end, 20001)
    values = np.interp(fine, knots, paces)
    wanted = float(np.sum(0.5 * (values[1:] + values[:-1]) * np.diff(fine)))
    assert elapsed(pace, list(knots), 0.0, end) == pytest.approx(wanted, abs=1e-3 * (1.0 + abs(wanted)))
    whole, parts = elapsed(pace, list(knots), 0.0, end), [elapsed(pace, list(knots), *span) for span in ((0.0, end / 3.0), (end / 3.0, end))]
    assert sum(parts) == pytest.approx(whole, abs=1e-6)


@given(st.floats(-100.0, 1000.0), st.floats(0.0, 40.0))
def test_a_recording_loops_without_a_jump(moment: float, loop: float) -> None:
    at = looped(moment, 10.0, 50.0, loop)
    assert 10.0 <= at <= 50.0 and (moment > 50.0 or at == max(moment, 10.0))
    assert abs(looped(moment + 0.1, 10.0, 50.0, loop) - at) <= 0.1 + 1e-9
    if moment > 50.0:
        assert at >= 50.0 - loop


@given(st.lists(st.floats(-5.0, 5.0), min_size=12, max_size=12))
def test_what_is_added_to_an_affine_has_a_bound_and_below_it_stays_as_it_is(values: list[float]) -> None:
    added = np.array(values).reshape(3, 4)
    kept = wind.bounded(added)
    assert max(np.linalg.norm(kept[:, :3]), np.linalg.norm(kept[:, 3])) <= wind.MOST_ADDED + 1e-12
    small = added * (0.9 * wind.MOST_ADDED / max(float(np.linalg.norm(added)), 1.0))
    np.testing.assert_array_equal(wind.bounded(small), small)
