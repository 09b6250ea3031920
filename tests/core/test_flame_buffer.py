"""The flame buffer: its layout, its limits, and what it refuses."""

from __future__ import annotations

import ctypes
from dataclasses import replace

import numpy as np
import pytest

from bloom_core import library, native
from bloom_core.flames.flame import DIALECTS, Flame, FlameError, Variation, Xform, identity
from bloom_core.flames.flame_buffer import MAX_VARIATIONS, pack

LINEAR = Xform((Variation("linear", 1.0),))
HEAD = 7
XFORM = 29  # values of an xform without its variations


def parameters(variation: Variation, dialect: str = "ember-25") -> list[float]:
    """Returns the packed parameters of an xform with this one variation."""
    packed = pack(Flame((Xform((variation,)),), dialect=dialect))
    start = HEAD + XFORM
    assert packed[start] == native.variations()[variation.name.lower()].index and packed[start + 2] == variation.weight
    assert len(packed) == start + 4 + packed[start + 3]
    return [float(value) for value in packed[start + 4 :]]


def test_the_layout_is_the_documented_one() -> None:
    rng = np.random.default_rng(1)
    pre, post = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
    first = Xform((Variation("LINEAR", 0.5), Variation("julia3D", -0.25, {"JULIA3D_power": -3.0})), "", 2.0, 0.25, -0.5, 0.75, pre, post)
    flame = Flame((first, Xform(())), final=LINEAR, xaos=np.array([[1.0, 2.0], [3.0, 0.0]]), dialect="ember-1.0.0.14")
    table = native.variations()
    expected: list[float] = [4027, 2, 0, DIALECTS.index("ember-1.0.0.14"), 2, 1, 1, 1, 2, 3, 0]
    expected += [2.0, 0.25, -0.5, 0.75, *pre.ravel(), *post.ravel(), 2, table["linear"].index, 0, 0.5, 0, table["julia3d"].index, 0, -0.25, 1, -3.0]
    expected += [1.0, 0.0, 0.5, 1.0, *identity().ravel(), *identity().ravel(), 0]
    expected += [1.0, 0.0, 0.5, 1.0, *identity().ravel(), *identity().ravel(), 1, table["linear"].index, 0, 1.0, 0]
    expected[2] = len(expected)
    packed = pack(flame)
    assert packed.dtype == np.float64
    np.testing.assert_array_equal(packed, expected)


def test_values_are_brought_into_their_ranges() -> None:
    xform = replace(LINEAR, weight=-3.0, color=1.5, color_speed=-7.0, opacity=-0.1)
    packed = pack(Flame((xform, LINEAR), xaos=np.array([[-1.0, 1.0], [1.0, 1.0]])))
    assert packed[HEAD] == 0.0  # xaos
    assert packed[HEAD + 4 : HEAD + 8].tolist() == [0.0, 1.0, -1.0, 0.0]


def test_what_a_flame_leaves_out_takes_the_default_of_its_dialect() -> None:
    names = [parameter.name for parameter in native.variations()["auger"].parameters]
    assert names == ["auger_sym", "auger_weight", "auger_freq", "auger_scale"]
    assert parameters(Variation("auger", 1.0), "flam3") == [0.0, 0.5, 1.0, 1.0]
    assert parameters(Variation("auger", 1.0), "ember-25") == [0.0, 0.5, 5.0, 0.1]
    assert parameters(Variation("Truchet", 1.0), "ember-1.0.0.14")[0] == 0.0
    assert parameters(Variation("Truchet", 1.0), "ember-25")[0] == 1.0
    assert parameters(Variation("auger", 1.0, {"auger_freq": 2.0}), "flam3") == [0.0, 0.5, 2.0, 1.0]


@pytest.mark.parametrize(("name", "stage"), [("blob", 0), ("pre_blob", 1), ("Post_BLOB", 2)])
def test_a_prefix_says_where_a_variation_stands(name: str, stage: int) -> None:
    prefix = name[: -len("blob")]
    packed = pack(Flame((Xform((Variation(name, 0.5, {f"{prefix}blob_waves": 3.0}),)),)))
    assert packed[HEAD + XFORM :].tolist() == [native.variations()["blob"].index, stage, 0.5, 3, 0.0, 1.0, 3.0]


