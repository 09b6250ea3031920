"""The list of takes: show, swap, compare, relink, copy, prune, through the operators that the panel has."""

from __future__ import annotations

import shutil
import threading
import time
from pathlib import Path
from typing import Any

import bpy
import pytest

from bloom_addon.baking import bake, catalogue, staleness, take_operators
from bloom_addon.properties.baking import takes_of
from bloom_core import take_list

from .modal import Screen, begun, event, tick_until_done


def rows() -> Any:
    return takes_of(bpy.context.window_manager)


@pytest.fixture
def two(scene: bpy.types.Scene, bloom: bpy.types.Object) -> tuple[str, str]:
    """The folder names of two takes of a bloom in a saved file, of which the second is shown."""
    scene.frame_end = 3
    assert bpy.ops.bloom.bake() == {"FINISHED"}
    first = catalogue.shown(bloom)["volume"][0].name
    bloom.bloom.gain = 40.0
    assert bpy.ops.bloom.bake() == {"FINISHED"}
    return first, catalogue.shown(bloom)["volume"][0].name


def choose(name: str) -> None:
    rows().active = rows().entries.find(name)


def test_a_bake_fills_the_list(bloom: bpy.types.Object, two: tuple[str, str]) -> None:
    assert {row.name for row in rows().entries} == set(two) and {row.kind for row in rows().entries} == {"volume"}
    assert all(row.bloom == "Lotus" and "3 × 32³" in row.details and "kB" in row.details for row in rows().entries)
    assert catalogue.free_bytes(catalogue.folder_of(bloom)) > 0


def test_show_swaps_two_takes(scene: bpy.types.Scene, bloom: bpy.types.Object, two: tuple[str, str]) -> None:
    first, second = two
    choose(first)
    for shown, chosen in ((first, second), (second, first)):
        assert bpy.ops.bloom.take_show() == {"FINISHED"}
        assert Path(bloom.data.filepath).parent.name == shown and rows().entries[rows().active].name == chosen
    scene.frame_start = 2  # the take still begins where it was baked
    assert bpy.ops.bloom.take_show() == {"FINISHED"} and bloom.data.frame_start == 1
    assert bpy.ops.bloom.take_hide(kind="volume") == {"FINISHED"} and catalogue.shown(bloom) == {}


def test_compare_says_what_differs(two: tuple[str, str], capfd: pytest.CaptureFixture[str]) -> None:
    choose(two[0])
    assert bpy.ops.bloom.take_compare() == {"FINISHED"}
    assert "gain: 40" in capfd.readouterr().out


def test_prune_deletes_what_nothing_shows(bloom: bpy.types.Object, two: tuple[str, str]) -> None:
    folder = catalogue.folder_of(bloom)
    assert folder is not None
    (folder / "mine.txt").write_text("mine")
    assert bpy.ops.bloom.takes_prune() == {"FINISHED"}
    assert sorted(path.name for path in folder.iterdir()) == ["frames", "mine.txt", two[1]]
    assert len(list((folder / "frames").iterdir())) == 3 and [row.name for row in rows().entries] == [two[1]]
    other = bpy.data.volumes.new("somebody's")  # not of a bloom, but it shows the take
    other.filepath, bloom.data.filepath = bloom.data.filepath, ""
    assert bpy.ops.bloom.takes_prune() == {"FINISHED"} and (folder / two[1]).is_dir()


def test_prune_waits_for_a_bake(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    bloom.bloom.samples = 3000.0
    worker = bake.BakeWorker(bake.prepare(scene, bloom))
    with pytest.raises(RuntimeError, match="Bloom is baking Lotus: prune when that is done"):
        bpy.ops.bloom.takes_prune()
    worker.cancel()


def test_an_unset_path_is_no_lost_take(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    bloom.data.filepath = "//"  # what Blender makes of no path when it saves
    assert catalogue.shown(bloom) == {}
    with pytest.raises(RuntimeError, match="Nothing is lost"):
        bpy.ops.bloom.takes_relink(directory="/")


def saved(scene: bpy.types.Scene, bloom: bpy.types.Object, folder: Path, kind: str = "VOLUME") -> None:
    """Saves a .blend in `folder`, with takes of three frames beside it."""
    folder.mkdir(exist_ok=True)
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "a.blend"))
    bloom.bloom.folder, scene.frame_end, bloom.bloom.baking.kind, bloom.bloom.baking.point_count = "", 3, kind, 0.001
    bpy.ops.bloom.bake()
    bpy.ops.wm.save_mainfile()


