"""Lessons that tests share: each is recorded anew once."""

from __future__ import annotations

from functools import cache

from bloom_core.lessons.lesson import Lesson
from bloom_core.lessons.recording import record_lesson


@cache
def recorded_now(name: str) -> Lesson:
    """Returns a lesson, recorded here and now."""
    return record_lesson(name)
