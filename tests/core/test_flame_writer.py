"""Writing .flame files: nothing is lost on the way out and back."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bloom_core.flame import DIALECTS, Flame, FlameError, Variation, View, Xform, identity
from bloom_core.flame_buffer import pack
from bloom_core.flame_file import read_flames, write_flames
from tests.core.flames import ORIGINALS, PALETTE, read


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
