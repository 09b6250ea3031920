"""Reading and writing .flame files: what flam3 and Ember write, what is not supported, and what an enemy would send."""

from __future__ import annotations

import gzip
import re
import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bloom_core import native
from bloom_core.flame import DIALECTS, Flame, FlameError, Variation, View, Xform, identity
from bloom_core.flame_buffer import pack
from bloom_core.flame_file import read_flames, write_flames

ORIGINALS = ("brick", "fireflies", "hearts", "kindling", "soft_ghost", "wavy", "willowisp")
PALETTE = '<palette count="2" format="RGB">000000FFFFFF</palette>'
XFORM = '<xform weight="1" linear="1" coefs="1 0 0 1 0 0"/>'


def read(folder: Path, text: str | bytes) -> tuple[list[Flame], list[str]]:
    path = folder / "test.flame"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_flames(path)


def read_one(folder: Path, inside: str = XFORM, attributes: str = 'version="EMBER-LNX-1.0.0.14"') -> Flame:
    flames, warnings = read(folder, f"<flame {attributes}>{inside}{PALETTE}</flame>")
    assert warnings == []
    return flames[0]


def one_warning(folder: Path, inside: str = XFORM, attributes: str = 'name="rose"', palette: str = PALETTE) -> str:
    flames, warnings = read(folder, f"<flame {attributes}>{inside}{palette}</flame>")
    assert len(flames) == len(warnings) == 1, warnings
    assert "test.flame" in warnings[0] and "flame 0" in warnings[0]
    return warnings[0]


# What programs write


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


# Palettes


def test_palettes_in_all_their_forms(tmp_path: Path) -> None:
    def palette(text: str) -> list[list[float]]:
        flames, warnings = read(tmp_path, f"<flame>{XFORM}{text}</flame>")
        assert warnings == []
        return [[float(round(255 * value)) for value in color] for color in flames[0].palette]

    assert palette('<palette count="3" format="RGB">\n 0102 03fF\n00 80000010 </palette>') == [[1, 2, 3], [255, 0, 128], [0, 0, 16]]
    assert palette('<palette count="2" format="RGBA">010203FF04050680</palette>') == [[1, 2, 3], [4, 5, 6]]
    assert palette('<colors count="2" data="00010203 00040506"/>') == [[1, 2, 3], [4, 5, 6]]
    full = palette("".join(f'<color index="{index}" rgb="{index} 0 {255 - index}"/>' for index in range(256)))
    assert full == [[index, 0, 255 - index] for index in range(256)]
    sparse = palette('<color index="255" rgb="255 0 0"/><color index="0" rgb="0 0 51"/>')
    assert len(sparse) == 256 and sparse[0] == [0, 0, 51] and sparse[255] == [255, 0, 0] and sparse[100] == [100, 0, 31]


@pytest.mark.parametrize(
    "text",
    [
        '<palette count="3" format="RGB">000000FFFFFF</palette>',
        '<palette count="2" format="RGB">000000FFFFF</palette>',
        '<palette count="2" format="RGB">000000GGGGGG</palette>',
        '<palette count="1" format="RGB">000000</palette>',
        '<palette count="0" format="RGB"></palette>',
        '<palette count="1e9" format="RGB">000000FFFFFF</palette>',
        '<palette count="x" format="RGB">000000FFFFFF</palette>',
        '<colors count="2" data="000102"/>',
        '<color index="256" rgb="0 0 0"/>',
        '<color index="-1" rgb="0 0 0"/>',
        '<color index="0.5" rgb="0 0 0"/>',
        '<color index="0" rgb="0 0"/>',
        '<color index="0" rgb="0 nan 0"/>',
        '<color rgb="0 0 0"/>',
        '<color index="0"/>',
    ],
)
def test_a_broken_palette_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(FlameError, match=r"test\.flame, line 1, flame 0.*(palette|color)"):
        read(tmp_path, f"<flame>{XFORM}{text}</flame>")


