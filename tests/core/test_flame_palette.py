"""The palettes of .flame files in all their forms."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bloom_core.flames.color_hsv import to_hsv, to_rgb
from bloom_core.flames.flame import FlameError, FloatArray
from bloom_core.flames.flame_file import read_flames
from tests.core.flames import PALETTE, XFORM, genome, one_warning, read


def test_palettes_in_all_their_forms(tmp_path: Path) -> None:
    def palette(text: str) -> list[list[float]]:
        flames, warnings = read(tmp_path, f"<flame>{XFORM}{text}</flame>")
        assert warnings == []
        return [[float(round(255 * value)) for value in color] for color in flames[0].palette]

    assert palette('<palette count="3" format="RGB">\n 0102 03fF\n00 80000010 </palette>') == [[1, 2, 3], [255, 0, 128], [0, 0, 16]]
    assert palette('<palette count="2" format="RGBA">010203FF040506FF</palette>') == [[1, 2, 3], [4, 5, 6]]
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
    assert "no palette" in one_warning(tmp_path, palette="")
    assert "'CMYK'" in one_warning(tmp_path, palette='<palette count="1" format="CMYK">00000000</palette>')
    flames, _ = read(tmp_path, f"<flame>{XFORM}</flame>")
    assert flames[0].palette.tolist() == [[0, 0, 0], [1, 1, 1]]


def test_transparent_colours_are_told(tmp_path: Path) -> None:
    for palette in (
        '<palette count="2" format="RGBA">010203FF04050680</palette>',
        '<color index="0" rgba="1 2 3 4"/><color index="1" rgb="1 2 3" a="9"/>',
    ):
        assert "transparent" in one_warning(tmp_path, palette=palette)


def test_gaps_between_colors_are_filled_along_a_circle_as_flam3_does(tmp_path: Path) -> None:
    flames, _ = read(tmp_path, f'<flame>{XFORM}<color index="0" rgb="0 0 0"/><color index="10" rgb="100 0 10"/></flame>')
    found = flames[0].palette * 255.0
    np.testing.assert_allclose(found[[5, 10, 11, 255]], [[50, 0, 5], [100, 0, 10], [99.5935, 0, 9.95935], [0.406504, 0, 0.0406504]], rtol=1e-5)


# flam3's numbered palettes


LIBRARY = (
    f'<palettes><palette number="7" name="two" data="{"00ff8000" * 128}{"00000000" * 128}"/><palette number="8" data="00102030 00405060"/></palettes>'
)


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("flam3_palettes", raising=False)
    path = tmp_path / "flam3-palettes.xml"
    path.write_text(LIBRARY)
    return path


def numbered(folder: Path, attributes: str, inside: str = "") -> FloatArray:
    flames, warnings = read(folder, f"<flame {attributes}>{XFORM}{inside}</flame>")
    assert warnings == [] and flames[0].extra == {}
    return flames[0].palette * 255.0


def test_a_numbered_palette_is_found_beside_the_flame(tmp_path: Path, library: Path) -> None:
    found = numbered(tmp_path, 'palette="7"')
    assert found.shape == (256, 3) and found[[0, 127, 128]].tolist() == [[255, 128, 0], [255, 128, 0], [0, 0, 0]]
    np.testing.assert_allclose(numbered(tmp_path, 'palette="8"')[[0, 127, 128, 255]], [[16, 32, 48], [16, 32, 48], [64, 80, 96], [64, 80, 96]])


def test_hue_turns_a_numbered_palette(tmp_path: Path, library: Path) -> None:
    np.testing.assert_allclose(numbered(tmp_path, f'palette="7" hue="{1 / 3!r}"')[0], [0, 255, 128], atol=1e-9)
    np.testing.assert_allclose(numbered(tmp_path, 'palette="7" hue="-0.5"')[0], [0, 127, 255], atol=1e-9)
    np.testing.assert_allclose(numbered(tmp_path, 'palette="7" hue="2"')[0], [255, 128, 0], atol=1e-9)


def test_two_numbered_palettes_are_blended(tmp_path: Path, library: Path) -> None:
    found = numbered(tmp_path, "", '<palette index0="7" hue0="0" index1="8" hue1="0" blend="0.25"/>')
    expected = to_rgb(0.75 * to_hsv(np.array([[1.0, 128 / 255, 0.0]])) + 0.25 * to_hsv(np.array([[16.0, 32.0, 48.0]]) / 255))
    np.testing.assert_allclose(found[:1], expected * 255.0)


def test_the_library_is_the_one_that_the_environment_names(tmp_path: Path, library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mine.xml").write_text(LIBRARY.replace("ff8000", "112233"))
    monkeypatch.setenv("flam3_palettes", str(tmp_path / "other" / "mine.xml"))
    assert numbered(tmp_path, 'palette="7"')[0].tolist() == [0x11, 0x22, 0x33]
    monkeypatch.setenv("flam3_palettes", str(tmp_path / "none.xml"))
    warning = one_warning(tmp_path, attributes='palette="7"', palette="")
    assert all(part in warning for part in ("palette 7", "flam3-palettes.xml", "flam3_palettes", "apt-get install", "grey"))


def test_a_palette_that_was_not_found_keeps_its_number(tmp_path: Path, library: Path) -> None:
    for wanted, named in (("9", "no palette 9"), ("1.5", "no palette 1.5")):
        assert named in one_warning(tmp_path, attributes=f'palette="{wanted}" hue="0.5"', palette="")
        flames, _ = read(tmp_path, f'<flame palette="{wanted}" hue="0.5">{XFORM}</flame>')
        assert flames[0].extra == {"palette": wanted, "hue": "0.5"} and len(flames[0].palette) == 2
    assert "no palette 9" in one_warning(tmp_path, palette='<palette index0="9" index1="7"/>')
    library.write_text("<palettes><palette number='7' data='12'/></palettes>")
    assert "line 1" in one_warning(tmp_path, attributes='palette="7"', palette="")


def test_colours_in_the_file_go_before_a_number(tmp_path: Path, library: Path) -> None:
    flames, warnings = read(tmp_path, f'<flame palette="7">{XFORM}{PALETTE}</flame>')
    assert warnings == [] and flames[0].palette.tolist() == [[0, 0, 0], [1, 1, 1]] and flames[0].extra == {"palette": "7"}


@pytest.mark.parametrize(("number", "hue"), [(3, 0.3), (15, 0.22851), (700, -0.4)])
def test_numbered_palettes_are_those_of_flam3(tmp_path: Path, number: int, hue: float) -> None:
    path = tmp_path / "numbered.flam3"
    path.write_text(f'<flame size="9 9" palette="{number}" hue="{hue}">{XFORM}</flame>')
    (ours,), warnings = read_flames(path)
    (theirs,), _ = read_flames(genome(tmp_path, clone=str(path)))
    assert warnings == []
    np.testing.assert_allclose(ours.palette, theirs.palette, atol=6e-6)  # it prints six digits


@given(st.lists(st.tuples(*[st.floats(0.0, 1.0)] * 3), min_size=1, max_size=8))
def test_hue_saturation_and_value_give_the_colour_back(colors: list[tuple[float, float, float]]) -> None:
    rgb = np.array(colors)
    hsv = to_hsv(rgb)
    assert (hsv[:, 0] >= 0.0).all() and (hsv[:, 0] <= 6.0).all() and (hsv[:, 1:] <= 1.0).all()
    np.testing.assert_allclose(to_rgb(hsv), rgb, atol=1e-12)
