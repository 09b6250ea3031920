"""The package's flowers, and designs made of any flame."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bloom_core import design_descriptions, designs, native, thumbnails
from bloom_core.flames.flame import Flame, FlameError
from bloom_core.flames.flame_file import read_flames, write_flames

ROOT = Path(__file__).parents[2]


def test_every_flower_is_described_and_shown() -> None:
    names, lines = designs.designs(), design_descriptions.DESCRIPTIONS
    assert len(names) >= 21 and tuple(lines) == names
    assert len(set(lines.values())) == len(names)
    assert all(20 < len(line) < 150 and not line.endswith(".") for line in lines.values())
    assert design_descriptions.describe("mine") == "A flower of your own"
    gallery = (ROOT / "docs" / "gallery.md").read_text("utf-8")
    for name in names:
        assert thumbnails.packaged(name).is_file(), f"python -m bloom_core.thumbnails {name}"
        assert f"![{name}](pictures/design-{name}." in gallery, f"docs/gallery.md does not show {name}"


@pytest.mark.parametrize("name", designs.designs())
def test_bud_and_open_are_the_same_flower(name: str) -> None:
    flower = designs.design(name)
    still = [
        [replace(xform, weight=1.0, color=0.0, opacity=1.0, pre=None, post=None) for xform in (*flame.xforms, flame.final)]
        for flame in (flower.bud, flower.open)
    ]
    assert repr(still[0]) == repr(still[1])
    assert max(xform.opacity for xform in flower.bud.xforms) < 0.05  # it comes out of black
    assert not np.array_equal(flower.bud.final.pre, flower.open.final.pre)


@pytest.mark.parametrize("name", designs.designs())
@pytest.mark.parametrize("pose", [0, 1, 2, 3])
def test_a_flower_holds_together_and_fits_its_box(name: str, pose: int) -> None:
    flower = designs.design(name)
    cloud = native.points(designs.poses(flower.bud, flower.open)[pose], 400_000)
    assert cloud.statistics.bad < 0.002 * cloud.statistics.iterations
    inside = ((cloud.position >= flower.box.low) & (cloud.position <= flower.box.high)).all(axis=1)
    assert cloud.weight[inside].sum() > 0.95 * cloud.weight.sum()


@pytest.mark.parametrize("name", designs.designs())
def test_the_bud_is_narrower_than_the_open_flower(name: str) -> None:
    flower = designs.design(name)
    reach = [np.quantile(np.hypot(*native.points(flame, 200_000).position[:, :2].T), 0.8) for flame in (flower.bud, flower.open)]
    assert reach[0] < 0.8 * reach[1]


def test_an_unknown_design_lists_the_known_ones() -> None:
    with pytest.raises(FlameError, match=r"'buttercup'.*lily, lotus, nigella"):
        designs.design("buttercup")


def test_poses_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    lotus, peony = designs.design("lotus"), designs.design("peony")
    write_flames(tmp_path / "mixed.flame", [replace(lotus.bud, name="bud"), replace(peony.open, name="open")])
    with pytest.raises(FlameError, match=r"mixed\.flame: the flames bud and open"):
        designs.read_design(tmp_path / "mixed.flame")


def test_a_design_of_ones_own_is_read_back(tmp_path: Path) -> None:
    peony = designs.design("peony")
    designs.write_design(tmp_path / "mine.flame", replace(peony, name="other", open=replace(peony.open, name="other")))
    mine = designs.read_design(tmp_path / "mine.flame")
    assert mine.name == "mine" and mine.box == peony.box
    np.testing.assert_array_equal(mine.bud.final.pre, peony.bud.final.pre)
    assert repr(mine.open.xforms) == repr(peony.open.xforms)


ORIGINALS = ("brick", "fireflies", "hearts", "kindling", "soft_ghost", "wavy", "willowisp")


@pytest.mark.parametrize("name", ORIGINALS)
def test_the_originals_become_designs(name: str, shared_data: Path) -> None:
    path = shared_data / "original-bloom" / "flames" / f"{name}.flame"
    flower = designs.read_design(path)
    assert flower.name == name
    assert repr(flower.open.xforms) == repr(tuple(read_flames(path)[0][0].xforms))
    assert all(low < high for low, high in zip(flower.box.low, flower.box.high, strict=True))
    closed = native.points(flower.bud, 100_000)
    assert len(closed.position) and closed.statistics.bad < 0.01 * closed.statistics.iterations


def test_a_flame_without_a_final_xform_becomes_a_design() -> None:
    lotus = designs.design("lotus").open
    flower = designs.design_from_flame(Flame(lotus.xforms, palette=lotus.palette, name="plain"))
    assert flower.bud.final is None and flower.title == "plain"


def test_a_box_follows_a_sequence_without_jumping() -> None:
    lotus = designs.design("lotus")
    small = lotus.open.with_xform(0, replace(lotus.open.xforms[0], color=0.9))
    # It stays while it serves: for the poses it was made for, and after an edit that moves nothing.
    assert designs.follow(lotus.box, [lotus.bud, lotus.open, small]) is lotus.box
    # A flower that outgrows it, even for some frames in the middle, gets another one; and one that is far too large shrinks.
    final = lotus.open.final
    assert final is not None
    grown = replace(lotus.open, final=replace(final, post=2.0 * final.post))
    larger = designs.follow(lotus.box, [lotus.open, *[grown] * 5, lotus.open])
    assert larger.high[0] > 1.8 * lotus.box.high[0]
    assert designs.follow(larger, [lotus.bud, lotus.open]).high[0] < 0.7 * larger.high[0]


def test_a_dark_flame_takes_no_room() -> None:
    lotus = designs.design("lotus").open
    dark = replace(lotus, xforms=tuple(replace(xform, opacity=0.0) for xform in lotus.xforms))
    assert designs.bounds((lotus, dark)) == designs.bounds((lotus,))


@pytest.mark.parametrize("name", designs.designs())
def test_the_box_that_a_file_keeps_is_the_measured_one(name: str) -> None:
    flower = designs.design(name)
    measured = designs.bounds(designs.poses(flower.bud, flower.open))
    size = np.subtract(measured.high, measured.low)
    assert np.all(np.abs(np.subtract(flower.box.low, measured.low)) < 0.01 * size)  # other processors' sums differ a little
    assert np.all(np.abs(np.subtract(flower.box.high, measured.high)) < 0.01 * size)


def test_a_packaged_flower_is_read_without_playing_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(designs, "bounds", lambda _: pytest.fail("it was played"))
    designs.design.cache_clear()
    for name in designs.designs():
        assert not [key for key in designs.design(name).open.extra if "box" in key]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (r'coefs="[^"]*"', 'coefs="2 0 0 2 0 0"'),  # an affine was changed by hand
        (r' bloom_box_of="[^"]*"', ""),
        (r' bloom_box="[^"]*"', ""),
        (r'bloom_box="[^"]*"', 'bloom_box="0 0 0 1 1"'),
        (r'bloom_box="[^"]*"', 'bloom_box="0 0 0 1 1 high"'),
        (r'bloom_box="[^"]*"', 'bloom_box="0 0 0 1 1 inf"'),
        (r'bloom_box="[^"]*"', 'bloom_box="0 0 0 -1 1 1"'),
    ],
)
def test_a_box_that_does_not_belong_to_the_poses_is_measured_anew(tmp_path: Path, before: str, after: str) -> None:
    path = tmp_path / "lotus.flame"
    designs.write_design(path, replace(designs.design("lotus"), box=native.Box((0.0, 0.0, 0.0), (9.0, 9.0, 9.0))))
    assert designs.read_design(path).box.high == (9.0, 9.0, 9.0)
    path.write_text(re.sub(before, after, path.read_text("utf-8"), count=1), "utf-8")
    flower = designs.read_design(path)
    assert flower.box == designs.bounds(designs.poses(flower.bud, flower.open)) and not read_flames(path)[1]
