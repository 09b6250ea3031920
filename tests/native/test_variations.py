"""Every variation against the golden vectors made by running flam3 3.1.1, Ember 25 and Ember 1.0.0.14; what all of them share."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bloom_core import native
from bloom_core.flames.flame import DIALECTS, Flame, Variation, Xform, identity

Entry = dict[str, Any]
Doubles = NDArray[np.float64]

VECTORS = Path(__file__).parents[3] / "shared" / "data" / "variation-vectors.json"
DIALECT_OF = {"flam3": "flam3", "ember": "ember-25-compat", "ember-1.0.0.14": "ember-1.0.0.14"}

RANDOM_NAMES = frozenset(
    """
    julia noise julian juliascope blur gaussian_blur radial_blur pie arch square rays blade twintrian flower conic parabola boarders cpow wedge_julia
    blur_pixelize blur_heart glynnsim2 crackle zblur blur3d julia3d julia3dz julia3dq julian3dx blade3d sphereblur pie3d square3d supershape3d
    hypertile3d1 hypertile3d2 mirror_x mirror_y mirror_z extrude
    """.split()
)
"""Variations that draw random numbers whatever their parameters; super_shape and epispiral do where a parameter says so."""


def variations_of(entry: Entry) -> list[Entry]:
    if "variations" in entry:
        return list(entry["variations"])
    return [{"name": entry["name"], "weight": entry["weight"], "params": entry["params"]}]


def affine_of(entry: Entry, key: str) -> Doubles:
    affine = identity()
    if key in entry:
        affine[:2, [0, 1, 3]] = np.reshape(entry[key], (2, 3))
    return affine


def flame_of(entry: Entry) -> Flame:
    terms = tuple(Variation(v["name"], v["weight"], MappingProxyType(v["params"])) for v in variations_of(entry))
    xform = Xform(variations=terms, pre=affine_of(entry, "affine"), post=affine_of(entry, "post"))
    return Flame(xforms=(xform,), dialect=DIALECT_OF[entry["source"]])


def label(entry: Entry) -> str:
    parameters = ",".join(f"{key}={value:g}" for key, value in entry.get("params", {}).items())
    weight = f" w={entry['weight']:g}" if entry.get("weight", 1.0) != 1.0 else ""
    affine = " affine" if "affine" in entry and "variations" not in entry else ""
    return f"{entry['source']}: {entry['name']}{weight}{affine}{' ' if parameters else ''}{parameters}"


ENTRIES: list[Entry] = json.loads(VECTORS.read_text()) if VECTORS.exists() else []
DETERMINISTIC = [entry for entry in ENTRIES if not entry["random"]]
RANDOM = [entry for entry in ENTRIES if entry["random"]]


def plain_name(name: str) -> str:
    """Returns the name in the table of what a file calls `name`."""
    lower = name.lower()
    return next((lower[len(prefix) :] for prefix in ("pre_", "post_") if lower.startswith(prefix)), lower)


def test_no_vector_and_no_variation_is_passed_over(shared_data: Path) -> None:
    assert VECTORS.parent == shared_data
    assert Counter((entry["source"], entry["random"]) for entry in ENTRIES) == {
        ("flam3", False): 211,
        ("flam3", True): 43,
        ("ember", False): 373,
        ("ember", True): 135,
        ("ember-1.0.0.14", False): 79,
        ("ember-1.0.0.14", True): 48,
    }
    for source, count in (("flam3", 98), ("ember", 165)):
        names = {plain_name(v["name"]) for entry in ENTRIES if entry["source"] == source for v in variations_of(entry)}
        assert len(names) == count
        assert names <= set(native.variations())
    assert len(native.variations()) == 165


def is_known_overflow(entry: Entry) -> bool:
    """flam3's rings2 with its default value 0 overflows a 32-bit integer there: garbage, not to be reproduced."""
    return entry["source"] == "flam3" and entry["name"] == "rings2" and not entry["params"]


def is_peer_oddity(entry: Entry, point: list[float]) -> bool:
    """Single points, of no area, where a program's result hangs on how it divides by exactly 0, and Bloom's is another."""
    x, y, z = point
    match entry["source"], entry["name"]:
        case "flam3", "blob":
            return x == y == 0  # bad in flam3, the origin in Bloom
        case "ember", "whorl":
            return bool(np.hypot(x, y) == entry["weight"])  # a turn by 4.5e15: every direction is as right as another
        case "ember", "flux":
            return abs(x) == entry["weight"] and y == 0  # 0/0 where the formula has a pole
        case "ember", "spherivoid":
            return x == y == z == 0  # Ember has z = -radius there, by way of an angle
    return False


def peer_rounding(entry: Entry, size: Doubles) -> Doubles:
    """Returns how far a program's own rounding takes its result, of magnitude `size` (n,), off the formula's.

    cosh 2y - cos 2x, and half the sum of the two distances minus 1, are differences of numbers near 1: 2.2e-16 of them is lost.
    """
    if entry["name"] in ("csc", "cot", "csch", "coth", "foci", "foci_3D"):
        return 2.2e-16 * size**3
    if entry["name"] == "elliptic" and entry["source"] == "flam3":
        return 2.2e-16 / np.maximum(size, 1e-6)
    return np.zeros_like(size)


def expected_of(entry: Entry) -> Doubles:
    """Returns float64 (n, 3), NaN for bad values; z is NaN for flam3, which has none."""
    out = np.array(entry["out"], dtype=np.float64)  # null becomes NaN
    if entry["source"] == "flam3":
        out[:, 2] = np.nan
    return out


FAR = 1e10  # beyond this a point counts as lost, in flam3 and in Bloom


