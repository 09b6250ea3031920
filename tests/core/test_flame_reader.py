"""Reading what flam3 and Ember write, and saying what has no effect."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from bloom_core import native
from bloom_core.flames.flame import DIALECTS, FlameError, Key, Rendering, Variation, View, Xform
from bloom_core.flames.flame_file import read_flames
from bloom_core.flames.flame_variations import FLAM3_NAMES, find
from tests.core.flames import ORIGINALS, PALETTE, XFORM, assert_same, genome, one_warning, read, read_one


@pytest.mark.parametrize("name", ORIGINALS)
def test_the_original_flames_load_without_a_warning(shared_data: Path, name: str) -> None:
    flames, warnings = read_flames(shared_data / "original-bloom" / "flames" / f"{name}.flame")
    assert warnings == [] and len(flames) == 1
    (flame,) = flames
    assert flame.dialect == "ember-1.0.0.14"
    assert flame.palette.shape == (256, 3) and len(flame.xforms) >= 3
    assert flame.final is not None and flame.final.variations == (Variation("julia3D", 2.0, {"julia3D_power": -2.0}),)
    assert native.points(flame, 1000).position.shape == (1000, 3)


def test_an_original_flame_is_read_as_it_stands(shared_data: Path) -> None:
    (flame,), _ = read_flames(shared_data / "original-bloom" / "flames" / "brick.flame")
    assert flame.name == "the_last_before_the_winter_13"
    view = flame.view
    assert (view.size, view.center, view.scale, view.rotate) == ((1440, 910), (-0.048, -0.108), 660.87, -27.69)
    assert (view.cam_persp, view.cam_yaw, view.cam_pitch, view.cam_dof) == (0.2107, -5.22377, 0.591667, 0.295)
    assert (view.brightness, view.gamma, view.vibrancy, view.highlight_power) == (5.2913, 3.81, 1.01, 1.0)
    heavy, ornament = flame.xforms[1], flame.xforms[2]
    assert (heavy.weight, heavy.color, heavy.color_speed, heavy.opacity, heavy.animate) == (5.0, 0.611765, 0.114503, 1.0, 0.0)
    assert [variation.name for variation in heavy.variations] == ["linear", "zcone", "ztranslate", "cross", "auger", "blur_pixelize", "arch"]
    assert heavy.variations[4].parameters == {"auger_sym": 0.0, "auger_weight": 0.5, "auger_freq": 5.0, "auger_scale": 0.1}
    # coefs="a d b e c f": image of the x axis, image of the y axis, translation; z is left alone
    assert heavy.pre.tolist() == [[-1.11965, 0.854836, 0.0, -0.115798], [-1.06831, -1.01985, 0.0, -0.758476], [0.0, 0.0, 1.0, 0.0]]
    np.testing.assert_array_equal(ornament.post[:2, 3], [1.25877, -3.46646])
    np.testing.assert_array_equal(flame.palette[0] * 255, [0xAE, 0xE8, 0x26])


def test_the_published_animation_is_read_whole(shared_data: Path) -> None:
    flames, warnings = read_flames(shared_data / "original-bloom" / "flames" / "willowisp_updates.flame.gz")
    assert len(flames) == 900 and flames[0].name == "900" and flames[-1].name == "001"
    assert all("opacity" in warning or "weight" in warning for warning in warnings[:-1])  # its splines overshoot
    assert len(warnings) == 501 and "more warnings" in warnings[-1]
    assert min(xform.weight for flame in flames for xform in flame.xforms) >= 0.0


@pytest.mark.parametrize(
    ("version", "dialect"),
    [
        ("EMBER-LNX-1.0.0.14", "ember-1.0.0.14"),
        ("EMBER-WIN-1.0.0.9", "ember-1.0.0.14"),
        ("EMBER-0.9.9.6", "ember-1.0.0.14"),
        ("EMBER-WIN-1.0.0.15", "ember-25"),
        ("EMBER-MAC-25.25.12.1", "ember-25"),
        ("EMBER", "ember-25"),
        ("FLAM3-LNX-3.1.1", "flam3"),
        ("Apophysis 7X Version 15C", "flam3"),
        ("", "flam3"),
    ],
)
def test_the_version_tells_the_dialect(tmp_path: Path, version: str, dialect: str) -> None:
    assert read_one(tmp_path, attributes=f'version="{version}"').dialect == dialect


def test_flames_are_found_alone_and_in_collections(tmp_path: Path) -> None:
    flame = f"<flame>{XFORM}{PALETTE}</flame>"
    for text, count in (
        (flame, 1),
        (f"<flames>{flame}{flame}</flames>", 2),
        (f'<?xml version="1.0" encoding="UTF-8"?>\n<Flames name="pack"><!-- two -->\n{flame}<group>{flame}</group></Flames>', 2),
        (f"\ufeff<flames>{flame}</flames>", 1),
    ):
        assert len(read(tmp_path, text)[0]) == count


def test_names_of_variations_and_parameters_have_no_case(tmp_path: Path) -> None:
    flame = read_one(tmp_path, '<xform weight="1" JULIA3d="0.5" julia3D_POWER="-3" glynnsim2="1" GLYNNSIM2_phi1="30"/>')
    assert flame.xforms[0].variations == (
        Variation("julia3D", 0.5, {"julia3D_power": -3.0}),
        Variation("GlynnSim2", 1.0, {"GlynnSim2_Phi1": 30.0}),
    )


def test_flam3s_short_name_of_oscilloscope_is_known(tmp_path: Path) -> None:
    flame = read_one(tmp_path, '<xform weight="1" oscilloscope="1" oscope_frequency="2.5" oscope_damping="0.1"/>')
    assert flame.xforms[0].variations[0].parameters == {"oscilloscope_frequency": 2.5, "oscilloscope_damping": 0.1}


def test_a_tiny_variation_is_absent_and_an_xform_may_have_none(tmp_path: Path) -> None:
    flame = read_one(tmp_path, '<xform weight="1" linear="9e-7" bubble="-2e-6"/><xform weight="1"/>')
    assert [variation.name for variation in flame.xforms[0].variations] == ["bubble"]
    assert flame.xforms[1].variations == ()


def test_symmetry_is_the_old_color_speed_but_not_in_embers_files(tmp_path: Path) -> None:
    def first(attributes: str, version: str) -> Xform:
        return read_one(tmp_path, f'<xform weight="1" linear="1" {attributes}/>', f'version="{version}"').xforms[0]

    old = first('symmetry="0.6"', "FLAM3")
    assert old.color_speed == pytest.approx(0.2) and old.animate == 0.0
    assert first('symmetry="-1"', "FLAM3").animate == 1.0
    assert first('symmetry="0.6" animate="1"', "FLAM3").animate == 1.0
    assert first('symmetry="0.6" color_speed="0.9"', "FLAM3").color_speed == 0.9
    assert first('color_speed="0.9" symmetry="0.6"', "FLAM3").color_speed == 0.9
    assert first('symmetry="0.6"', "EMBER-LNX-25.0").color_speed == 0.5
    assert first("", "FLAM3").color_speed == 0.5


def test_chaos_is_a_row_of_xaos_with_ones_where_it_ends(tmp_path: Path) -> None:
    text = '<xform weight="1" chaos="0 2"/><xform weight="1"/><xform weight="1" chaos="0.5 1 0 "/>'
    xaos = read_one(tmp_path, text).xaos
    np.testing.assert_array_equal(xaos, [[0, 2, 1], [1, 1, 1], [0.5, 1, 0]])  # type: ignore[arg-type]
    assert read_one(tmp_path).xaos is None


def test_a_final_xform_may_stand_first_or_be_switched_off(tmp_path: Path) -> None:
    flame = read_one(tmp_path, f'<finalxform bubble="2" color_speed="0" opacity="0.5"/>{XFORM}')
    assert flame.final is not None and flame.final.opacity == 0.5 and flame.final.weight == 1.0
    assert read_one(tmp_path, f'{XFORM}<finalxform enabled="0" bubble="2"/>').final is None


# What a flame says of pictures and films


def test_every_attribute_of_a_picture_and_a_key_is_read(tmp_path: Path) -> None:
    text = """size="64 32" center="1 -2" scale="3" rotate="4" zoom="5" cam_yaw="6" cam_pitch="7" cam_persp="8" cam_zpos="9" cam_dof="10"
        blur_curve="11" brightness="12" gamma="13" gamma_threshold="14" vibrancy="15" highlight_power="16" background="0.1 0.2 0.3"
        quality="17" supersample="2" filter="18" filter_shape="Mitchell" temporal_samples="19" temporal_filter_type="exp"
        temporal_filter_width="20" temporal_filter_exp="21" estimator_radius="22" estimator_minimum="23" estimator_curve="24"
        palette_mode="linear" earlyclip="1" time="25" interpolation="smooth" interpolation_type="linear" palette_interpolation="sweep"
        hsv_rgb_palette_blend="26" """
    flame = read_one(tmp_path, attributes=text)
    view = View((64, 32), (1.0, -2.0), 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, (0.1, 0.2, 0.3))
    assert flame.view == view
    assert flame.rendering == Rendering(17, 2, 18, "mitchell", 19, "exp", 20, 21, 22, 23, 24, "linear", True)
    assert flame.key == Key(25, "smooth", "linear", "sweep", 26)
    assert type(flame.view.size[0]) is type(flame.rendering.supersample) is int and flame.rendering.earlyclip is True
    older = read_one(tmp_path, attributes='oversample="3" interpolation_space="old"')
    assert (older.rendering.supersample, older.key.interpolation_type) == (3, "old")


def test_what_is_left_out_has_the_value_of_the_program_that_wrote_it(tmp_path: Path) -> None:
    flam3, ember = read_one(tmp_path, attributes='name="x"'), read_one(tmp_path)
    assert (flam3.view.size, flam3.view.scale, flam3.rendering.quality, flam3.rendering.palette_mode) == ((100, 100), 50.0, 1.0, "step")
    assert (ember.view.size, ember.view.scale, ember.rendering.quality, ember.rendering.palette_mode) == ((1920, 1080), 240.0, 100.0, "linear")
    assert (flam3.key.palette_interpolation, ember.key.palette_interpolation) == ("hsv_circular", "hsv")
    colors = [xform.color for xform in read_one(tmp_path, 3 * XFORM, 'name="x"').xforms]
    assert colors == [0.0, 1.0, 0.0]  # flam3 alternates


def test_the_originals_curves_are_four_of_four_points(shared_data: Path, tmp_path: Path) -> None:
    (flame,), _ = read_flames(shared_data / "original-bloom" / "flames" / "willowisp.flame")
    curves = flame.rendering.curves
    assert curves is not None and curves.shape == (4, 4, 3)
    assert curves[0].tolist() == [[0, 0, 1], [0, 0, 1], [0.253061, 0.183673, 1], [1, 1, 1]]
    with pytest.raises(FlameError, match="curves has 2 numbers"):
        read_one(tmp_path, attributes='curves="1 2"')


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_dialect_can_be_forced(tmp_path: Path, dialect: str) -> None:
    flames, _ = read(tmp_path, f'<flame version="EMBER-1.0.0.14">{XFORM}{PALETTE}</flame>', dialect)
    assert flames[0].dialect == dialect and flames[0].view.scale == 240.0
    with pytest.raises(FlameError, match="'apo'"):
        read(tmp_path, "", "apo")


def test_a_gzipped_file_is_read_and_a_damaged_one_refused(tmp_path: Path) -> None:
    packed = gzip.compress(f"<flame>{XFORM}{PALETTE}</flame>".encode())
    assert len(read(tmp_path, packed)[0]) == 1
    for broken in (packed[:-9], packed[:12], packed[:20] + b"xxxx" + packed[24:]):
        with pytest.raises(FlameError, match=r"test\.flame, line \d+: the gzipped file is damaged"):
            read(tmp_path, broken)


# flam3's own elements, and its first versions


def test_symmetry_adds_xforms_as_flam3_does(tmp_path: Path) -> None:
    flame = read_one(tmp_path, f'{XFORM}<symmetry kind="-3"/>', 'version="FLAM3"')
    _, mirror, first, second = flame.xforms
    assert [xform.color for xform in (mirror, first, second)] == [1.0, 0.0, 1.0]
    for xform in (mirror, first, second):
        assert (xform.weight, xform.color_speed, xform.animate, xform.variations) == (1.0, 0.0, 0.0, (Variation("linear", 1.0),))
    assert mirror.pre[:2, :2].tolist() == [[-1, 0], [0, 1]]
    assert first.pre[:2, :2].tolist() == [[-0.5, -0.866025], [0.866025, -0.5]]
    assert second.pre[:2, :2].tolist() == [[-0.5, 0.866025], [-0.866025, -0.5]]
    assert len(read_one(tmp_path, f'{XFORM}<symmetry kind="2"/>').xforms) == 2
    for kind in ("1000", "-129", "1.5", "x"):
        with pytest.raises(FlameError, match="symmetry kind"):
            read_one(tmp_path, f'{XFORM}<symmetry kind="{kind}"/>')


def test_symmetry_is_that_of_flam3s_own_clone(tmp_path: Path) -> None:
    (tmp_path / "symmetric.flam3").write_text(f'<flame size="9 9" palette="3">{XFORM}<symmetry kind="-5"/></flame>')
    (ours,), _ = read_flames(tmp_path / "symmetric.flam3")
    text = genome(tmp_path, clone=str(tmp_path / "symmetric.flam3")).read_text()
    (theirs,), _ = read(tmp_path, text.replace("<symmetry", "<was"))  # it writes the element beside the xforms that came of it
    in_order = [tuple(sorted(flame.xforms[1:], key=lambda xform: (xform.pre[0, 0], xform.pre[1, 0]))) for flame in (ours, theirs)]
    assert_same(in_order[0], in_order[1], 1e-5)  # it sorts them, and prints six digits


def test_numbered_variations_of_the_first_files(tmp_path: Path) -> None:
    text = '<xform weight="1" var1="3"/><xform weight="1" var="0 0.5 0 2" plotmode="off"/><xform weight="1" plotmode="on"/>'
    first, second, third = read_one(tmp_path, text).xforms
    assert first.variations == (Variation("swirl", 1.0),)
    assert second.variations == (Variation("sinusoidal", 0.5), Variation("swirl", 2.0))
    assert (second.opacity, third.opacity) == (0.0, 1.0)
    for attribute in ('var1="99"', 'var1="-1"', 'var1="0.5"', f'var="{"0 " * 100}"', 'var="0 x"'):
        with pytest.raises(FlameError, match="xform 0: var"):
            read_one(tmp_path, f'<xform weight="1" {attribute}/>')


def test_flam3s_numbers_are_names_of_variations() -> None:
    assert len(FLAM3_NAMES) == 99 and FLAM3_NAMES[67] == "pre_blur" and FLAM3_NAMES[98] == "mobius"
    assert [name for name in FLAM3_NAMES if find(name) is None] == []


def test_soloxform_hides_the_others(tmp_path: Path) -> None:
    assert [xform.opacity for xform in read_one(tmp_path, 3 * XFORM, 'soloxform="1"').xforms] == [0.0, 1.0, 0.0]
    assert [xform.opacity for xform in read_one(tmp_path, 3 * XFORM, 'soloxform="-1"').xforms] == [1.0, 1.0, 1.0]


def test_motion_elements_are_read(tmp_path: Path) -> None:
    inside = """<xform weight="1" swirl="1"><motion motion_frequency="2" motion_function="hill" swirl="0.2" coefs="0.1 0 0 0.3 0 0"/>
        <motion motion_frequency="-1" motion_offset="0.25" motion_func="saw" weight="0.5" blob_low="3" blob="0.1"/></xform>"""
    first, second = read_one(tmp_path, inside).xforms[0].motions
    assert (first.function, first.frequency, first.offset) == ("hill", 2.0, 0.0)
    assert first.amplitude.variations == (Variation("swirl", 0.2),) and first.amplitude.weight == first.amplitude.opacity == 0.0
    assert first.amplitude.pre.tolist() == [[0.1, 0, 0, 0], [0, 0.3, 0, 0], [0, 0, 0, 0]] and not first.amplitude.post.any()
    assert (second.function, second.frequency, second.offset, second.amplitude.weight) == ("saw", -1.0, 0.25, 0.5)
    assert second.amplitude.variations == (Variation("blob", 0.1, {"blob_low": 3.0}),)


# What has no effect is told by name


def test_an_unknown_variation_is_named_with_its_parameters(tmp_path: Path) -> None:
    warning = one_warning(tmp_path, '<xform weight="1" linear="1" droste="0.5" droste_r1="2" droste_r2="3"/>')
    assert all(part in warning for part in ("'rose'", "xform 0", "droste='0.5'", "droste_r1", "droste_r2", "does not know"))
    assert "final xform" in one_warning(tmp_path, f'{XFORM}<finalxform wobble="1"/>')


def test_variations_before_and_after_the_sum(tmp_path: Path) -> None:
    flame = read_one(tmp_path, '<xform weight="1" post_julia3D="0.5" post_julia3D_power="2" julia3D="1" julia3D_power="3" pre_blur="0.5"/>')
    assert flame.xforms[0].variations == (
        Variation("post_julia3D", 0.5, {"post_julia3D_power": 2.0}),
        Variation("julia3D", 1.0, {"julia3D_power": 3.0}),
        Variation("pre_blur", 0.5),
    )
    assert "pre_droste" in one_warning(tmp_path, '<xform weight="1" linear="1" pre_droste="0.5"/>')


def test_an_unknown_variation_of_weight_zero_is_absent(tmp_path: Path) -> None:
    read_one(tmp_path, '<xform weight="1" linear="1" droste="0" droste_r1="2" blur3D="0.000"/>')


@pytest.mark.parametrize(
    ("inside", "named"),
    [
        ('<xform weight="-1" linear="1"/>', "weight=-1"),
        ('<xform weight="1" linear="1" color="1.5"/>', "color=1.5"),
        ('<xform weight="1" linear="1" color_speed="-3"/>', "color_speed=-3"),
        ('<xform weight="1" linear="1" opacity="-0.01"/>', "opacity=-0.01"),
        ('<xform weight="1" linear="1" chaos="-1"/>', "chaos=-1"),
        ('<xform weight="1" linear="1" chaos="1 2 3"/>', "chaos has 3"),
        ('<xform linear="1"/>', "no weight"),
        ('<xform weight="1" linear="1"><motion linear="2" motion_function="jump"/></xform>', "motion_function='jump'"),
        (f'{XFORM}<symmetry kind="0"/>', "symmetry kind=0"),
        (f"{XFORM}<wings/>", "<wings>"),
        (f'{XFORM}<finalxform linear="1" chaos="1"/>', "chaos"),
        (f'{XFORM}<finalxform linear="1" linEAR="2"/>', "linEAR"),
    ],
)
def test_what_is_left_out_or_limited_is_told(tmp_path: Path, inside: str, named: str) -> None:
    assert named in one_warning(tmp_path, inside)


def test_an_unknown_attribute_of_a_flame_is_told(tmp_path: Path) -> None:
    assert "wings='2'" in one_warning(tmp_path, attributes='wings="2"')
    assert "filter_shape='soft'" in one_warning(tmp_path, attributes='filter_shape="soft"')
    assert "size=0" in one_warning(tmp_path, attributes='size="0 10"')


def test_a_flame_without_xforms_is_left_out(tmp_path: Path) -> None:
    flames, warnings = read(tmp_path, f'<flames><flame name="empty">{PALETTE}</flame><flame>{XFORM}{PALETTE}</flame></flames>')
    assert len(flames) == len(warnings) == 1 and "'empty'" in warnings[0]
    with pytest.raises(FlameError, match="no flame"):
        read(tmp_path, f"<flame>{PALETTE}</flame>")
    with pytest.raises(FlameError, match="no flame"):
        read(tmp_path, "<html><body/></html>")
