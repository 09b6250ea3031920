"""When each moment of a lesson is shown: moments become frames.

What is walked through slowly stays until its caption is read; the steps that pass by after it come ever faster, as in aimeeb's interactive whose
story these lessons tell: step k of them takes 5 s · k^(−1/3), at least 1 s; together they take no more than half a minute. Acts follow each other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bloom_core.lessons.lesson import Act, Caption, Lesson

IntArray = NDArray[np.int64]
DoubleArray = NDArray[np.float64]

FIRST, LEAST, EXPONENT = 5.0, 1.0, -1.0 / 3.0
"""Seconds of the first step that passes by, the fewest of a later one, and how fast they fall from the one to the other."""

PASSING = 30.0
"""Seconds that all steps which pass by may take together; more than that, and each takes the less."""

WALKED = 1.5
"""Seconds of a stage that is walked through, whatever is said of it."""

WORDS_PER_SECOND, GLANCE = 4.0, 0.5
"""How fast captions are read (Brysbaert 2019, "How many words do we read per minute?": 238), and the seconds until the eye is there."""

PAUSE = 2.0
"""Seconds that the last moment of an act stays longer."""

EASE, EASED = 0.35, 1.0
"""Seconds that a flower takes from one moment's step to the next, before that one begins, if the first one is shown for so many seconds at least."""

SPEEDS = (0.1, 100.0)
"""The slowest and the fastest."""


@dataclass(frozen=True)
class Timing:
    """When a lesson's moments begin, in frames: `frames`, for each act int64 (M,), rising through all acts; `last`: the last frame of all."""

    frames: tuple[IntArray, ...]
    last: int
    fps: float

    @property
    def seconds(self) -> float:
        """How long the film is."""
        return (self.last - int(self.frames[0][0]) + 1) / self.fps

    def act_ends(self) -> tuple[int, ...]:
        """Returns the last frame of each act."""
        return (*(int(frames[0]) - 1 for frames in self.frames[1:]), self.last)

    def at(self, frame: float) -> tuple[int, int]:
        """Returns the act and the moment in it that a frame shows; before the first the first, after the last the last."""
        act = max(0, sum(int(frames[0]) <= frame for frames in self.frames) - 1)
        return act, max(0, int(np.searchsorted(self.frames[act], frame, side="right")) - 1)

    def frame_of(self, act: int, moment: int) -> int:
        """Returns the frame at which a moment of an act begins."""
        return int(self.frames[act][moment])

    def neighbour(self, frame: float, way: int) -> int:
        """Returns the frame of the next moment (`way` 1), or of the one before (−1): from within a moment, that is its own beginning.

        At either end it is the first moment or the last.
        """
        begins = np.concatenate(self.frames)
        found = np.searchsorted(begins, frame, side="right") if way > 0 else np.searchsorted(begins, frame, side="left") - 1
        return int(begins[min(max(int(found), 0), len(begins) - 1)])

    def text(self) -> str:
        """Returns this as a line of JSON, which `read` reads."""
        return json.dumps({"frames": [frames.tolist() for frames in self.frames], "last": self.last, "fps": self.fps}, separators=(",", ":"))


def read(text: str) -> Timing | None:
    """Returns what `Timing.text` wrote, or None where the text says nothing of the kind."""
    try:
        told = json.loads(text)
        frames = tuple(np.array(act, dtype=np.int64) for act in told["frames"])
        last, fps = int(told["last"]), float(told["fps"])
        every = np.concatenate([*frames, [last + 1]])
    except (ValueError, KeyError, TypeError, OverflowError):
        return None
    sound = all(act.ndim == 1 and len(act) for act in frames) and bool((np.diff(every) > 0).all()) and fps > 0.0
    return Timing(frames, last, fps) if frames and sound else None


def time_lesson(lesson: Lesson, *, fps: float = 24.0, speed: float = 1.0, first: int = 1) -> Timing:
    """Returns when each moment of a lesson begins, in a film of `fps` frames a second that begins at frame `first`.

    `speed` 2 takes half the time; each moment has one frame at least, so high speeds make as short a film as there are moments.
    Raises ValueError for numbers out of range.
    """
    low, high = SPEEDS
    if not low <= speed <= high:
        raise ValueError(f"speed is {speed:g}; choose {low:g} … {high:g}")
    if not fps > 0.0:
        raise ValueError(f"fps is {fps:g}; choose more than 0")
    passing = [_passing(act) for act in lesson.acts]
    share = min(1.0, PASSING / max(1e-9, sum(float(seconds.sum()) for seconds in passing)))
    starts, begin = [], first
    for act, seconds in zip(lesson.acts, passing, strict=True):
        lasting = _lasting(act, share * seconds)
        ends = begin + np.round(np.cumsum(lasting) * fps / speed).astype(np.int64)
        number = np.arange(len(lasting))
        ends = np.maximum.accumulate(np.maximum(ends - number, begin + 1)) + number  # each moment has its frame
        starts.append(np.concatenate([[begin], ends[:-1]]))
        begin = int(ends[-1])
    return Timing(tuple(starts), begin - 1, fps)


def shown_steps(act: Act, frames: IntArray, last: int, fps: float) -> DoubleArray:
    """Returns how many training steps have been made in what each frame of an act shows, float64 (F,), from its first frame to `last`.

    `frames` (M,): where its moments begin; there it is the very step of the moment. Between two that are shown slowly it moves on evenly, shortly
    before the second begins; those that pass by fast follow each other at once.
    """
    ends, ease = np.append(frames[1:], last + 1), max(1, round(EASE * fps))
    made = act.steps[act.rows].astype(np.float64)
    shown = np.repeat(made, ends - frames)
    for moment in range(len(frames) - 1):
        begin = int(frames[moment + 1] - frames[0])
        if made[moment + 1] != made[moment] and ends[moment] - frames[moment] >= EASED * fps:
            share = np.arange(1, ease) / ease
            shown[begin - ease + 1 : begin] = made[moment] + share * (made[moment + 1] - made[moment])
    return shown


def _passing(act: Act) -> DoubleArray:
    """Returns the seconds (M,) of the steps that pass by, in the order they come; 0 for what is walked through."""
    whole = np.array([stage == "whole" for stage in act.stages], dtype=bool)
    number = np.maximum(np.cumsum(whole), 1).astype(np.float64)
    return np.where(whole, np.maximum(FIRST * number**EXPONENT, LEAST), 0.0)


def _lasting(act: Act, passing: DoubleArray) -> DoubleArray:
    """Returns the seconds (M,) of an act's moments: stretched where a caption would be gone before it is read."""
    lasting = np.where(passing > 0.0, passing, WALKED)
    for caption, end, told in _spans(act):
        span = slice(caption.moment, end)
        there = float(lasting[span].sum())
        if told and there < reading_time(caption):
            lasting[span] *= reading_time(caption) / there
    lasting[-1] += PAUSE
    return lasting


def _spans(act: Act) -> Iterator[tuple[Caption, int, bool]]:
    """Yields each caption with the moment at which the next one comes, and whether it has more to read than other numbers in the same words."""
    captions = [caption for caption in act.captions if caption.moment < len(act.stages)]
    ends = [*(caption.moment for caption in captions), len(act.stages)][1:]
    before = ""
    for caption, end in zip(captions, ends, strict=True):
        if end > caption.moment:
            yield caption, end, caption.text != before
        before = caption.text


def reading_time(caption: Caption) -> float:
    """Returns the seconds that it takes to read a caption."""
    return GLANCE + len(caption.text.split()) / WORDS_PER_SECOND
