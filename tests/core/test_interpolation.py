"""Flames between key frames, loops and edges: against Ember's vectors, flam3's own tools, and what must always hold."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bloom_core.flames import palette_interpolation
from bloom_core.flames.affine_interpolation import blend
from bloom_core.flames.flame import Flame, FlameError, FloatArray, Key, Motion, Rendering, Variation, View, Xform, identity
from bloom_core.flames.flame_buffer import pack
from bloom_core.flames.flame_file import read_flames, write_flames
from bloom_core.flames.interpolation import edge, interpolate, loop, motion_value
from tests.core.flames import assert_same, genome


def affine(coefficients: Any) -> FloatArray:
    """Returns the (3, 4) affine of a, b, c, d, e, f."""
    result = identity()
    result[:2, [0, 1, 3]] = np.reshape(coefficients, (2, 3))
    return result


def keyed(*flames: Flame, **key: Any) -> list[Flame]:
    """Returns the flames as keys at times 0, 1, …"""
    return [replace(flame, key=Key(time=float(time), **key)) for time, flame in enumerate(flames)]


def one(*variations: Variation, **fields: Any) -> Flame:
    return Flame((Xform(variations, **fields),))


def vectors(folder: Path, kind: str) -> list[dict[str, Any]]:
    return [entry for entry in json.loads((folder / "camera-interpolation-vectors.json").read_text()) if entry["kind"] == kind]


# Ember's vectors


def test_embers_interpolations(shared_data: Path) -> None:
    entries = vectors(shared_data, "interp")
    assert len(entries) == 32
    for entry in entries:
        first = one(Variation("linear", 1.0), weight=2.0, color=0.0, color_speed=0.9, opacity=1.0, pre=affine(entry["a0"]))
        second = one(Variation("swirl", 0.4), weight=0.5, color=1.0, color_speed=0.2, opacity=0.3, pre=affine(entry["a1"]))
        (found,) = interpolate(keyed(first, second, interpolation_type=entry["mode"]), entry["t"]).xforms
        np.testing.assert_allclose(found.pre, affine(entry["out"]), atol=1e-9)
        assert (found.weight, found.color, found.color_speed, found.opacity) == pytest.approx(
            (entry["weight"], entry["color"], entry["speed"], entry["opacity"]), abs=1e-9
        )
        weights = {"linear": 0.0, "swirl": 0.0} | {term.name: term.weight for term in found.variations}
        assert weights == pytest.approx({"linear": entry["linear"], "swirl": entry["swirl"]}, abs=1e-9)


def test_embers_rotation(shared_data: Path) -> None:
    (entry,) = vectors(shared_data, "rotate")
    found = loop(one(Variation("linear", 1.0), pre=affine(entry["a0"])), -entry["deg"] / 360.0)
    np.testing.assert_allclose(found.xforms[0].pre, affine(entry["out"]), atol=1e-9)


# flam3's own tools

SEQUENCE = """<f>
<flame time="0" size="100 90" scale="30" rotate="170" quality="1" palette="15" hue="0.2" background="0.1 0 0.4">
  <xform weight="0.5" linear="1" coefs="0.9 -0.3 0.4 -0.6 0 0.5" color="0.2"/>
  <xform weight="0.5" spherical="0.8" bent2="0.5" bent2_x="0.3"
    coefs="-0.9 0.01 0.4 0.6 1 0.5" post="1 0.5 0 1 0 0.5" color="0.4" color_speed="0.3" animate="0">
    <motion motion_frequency="2" motion_function="triangle" coefs="0.1 0 0 0.1 0 0.3" bent2="0.2" bent2_y="0.1" color="0.1"/>
    <motion motion_frequency="1" motion_function="hill" swirl="0.3" opacity="-0.4" post="0 0.1 0 0 0 0"/>
  </xform>
