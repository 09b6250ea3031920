"""What all variations share: the rules of the stages, the table, hostile inputs, chance, float against double."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bloom_core import native
from bloom_core.flames.flame import DIALECTS, Flame, Variation, Xform, identity
from tests.native.allowances import input_rounding
from tests.native.vectors import Doubles

RANDOM_NAMES = frozenset(
    """
    julia noise julian juliascope blur gaussian_blur radial_blur pie arch square rays blade twintrian flower conic parabola boarders cpow wedge_julia
    blur_pixelize blur_heart glynnsim2 crackle zblur blur3d julia3d julia3dz julia3dq julian3dx blade3d sphereblur pie3d square3d supershape3d
    hypertile3d1 hypertile3d2 mirror_x mirror_y mirror_z extrude
    """.split()
)
"""Variations that draw random numbers whatever their parameters; super_shape and epispiral do where a parameter says so."""

EMBERS = 165
"""How many variations of the table are Ember's."""

POINTS = np.array([[0.4, -0.7, 0.3], [-1.3, 0.2, -0.8], [2.1, 1.7, 0.6], [0.1, 0.9, -1.4]])


def through(*variations: Variation, points: Doubles = POINTS, dialect: str = "ember-25", seed: int = 1, double: bool = True, **xform: Any) -> Doubles:
    return native.transform_points(Flame((Xform(variations, **xform),), dialect=dialect), 0, points, seed=seed, double=double)


def test_stages_follow_one_another() -> None:
    """Pre-affine, each of the pre_ variations on the last one's result, the sum, each of the post_ ones, post-affine."""
    pre, post = identity(), identity()
    pre[:2] = [[0.8, -0.3, 0.0, 0.2], [0.4, 0.9, 0.0, -0.1]]
    post[:2] = [[0.5, 0.2, 0.0, -0.6], [-0.1, 0.7, 0.0, 0.3]]
    terms = [Variation("post_swirl", 0.6), Variation("pre_spherical", 0.8), Variation("eyefish", 0.5), Variation("pre_horseshoe", 1.1)]
    terms += [Variation("linear", 0.3), Variation("post_eyefish", 0.9)]
    expected = np.hstack([POINTS, np.ones((4, 1))]) @ pre.T
    for name, weight in (("spherical", 0.8), ("horseshoe", 1.1)):
        expected = through(Variation(name, weight), points=expected)
    expected = through(Variation("eyefish", 0.5), points=expected) + 0.3 * expected
    for name, weight in (("swirl", 0.6), ("eyefish", 0.9)):
        expected = through(Variation(name, weight), points=expected)
    expected = np.hstack([expected, np.ones((4, 1))]) @ post.T
    np.testing.assert_allclose(through(*terms, pre=pre, post=post), expected, rtol=1e-12)


def test_a_sum_of_nothing_is_the_origin_but_pre_variations_pass_on() -> None:
    assert not through().any()
    assert not through(Variation("post_linear", 1.0)).any()
    np.testing.assert_allclose(through(Variation("pre_swirl", 0.9)), through(Variation("swirl", 0.9)), rtol=1e-12)


@pytest.mark.parametrize("prefix", ["pre_", "post_"])
@pytest.mark.parametrize(
    ("name", "x", "y", "z"),
    [
        ("diamond", "f", "f", "in"),  # a function of the plane keeps z
        ("swirl", "f", "f", "f"),
        ("bubble", "f", "f", "f"),
        ("ztranslate", "in", "in", "in+f"),
        ("zscale", "0", "0", "f"),
        ("zcone", "in", "in", "f"),
        ("flatten", "in", "in", "0"),
        ("extrude", "in", "in", "f"),
        ("pie", "in+f", "in+f", "in"),
        ("gaussian_blur", "in+f", "in+f", "in+f"),
        ("rotate_x", "f", "f", "f"),
        ("crackle", "f", "f", "in"),
    ],
)
def test_what_a_variation_before_or_after_the_sum_leaves_of_the_point(prefix: str, name: str, x: str, y: str, z: str) -> None:
    alone = through(Variation(name, 0.7))
    values = {"f": alone, "in": POINTS, "in+f": POINTS + alone, "0": np.zeros_like(POINTS)}
    expected = np.stack([values[rule][:, axis] for axis, rule in enumerate((x, y, z))], axis=1)
    np.testing.assert_allclose(through(Variation(prefix + name, 0.7), Variation("linear", 1.0)), expected, rtol=1e-12, atol=1e-15)