def test_a_missing_palette_is_grey_with_a_warning(tmp_path: Path) -> None:
    assert "palette='15'" in one_warning(tmp_path, attributes='palette="15"', palette="")
    assert "no palette" in one_warning(tmp_path, palette="")
    assert "index0" in one_warning(tmp_path, palette='<palette index0="3" index1="5" blend="0.5"/>')
    assert "'CMYK'" in one_warning(tmp_path, palette='<palette count="1" format="CMYK">00000000</palette>')
    flames, _ = read(tmp_path, f"<flame>{XFORM}</flame>")
    assert flames[0].palette.tolist() == [[0, 0, 0], [1, 1, 1]]


# What is not supported is told by name


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


# Broken and hostile files


NOT_NUMBERS = ("nan", "NaN", "inf", "-infinity", "1e400", "1e39", "", "one", "1,5", "0x10", "1_000", "١", "1 2", "9" * 5000, "--1")


@pytest.mark.parametrize("value", NOT_NUMBERS)
def test_what_is_not_a_number_is_refused_with_its_place(tmp_path: Path, value: str) -> None:
    for inside, place in (
        (f'<xform weight="{value}" linear="1"/>', "xform 0"),
        (f'<xform weight="1" linear="{value}"/>', "xform 0"),
        (f'{XFORM}<xform weight="1" blob="1" blob_low="{value}"/>', "xform 1"),
        (f'{XFORM}<finalxform opacity="{value}"/>', "final xform"),
    ):
        with pytest.raises(FlameError, match=rf"test\.flame, line 2, flame 0 \('rose'\), {place}: "):
            read(tmp_path, f'<flame name="rose">\n{inside}{PALETTE}</flame>')
    with pytest.raises(FlameError, match=r"test\.flame, line 1, flame 0"):
        read(tmp_path, f'<flame scale="{value}">{XFORM}{PALETTE}</flame>')


@pytest.mark.parametrize("coefs", ["", "1 0 0 1 0", "1 0 0 1 0 0 0", "1 0 0 1 0 nan", "1;0;0;1;0;0", "1 0 0 1 0 " + "0 " * 100_000])
@pytest.mark.parametrize("key", ["coefs", "post"])
def test_affines_need_six_numbers(tmp_path: Path, key: str, coefs: str) -> None:
    with pytest.raises(FlameError, match=f"xform 0: {key}"):
        read(tmp_path, f'<flame><xform weight="1" linear="1" {key}="{coefs}"/>{PALETTE}</flame>')


def test_a_singular_affine_is_fine(tmp_path: Path) -> None:
    assert read_one(tmp_path, '<xform weight="1" linear="1" coefs="0 0 0 0 1 2"/>').xforms[0].pre[:2, :3].any() == False  # noqa: E712


