"""Runs are read once, in a thread, and again when their file changes; what cannot be read is told."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import bpy
import pytest

import bloom_addon
from bloom_addon.run import reading
from bloom_core.trajectories import trajectory
from bloom_core.trajectories.run_files import RunError

from .run_views import RUN, wait


def settled(name: str) -> reading.Reading:
    """Returns what is known of a run when reading it is over."""
    reading.look(name)
    wait(lambda: not reading.look(name).pending)
    return reading.look(name)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, str]]:
    """Which files were read, and in which thread."""
    read, real = [], trajectory.read_run

    def reads(path: Path) -> trajectory.Trajectory:
        read.append((path, threading.current_thread().name))
        return real(path)

    monkeypatch.setattr(trajectory, "read_run", reads)
    monkeypatch.setattr(reading, "LOOK_EVERY", 0.0)
    return read


def test_a_run_is_read_once_and_not_by_who_draws(scene: bpy.types.Scene, counted: list[tuple[Path, str]]) -> None:
    first = reading.look(RUN)
    assert first.digest is None and first.pending and not first.problem
    found = settled(RUN)
    assert found.digest is not None and len(found.digest.steps) == 1350
    for _ in range(5):
        assert reading.look(RUN).digest is found.digest is reading.read_now(RUN)
    assert len(counted) == 1 and counted[0][1] != threading.main_thread().name


def test_a_changed_file_is_read_again_and_shown_as_it_was_meanwhile(scene: bpy.types.Scene, tmp_path: Path, counted: list[tuple[Path, str]]) -> None:
    path = shutil.copy(trajectory.embedded_run("digits"), tmp_path / "run.bloom")
    old = settled(str(path)).digest
    assert old is not None
    shutil.copy(trajectory.embedded_run("digits-adam"), path)
    os.utime(path, ns=(1, 1))
    during = reading.look(str(path))
    assert during.pending is False or during.digest is old
    new = settled(str(path)).digest
    assert new is not None and (len(old.steps), len(new.steps)) == (1260, 1350) and len(counted) == 2


def test_a_folder_that_is_still_recorded_is_read_again(scene: bpy.types.Scene, tmp_path: Path, counted: list[tuple[Path, str]]) -> None:
    (tmp_path / "run.json").write_text("{}")
    assert settled(str(tmp_path)).problem
    (tmp_path / "steps-000000.npz").write_bytes(b"more")
    settled(str(tmp_path))
    assert len(counted) == 2


@pytest.mark.parametrize(("content", "told"), [(None, "not there any more"), (b"", "damaged"), (b"PK\x03\x04 no zip", "damaged")])
def test_what_cannot_be_read_is_told_and_read_when_it_is_mended(
    scene: bpy.types.Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None, told: str
) -> None:
    monkeypatch.setattr(reading, "LOOK_EVERY", 0.0)
    path = tmp_path / "run.bloom"
    if content is not None:
        path.write_bytes(content)
    found = settled(str(path))
    assert found.digest is None and "run.bloom" in found.problem and (content is not None or told in found.problem)
    with pytest.raises((RunError, OSError), match=r"run\.bloom"):
        reading.read_now(str(path))
    shutil.copy(trajectory.embedded_run("digits"), path)
    mended = settled(str(path))
    assert mended.digest is not None and mended.problem == ""
    path.unlink()
    assert reading.look(str(path)).digest is None and "not there any more" in reading.look(str(path)).problem


def test_an_unforeseen_error_is_no_endless_reading(scene: bpy.types.Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda _: None)

    def fails(_path: Path) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(trajectory, "read_run", fails)
    assert "console" in settled(RUN).problem


def test_few_runs_are_kept_and_none_after_a_load(scene: bpy.types.Scene, tmp_path: Path) -> None:
    for number in range(reading.MOST_RUNS + 3):
        reading.look(str(tmp_path / f"{number}.bloom"))
    assert len(reading._readings) == reading.MOST_RUNS and str(tmp_path / "0.bloom") not in reading._readings
    bpy.ops.wm.read_homefile(use_empty=True)
    assert reading._readings == {}


def test_the_path_may_be_relative_to_the_blend(scene: bpy.types.Scene, tmp_path: Path) -> None:
    shutil.copy(trajectory.embedded_run("digits"), tmp_path / "run.bloom")
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "flower.blend"))
    assert len(reading.read_now("//run.bloom").steps) == 1260


def test_rows_grow_with_the_longest_list_and_never_in_a_redraw(scene: bpy.types.Scene) -> None:
    rows = bpy.context.window_manager.bloom_events.rows
    digest = settled(RUN).digest
    assert digest is not None and len(rows) == 0
    reading.read_now(RUN)
    assert len(rows) == len(digest.events)
    reading.make_rows(3)
    assert len(rows) == len(digest.events)


def test_nothing_is_left_behind() -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    handlers = list(bpy.app.handlers.load_post)
    for _ in range(3):
        bloom_addon.register()
        settled(RUN)
        reading.want_rows()
        bloom_addon.unregister()
    assert list(bpy.app.handlers.load_post) == handlers and reading._readings == {}
    assert not bpy.app.timers.is_registered(reading._deliver)
    assert not hasattr(bpy.types.WindowManager, "bloom_events") and not hasattr(bpy.types.Scene, "bloom_run")