def test_moved_takes_are_flagged_and_relinked(scene: bpy.types.Scene, bloom: bpy.types.Object, tmp_path: Path) -> None:
    saved(scene, bloom, tmp_path / "work", "BOTH")
    names = {place[0].name for place in catalogue.shown(bloom).values()}
    (tmp_path / "elsewhere").mkdir()
    shutil.move(tmp_path / "work" / "bloom_takes", tmp_path / "elsewhere" / "moved")
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "work" / "a.blend"))
    scene, bloom = bpy.context.scene, bpy.data.objects["Lotus"]
    catalogue.refresh(bloom)
    flags = staleness.flags(scene, bloom)
    assert [flag.remedy for flag in flags] == ["relink", "relink"] and "is not where it was" in flags[0].text
    assert bpy.ops.bloom.takes_relink(directory=str(tmp_path / "work")) == {"CANCELLED"}
    assert bpy.ops.bloom.takes_relink(directory=str(tmp_path / "elsewhere")) == {"FINISHED"}
    assert {place[0] for place in catalogue.shown(bloom).values()} == {tmp_path / "elsewhere" / "moved" / name for name in names}
    assert bloom.data.filepath.startswith("//../elsewhere/moved/take-")
    assert {flag.remedy for flag in staleness.flags(scene, bloom)} == {"copy"}
    with pytest.raises(RuntimeError, match="Nothing is lost"):
        bpy.ops.bloom.takes_relink(directory=str(tmp_path))


def test_save_as_elsewhere_is_flagged_and_copied(scene: bpy.types.Scene, bloom: bpy.types.Object, tmp_path: Path) -> None:
    saved(scene, bloom, tmp_path / "first", "BOTH")
    (tmp_path / "second").mkdir()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "second" / "b.blend"))
    catalogue.refresh(bloom)
    assert {place[0].parent for place in catalogue.shown(bloom).values()} == {tmp_path / "first" / "bloom_takes"}
    assert [flag.remedy for flag in staleness.flags(scene, bloom)] == ["copy", "copy"]
    assert bpy.ops.bloom.takes_copy() == {"FINISHED"}
    assert {place[0].parent for place in catalogue.shown(bloom).values()} == {tmp_path / "second" / "bloom_takes"}
    assert bloom.data.filepath.startswith("//bloom_takes/take-") and staleness.flags(scene, bloom) == []
    shutil.rmtree(tmp_path / "first")
    assert bpy.ops.bloom.bake() == {"FINISHED"}
    assert len(list((tmp_path / "second" / "bloom_takes").glob("take-*"))) == 2
    # The first file's takes know who showed them: its pruning would have left them.
    assert all(str(tmp_path / "second" / "b.blend") in info.about["blends"] for info in catalogue.takes_in(catalogue.folder_of(bloom)))


def test_copying_can_be_stopped_and_goes_on(scene: bpy.types.Scene, bloom: bpy.types.Object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved(scene, bloom, tmp_path / "first")
    (tmp_path / "second").mkdir()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "second" / "b.blend"))
    copied, real = threading.Event(), take_list._copy

    def copies(source: Path, target: Path) -> None:
        real(source, target)
        copied.set()
        time.sleep(0.2)

    monkeypatch.setattr(take_list, "_copy", copies)
    screen = Screen(scene, bloom)
    operator = begun(take_operators.BLOOM_OT_takes_copy, screen)
    assert copied.wait(20) and operator.modal(screen, event("ESC")) == {"RUNNING_MODAL"}
    with pytest.raises(RuntimeError, match="copying takes of Lotus: prune when"):
        bpy.ops.bloom.takes_prune()
    assert tick_until_done(operator, screen) == {"CANCELLED"} and "copied frames are kept" in operator.reports[-1][1]
    assert {place[0].parent for place in catalogue.shown(bloom).values()} == {tmp_path / "first" / "bloom_takes"}
    store = tmp_path / "second" / "bloom_takes" / "frames"
    assert 0 < len(list(store.iterdir())) < 3
    assert bpy.ops.bloom.takes_copy() == {"FINISHED"} and len(list(store.iterdir())) == 3
    assert bloom.data.filepath.startswith("//bloom_takes/take-")


def test_an_unsaved_file_can_use_blenders_folder(bloom: bpy.types.Object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bloom.bloom.folder = ""
    assert catalogue.folder_of(bloom) is None
    monkeypatch.setattr(bpy.utils, "user_resource", lambda kind, path, create: str(tmp_path / kind / path))
    assert bpy.ops.bloom.takes_default_folder() == {"FINISHED"}
    assert catalogue.folder_of(bloom) == tmp_path / "DATAFILES" / "bloom_takes"


def test_nothing_chosen_and_nothing_shown_are_told(bloom: bpy.types.Object) -> None:
    with pytest.raises(RuntimeError, match="Choose a take"):
        bpy.ops.bloom.take_show()
    with pytest.raises(RuntimeError, match="bake first"):
        bpy.ops.bloom.takes_check()
    with pytest.raises(RuntimeError, match="bake first"):
        bpy.ops.bloom.take_reveal()