HOSTILE = {
    "doctype": '<!DOCTYPE flame SYSTEM "http://example.invalid/x.dtd"><flame/>',
    "entity": '<!DOCTYPE f [<!ENTITY x "y">]><flame name="&x;"/>',
    "file": '<!DOCTYPE f [<!ENTITY x SYSTEM "file:///etc/passwd">]><flame>&x;</flame>',
    "billion laughs": "<!DOCTYPE l [<!ENTITY a0 'ha'>"
    + "".join(f"<!ENTITY a{i} '{f'&a{i - 1};' * 10}'>" for i in range(1, 10))
    + "]><flame name='&a9;'/>",
    "parameter entity": '<!DOCTYPE f [<!ENTITY % p SYSTEM "http://example.invalid/"> %p;]><flame/>',
    "unknown entity": "<flame name='&x;'/>",
    "truncated": f"<flames><flame>{XFORM}",
    "truncated tag": f'<flames><flame>{XFORM}<xform weight="1" lin',
    "two roots": f"<flame>{XFORM}{PALETTE}</flame><flame>{XFORM}{PALETTE}</flame>",
    "not xml": "PK\x03\x04 this is something else",
    "empty": "",
    "nul": "<flame>\0</flame>",
    "crossed": "<flame><xform></flame></xform>",
    "doubled attribute": '<flame><xform weight="1" weight="2"/></flame>',
    "nested flames": f"<flame>{XFORM}<flame>{XFORM}</flame></flame>",
    "two finals": f"<flame>{XFORM}<finalxform/><finalxform/></flame>",
    "129 xforms": f"<flame>{XFORM * 129}{PALETTE}</flame>",
    "deep": "<a>" * 2000,
    "deep edit": f"<flame>{XFORM}{'<edit>' * 5000}",
    "wrong encoding": '<?xml version="1.0" encoding="martian"?><flame/>',
    "utf-7": '<?xml version="1.0" encoding="utf-7"?><flame/>',
    "long tag": '<flame name="' + "x" * (3 << 20) + '">' + XFORM + "</flame>",
    "many attributes": "<flame " + " ".join(f'a{i}="1"' for i in range(300_000)) + ">" + XFORM + "</flame>",
    "long comment": "<!--" + "x" * (3 << 20) + "--><flame/>",
    "many flames": "<flames>" + "<flame/>" * 20_000 + "</flames>",
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_a_hostile_or_broken_file_is_refused_with_its_place(tmp_path: Path, name: str) -> None:
    with pytest.raises(FlameError, match=r"test\.flame") as caught:
        read(tmp_path, HOSTILE[name].encode())
    assert "line" in str(caught.value)
    assert len(str(caught.value)) < 1000


def test_every_cut_of_a_file_is_refused(tmp_path: Path) -> None:
    whole = f"<flames><flame>\n{XFORM}\n{PALETTE}</flame></flames>"
    for length in range(len(whole)):
        with pytest.raises(FlameError):
            read(tmp_path, whole[:length])


def test_files_that_are_no_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FlameError, match=r"missing\.flame"):
        read_flames(tmp_path / "missing.flame")
    with pytest.raises(FlameError, match=str(tmp_path)):
        read_flames(tmp_path)
    if Path("/dev/zero").exists():
        with pytest.raises(FlameError, match="/dev/zero"):
            read_flames("/dev/zero")


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.flame"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(FlameError, match="1048576 MiB"):
        read_flames(path)


@pytest.mark.skipif(sys.platform != "linux", reason="limits memory as Linux does")
@pytest.mark.parametrize("element", [XFORM, "<flame/>", "<edit/>", '<color index="1" rgb="1 2 3"/>', "<flame><b>", "<b/>", "text "])
def test_a_stream_without_end_takes_little_memory(tmp_path: Path, element: str) -> None:
    path = tmp_path / "endless.flame"
    with path.open("wb") as file:
        file.write(b"<flames><flame>")
        block = element.encode() * ((1 << 20) // len(element))
        for _ in range(24):
            file.write(block)
    code = f"from bloom_core.flame_file import *\ntry: read_flames({str(path)!r})\nexcept ValueError as e: print('refused', e)"
    limit = 1 << 31

    def lower() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, preexec_fn=lower, timeout=120)
    assert run.stdout.startswith("refused"), run.stderr[-2000:]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_changed_file_is_read_or_refused_but_never_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    text = bytearray(f'<flames><flame version="EMBER-1" size="64 64" chaos="1">{XFORM}<finalxform julia3D="1"/>{PALETTE}</flame></flames>'.encode())
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(text) - 1))
        pieces = st.binary(max_size=3) | st.sampled_from([b'"', b"<", b"-9e37", b"&#0;", b"nan", b"/>"])
        text[at : at + data.draw(st.integers(0, 3))] = data.draw(pieces)
    try:
        flames, _ = read(tmp_path_factory.getbasetemp(), bytes(text))
    except FlameError:
        return
    for flame in flames:
        pack(flame)


