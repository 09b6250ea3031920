"""The colours of maps: ranks, layers, colour maps, and what colour-blind eyes tell apart."""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from bloom_core.palettes import to_oklab
from bloom_core.palettes.safe import DICHROMACIES, seen
from bloom_core.trainability import coloring
from bloom_core.trainability.experiment import Experiment, MapError
from bloom_core.trainability.glow import edges, glow
from bloom_core.trainability.maps import Making, Map
from bloom_core.trainability.newton import PRESETS, newton_map
from bloom_core.trainability.outcomes import COLUMNS
from bloom_core.trainability.views import View, overview

MADE = Making("test", "float", 0.0, 0)


def map_of_scores(values: np.ndarray, **fields: object) -> Map:
    view = View((Fraction(0),) * values.ndim, (Fraction(1),) * values.ndim, tuple(reversed(values.shape)))
    return Map(Experiment(**fields), view, (values < 0).astype(np.uint8), values, None, MADE)


numbers = st.floats(-1e30, 1e30).filter(lambda value: abs(value) >= 1e-30)
scores = arrays.arrays(np.float64, st.tuples(st.integers(2, 9), st.integers(2, 9)), elements=numbers)


@settings(deadline=None, max_examples=60)
@given(scores)
def test_levels_are_ranks(score: np.ndarray) -> None:
    shown = coloring.levels(map_of_scores(score))
    assert shown.dtype == np.float32
    low, high = score < 0, score > 0
    assert (np.abs(shown) >= coloring.GAP - 1e-6).all() and (np.abs(shown) <= 1.0).all()
    assert ((shown < 0) == low).all() and ((shown > 0) == high).all()
    order = np.argsort(score, axis=None)
    assert (np.diff(shown.ravel()[order]) >= -1e-6).all()  # never turns values round
    for side, ends in ((low, (-1.0, -0.25)), (high, (0.25, 1.0))):
        if side.sum() > 1:
            assert shown[side].astype(np.float64).mean() == pytest.approx(np.mean(ends), abs=1e-5)  # evenly spread, equal values sharing their rank


@settings(deadline=None, max_examples=30)
@given(scores)
def test_levels_do_not_know_the_unit_of_the_score(score: np.ndarray) -> None:
    bent = np.sign(score) * np.abs(score) ** 0.5
    if len(np.unique(bent)) == len(np.unique(score)):  # a root may bring neighbouring numbers together
        np.testing.assert_allclose(coloring.levels(map_of_scores(bent)), coloring.levels(map_of_scores(score)), atol=2e-6)


def test_levels_are_those_of_the_notebook_where_all_scores_differ() -> None:
    score = np.random.RandomState(0).standard_normal((32, 32)) ** 5
    flat = np.sort(score.ravel())
    below = int((flat < 0).sum())
    ranks = np.concatenate((np.linspace(-1, -0.25, below), np.linspace(0.25, 1, flat.size - below)))
    np.testing.assert_allclose(coloring.levels(map_of_scores(score)), np.interp(score, flat, ranks), atol=1e-6)


def test_equalisation_lent_to_another_map_keeps_the_sides_apart() -> None:
    one = map_of_scores(np.array([[-10.0, -1.0], [1.0, 10.0]]))
    other = map_of_scores(np.array([[-1e-9, 1e-9], [-1e9, 1e9]]))
    np.testing.assert_allclose(coloring.levels(other, equal=coloring.equalization(one)), [[-0.25, 0.25], [-1, 1]])


def test_a_large_map_is_ranked_as_well_as_a_small_one() -> None:
    score = -np.exp(np.random.RandomState(1).standard_normal((400, 400)) * 9)
    shown = coloring.levels(map_of_scores(score)).astype(np.float64)
    ranks = -1 + 0.75 * np.argsort(np.argsort(score, axis=None)).reshape(score.shape) / (score.size - 1)
    assert len(coloring.equalization(map_of_scores(score)).values) < score.size // 2
    np.testing.assert_allclose(shown, ranks, atol=2e-5)


def test_spectral_is_blue_where_training_converges_and_dark_red_at_the_other_side_of_the_boundary() -> None:
    found = map_of_scores(np.array([[-900.0, -3.0], [2.0, 900.0]]))
    shown = np.rint(coloring.colors(found) * 255)
    assert shown[0, 0].tolist() == pytest.approx([0x5E, 0x4F, 0xA2], abs=2)
    assert shown[1, 1].tolist() == pytest.approx([0x9E, 0x01, 0x42], abs=2)
    assert shown[0, 1, 1] > shown[0, 1, 0] and shown[1, 0, 0] > shown[1, 0, 2]  # fast ones: pale green, pale orange


@pytest.mark.parametrize("dichromacy", DICHROMACIES)
def test_safe_colours_are_told_apart_by_all_eyes(dichromacy: str) -> None:
    found = map_of_scores(np.concatenate([-np.arange(1.0, 65.0), np.arange(1.0, 65.0)]).reshape(2, 64))
    shown = coloring.colors(found, "safe").astype(np.float64)
    lab = to_oklab(seen(shown.reshape(-1, 3), dichromacy)).reshape(2, 64, 3)
    apart = np.linalg.norm(lab[0][:, None] - lab[1][None], axis=2)[16:, 16:]  # the quarter next to the gap is pale on both sides, and means the same
    assert apart.min() > 0.08