</flame>
<flame time="1" size="103 101" scale="50" rotate="-170" quality="5" supersample="4" palette="29" hue="-0.3" zoom="0.5" gamma="3">
  <xform weight="0.5" spherical="1" coefs="0 1 0 1 0 0.5" color="0.7" opacity="0.4"/>
  <xform weight="0.4" swirl="0.6" coefs="-0.3 0.2 -0.1 -0.8 1 0.5"/>
  <xform weight="0.2" julian="0.7" julian_power="3" coefs="1 0 0 1 0.5 0"/>
  <xform weight="0.2" rings="0.7" chaos="1 0 0.5 2 1"/>
  <xform weight="0.3" curl="0.7" curl_c1="2" blob="0.2"/>
  <xform weight="0.3" cell="0.7"/>
  <finalxform bubble="1" color_speed="0.4" color="0.3"/>
</flame></f>"""


def xforms_of(flame: Flame) -> list[Xform]:
    """Returns all xforms as flam3-genome prints them: without absent variations, in a fixed order, without what only loops need."""
    xforms = [*flame.xforms, *([replace(flame.final, weight=1.0)] if flame.final is not None else [])]
    terms = [sorted((term for term in xform.variations if abs(term.weight) > 1e-6), key=lambda term: term.name) for xform in xforms]
    return [replace(xform, variations=tuple(own), animate=1.0, extra={}) for xform, own in zip(xforms, terms, strict=True)]


def assert_as_printed(found: Flame, printed: Flame) -> None:
    """Fails where a flame is not what flam3-genome printed, to its six digits."""
    assert (found.view.size, found.rendering.supersample) == (printed.view.size, printed.rendering.supersample)
    turned = round((printed.view.rotate - found.view.rotate) / 360.0) * 360.0
    assert_same(replace(found.view, rotate=found.view.rotate + turned), printed.view, 2e-5, "view")
    assert_same(found.rendering, printed.rendering, 2e-5, "rendering")
    np.testing.assert_allclose(found.palette, printed.palette, atol=1e-5)
    ours, theirs = xforms_of(found), xforms_of(printed)
    assert len(ours) == len(theirs)
    for our, their in zip(ours, theirs, strict=True):
        assert [term.name for term in our.variations] == [term.name for term in their.variations]
        for our_term, their_term in zip(our.variations, their.variations, strict=True):
            assert our_term.weight == pytest.approx(their_term.weight, abs=2e-5)
            for name, value in our_term.parameters.items():
                if name == "flower_holes":  # flam3 forgets this one when it takes parameters over
                    continue
                assert value == pytest.approx(their_term.parameters[name], abs=2e-5), name
        assert_same(replace(our, variations=()), replace(their, variations=()), 2e-5, "xform")
    if found.xaos is not None or printed.xaos is not None:
        blank = np.ones((len(found.xforms),) * 2)
        xaos = [blank if flame.xaos is None else flame.xaos for flame in (found, printed)]
        np.testing.assert_allclose(xaos[0], xaos[1], atol=2e-5)


@pytest.mark.parametrize("stagger", [0.0, 0.7])
def test_loops_and_edges_are_flam3s(tmp_path: Path, stagger: float) -> None:
    (tmp_path / "keys.flam3").write_text(SEQUENCE)
    keys, warnings = read_flames(tmp_path / "keys.flam3")
    assert warnings == []
    frames = 8
    path = genome(tmp_path, sequence=str(tmp_path / "keys.flam3"), nframes=str(frames), stagger=str(stagger))
    printed, _ = read_flames(path)
    assert len(printed) == 3 * frames + 1
    for number, expected in enumerate(printed[: 3 * frames]):
        blend = number % frames / frames
        if number < frames:
            found = loop(keys[0], blend)
        elif number < 2 * frames:
            found = edge(keys[0], keys[1], blend, stagger)
        else:
            found = loop(keys[1], blend)
        assert_as_printed(found, expected)


@pytest.mark.parametrize("seed", range(1, 6))
def test_edges_between_flam3s_genomes_are_flam3s(tmp_path: Path, seed: int) -> None:
    path = genome(tmp_path, seed=str(seed), repeat="2").rename(tmp_path / "keys.flam3")
    keys, _ = read_flames(path)
    printed, _ = read_flames(genome(tmp_path, sequence=str(path), nframes="5"))
    for number in range(5):
        assert_as_printed(edge(keys[0], keys[1], number / 5), printed[5 + number])


# What must always hold

numbers = st.floats(-3.0, 3.0)
TERMS = st.sampled_from(("linear", "spherical", "blob", "julian", "fan", "curl", "pre_zcone", "bubble"))


@st.composite
def flames(draw: st.DrawFn) -> Flame:
    def xform() -> Xform:
        names = draw(st.lists(TERMS, max_size=3, unique=True))
        terms = tuple(Variation(name, draw(numbers), {"blob_low": draw(numbers)} if name == "blob" else {}) for name in names)
        colors = [draw(st.floats(0.0, 1.0)) for _ in range(3)]
        affines = [np.reshape([draw(numbers) for _ in range(12)], (3, 4)) for _ in range(2)]
        return Xform(terms, "", draw(st.floats(0.0, 3.0)), *colors, *affines, float(draw(st.booleans())))

    count = draw(st.integers(1, 3))
    xaos = np.reshape([draw(st.floats(0.0, 2.0)) for _ in range(count**2)], (count, count)) if draw(st.booleans()) else None
    palette = np.reshape([draw(st.floats(0.0, 1.0)) for _ in range(12)], (4, 3))
    key = Key(
        interpolation=draw(st.sampled_from(("linear", "smooth"))),
        interpolation_type=draw(st.sampled_from(("linear", "log"))),
        palette_interpolation=draw(st.sampled_from(("hsv", "hsv_circular", "rgb", "sweep"))),
        hsv_rgb_palette_blend=draw(st.floats(0.0, 1.0)),
    )
    view = View(center=(draw(numbers), draw(numbers)), rotate=draw(st.floats(-400.0, 400.0)))
    return Flame(tuple(xform() for _ in range(count)), xform() if draw(st.booleans()) else None, palette, xaos, view=view, key=key)


def at_times(keys: list[Flame]) -> list[Flame]:
    return [replace(flame, key=replace(flame.key, time=float(time))) for time, flame in enumerate(keys)]


@settings(max_examples=50)
@given(st.lists(flames(), min_size=1, max_size=5), st.floats(0.0, 1.0))
def test_keys_are_met_and_what_lies_between_can_be_played(keys: list[Flame], stagger: float) -> None:
    keys = at_times(keys)
    for key in keys:
        assert_same(interpolate(keys, key.key.time, stagger), key)
    assert_same(replace(interpolate(keys, -3.0), key=keys[0].key), keys[0])
    assert_same(replace(interpolate(keys, 99.0), key=keys[-1].key), keys[-1])
    for time in np.linspace(0.0, len(keys) - 1.0, 9):
        found = interpolate(keys, float(time), stagger)
        assert np.isfinite(pack(found)).all() and found.key.time == time
        assert (found.palette >= 0.0).all() and (found.palette <= 1.0).all()


@settings(max_examples=50)
@given(flames(), st.integers(2, 5), st.floats(0.01, 0.99))
def test_between_equal_keys_is_the_key(flame: Flame, count: int, within: float) -> None:
    keys = at_times([flame] * count)
    for start in range(count - 1):
        found = interpolate(keys, start + within)
        assert_same(replace(found, key=flame.key), replace(flame, xforms=found.xforms), 1e-9)
        for ours, its in zip(found.xforms, flame.xforms, strict=True):
            assert_same(ours, its, 1e-9)


@settings(max_examples=50)
@given(flames(), flames())
def test_a_way_begins_and_ends_at_its_keys_without_a_jump(first: Flame, second: Flame) -> None:
    keys = at_times([first, second])
    if keys[0].key.palette_interpolation == "sweep":
        keys = [replace(key, key=replace(key.key, palette_interpolation="rgb")) for key in keys]
    for time, key in ((1e-9, keys[0]), (1.0 - 1e-9, keys[1])):
        found = interpolate(keys, time)
        for ours, its in zip(found.xforms, key.xforms, strict=False):
            np.testing.assert_allclose(ours.pre, its.pre, atol=1e-6)
            np.testing.assert_allclose((ours.weight, ours.color, ours.opacity), (its.weight, its.color, its.opacity), atol=1e-6)
            weights = {term.name: term.weight for term in its.variations}
            assert all(abs(term.weight - weights.get(term.name, 0.0)) < 1e-6 for term in ours.variations)
        assert all(xform.weight < 1e-6 for xform in found.xforms[len(key.xforms) :])
        np.testing.assert_allclose(palette_interpolation.resampled(found.palette), palette_interpolation.resampled(key.palette), atol=1e-6)


@settings(max_examples=50)
@given(flames(), flames(), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_edges_and_loops_can_be_played(first: Flame, second: Flame, share: float, stagger: float) -> None:
    assert np.isfinite(pack(edge(first, second, share, stagger))).all()
    assert_same(edge(first, second, 0.0), first, 1e-9)
    assert_same(edge(first, second, 1.0), second, 1e-9)
    assert_same(loop(first, 1.0), first, 1e-9)


# One by one


def test_smooth_is_a_spline_through_four_keys() -> None:
    values = [0.0, 1.0, -2.0, 5.0, 4.0]
    keys = keyed(*[replace(one(Variation("linear", 1.0), color=0.5), view=View(gamma=value)) for value in values], interpolation="smooth")
    middle = interpolate(keys, 1.5).view.gamma
    assert middle == pytest.approx((-values[0] + 9 * values[1] + 9 * values[2] - values[3]) / 16)
    assert interpolate(keys, 0.25).view.gamma == pytest.approx(0.25)  # the first and the last segment are linear
    assert interpolate(keys, 3.5).view.gamma == pytest.approx(4.5)
    step = 1e-6
    slopes = [(interpolate(keys, 2.0 + side * step).view.gamma - values[2]) / (side * step) for side in (-1, 1)]
    assert slopes == pytest.approx([(values[3] - values[1]) / 2] * 2, abs=1e-4)


def test_whole_numbers_stay_whole_and_kinds_are_those_of_the_first_key() -> None:
    first = replace(one(), view=View(size=(100, 50)), rendering=Rendering(supersample=1, filter_shape="box"))
    second = replace(one(), view=View(size=(103, 53)), rendering=Rendering(supersample=4, filter_shape="bell", earlyclip=True))
    found = interpolate(keyed(first, second), 0.4)
    assert found.view.size == (101, 51) and found.rendering.supersample == 2
    assert (found.rendering.filter_shape, found.rendering.earlyclip) == ("box", False)


def test_curves_of_which_one_was_never_moved() -> None:
    curves = np.full((4, 4, 3), 0.5)
    found = interpolate(keyed(one(), replace(one(), rendering=Rendering(curves=curves))), 0.5).rendering.curves
    assert found is not None and found[2].tolist() == [[0.25, 0.25, 0.75], [0.25, 0.25, 0.75], [0.75, 0.75, 0.75], [0.75, 0.75, 0.75]]


def test_a_rotation_goes_the_shorter_way() -> None:
    keys = keyed(*[replace(one(), view=View(rotate=angle)) for angle in (170.0, -170.0, 30.0)])
    assert interpolate(keys, 0.5).view.rotate == pytest.approx(180.0)
    assert interpolate(keyed(keys[0], keys[1], interpolation_type="old"), 0.5).view.rotate == pytest.approx(0.0)


def test_a_column_of_zeros_and_a_tiny_one() -> None:
    half = np.array([0.5, 0.5])
    zero = affine([0, 0, 0, 0, 2, 0])
    np.testing.assert_allclose(
        blend(np.stack([zero, identity()]), half, log=True)[:2, :2], [[0.5 * np.cos(np.pi / 4), 0], [0.5 * np.sin(np.pi / 4), np.sqrt(2)]], atol=1e-12
    )
    tiny = affine([1e-5, 0, 0, 0, 1e-4, 0])
    found = blend(np.stack([tiny, identity()]), half, log=True)
    assert found[0, 0] == pytest.approx((1.0 + 1e-5) / 2) and found[1, 1] == pytest.approx(1e-2)


def test_z_is_blended_entry_by_entry() -> None:
    lifted = np.arange(12.0).reshape(3, 4)
    found = blend(np.stack([identity(), lifted]), np.array([0.75, 0.25]), log=True)
    expected = 0.75 * identity() + 0.25 * lifted
    np.testing.assert_allclose(found[2], expected[2])
    np.testing.assert_allclose(found[:2, 2:], expected[:2, 2:])


def test_palettes() -> None:
    first, second = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]), np.array([[1.0, 0.0, 1.0], [0.5, 0.5, 0.5]])
    half = np.array([0.5, 0.5])
    np.testing.assert_allclose(palette_interpolation.blend([first, second], half, "rgb", 0.0)[0], [1.0, 0.0, 0.5])
    np.testing.assert_allclose(palette_interpolation.blend([first, second], half, "hsv", 0.0)[0], [0.0, 1.0, 0.5])  # through green
    np.testing.assert_allclose(palette_interpolation.blend([first, second], half, "hsv_circular", 0.0)[0], [1.0, 0.0, 0.5])
    weights = np.array([0.75, 0.25])
    expected = 0.25 * np.array([1.0, 0.0, 0.25]) + 0.75 * np.array([1.0, 0.0, 0.25])
    np.testing.assert_allclose(palette_interpolation.blend([first, second], weights, "hsv_circular", 0.25)[0], expected)
    np.testing.assert_array_equal(palette_interpolation.blend([first, second], half, "sweep", 0.0), [first[0], second[1]])
    assert palette_interpolation.blend([first, np.zeros((3, 3))], half, "rgb", 0.0).shape == (256, 3)


@pytest.mark.parametrize(
    ("function", "values"),
    [("sin", (0, 1, 0, -1)), ("triangle", (0, 1, 0, -1)), ("hill", (0, 0.5, 1, 0.5)), ("saw", (0, 0.25, 0.5, 0.75))],
)
def test_motion_functions(function: str, values: tuple[float, ...]) -> None:
    for phase, value in zip((0.0, 0.25, 0.5, 0.75), values, strict=True):
        assert (
            motion_value(function, phase) == motion_value(function, phase + 3) == motion_value(function, phase - 2) == pytest.approx(value, abs=1e-12)
        )


def test_motions_swing_in_loops_and_are_carried_between_keys() -> None:
    motion = Motion(
        Xform((Variation("swirl", 0.5),), weight=0.0, color_speed=0.0, opacity=0.0, pre=np.zeros((3, 4)), post=np.zeros((3, 4)), animate=0.0),
        "hill",
        1.0,
    )
    flame = one(Variation("linear", 1.0), motions=(motion,))
    moved = loop(flame, 0.5).xforms[0]
    assert moved.motions == () and {term.name: term.weight for term in moved.variations} == {"linear": 1.0, "swirl": pytest.approx(0.5)}
    assert interpolate(keyed(flame, flame), 0.5).xforms[0].motions == (motion,)


def test_times_must_rise() -> None:
    with pytest.raises(FlameError, match=r"flame 1 .*times must rise"):
        interpolate([one(), one()], 0.5)
    with pytest.raises(FlameError, match="no flames"):
        interpolate([], 0.5)


def test_between_keys_can_be_written_and_read(tmp_path: Path) -> None:
    (tmp_path / "keys.flam3").write_text(SEQUENCE)
    keys, _ = read_flames(tmp_path / "keys.flam3")
    between = [interpolate(keys, time) for time in (0.0, 0.3, 0.9, 1.0)]
    write_flames(tmp_path / "out.flame", between)
    found, warnings = read_flames(tmp_path / "out.flame")
    assert warnings == []
    for ours, its in zip(found, between, strict=True):
        np.testing.assert_allclose(pack(ours), pack(its), rtol=1e-12)
        assert ours.key == its.key