def test_flatten_comes_last_wherever_it_stands() -> None:
    flat = through(Variation("flatten", 0.1), Variation("linear", 1.0), Variation("zcone", 0.5))
    np.testing.assert_allclose(flat, POINTS * [1, 1, 0])


@pytest.mark.parametrize(("name", "axis"), [("rotate_x", 0), ("rotate_y", 1), ("rotate_z", 2)])
def test_a_turn_in_a_sum_overwrites_its_axis(name: str, axis: int) -> None:
    turned, linear = through(Variation(name, 0.25)), 0.5 * POINTS
    expected = turned + linear
    expected[:, axis] = POINTS[:, axis]
    np.testing.assert_allclose(through(Variation("linear", 0.5), Variation(name, 0.25)), expected, rtol=1e-12)


def test_a_mirror_in_a_sum_overwrites_it() -> None:
    np.testing.assert_allclose(np.abs(through(Variation("linear", 0.5), Variation("mirror_y", 0.25))), np.abs(POINTS))


def test_popcorn2_3d_and_roundspher3d_look_at_the_z_of_the_sum() -> None:
    for name in ("popcorn2_3D", "roundspher3D"):
        alone, after = through(Variation(name, 0.6)), through(Variation("ztranslate", 5.0), Variation(name, 0.6))
        np.testing.assert_allclose(after[:, :2], alone[:, :2])
        assert (np.abs(after[:, 2] - alone[:, 2] - 5.0) > 1e-3).all()


def test_a_pre_blur_of_flam3_is_gaussian() -> None:
    points = np.tile(POINTS[:1], (20_000, 1))
    spread = {dialect: np.std(through(Variation("pre_blur", 1.0), points=points, dialect=dialect)[:, 0]) for dialect in ("flam3", "ember-25")}
    assert spread["flam3"] == pytest.approx(np.sqrt(1 / 6), rel=0.03)  # half of the gaussian's variance, 1/3
    assert spread["ember-25"] == pytest.approx(np.sqrt(1 / 6), rel=0.03)
    wide = {dialect: np.abs(through(Variation("pre_blur", 1.0), points=points, dialect=dialect)[:, :2] - POINTS[0, :2]).max() for dialect in spread}
    assert wide["flam3"] > 1.2 and wide["ember-25"] <= 1.0 + 1e-6


def test_where_the_dialects_differ() -> None:
    """One variation each: no weight on the offsets, -30 for what is not finite, a branch of its own, z only in Ember."""
    offset = Variation("lazysusan", 0.5, {"lazysusan_x": 1.0, "lazysusan_spin": 0.0})
    difference = through(offset, dialect="flam3") - through(offset)
    np.testing.assert_allclose(difference[:, 0], 0.5, rtol=1e-12)
    origin = np.array([[0.5, 0.0, 0.0]])
    nothing = Variation("twintrian", 0.0)
    np.testing.assert_allclose(through(nothing, dialect="flam3", points=origin)[:, :2], [[0.0, 0.0]], atol=1e-12)
    assert np.isnan(through(nothing, points=origin)[:, 0]).all()
    root = Variation("julian", 1.0, {"julian_power": 2.5})
    points = np.tile(POINTS[:1], (20_000, 1))
    counts = {dialect: len(np.unique(np.round(through(root, points=points, dialect=dialect), 6), axis=0)) for dialect in ("flam3", "ember-25")}
    assert counts == {"flam3": 3, "ember-25": 2}
    assert not through(Variation("bubble", 1.0), dialect="flam3", points=POINTS * [1, 1, 0])[:, 2].any()
    assert through(Variation("bubble", 1.0))[:, 2].all()


