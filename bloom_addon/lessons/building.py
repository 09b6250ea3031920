"""Building a lesson's scene: plain data first, in any thread, then objects and keys; and taking it away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from bloom_core.lessons import lesson_files, timing
from bloom_core.lessons.lesson import Lesson
from bloom_core.lessons.timing import Timing
from bloom_core.native import Cancelled, Progress

from ..entry import flowers as library
from ..properties.lessons import lessons_of
from . import flower, reading
from .flower import Flower
from .scene import LessonScene, build_lesson, clear_lesson
from .translations import speaking

FOLDER = "bloom_lessons"
"""Where flowers of lessons keep their takes and runs, beside the .blend or in Blender's own folder."""


@dataclass(frozen=True)
class Plan:
    """What is to be built, as plain data: the recording's name or file, the film's rate, speed and first frame, and where the flowers' takes go."""

    source: str
    fps: float
    speed: float
    first: int
    folder: Path | None


@dataclass(frozen=True)
class Material:
    """What a lesson's scene is made of: the recording, its times, and a flower for each act, or none."""

    source: str
    lesson: Lesson
    times: Timing
    flowers: Sequence[Flower]


def plan(scene: bpy.types.Scene) -> Plan:
    """Returns what the scene's settings ask for. Raises ValueError, OSError."""
    settings: Any = lessons_of(scene)
    fps = scene.render.fps / scene.render.fps_base
    return Plan(settings.source(), fps, settings.speed, 1, home() if settings.flower else None)


def home() -> Path:
    """Returns where the flowers' files go: beside a saved .blend, else in Blender's own folder for extensions."""
    if bpy.data.is_saved:
        return Path(bpy.path.abspath("//")) / FOLDER
    own = library.user_folder(FOLDER, create=True)
    return own or Path(bpy.utils.user_resource("DATAFILES", path=FOLDER, create=True))


def prepare(planned: Plan, progress: Progress) -> Material:
    """Reads the recording, and grows and bakes its flowers. Touches nothing of Blender. Raises LessonError and what `make_flowers` raises."""
    lesson = lesson_files.read_lesson(planned.source)
    times = timing.time_lesson(lesson, fps=planned.fps, speed=planned.speed, first=planned.first)
    if not progress(0.0):
        raise Cancelled
    return Material(planned.source, lesson, times, flower.make_flowers(lesson, times, planned.folder, progress) if planned.folder else [])


def build(context: bpy.types.Context, scene: bpy.types.Scene, material: Material) -> LessonScene:
    """Builds the scene in place of the lesson that was there, and sets the frame range to it. The scene must be the context's."""
    settings: Any = lessons_of(scene)
    before = context.view_layer.objects.active.name if context.view_layer.objects.active is not None else ""
    remove(scene)
    with speaking(settings.spoken()):
        made = build_lesson(scene, material.lesson, frames=material.times.frames, last=material.times.last)
        flower.put(context, made.collection, made.flower, material.lesson, material.times, material.flowers)
    for obj in context.selected_objects if material.flowers else ():
        obj.select_set(False)
    context.view_layer.objects.active = context.view_layer.objects.get(before)
    scene.frame_start, scene.frame_end = int(material.times.frames[0][0]), material.times.last
    scene.camera = made.camera
    settings.built, settings.times = material.source, material.times.text()
    reading.keep(material.source, material.lesson)
    scene.frame_set(scene.frame_start)
    return made


def remove(scene: bpy.types.Scene) -> None:
    """Takes the scene's lesson away; what the artist made stays, and so do the flowers' takes on the disk."""
    settings: Any = lessons_of(scene)
    flower.remove(scene)
    clear_lesson(scene)
    settings.built = settings.times = ""