def test_pre_blur_is_a_gaussian_one_in_flam3() -> None:
    table = native.variations()
    for dialect, name in (("flam3", "gaussian_blur"), ("ember-25", "blur")):
        packed = pack(Flame((Xform((Variation("pre_blur", 0.5),)),), dialect=dialect))
        assert packed[HEAD + XFORM :].tolist() == [table[name].index, 1, 0.5, 0]


def test_flam3_takes_parameters_as_they_are() -> None:
    assert parameters(Variation("stripes", 1.0, {"stripes_space": -2.0}), "flam3") == [-2.0, 0.0]
    assert parameters(Variation("stripes", 1.0, {"stripes_space": -2.0}), "ember-25") == [0.5, 0.0]
    assert parameters(Variation("pie", 1.0, {"pie_slices": 2.5}), "flam3")[0] == 2.5


@pytest.mark.parametrize(
    ("name", "parameter", "given", "taken"),
    [
        ("julia3D", "julia3D_power", 2.6, 3.0),
        ("julia3D", "julia3D_power", 0.2, 1.0),
        ("julia3D", "julia3D_power", -1.6, -2.0),
        ("blocky", "blocky_mp", 0.0, np.finfo(np.float64).eps),
        ("GlynnSim2", "GlynnSim2_radius", -1.0, 0.0),
        ("GlynnSim2", "GlynnSim2_contrast", 1.5, 1.0),
        ("crackle", "crackle_cellsize", 0.0, 0.0001),
        ("z", "z_star_n", 1.2, 3.0),
        ("z", "z_star_n", 6.4, 6.0),
        ("poincare", "poincare_c1a", 4.0, 4.0 - 2.0 * np.pi),
        ("poincare", "poincare_c1a", -4.0, 2.0 * np.pi - 4.0),
        ("poincare", "poincare_c1a", 3.0, 3.0),
    ],
)
def test_parameters_take_the_values_that_ember_allows(name: str, parameter: str, given: float, taken: float) -> None:
    order = [entry.name for entry in native.variations()[name.lower()].parameters]
    assert parameters(Variation(name, 1.0, {parameter: given}))[order.index(parameter)] == pytest.approx(taken, abs=1e-12)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e39])
@pytest.mark.parametrize("field", ["weight", "color", "color_speed", "opacity"])
def test_a_number_that_is_not_finite_is_refused_by_name(field: str, bad: float) -> None:
    flame = Flame((LINEAR, replace(LINEAR, **{field: bad})), name="lotus")  # type: ignore[arg-type]
    with pytest.raises(FlameError, match=f"'lotus', xform 1: {field}"):
        pack(flame)


