"""Lessons cut short: the recordings that come along, with few of their moments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bloom_core.lessons import lesson_files
from bloom_core.lessons.lesson import Act, Lesson


def shortened(name: str, moments: Sequence[int]) -> Lesson:
    """Returns a lesson of which each act has only these moments; captions are those that are read there."""
    lesson = lesson_files.read_lesson(name)
    return replace(lesson, acts=tuple(_cut(act, [moment for moment in moments if moment < len(act.stages)]) for act in lesson.acts))


def _cut(act: Act, moments: list[int]) -> Act:
    captions = {}
    for number, moment in enumerate(moments):
        told = next((caption for caption in reversed(act.captions) if caption.moment <= moment), None)
        if told is not None and told not in captions.values():
            captions[number] = told
    return replace(
        act,
        rows=act.rows[moments],
        examples=act.examples[moments],
        stages=tuple(act.stages[moment] for moment in moments),
        node_values=act.node_values[moments],
        edge_values=act.edge_values[moments],
        captions=tuple(replace(caption, moment=number) for number, caption in captions.items()),
    )
