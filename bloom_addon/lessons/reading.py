"""Recorded lessons for the panel, each read once, in a thread. What was read is forgotten when a file is loaded and when the add-on goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy
from bpy.app.handlers import persistent

from bloom_core.lessons import lesson_files
from bloom_core.lessons.lesson import Lesson

from .. import background
from ..interface import EXPECTED


@dataclass(frozen=True)
class Reading:
    """What is known of a recording: it, or the problem with it; neither while it is being read."""

    lesson: Lesson | None = None
    problem: str = ""


_known: dict[str, Reading] = {}


def look(source: str) -> Reading:
    """Returns what is known of a lesson, and begins to read it where that is nothing; quick enough for every redraw."""
    if source not in _known:
        _known[source] = Reading()
        background.read(f"reading the lesson {source}", lambda: _read(source), lambda _: None)
    return _known[source]


def keep(source: str, lesson: Lesson) -> None:
    """Keeps a lesson that was just read for another purpose."""
    _known[source] = Reading(lesson)


def forget() -> None:
    """Forgets all lessons."""
    _known.clear()


def _read(source: str) -> None:
    """Works in a thread of its own; touches no Blender data."""
    try:
        found = Reading(lesson_files.read_lesson(source))
    except (*EXPECTED, MemoryError) as error:
        found = Reading(problem=str(error) or type(error).__name__)
    _known[source] = found


@persistent  # type: ignore[untyped-decorator]
def _forget_at_load(*_: Any) -> None:
    forget()


def register() -> None:
    """Lets a loaded file begin anew."""
    bpy.app.handlers.load_post.append(_forget_at_load)


def unregister() -> None:
    """Leaves no handler and no lesson behind."""
    bpy.app.handlers.load_post.remove(_forget_at_load)
    forget()
