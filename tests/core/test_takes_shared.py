"""Takes that several bakes share, and disks that are slow, locked or in the way."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bloom_core import take_files, takes
from bloom_core.designs import design, poses
from bloom_core.native import Box
from bloom_core.takes import BakeSettings, PointSettings, Settings, TakeError

LOTUS = design("lotus")
SETTINGS = BakeSettings(LOTUS.box, samples=100_000, resolution=32, gain=30.0)
FLAMES = poses(LOTUS.bud, LOTUS.open, 4)


@pytest.mark.parametrize("settings", [SETTINGS, PointSettings(5_000)], ids=["volume", "points"])
def test_a_take_baked_in_shares_is_published_by_the_last(tmp_path: Path, settings: Settings) -> None:
    whole = takes.bake(tmp_path / "whole", FLAMES, settings)
    first = takes.bake(tmp_path / "shared", FLAMES, settings, only=[0, 3])
    assert (first.baked, first.missing, first.complete) == (2, 2, False) and not first.folder.exists()
    assert takes.missing(tmp_path / "shared", FLAMES, settings) == [1, 2]
    assert takes.missing(tmp_path / "shared", FLAMES, settings, {2, 3}) == [2]
    last = takes.bake(tmp_path / "shared", FLAMES, settings, only=range(1, 3))
    assert (last.baked, last.complete, last.folder.name) == (2, True, whole.folder.name)
    assert [path.read_bytes() for path in last.files] == [path.read_bytes() for path in whole.files]
    assert takes.bake(tmp_path / "shared", FLAMES, settings, only=[]).complete


def test_keys_of_older_takes_still_hold() -> None:
    """Settings that came later do not change what was baked without them."""
    settings = BakeSettings(Box((-1.0, -1.0, -1.0), (1.0, 1.0, 1.0)), samples=1_000_000, resolution=64, gain=30.0)
    told = takes.described(settings)
    assert set(told) == {"box", "samples", "resolution", "gain", "filter_radius", "fade", "estimator", "seed"}
    assert takes.frame_key(LOTUS.open, replace(settings, color=True)) != takes.frame_key(LOTUS.open, settings)
    assert takes.frame_key(LOTUS.open, replace(settings, half=False)) != takes.frame_key(LOTUS.open, settings)


def test_exact_colors_depend_on_the_palette_and_full_floats_take_more_room(tmp_path: Path) -> None:
    colored = replace(SETTINGS, color=True)
    painted = [replace(flame, palette=np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])) for flame in FLAMES[:1]]
    plain, first, second, full = (
        takes.bake(tmp_path, flames, settings)
        for flames, settings in ((FLAMES[:1], SETTINGS), (FLAMES[:1], colored), (painted, colored), (FLAMES[:1], replace(SETTINGS, half=False)))
    )
    sizes = [take.files[0].stat().st_size for take in (plain, first, second, full)]
    assert first.baked == second.baked == 1 and sizes[1] == sizes[2] > 1.5 * sizes[0] and sizes[3] > 1.2 * sizes[0]
    assert first.files[0].read_bytes() != second.files[0].read_bytes() and b"Cd" in first.files[0].read_bytes()


def failing(times: int, real: Callable[..., None]) -> Callable[..., None]:
    """Returns a rename that another program's lock refuses for the first `times` calls."""
    calls = iter(range(times))

    def rename(source: Path, target: Path) -> None:
        if next(calls, None) is not None:
            raise PermissionError(13, "Permission denied", str(source))
        real(source, target)

    return rename


def test_a_file_that_is_held_for_a_moment_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(take_files.time, "sleep", waits.append)
    monkeypatch.setattr(take_files.os, "replace", failing(3, take_files.os.replace))
    assert takes.bake(tmp_path, FLAMES[:1], SETTINGS).complete and waits == [0.1, 0.2, 0.4]


def test_a_file_that_stays_locked_is_told_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(take_files.time, "sleep", lambda _seconds: None)
    monkeypatch.setattr(take_files.os, "replace", failing(1000, take_files.os.replace))
    with pytest.raises(TakeError, match=r"another program holds .*cloud drive.*finished frames are kept"):
        takes.bake(tmp_path, FLAMES[:1], SETTINGS)
    assert not list(tmp_path.rglob("*.part"))


def test_a_note_beside_a_take_changes_nothing_of_it(tmp_path: Path) -> None:
    take = takes.bake(tmp_path, FLAMES[:2], SETTINGS, about={"bloom": "Lotus", "frame_start": 7, "blends": ["/a.blend"]})
    takes.tell(take.folder, {"blends": ["/b.blend", "/a.blend"], "bloom": None})
    told = json.loads((take.folder / takes.ABOUT).read_text())
    assert told["blends"] == ["/a.blend", "/b.blend"] and told["bloom"] == "Lotus" and told["frame_start"] == 7 and told["seconds"] > 0
    assert takes.bake(tmp_path, FLAMES[:2], SETTINGS, about={"bloom": "Peony"}).baked == 0
    told = json.loads((take.folder / takes.ABOUT).read_text())
    assert told["bloom"] == "Peony" and told["seconds"] > 0  # what the bake that made frames measured stays


def test_what_others_keep_in_a_takes_folder_stays_when_it_is_made_whole(tmp_path: Path) -> None:
    take = takes.bake(tmp_path, FLAMES, SETTINGS)
    take.files[1].unlink()
    (take.folder / "my notes.txt").write_text("mine")
    again = takes.bake(tmp_path, FLAMES, SETTINGS)
    assert again.baked == 0 and takes.read_take(take.folder).files == take.files
    assert (take.folder / "my notes.txt").read_text() == "mine" and not list(tmp_path.glob(".*"))
