"""A built lesson is stepped through moment by moment, replayed, looked at and taken away; what is no lesson is refused politely."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import bpy
import numpy as np
import pytest

from bloom_addon.lessons import playback, reading
from bloom_addon.lessons.translations import speaking
from bloom_addon.properties.lessons import FILE, LESSONS
from bloom_core.lessons import lesson_files
from bloom_core.lessons.timing import Timing

from .short_lessons import shortened

MOMENTS = (0, 1, 2, 6, 20, 40)


@pytest.fixture
def built(scene: bpy.types.Scene, tmp_path: Path) -> Iterator[Timing]:
    """A short lesson of two acts in the scene, without flowers."""
    path = tmp_path / "short.bloomlesson"
    lesson_files.write_lesson(shortened("songs", MOMENTS), path)
    assert bpy.ops.bloom.lesson_open(filepath=str(path)) == {"FINISHED"}
    settings = scene.bloom_lessons
    assert settings.lesson == FILE and settings.file == str(path)
    settings.flower, settings.language, settings.speed = False, "en", 20.0
    assert bpy.ops.bloom.lesson_build() == {"FINISHED"}
    times = playback.times_of(scene)
    assert times is not None
    yield times


def test_steps_land_on_the_moments_in_both_directions(scene: bpy.types.Scene, built: Timing) -> None:
    begins = [int(frame) for frames in built.frames for frame in frames]
    assert len(begins) == 12 and (scene.frame_start, scene.frame_end, scene.frame_current) == (begins[0], built.last, begins[0])
    visited = [scene.frame_current]
    for _ in begins[1:]:
        assert bpy.ops.bloom.lesson_step(way="NEXT") == {"FINISHED"}
        visited.append(scene.frame_current)
    assert visited == begins
    bpy.ops.bloom.lesson_step(way="NEXT")
    assert scene.frame_current == begins[-1]
    scene.frame_set(begins[4] + 1)
    bpy.ops.bloom.lesson_step(way="PREVIOUS")
    assert scene.frame_current == begins[4]
    bpy.ops.bloom.lesson_step(way="PREVIOUS")
    assert scene.frame_current == begins[3]


def test_acts_are_gone_to_and_replayed(scene: bpy.types.Scene, built: Timing) -> None:
    bpy.ops.bloom.lesson_go(act=1)
    assert scene.frame_current == built.frame_of(1, 0)
    scene.frame_set(built.last)
    bpy.ops.bloom.lesson_go()
    assert scene.frame_current == built.frame_of(1, 0)
    with pytest.raises(RuntimeError, match="2 acts"):
        bpy.ops.bloom.lesson_go(act=2)


def test_the_panel_tells_what_the_recording_says_of_the_frame(scene: bpy.types.Scene, built: Timing) -> None:
    lesson = reading.look(scene.bloom_lessons.built).lesson
    assert lesson is not None and playback.fits(lesson, built)
    with speaking("en"):
        for number, act in enumerate(lesson.acts):
            for moment, row in enumerate(act.rows):
                shown = playback.shown(lesson, built, built.frame_of(number, moment))
                assert (shown.act, shown.moment, shown.step, shown.loss) == (number, moment, act.steps[row], act.losses[row])
                told = dict(shown.numbers)
                for name, values in list(act.parameters.items())[: playback.MOST_TENSORS]:
                    first = float(told[name].split()[0].replace("−", "-"))
                    assert first == pytest.approx(float(np.ravel(values[row])[0]), abs=0.0051)
        assert playback.shown(lesson, built, built.frame_of(1, 0)).caption != playback.shown(lesson, built, built.last).caption


def test_it_is_built_again_in_place_of_the_one_before_and_removed_without_a_trace(scene: bpy.types.Scene, built: Timing) -> None:
    objects = len(scene.objects)
    assert objects > 20 and scene.camera is not None
    assert bpy.ops.bloom.lesson_build() == {"FINISHED"}
    assert len(scene.objects) == objects
    mine = bpy.data.objects.new("mine", None)
    scene.collection.objects.link(mine)
    assert bpy.ops.bloom.lesson_remove() == {"FINISHED"}
    assert [obj.name for obj in scene.objects] == ["mine"] and scene.camera is None
    for kind in ("meshes", "curves", "cameras", "materials", "actions", "images"):
        left = [datablock.name for datablock in getattr(bpy.data, kind) if datablock.users]
        assert set(left) <= {"Viewer Node", "Render Result"}, kind
    assert not scene.bloom_lessons.built and playback.times_of(scene) is None
    with pytest.raises(RuntimeError, match="press Build Lesson"):
        bpy.ops.bloom.lesson_step()


def test_a_saved_lesson_is_played_on(scene: bpy.types.Scene, built: Timing, tmp_path: Path) -> None:
    blend = tmp_path / "lesson.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    bpy.ops.wm.open_mainfile(filepath=str(blend))
    opened = bpy.context.scene
    again = playback.times_of(opened)
    assert again is not None and again.text() == built.text()
    opened.frame_set(1)
    bpy.ops.bloom.lesson_step(way="NEXT")
    assert opened.frame_current == built.frame_of(0, 1)


def test_what_is_no_lesson_is_refused_in_words(scene: bpy.types.Scene, tmp_path: Path) -> None:
    text, archive = tmp_path / "text.bloomlesson", tmp_path / "archive.bloomlesson"
    text.write_text("nothing of the kind")
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("lesson.json", '{"format": "bloom lesson", "acts": []}')
    for path in (text, archive, tmp_path / "none.bloomlesson"):
        with pytest.raises(RuntimeError, match=path.name):
            bpy.ops.bloom.lesson_open(filepath=str(path))
    assert scene.bloom_lessons.file == ""
    scene.bloom_lessons.lesson = FILE
    with pytest.raises(RuntimeError, match="There is no lesson of your own yet"):
        bpy.ops.bloom.lesson_build()
    scene.bloom_lessons.file = str(text)
    before = len(bpy.data.objects)
    with pytest.raises(RuntimeError, match=r"text\.bloomlesson"):
        bpy.ops.bloom.lesson_build()
    assert len(bpy.data.objects) == before and not scene.bloom_lessons.built


def test_the_list_has_the_lessons_that_come_along() -> None:
    assert tuple(name for name, *_ in LESSONS) == lesson_files.lessons()
