"""What the section Lessons shows, before and after a lesson is built; a stopped build changes nothing, and nothing is left when the add-on goes."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import bpy
import pytest

import bloom_addon
from bloom_addon.background import Job
from bloom_addon.lessons import operators, playback, reading, section
from bloom_core.lessons import lesson_files

from .modal import Screen, begun, event, tick_until_done
from .run_views import Drawn, wait
from .short_lessons import shortened


@pytest.fixture
def short(scene: bpy.types.Scene, tmp_path: Path) -> Path:
    path = tmp_path / "short.bloomlesson"
    lesson_files.write_lesson(shortened("songs", (0, 3, 6, 20, 40)), path)
    bpy.ops.bloom.lesson_open(filepath=str(path))
    scene.bloom_lessons.flower, scene.bloom_lessons.speed = False, 30.0
    return path


class _Layout(Drawn):
    def separator(self) -> None:
        """Room, in which nothing is drawn."""


def drawn() -> Drawn:
    layout = _Layout()
    panel = SimpleNamespace(layout=layout, split_layout=lambda: layout)
    section.BLOOM_PT_lessons.draw(panel, bpy.context)
    return layout


def test_before_anything_is_built_there_is_a_choice_and_a_button(scene: bpy.types.Scene) -> None:
    layout = drawn()
    assert {"lesson", "language", "speed", "flower", "Build Lesson"} <= set(layout.texts) and layout.operators == ["bloom.lesson_build"]
    scene.bloom_lessons.lesson = "songs"
    assert "the hidden layer that can" in drawn().said


def test_a_built_lesson_is_told_moment_by_moment(scene: bpy.types.Scene, short: Path) -> None:
    bpy.ops.bloom.lesson_build()
    times = playback.times_of(scene)
    assert times is not None
    lesson = lesson_files.read_lesson(short)
    scene.frame_set(times.frame_of(1, 3))
    layout, act = drawn(), lesson.acts[1]
    row = int(act.rows[3])
    assert f"Step {act.steps[row]}" in layout.texts and f"{act.losses[row]:.4f}" in layout.texts and "4 of 5" in layout.texts
    assert all(name in layout.texts for name in list(act.parameters)[: playback.MOST_TENSORS])
    assert " ".join(playback.caption_at(act, 3).split()) in layout.said
    assert [act.title for act in lesson.acts] == layout.texts[:2] and "Build Again" in layout.texts
    assert "bloom.lesson_run" not in layout.operators and layout.operators.count("bloom.lesson_step") == 2
    scene.bloom_lessons.language = "es"
    assert f"Paso {act.steps[row]}" in drawn().texts, "the panel's own words follow the scene's language at once"


def test_a_recording_that_is_gone_or_another_is_told(scene: bpy.types.Scene, short: Path) -> None:
    bpy.ops.bloom.lesson_build()
    lesson_files.write_lesson(shortened("songs", (0, 3)), short)
    reading.forget()
    drawn()
    wait(lambda: reading.look(str(short)).lesson is not None)
    assert "build the lesson again" in drawn().said
    short.unlink()
    reading.forget()
    drawn()
    wait(lambda: bool(reading.look(str(short)).problem))
    layout = drawn()
    assert short.name in layout.said.replace(" ", "") and "bloom.lesson_remove" in layout.operators


def test_a_build_runs_beside_the_window_and_esc_stops_it(scene: bpy.types.Scene) -> None:
    scene.bloom_lessons.lesson = "melody"
    screen = Screen(scene, None)
    operator = begun(operators.BLOOM_OT_lesson_build, screen)
    assert Job.running(operators.BUILDING)
    operator.modal(screen, event("ESC"))
    assert tick_until_done(operator, screen) == {"CANCELLED"}
    assert operator.reports[-1][0] == {"WARNING"} and not scene.bloom_lessons.built and not len(scene.objects)


def test_nothing_is_left_when_the_addon_goes(scene: bpy.types.Scene, short: Path) -> None:
    bpy.ops.bloom.lesson_build()
    drawn()
    bloom_addon.unregister()
    assert not hasattr(bpy.types.Scene, "bloom_lessons") and not hasattr(bpy.types, "BLOOM_PT_lessons") and not reading._known
    assert not [handler for handler in bpy.app.handlers.load_post if handler.__module__.startswith("bloom_addon")]
    bloom_addon.register()
    assert playback.times_of(scene) is not None, "and what was built is known again"
