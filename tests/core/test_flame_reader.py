"""Reading what flam3 and Ember write, and saying what has no effect."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from bloom_core import native
from bloom_core.flame import FlameError, Variation, Xform
from bloom_core.flame_file import read_flames
from tests.core.flames import ORIGINALS, PALETTE, XFORM, one_warning, read, read_one


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
    assert (heavy.weight, heavy.color, heavy.color_speed, heavy.opacity, heavy.animate) == (5.0, 0.611765, 0.114503, 1.0, False)
    assert [variation.name for variation in heavy.variations] == ["linear", "zcone", "ztranslate", "cross", "auger", "blur_pixelize", "arch"]
    assert heavy.variations[4].parameters == {"auger_sym": 0.0, "auger_weight": 0.5, "auger_freq": 5.0, "auger_scale": 0.1}
    # coefs="a d b e c f": image of the x axis, image of the y axis, translation; z is left alone
    assert heavy.pre.tolist() == [[-1.11965, 0.854836, 0.0, -0.115798], [-1.06831, -1.01985, 0.0, -0.758476], [0.0, 0.0, 1.0, 0.0]]
    np.testing.assert_array_equal(ornament.post[:2, 3], [1.25877, -3.46646])
    np.testing.assert_array_equal(flame.palette[0] * 255, [0xAE, 0xE8, 0x26])


def test_the_published_animation_is_read_whole(shared_data: Path, tmp_path: Path) -> None:
    data = gzip.decompress((shared_data / "original-bloom" / "flames" / "willowisp_updates.flame.gz").read_bytes())
    flames, warnings = read(tmp_path, data)
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
    assert old.color_speed == pytest.approx(0.2) and old.animate is False
    assert first('symmetry="-1"', "FLAM3").animate is True
    assert first('symmetry="0.6" animate="1"', "FLAM3").animate is True
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


# What has no effect is told by name


def test_an_unknown_variation_is_named_with_its_parameters(tmp_path: Path) -> None:
    warning = one_warning(tmp_path, '<xform weight="1" linear="1" droste="0.5" droste_r1="2" droste_r2="3"/>')
    assert all(part in warning for part in ("'rose'", "xform 0", "droste='0.5'", "droste_r1", "droste_r2", "does not know"))
    assert "final xform" in one_warning(tmp_path, f'{XFORM}<finalxform wobble="1"/>')


def test_variations_before_and_after_the_sum_are_named(tmp_path: Path) -> None:
    assert "pre_blur" in one_warning(tmp_path, '<xform weight="1" linear="1" pre_blur="0.5"/>')
    assert "post_julia3D" in one_warning(tmp_path, '<xform weight="1" linear="1" post_julia3D="0.5" post_julia3D_power="2"/>')


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
        ('<xform weight="1" var="0 1"/>', "var='0 1'"),
        ('<xform weight="1" linear="1"><motion linear="2"/></xform>', "<motion>"),
        (f'{XFORM}<symmetry kind="3"/>', "<symmetry>"),
        (f'{XFORM}<finalxform linear="1" chaos="1"/>', "chaos"),
        (f'{XFORM}<finalxform linear="1" linEAR="2"/>', "linEAR"),
    ],
)
def test_what_is_left_out_or_limited_is_told(tmp_path: Path, inside: str, named: str) -> None:
    assert named in one_warning(tmp_path, inside)


def test_an_unknown_attribute_of_a_flame_is_told(tmp_path: Path) -> None:
    assert "soloxform='2'" in one_warning(tmp_path, attributes='soloxform="2"')


def test_a_flame_without_xforms_is_left_out(tmp_path: Path) -> None:
    flames, warnings = read(tmp_path, f'<flames><flame name="empty">{PALETTE}</flame><flame>{XFORM}{PALETTE}</flame></flames>')
    assert len(flames) == len(warnings) == 1 and "'empty'" in warnings[0]
    with pytest.raises(FlameError, match="no flame"):
        read(tmp_path, f"<flame>{PALETTE}</flame>")
    with pytest.raises(FlameError, match="no flame"):
        read(tmp_path, "<html><body/></html>")
