"""Writing .flame files: nothing is lost on the way out and back."""

from __future__ import annotations

import gzip
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from bloom_core.flames.flame import DIALECTS, Flame, FlameError, Key, Motion, Rendering, Variation, View, Xform, identity
from bloom_core.flames.flame_buffer import pack
from bloom_core.flames.flame_file import read_flames, write_flames
from tests.core.flames import ORIGINALS, PALETTE, assert_same, genome, read


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)

    def affine() -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        out = identity()
        out[:2, [0, 1, 3]] = rng.normal(size=(2, 3))
        return out

    strange = 'a "b" <c> & d\n\te 花'
    terms = (Variation("pre_blob", 2.0, {"pre_blob_low": 0.1}), Variation("linear", 1 / 3), Variation("julia3D", -0.1, {"julia3D_power": -3.0}))
    swing = Xform((Variation("julia3D", 0.1, {"julia3D_power": 1.0}),), "", 0.1, 0.2, 0.3, 0.4, affine(), 0 * affine(), 0.0, 0.0)
    motions = (Motion(swing, "hill", 2.0, 0.25), Motion(replace(swing, variations=(), pre=swing.post), "saw", -3.0))
    first = Xform(terms, strange, 0.1, 0.2, -0.3, 0.4, affine(), affine(), 0.5, 0.25, motions, {"droste": "1 &amp; x"})
    second = Xform((), "", 1e-20, 1.0, 1.0, 0.0)
    view = View((640, 400), (1 / 7, -2.0), 1e-3, 12.5, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 0.5, 0.25, -1.0, 0.5, (0.1, 0.2, 0.3))
    curves = rng.random((4, 4, 3))
    rendering = Rendering(1 / 3, 2, 0.7, "bell", 12, "exp", 2.0, -3.0, 4.0, 5.0, 0.6, "linear", True, curves)
    key = Key(12.5, "smooth", "linear", "sweep", 0.25)
    palette = rng.integers(0, 256, (33, 3)) / 255.0
    final = Xform((Variation("bubble", 2.0),), opacity=0.5)
    extra, elements = {"fuse": "30", "wings": strange}, ('<edit action="&lt;x&gt;">a &amp; b<sheep></sheep></edit>', "<wings></wings>")
    xaos = rng.random((2, 2))
    flames = [Flame((first, second), final, palette, xaos, strange, dialect, view, rendering, key, extra, elements) for dialect in DIALECTS]
    write_flames(tmp_path / "out.flame", flames)
    back, warnings = read_flames(tmp_path / "out.flame")
    assert len(warnings) == 3 * len(DIALECTS) and all("wings" in warning or "droste" in warning for warning in warnings)
    for number, wrote in enumerate(flames):
        assert_same(back[number], wrote)


def test_a_bare_flame_comes_back_bare(tmp_path: Path) -> None:
    flames = [Flame((Xform(()),), dialect=dialect) for dialect in DIALECTS]
    write_flames(tmp_path / "out.flame", flames)
    for found, wrote in zip(read_flames(tmp_path / "out.flame")[0], flames, strict=True):
        assert_same(found, wrote)


def attributes_of(path: Path) -> list[tuple[str, dict[str, str]]]:
    """Returns the elements of a file that stand for something, each with its attributes by lower-case name."""
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    kept = ("flame", "xform", "finalxform", "motion", "edit", "sheep")
    return [
        (entry.tag, {key.lower(): text for key, text in entry.attrib.items()}) for entry in ElementTree.fromstring(data).iter() if entry.tag in kept
    ]


def assert_nothing_is_lost(original: Path, written: Path) -> int:
    """Fails where an attribute of `original` is missing in `written`, or says something else. Returns how many there are."""
    before, after = attributes_of(original), attributes_of(written)
    assert [name for name, _ in after] == [name for name, _ in before]
    count = 0
    for (name, old), (_, new) in zip(before, after, strict=True):
        for key, text in old.items():
            assert key in new, f"<{name}> has lost {key}={text!r}"
            if new[key] != text:
                numbers = [[float(part) for part in value.split()] for value in (text, new[key])]
                if key in ("weight", "opacity"):  # the reader limits them, and says so
                    numbers[0] = [min(max(numbers[0][0], 0.0), 1.0 if key == "opacity" else np.inf)]
                rounding = 1e-6 if key == "symmetry" else 1e-12  # it was rounded beside the color_speed that it repeats
                np.testing.assert_allclose(numbers[1], numbers[0], rtol=rounding, atol=rounding, err_msg=f"<{name}> {key}")
            count += 1
    return count