def test_a_power_below_one_has_all_its_branches_in_ember() -> None:
    """Ember draws from very many branches where |power| has no whole part: for 0.3 they fall on three directions."""
    points = np.tile(POINTS[:1], (30_000, 1))
    for double in (True, False):
        out = through(Variation("julian", 1.0, {"julian_power": 0.3}), points=points, double=double)
        turns = np.arctan2(out[:, 1], out[:, 0]) / (2 * np.pi) * 3
        share = np.bincount(np.round(turns - turns[0]).astype(int) % 3, minlength=3) / len(points)
        np.testing.assert_allclose(share, 1 / 3, atol=0.02)
        assert np.abs((turns - turns[0] + 0.5) % 1 - 0.5).max() < 0.01


def test_the_table_says_what_a_panel_needs() -> None:
    names: list[str] = []
    for key, info in native.variations().items():
        assert key == info.name.lower() and not key.startswith(("pre_", "post_"))
        assert len(info.parameters) <= 16
        names += [parameter.name.lower() for parameter in info.parameters]
        for parameter in info.parameters:
            low, high = parameter.typical
            assert parameter.low <= low < high <= parameter.high, parameter.name
            assert -1000 < low and high < 1000
            assert set(parameter.default) == set(DIALECTS) and parameter.kind in native.KINDS
            for dialect in ("ember-25", "ember-1.0.0.14"):
                assert parameter.low <= parameter.default[dialect] <= parameter.high
    assert len(set(names)) == len(names)
    assert [info.index for info in native.variations().values()] == list(range(len(native.variations()))) and len(native.variations()) >= EMBERS


def test_a_variation_of_blooms_own_has_a_test_of_its_own() -> None:
    """Golden vectors are of other programs' variations (test_variation_vectors.py), which come first in the table."""
    for name in list(native.variations())[EMBERS:]:
        tested = Path(__file__).parent / f"test_variation_{name}.py"
        assert tested.is_file(), f"{name} has no golden vectors: write its formula into {tested.name}, as docs/add-a-variation.md shows"


def test_defaults_and_limits_of_the_dialects() -> None:
    def parameter(variation: str, name: str) -> native.ParameterInfo:
        return next(entry for entry in native.variations()[variation].parameters if entry.name.lower() == name)

    for variation, name, ember, flam3 in [
        ("fan2", "fan2_y", -np.sqrt(0.5), 0.0),
        ("rings2", "rings2_val", 1.0, 0.0),
        ("pie", "pie_rotation", 0.5, 0.0),
        ("escher", "escher_beta", 3.0, 0.0),
        ("lazysusan", "lazysusan_spin", np.pi, 0.0),
        ("wedge", "wedge_count", 2.0, 1.0),
        ("whorl", "whorl_outside", 1.0, 0.0),
        ("waves2", "waves2_freqx", 2.0, 0.0),
        ("mobius", "mobius_re_d", 1.0, 0.0),
        ("auger", "auger_freq", 5.0, 1.0),
        ("popcorn2", "popcorn2_c", 3.0, 0.0),
        ("split", "split_xsize", 0.5, 0.0),
    ]:
        found = parameter(variation, name).default
        assert found["ember-25"] == found["ember-1.0.0.14"] == pytest.approx(ember, abs=1e-12) and found["flam3"] == flam3
    assert dict(parameter("truchet", "truchet_extended").default) == {"ember-25": 1.0, "ember-1.0.0.14": 0.0, "flam3": 1.0, "ember-25-compat": 1.0}
    assert parameter("stripes", "stripes_space").low == 0.5 and parameter("stripes", "stripes_space").high == 5.0
    assert parameter("julia3d", "julia3d_power").kind == "integer_nonzero"
    assert parameter("blob", "blob_waves").typical == (2.0, 6.0)


@cache
def lively(name: str, dialect: str) -> Flame:
    """Returns a flame of one variation, with parameters off their defaults."""
    info = native.variations()[name]
    values = {}
    for number, parameter in enumerate(info.parameters):
        low, high = parameter.typical
        values[parameter.name] = low + (high - low) * (0.15 + 0.07 * (number % 5))
    pre = identity()
    pre[:2] = [[0.9, -0.2, 0.0, 0.3], [0.1, 1.1, 0.0, -0.4]]
    return Flame((Xform((Variation(info.name, 0.8, MappingProxyType(values)),), pre=pre),), dialect=dialect)


