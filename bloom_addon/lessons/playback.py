"""What a lesson shows at a frame, read from its recording: for the panel, and for the operators that step through it. Writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import bpy

from bloom_core.lessons import timing
from bloom_core.lessons.lesson import Act, Lesson
from bloom_core.lessons.timing import Timing

from ..properties import lessons as properties
from .translations import say

MOST_TENSORS, MOST_NUMBERS = 6, 3
"""So many of a network's tensors are listed, and so many numbers of each."""

_read_times = lru_cache(maxsize=8)(timing.read)


@dataclass(frozen=True)
class Shown:
    """What a frame shows: moment number `moment` of act number `act`, after `step` training steps; `loss`: over the whole data.

    `caption` is what is said; `numbers` are names and values of the network's tensors.
    """

    act: int
    moment: int
    step: int
    loss: float
    caption: str
    numbers: tuple[tuple[str, str], ...]


def times_of(scene: bpy.types.Scene) -> Timing | None:
    """Returns when the moments of the scene's lesson begin, or None where none is built."""
    built = properties.lessons_of(scene)
    return _read_times(built.times) if built.built else None


def fits(lesson: Lesson, times: Timing) -> bool:
    """Says whether a recording is the one that was built: its file may have been replaced since."""
    return [len(act.stages) for act in lesson.acts] == [len(frames) for frames in times.frames]


def shown(lesson: Lesson, times: Timing, frame: float) -> Shown:
    """Returns what a frame shows, in the language that is spoken (`translations.speaking`)."""
    number, moment = times.at(frame)
    act = lesson.acts[number]
    row = int(act.rows[moment])
    return Shown(number, moment, int(act.steps[row]), float(act.losses[row]), caption_at(act, moment), _numbers(act, row))


def caption_at(act: Act, moment: int) -> str:
    """Returns what is said at a moment."""
    caption = next((each for each in reversed(act.captions) if each.moment <= moment), None)
    return "" if caption is None else say(caption.text, caption.values)


def _numbers(act: Act, row: int) -> tuple[tuple[str, str], ...]:
    told = []
    for name, values in list(act.parameters.items())[:MOST_TENSORS]:
        flat = values[row].ravel()
        more = " …" if len(flat) > MOST_NUMBERS else ""
        told.append((name, "  ".join(f"{value:+.2f}".replace("-", "−") for value in flat[:MOST_NUMBERS]) + more))
    return tuple(told)