def compare(entry: Entry, got: Doubles, tolerance: Doubles, lost_beyond: float) -> list[str]:
    """Returns what differs by more than `tolerance` (n,), an absolute error of any coordinate. Lost points must be lost."""
    expected = expected_of(entry)
    axes = slice(0, 2) if entry["source"] == "flam3" else slice(0, 3)
    failures = []
    for point, want, have, allowed in zip(entry["in"], expected[:, axes], got[:, axes], tolerance, strict=True):
        if is_peer_oddity(entry, point):
            continue
        if np.isfinite(want).all() and np.abs(want).max() <= FAR:
            fine = bool(np.abs(have - want).max() <= allowed)
        else:
            fine = bool((~np.isfinite(have) | (np.abs(have) > lost_beyond)).any())
        if not fine:
            failures.append(f"at {point}: {have.tolist()}, not {want.tolist()} (allowed {allowed:.3g})")
    return failures


@pytest.mark.parametrize("entry", DETERMINISTIC, ids=label)
def test_a_deterministic_variation_in_double(entry: Entry) -> None:
    if is_known_overflow(entry):
        pytest.skip("flam3 overflows an integer here")
    points = np.array(entry["in"], dtype=np.float64)
    got = native.transform_points(flame_of(entry), 0, points, double=True)
    size = np.nanmax(np.abs(expected_of(entry)), axis=1, initial=0.0)
    # Ember loses its own digits in bubble's z = 2/((r²/4 + 1) − 1) near the origin; that z is > 1e10, so it counts as lost below.
    failures = compare(entry, got, np.maximum(1e-9 * np.maximum(size, 1e-6), peer_rounding(entry, size)), FAR)
    assert not failures, "\n".join(failures)


def input_rounding(flame: Flame, points: Doubles) -> Doubles:
    """Returns (n,): how far one unit in the last place of a float input, in the worst of 26 directions, moves the exact result."""
    exact = native.transform_points(flame, 0, points, double=True)
    rounded = points.astype(np.float32)
    moved = np.zeros(len(points))
    for step in np.stack(np.meshgrid(*[[-1, 0, 1]] * 3), axis=-1).reshape(-1, 3):
        neighbour = np.where(step == 0, rounded, np.nextafter(rounded, np.float32(np.inf) * np.where(step == 0, 1, step).astype(np.float32)))
        error = np.abs(native.transform_points(flame, 0, neighbour, double=True) - exact)
        moved = np.maximum(moved, np.nanmax(error, axis=1, initial=0.0))
    return moved


@pytest.mark.parametrize("entry", DETERMINISTIC, ids=label)
def test_a_deterministic_variation_in_float(entry: Entry) -> None:
    """1e-4 of the vector's largest coordinate, or twice what one unit in the last place of the input does to the exact result.

    Rounding to float moves the input by half such a unit and the sum of an affine by another one or two; so twice the
    effect of a whole unit bounds what is the input's doing and not the formula's.
    """
    if is_known_overflow(entry):
        pytest.skip("flam3 overflows an integer here")
    flame = flame_of(entry)
    points = np.array(entry["in"], dtype=np.float64)
    size = np.nanmax(np.abs(expected_of(entry)), axis=1, initial=0.0)
    # In float a pole can be missed by a rounded angle (6e-8): what is infinitely far in double is then still far out.
    # The last term is the smallest number that a float holds with all its digits.
    tolerance = np.maximum(np.maximum(1e-4 * size, 2.0 * input_rounding(flame, points)), np.finfo(np.float32).tiny)
    failures = compare(entry, native.transform_points(flame, 0, points), tolerance, 1e6)
    assert not failures, "\n".join(failures)


@pytest.mark.parametrize("entry", RANDOM, ids=label)
def test_a_random_variation_has_the_recorded_distribution(entry: Entry) -> None:
    """The share of 200,000 results below each recorded quantile of x, y, z and r, within 1 % (four standard errors are 0.6 %).

    Ember distorts crackle's cells by a noise table of its own; Bloom's noise is another, and agrees with it in distribution.
    """
    flame = flame_of(entry)
    failures = []
    for number, stats in enumerate(entry["stats"]):
        points = np.tile(np.array(stats["in"], dtype=np.float64), (200_000, 1))
        out = native.transform_points(flame, 0, points, seed=1000 + number)
        bad = ~np.isfinite(out).all(axis=1)
        if abs(bad.mean() - stats["frac_bad"]) > 0.01:
            failures.append(f"at {stats['in']}: {bad.mean():.4f} bad, not {stats['frac_bad']:.4f}")
        out = out[~bad]
        columns = {"x": out[:, 0], "y": out[:, 1], "r": np.hypot(out[:, 0], out[:, 1])}
        if entry["source"] != "flam3":
            columns["z"] = out[:, 2]
        size = max(float(np.median(np.abs(out))), *(abs(stats["quantiles"][name][4]) for name in columns))
        for name, values in columns.items():
            for level, quantile in zip(stats["quantiles"]["levels"], stats["quantiles"][name], strict=True):
                slack = 1e-5 * max(abs(quantile), size)  # an atom, the same value every time, may be a rounding off
                below, upto = np.mean(values < quantile - slack), np.mean(values <= quantile + slack)
                if not below - 0.01 <= level <= upto + 0.01:
                    failures.append(f"at {stats['in']}: {name} < {quantile:.6g} in {below:.4f} … {upto:.4f} of the cases, not {level}")
    assert not failures, "\n".join(failures)


# What the golden vectors do not reach: the rules of the stages, the table, hostile inputs.

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
    assert [info.index for info in native.variations().values()] == list(range(165))


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