@pytest.mark.parametrize("name", [*(f"{name}.flame" for name in ORIGINALS), "willowisp_updates.flame.gz"])
def test_nothing_of_an_original_is_lost(shared_data: Path, tmp_path: Path, name: str) -> None:
    path, written = shared_data / "original-bloom" / "flames" / name, tmp_path / "again.flame"
    flames, _ = read_flames(path)
    write_flames(written, flames)
    again, warnings = read_flames(written)
    assert warnings == [] and len(again) == len(flames)
    for found, expected in zip(again, flames, strict=True):
        assert_same(found, expected)
    assert assert_nothing_is_lost(path, written) >= 100


@pytest.mark.parametrize("seed", range(1, 11))
def test_nothing_of_flam3s_genomes_is_lost(tmp_path: Path, seed: int) -> None:
    path, written = genome(tmp_path, seed=str(seed), repeat="3"), tmp_path / "again.flame"
    text = re.sub(r" *<symmetry[^>]*>\n", "", path.read_text())  # it stands beside the xforms that it has added, and would add them anew
    path.write_text(text)
    flames, warnings = read_flames(path)
    assert warnings == [] and len(flames) == 3
    write_flames(written, flames)
    again, warnings = read_flames(written)
    assert warnings == []
    for found, expected in zip(again, flames, strict=True):
        assert_same(found, expected)
    assert assert_nothing_is_lost(path, written) >= 100


def test_flam3_reads_what_is_written_as_it_reads_its_own(tmp_path: Path) -> None:
    path = genome(tmp_path, seed="4", repeat="2")
    path = path.rename(tmp_path / "first.flam3")
    write_flames(tmp_path / "again.flame", read_flames(path)[0])
    clones = [read_flames(genome(tmp_path, clone_all=str(source)))[0] for source in (path, tmp_path / "again.flame")]
    for ours, theirs in zip(*clones, strict=True):
        assert_same(replace(ours, elements=()), replace(theirs, elements=()), 1e-5)


def test_a_palette_between_the_8_bits_is_kept(tmp_path: Path) -> None:
    fine = np.random.default_rng(1).random((256, 3))
    write_flames(tmp_path / "out.flame", [Flame((Xform(()),), palette=palette) for palette in (fine, fine[:200])])
    found, _ = read_flames(tmp_path / "out.flame")
    np.testing.assert_allclose(found[0].palette, fine, atol=1e-12)
    np.testing.assert_allclose(found[1].palette, fine[:200], atol=0.5 / 255 + 1e-9)  # Ember's <color> elements are 256


def test_a_final_xform_that_is_switched_off_is_kept_until_there_is_another(tmp_path: Path) -> None:
    (flame,), _ = read(tmp_path, f'<flame><xform weight="1"/><finalxform enabled="0" bubble="2"/>{PALETTE}</flame>')
    assert flame.final is None
    for given, count in ((flame, 1), (replace(flame, final=Xform(())), 1)):
        write_flames(tmp_path / "out.flame", [given])
        assert (tmp_path / "out.flame").read_text().count("<finalxform") == count
        assert_same(read_flames(tmp_path / "out.flame")[0][0].final, given.final)


def test_the_version_is_kept_while_it_is_true(tmp_path: Path) -> None:
    (flame,), _ = read(tmp_path, f'<flame version="EMBER-LNX-1.0.0.14"><xform weight="1"/>{PALETTE}</flame>')
    for given, version in ((flame, "EMBER-LNX-1.0.0.14"), (replace(flame, dialect="flam3"), "FLAM3-BLOOM-3.1.1")):
        write_flames(tmp_path / "out.flame", [given])
        assert f'version="{version}"' in (tmp_path / "out.flame").read_text()


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