@pytest.mark.parametrize(
    ("flame", "message"),
    [
        (Flame(()), "0 xforms"),
        (Flame((LINEAR,) * 129), "129 xforms"),
        (Flame((LINEAR,), dialect="apophysis"), "dialect 'apophysis'"),
        (Flame((LINEAR,), xaos=np.ones((2, 2))), "xaos has the shape"),
        (Flame((LINEAR,), xaos=np.array([[np.nan]])), "the flame: xaos"),
        (Flame((replace(LINEAR, pre=np.eye(3)),)), r"pre has the shape \(3, 3\)"),
        (Flame((replace(LINEAR, post=np.full((3, 4), np.nan)),)), "xform 0: post"),
        (Flame((LINEAR,), final=replace(LINEAR, opacity=np.nan)), "the final xform: opacity"),
        (Flame((Xform((Variation("linear", 1.0),) * (MAX_VARIATIONS + 1)),)), "65 variations"),
        (Flame((Xform((Variation("droste", 1.0),)),)), "variation 'droste' is not known$"),
        (Flame((Xform((Variation("pre_sphericle", 1.0),)),)), "'pre_sphericle' is not known; is pre_spherical meant"),
        (Flame((Xform((Variation("pre_", 1.0),)),)), "'pre_' is not known"),
        (Flame((Xform((Variation("pre_pre_swirl", 1.0),)),)), "'pre_pre_swirl' is not known"),
        (Flame((Xform((Variation("linear", np.inf),)),)), "xform 0: linear"),
        (Flame((Xform((Variation("blob", 1.0, {"blob_low": np.nan}),)),)), "xform 0: blob_low"),
        (Flame((Xform((Variation("blob", 1.0, {"blob_lo": 1.0}),)),)), "blob has no parameter 'blob_lo'; it has blob_low, blob_high, blob_waves"),
        (Flame((Xform((Variation("pre_blob", 1.0, {"blob_low": 1.0}),)),)), "pre_blob has no parameter 'blob_low'; it has pre_blob_low"),
        (Flame((Xform((Variation("swirl", 1.0, {"swirl_n": 1.0}),)),)), "swirl has no parameter 'swirl_n'; it has none"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(flame: Flame, message: str) -> None:
    with pytest.raises(FlameError, match=message):
        pack(flame)


def test_every_packed_flame_opens_in_every_dialect() -> None:
    for dialect in DIALECTS:
        for info in native.variations().values():
            terms = tuple(Variation(prefix + info.name, 0.3) for prefix in ("pre_", "", "post_"))
            flame = Flame((Xform(terms), LINEAR), dialect=dialect)
            assert native.transform_points(flame, 0, np.array([[0.1, 0.2, 0.3]])).shape == (1, 3)


def refusal(buffer: np.ndarray) -> str:
    """Returns what the native reader says of a buffer that did not come from `pack`, or "" where it takes it."""
    lib, handle = library.load(), ctypes.c_void_p()
    code = lib.bloom_flame_open(buffer.ctypes.data, buffer.size, ctypes.byref(handle))
    message = str(lib.bloom_flame_message(handle).decode())
    lib.bloom_flame_close(handle)
    assert bool(code) == bool(message)
    return message


def good() -> np.ndarray:
    first = Xform((Variation("pre_blob", 0.5), Variation("julia3D", 1.0), Variation("post_zcone", 0.25)))
    return pack(Flame((first, LINEAR), final=LINEAR, xaos=np.array([[1.0, 0.5], [0.0, 2.0]])))


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (0, 4028.0, "not a flame buffer"),
        (1, 1.0, "another version"),
        (2, 3.0, "length"),
        (3, 4.0, "xforms"),  # the dialect
        (4, 0.0, "1 to 128 xforms"),
        (4, 1.5, "1 to 128 xforms"),
        (7, -1.0, "negative xaos"),
        (11, -1.0, "xform 0"),  # the weight
        (HEAD + 4 + XFORM - 1, 65.0, "xform 0"),  # the number of variations
        (HEAD + 4 + XFORM, 1e6, "xform 0"),  # the number of one
        (HEAD + 4 + XFORM + 1, 3.0, "xform 0"),  # its stage
        (HEAD + 4 + XFORM + 3, 2.0, "xform 0"),  # the number of its parameters
        (HEAD + 4 + XFORM + 4, 1e39, "xform 0"),  # a parameter
    ],
)
def test_the_native_reader_trusts_no_buffer(place: int, value: float, message: str) -> None:
    buffer = good()
    assert refusal(buffer) == ""
    buffer[place] = value
    assert message in refusal(buffer)


def test_the_native_reader_takes_no_number_that_is_none_and_no_part_of_a_buffer() -> None:
    buffer = good()
    for place in range(len(buffer)):
        spoilt = buffer.copy()
        spoilt[place] = np.nan
        assert refusal(spoilt)
        cut = buffer[:place].copy()
        assert refusal(cut)
        if place > 2:
            cut[2] = place
            assert refusal(cut)
    longer = np.append(buffer, 0.0)
    longer[2] += 1
    assert "left over" in refusal(longer)