# Writing


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)

    def affine() -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        out = identity()
        out[:2, [0, 1, 3]] = rng.normal(size=(2, 3))
        return out

    strange = 'a "b" <c> & d\n\te 花'
    terms = (Variation("linear", 1 / 3), Variation("julia3D", -0.1, {"julia3D_power": -3.0}))
    first = Xform(terms, strange, 0.1, 0.2, -0.3, 0.4, affine(), affine(), False)
    second = Xform((), "", 1e-20, 1.0, 1.0, 0.0)
    view = View((640, 400), (1 / 7, -2.0), 1e-3, 12.5, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 0.5, 0.25, -1.0, (0.1, 0.2, 0.3))
    palette = rng.integers(0, 256, (33, 3)) / 255.0
    final = Xform((Variation("bubble", 2.0),), opacity=0.5)
    flames = [Flame((first, second), final, palette, rng.random((2, 2)), strange, dialect, view) for dialect in DIALECTS]
    write_flames(tmp_path / "out.flame", flames)
    back, warnings = read_flames(tmp_path / "out.flame")
    assert warnings == [] and len(back) == len(flames)
    for wrote, read in zip(flames, back, strict=True):
        assert (read.name, read.dialect, read.view) == (wrote.name, wrote.dialect, wrote.view)
        np.testing.assert_array_equal(read.palette, wrote.palette)
        np.testing.assert_array_equal(pack(read), pack(wrote))
        assert [(x.name, x.animate) for x in read.xforms] == [(x.name, x.animate) for x in wrote.xforms]


@pytest.mark.parametrize("name", ORIGINALS)
def test_an_original_flame_survives_a_round_trip(shared_data: Path, tmp_path: Path, name: str) -> None:
    (flame,), _ = read_flames(shared_data / "original-bloom" / "flames" / f"{name}.flame")
    write_flames(tmp_path / "again.flame", [flame])
    (again,), warnings = read_flames(tmp_path / "again.flame")
    assert warnings == [] and again.view == flame.view and again.dialect == flame.dialect
    np.testing.assert_array_equal(pack(again), pack(flame))
    np.testing.assert_array_equal(again.palette, flame.palette)


def test_an_affine_that_moves_z_is_written_beside_its_planar_part(tmp_path: Path) -> None:
    full = np.arange(12.0).reshape(3, 4) / 7
    lifted = identity()
    lifted[2, 3] = 1.0
    flame = Flame((Xform((), pre=full, post=lifted), Xform(())), final=Xform((), post=full))
    write_flames(tmp_path / "out.flame", [flame])
    (back,), _ = read_flames(tmp_path / "out.flame")
    np.testing.assert_array_equal(pack(back), pack(flame))
    text = (tmp_path / "out.flame").read_text()
    assert text.count("bloom_coefs=") == 1 and text.count("bloom_post=") == 2
    (tmp_path / "planar.flame").write_text(re.sub(r' bloom_\w+="[^"]*"', "", text))
    (planar,), _ = read_flames(tmp_path / "planar.flame")
    np.testing.assert_array_equal(planar.xforms[0].pre[:2, [0, 1, 3]], full[:2, [0, 1, 3]])
    np.testing.assert_array_equal(planar.xforms[0].pre[2], [0, 0, 1, 0])
    with pytest.raises(FlameError, match="xform 0: bloom_coefs has 6"):
        read(tmp_path, f'<flame><xform weight="1" bloom_coefs="1 0 0 1 0 0"/>{PALETTE}</flame>')


def test_a_variation_that_stands_twice_cannot_be_written(tmp_path: Path) -> None:
    twice = Xform((Variation("linear", 1.0), Variation("linear", 2.0)))
    with pytest.raises(FlameError, match="'lily', the final xform: it has linear twice"):
        write_flames(tmp_path / "out.flame", [Flame((Xform(()),), final=twice, name="lily")])
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    flame = Flame((replace(Xform(()), name="x"),))
    with pytest.raises(FlameError, match="missing"):
        write_flames(tmp_path / "missing" / "out.flame", [flame])
    (tmp_path / "folder.flame").mkdir()
    with pytest.raises(FlameError, match=r"folder\.flame"):
        write_flames(tmp_path / "folder.flame", [flame])
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder.flame"]
