"""Takes on disk: listed, compared, found again, copied, pruned without touching what is not Bloom's."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bloom_core import take_list, takes
from bloom_core.designs import design, poses
from bloom_core.native import Cancelled
from bloom_core.take_list import TakeInfo
from bloom_core.takes import BakeSettings, PointSettings, Take, TakeError

LOTUS = design("lotus")
SETTINGS = BakeSettings(LOTUS.box, samples=50_000, resolution=32, gain=30.0)
FLAMES = poses(LOTUS.bud, LOTUS.open, 4)


@pytest.fixture
def three(tmp_path: Path) -> tuple[Take, Take, Take]:
    """Two takes that share two frames, and one of points."""
    first = takes.bake(tmp_path, FLAMES, SETTINGS, about={"bloom": "Lotus", "frame_start": 5})
    second = takes.bake(tmp_path, [*FLAMES[:2], LOTUS.bud.with_xform(0, replace(LOTUS.bud.xforms[0], weight=2.0)), FLAMES[0]], SETTINGS)
    points = takes.bake(tmp_path, FLAMES, PointSettings(1_000), about={"blends": [str(tmp_path / "other.blend")]})
    for age, take in enumerate((points, second, first)):
        os.utime(take.folder / takes.JSON, (time.time() - 100 * age,) * 2)
    return first, second, points


def named(infos: list[TakeInfo] | tuple[TakeInfo, ...]) -> list[str]:
    return [info.name for info in infos]


def test_takes_are_listed_with_size_and_date(tmp_path: Path, three: tuple[Take, Take, Take]) -> None:
    first, second, points = three
    (tmp_path / "take-0123456789abcdef").mkdir()
    (tmp_path / "renders").mkdir()
    found = take_list.list_takes(tmp_path)
    assert named(found) == [points.folder.name, second.folder.name, first.folder.name]
    assert [info.kind for info in found] == ["points", "volume", "volume"] and found[2].settings["resolution"] == 32
    assert found[2].size == sum(path.stat().st_size for path in first.files) and abs(found[0].date - time.time()) < 60
    assert (found[2].frame_start(), found[1].frame_start(9), found[2].about["bloom"]) == (5, 9, "Lotus")
    first.files[1].unlink()
    assert take_list.list_takes(tmp_path)[2].lost == 1
    assert take_list.list_takes(tmp_path / "nowhere") == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"frames": 3, "settings": {}}', '{"frames": ["a"]}', "\x00"])
def test_a_broken_take_is_none(tmp_path: Path, text: str) -> None:
    folder = tmp_path / "take-0123456789abcdef"
    folder.mkdir()
    (folder / takes.JSON).write_text(text)
    assert take_list.list_takes(tmp_path) == []


def test_how_two_takes_differ(tmp_path: Path, three: tuple[Take, Take, Take]) -> None:
    first, second, points = (take_list.read_info(take.folder) for take in three)
    assert first is not None and second is not None and points is not None
    assert take_list.compare(first, first) == []
    assert take_list.compare(first, second) == ["frames that differ: 7–8"]
    lines = take_list.compare(first, points)
    assert lines[0] == "kind: volume, points" and "resolution: 32, unset" in lines and "count: unset, 1,000" in lines
    finer = replace(first, settings={**first.settings, "resolution": 64, "box": {"low": [0, 0, 0], "high": [1, 1, 1.5]}}, keys=first.keys[:2])
    assert take_list.compare(first, finer)[1:] == ["resolution: 32, 64", "frames: 4, 2"]


def test_which_frames_changed() -> None:
    old = ["a", "b", "c", "d"]
    assert take_list.differing_frames(old, 1, ["a", "x", "c", "y"], 1) == [2, 4]
    assert take_list.differing_frames(old, 1, ["b", "c"], 2) == []
    assert take_list.differing_frames(old, 3, ["a", "b", "c", "d", "e"], 3) == [7]
    assert take_list.spans([1, 2, 3, 7, 9, 10]) == "1–3, 7, 9–10" and take_list.spans([]) == ""


def test_moved_takes_are_found_again(tmp_path: Path, three: tuple[Take, Take, Take]) -> None:
    first, second, _ = three
    moved = tmp_path / "disk" / "projects" / "flowers" / "takes"
    moved.mkdir(parents=True)
    shutil.move(first.folder, moved / first.folder.name)
    names = {first.folder.name, "take-ffffffffffffffff"}
    assert take_list.find_takes(tmp_path / "disk", names) == {first.folder.name: moved / first.folder.name}
    assert take_list.find_takes(second.folder, {second.folder.name}) == {second.folder.name: second.folder}
    with pytest.raises(Cancelled):
        take_list.find_takes(tmp_path, names, lambda _fraction: False)


def test_a_copied_take_is_whole_and_its_frames_are_used_again(tmp_path: Path, three: tuple[Take, Take, Take]) -> None:
    first, target = three[0], tmp_path / "beside the copy" / "bloom_takes"
    with pytest.raises(Cancelled):
        take_list.copy_take(first.folder, target, lambda fraction: fraction < 0.4)
    assert not list(target.glob("take-*")) and not list(target.rglob("*.part")) and len(list(target.glob("frames/*"))) == 2
    copy = takes.read_take(take_list.copy_take(first.folder, target))
    assert [path.read_bytes() for path in copy.files] == [path.read_bytes() for path in first.files]
    assert take_list.copy_take(first.folder, target) == copy.folder
    assert takes.bake(target, FLAMES, SETTINGS).baked == 0
    first.files[0].unlink()
    with pytest.raises(TakeError, match="not whole"):
        take_list.copy_take(first.folder, tmp_path / "third")


def test_pruning_keeps_what_is_shown_and_what_others_show(tmp_path: Path, three: tuple[Take, Take, Take]) -> None:
    first, second, points = three
    (tmp_path / "other.blend").write_bytes(b"BLENDER")
    plan = take_list.plan_pruning(tmp_path, {second.folder.name}, blend=str(tmp_path / "this.blend"))
    assert named(plan.takes) == [first.folder.name] and [info.name for info, _ in plan.spared] == [points.folder.name]
    assert len(plan.frames) == 2  # the other two are the second take's as well
    before = occupied(tmp_path)
    assert take_list.prune(plan) == plan.freed == before - occupied(tmp_path) > 0
    assert not first.folder.exists() and takes.read_take(second.folder).files and takes.read_take(points.folder).files
    (tmp_path / "other.blend").unlink()
    assert named(take_list.plan_pruning(tmp_path, {second.folder.name}).takes) == [points.folder.name]
    assert takes.bake(tmp_path, FLAMES, SETTINGS).baked == 2


def occupied(root: Path) -> int:
    files = {path.stat().st_ino: path.stat().st_size for path in root.rglob("*") if path.is_file()}
    return sum(files.values())


def test_pruning_deletes_nothing_that_is_not_blooms(tmp_path: Path, three: tuple[Take, Take, Take]) -> None:
    first = three[0].folder
    mine = [
        tmp_path / "render.png", first / "notes.txt", first / "bloom_0001.png", tmp_path / "frames" / "fluid.vdb", tmp_path / "frames" / "0001.vdb",
        tmp_path / "take-of-mine" / "bloom_0001.vdb", tmp_path / "cloud.ply",
    ]  # fmt: skip
    for path in mine:
        path.parent.mkdir(exist_ok=True)
        path.write_text("mine")
    plan = take_list.plan_pruning(tmp_path, set())
    assert len(plan.takes) == 3
    take_list.prune(plan)
    assert all(path.read_text() == "mine" for path in mine) and take_list.list_takes(tmp_path) == []
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == set(mine)


def test_frames_of_a_bake_that_was_stopped_are_orphans_but_not_while_one_is_running(tmp_path: Path) -> None:
    takes.bake(tmp_path, FLAMES, SETTINGS, only=[0, 1])
    part = tmp_path / "frames" / ".abc-1.another-computer.7.part"
    part.write_bytes(b"half")
    with pytest.raises(TakeError, match="a bake is writing here"):
        take_list.plan_pruning(tmp_path, set())
    os.utime(part, (time.time() - 7200,) * 2)
    plan = take_list.plan_pruning(tmp_path, set())
    assert len(plan.frames) == 2 and not plan.takes
    part.touch()
    with pytest.raises(TakeError, match="a bake is writing here"):
        take_list.prune(plan)
    part.unlink()
    assert take_list.prune(plan) > 0 and not list((tmp_path / "frames").iterdir())


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "frames"
    (tmp_path / "frames").chmod(0o755)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_file_that_cannot_be_deleted_is_told(tmp_path: Path, three: tuple[Take, Take, Take], locked: Path) -> None:
    locked.chmod(0o555)
    with pytest.raises(TakeError, match="cannot be deleted"):
        take_list.prune(take_list.plan_pruning(tmp_path, set()))
