"""The palettes of .flame files in all their forms."""

from __future__ import annotations

from pathlib import Path

import pytest

from bloom_core.flame import FlameError
from tests.core.flames import XFORM, one_warning, read


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
