"""What a lesson says: the act's title, the step in the corner, and one caption after another below."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from bloom_core.lessons.lesson import Act

from .layout import Layout
from .look import LIT
from .objects import IntArray, Workshop, eased
from .translations import say

TITLE, CORNER, CAPTION = 0.048, 0.032, 0.044
"""Sizes of the letters, in the height of the picture."""

BRIGHT = 60
"""Frames that the title of an act is bright for."""


def build(workshop: Workshop, act: Act, frames: IntArray, layout: Layout) -> list[Any]:
    """Builds an act's words; returns the objects of its captions, each shown from its moment until the next."""
    title = workshop.text(
        "title", f"{act.name} title", say(act.title), TITLE * layout.height, (0.0, 0.0), box=layout.title.inset(0.0, 0.1, 0.0, 0.0), align="LEFT"
    )
    light = np.array([workshop.first, min(workshop.first + BRIGHT, workshop.last)], dtype=np.int64)
    if light[0] < light[1]:
        eased(title, f'["{LIT}"]', 0, "Light", light, np.array([1.1, 0.65]))
    _step(workshop, act, frames, layout)
    return _captions(workshop, act, frames, layout)


def _step(workshop: Workshop, act: Act, frames: IntArray, layout: Layout) -> None:
    steps = act.steps[act.rows]
    digits = len(str(int(steps.max())))
    size = CORNER * layout.height
    room = 0.62 * size * digits
    height = layout.title.top - 0.28
    number = workshop.number("step", "step number", size, (layout.step.right - room / 2, height), frames, steps.astype(np.float64), decimals=0)
    words = workshop.text("step", "step words", say("training step"), size, (layout.step.right - room - 0.12, height), align="RIGHT")
    words[LIT] = 0.6
    number[LIT] = 1.0


def _captions(workshop: Workshop, act: Act, frames: IntArray, layout: Layout) -> list[Any]:
    captions = [caption for caption in act.captions if caption.moment < len(frames)]
    begins = [int(frames[caption.moment]) for caption in captions]
    ends = [later - 1 for _, later in pairwise(begins)] + [workshop.last]
    made = []
    for number, (caption, first, last) in enumerate(zip(captions, begins, ends, strict=True), 1):
        words = say(caption.text, caption.values)
        made.append(
            workshop.text(
                "captions", f"{act.name} caption {number:02d}", words, CAPTION * layout.height, (0.0, 0.0), box=layout.caption, shown=(first, last)
            )
        )
        made[-1][LIT] = 1.1
    return made