def test_every_colour_map_shows_every_kind_of_map() -> None:
    cube = map_of_scores(np.random.RandomState(3).standard_normal((5, 6, 7)))
    root = newton_map(PRESETS["cubic"], overview(PRESETS["cubic"], (24, 24)))
    for name in coloring.COLORMAPS:
        for found in (cube, root):
            shown = coloring.colors(found, name)
            assert shown.shape == (*found.labels.shape, 3) and shown.dtype == np.float32
            assert np.isfinite(shown).all() and shown.min() >= 0.0 and shown.max() <= 1.0 and shown.std() > 0.05
    with pytest.raises(MapError, match="no colour map 'rainbow'; choose one of spectral, safe, bloom"):
        coloring.colors(cube, "rainbow")


def test_roots_have_hues_and_no_root_is_black() -> None:
    found = newton_map(PRESETS["smale"], overview(PRESETS["smale"], (64, 64)))
    shown = coloring.colors(found)
    assert (found.labels == 255).any() and not shown[found.labels == 255].any()
    brightest = [shown[found.labels == root].max(axis=0) for root in range(3)]
    assert all(np.abs(a - b).max() > 0.2 for a, b in itertools.pairwise(brightest))
    inside = found.labels == 0
    slow = inside & (found.score > np.median(found.score[inside]))
    assert shown[slow].mean() < 0.7 * shown[inside & ~slow].mean()


def test_bloom_is_black_far_from_the_boundary_and_bright_at_it() -> None:
    rows, columns = np.mgrid[0:128, 0:128]
    away = np.hypot(rows - 64, columns - 40) - 20.5
    found = map_of_scores(np.where(away < 0, -1.0, 1.0) * 100.0 / (1.0 + np.abs(away)))
    brightness = coloring.colors(found, "bloom").max(axis=2)
    assert brightness[np.abs(away) < 1].mean() > 0.6
    assert brightness[np.abs(away) > 40].max() < 0.08
    near = [brightness[(np.abs(away) >= step) & (np.abs(away) < step + 4)].mean() for step in (0, 4, 12, 24)]
    assert near == sorted(near, reverse=True)


def test_the_glow_is_widest_where_edges_are_dense() -> None:
    labels = np.zeros((64, 64), np.uint8)
    labels[:, 20] = 1
    labels[10:30:2, 40:60:2] = 1
    assert edges(labels)[5, 19:22].all() and not edges(labels)[5, 23]
    lit = glow(labels)
    assert lit[20, 50] > lit[50, 20] > lit[50, 26] > lit[50, 50] and lit.max() <= 1.0
    assert not glow(np.ones((8, 8), np.uint8)).any()


def test_sensitivity_is_coloured_by_its_sign() -> None:
    score = np.array([[-1.0, -2.0, 3.0, 4.0]])
    outcomes = np.full((1, 4, len(COLUMNS)), np.nan)
    outcomes[0, :, COLUMNS.index("sensitivity")] = [-0.5, 0.0, 0.125, np.nan]
    found = replace(map_of_scores(score), outcomes=outcomes)
    assert coloring.levels(found, "sensitivity")[0, :3].tolist() == pytest.approx([-1.0, 0.0, 1.0], abs=0.02)
    assert np.isnan(coloring.levels(found, "sensitivity")[0, 3])
    shown = coloring.colors(found, layer="sensitivity")[0]
    assert shown[0, 2] > shown[0, 0] and shown[2, 0] > shown[2, 2] and shown[1].max() < 0.1  # blue, red, and dark between them
    assert shown[3].tolist() == pytest.approx(coloring.UNKNOWN, abs=0.01)
    with pytest.raises(MapError, match="made without"):
        coloring.colors(map_of_scores(score), layer="sensitivity")
    with pytest.raises(MapError, match="no layer 'loss'"):
        coloring.colors(found, layer="loss")


def test_faint_chaos_is_seen_beside_violent_failing() -> None:
    exponents = np.concatenate([np.linspace(-0.01, -0.001, 50), np.linspace(0.001, 0.1, 50), np.linspace(5.0, 50.0, 100)])[None]
    outcomes = np.full((1, 200, len(COLUMNS)), np.nan)
    outcomes[0, :, COLUMNS.index("sensitivity")] = exponents
    found = replace(map_of_scores(np.where(exponents < 1, -1.0, 1.0)), outcomes=outcomes)
    shown = coloring.levels(found, "sensitivity")[0]
    assert (np.diff(shown) >= 0).all() and ((shown < 0) == (exponents[0] < 0)).all()
    assert shown[0] == pytest.approx(-1.0, abs=0.02) and shown[99] == pytest.approx(coloring.CONVERGED, abs=0.02) and shown[74] > 0.4
    assert shown[100] > coloring.CONVERGED + 0.1 and shown[-1] == pytest.approx(1.0)


def test_a_map_that_kept_only_its_sensitivity_score_still_shows_the_exponent() -> None:
    exponents = np.array([[-0.3, 0.2, -0.1, 0.4]])
    factor = np.exp(exponents)
    score = np.where([[True, True, False, False]], -1.0 / factor, factor)
    np.testing.assert_allclose(coloring.values_of(map_of_scores(score, score="sensitivity")), exponents, atol=1e-12)