HOSTILE = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 1e30, -1e30, 1e-30, 1e-40, 5e-324, 1e308, -1e308, 3.4e38, 0.5, np.pi / 2]


@pytest.mark.parametrize("name", sorted(native.variations()))
def test_hostile_inputs_do_no_harm(name: str) -> None:
    points = np.stack(np.meshgrid(HOSTILE, HOSTILE, [0.0, 1.0, np.nan, np.inf, -1e30, 1e-40]), axis=-1).reshape(-1, 3)
    for dialect in DIALECTS:
        flame = lively(name, dialect)
        term = flame.xforms[0].variations[0]
        extreme = MappingProxyType({key: (-1) ** number * 1e30 for number, key in enumerate(term.parameters)})
        zero = MappingProxyType(dict.fromkeys(term.parameters, 0.0))
        for terms in ((term,), (replace(term, parameters=extreme),), (replace(term, parameters=zero, weight=0.0),)):
            hostile = replace(flame, xforms=(replace(flame.xforms[0], variations=terms),))
            for double in (False, True):
                out = native.transform_points(hostile, 0, points, double=double)
                assert out.shape == points.shape and not np.isinf(out).any()


def is_deterministic(name: str) -> bool:
    return name not in RANDOM_NAMES | {"super_shape", "epispiral"}


@pytest.mark.parametrize("name", sorted(native.variations()))
def test_chance_is_only_where_it_is_known_to_be(name: str) -> None:
    points = np.tile(POINTS, (64, 1))
    out = through(*lively(name, "ember-25").xforms[0].variations, points=points)
    differs = (out[:4] != out.reshape(-1, 4, 3)).any()
    assert bool(differs) == (not is_deterministic(name))


@settings(max_examples=400)
@given(
    st.sampled_from(sorted(filter(is_deterministic, native.variations()))),
    st.sampled_from(DIALECTS),
    st.lists(st.floats(-8, 8, width=32), min_size=3, max_size=3),
)
def test_float_agrees_with_double(name: str, dialect: str, point: list[float]) -> None:
    """Within 2e-4 of the result, or what a few units in the last place of the input do to it; jumps and poles are the formula's."""
    flame, points = lively(name, dialect), np.array([point])
    exact, got = (native.transform_points(flame, 0, points, double=double)[0] for double in (True, False))
    if not np.isfinite(exact).all() or np.abs(exact).max() > 1e6:
        return
    moved = input_rounding(flame, points)[0]
    # The affine in front of it rounds its sum, not only its terms.
    scale = float(np.spacing(np.float32(np.abs(points).max() + 0.5)))
    for direction in np.eye(3):
        for sign in (-4.0, 4.0):
            error = np.abs(native.transform_points(flame, 0, points + sign * scale * direction, double=True)[0] - exact)
            moved = max(moved, float(np.nanmax(error, initial=0.0)))
    np.testing.assert_allclose(got, exact, rtol=0, atol=2e-4 * np.abs(exact).max() + 2 * moved + 1e-6)


def test_ember_25_without_its_compatibility_keeps_the_sign_in_cross() -> None:
    # Found in the reference renders of the original's flames, which hold together only so.
    points = np.array([[1.0, 0.5, 0.25], [0.5, 1.0, 0.25], [-0.3, 0.9, 0.0]])
    for dialect, sign in (("ember-25-compat", 1.0), ("ember-1.0.0.14", 1.0), ("ember-25", np.sign(points[:, 0] ** 2 - points[:, 1] ** 2))):
        flame = Flame((Xform((Variation("cross", 0.7),)),), dialect=dialect)
        expected = 0.7 * points / np.abs(points[:, 0] ** 2 - points[:, 1] ** 2)[:, None] * np.reshape(sign, (-1, 1))
        found = native.transform_points(flame, 0, points, double=True)
        np.testing.assert_allclose(found[:, :2], expected[:, :2], rtol=1e-12)
