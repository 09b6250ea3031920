"""What a recurrent network reads, place by place, what it expects next, and what it writes by itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from bloom_core.flames.flame import FloatArray
from bloom_core.lessons.lesson import Act, Sequence

from . import look, shapes
from .layout import Rectangle
from .look import LIT, LOOK
from .objects import IntArray, Workshop, eased
from .translations import say

WORDS, LETTER = 0.30, 0.46
"""Largest sizes of names and of what is written, and of the letters that are read."""

READ = 0.52
"""Share of the height above which is what is read; below it, what is expected."""

_NOTE = re.compile(r"([A-G])([#b]?)(-?\d)")
_HALVES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_STAFF = (4, 7, 11, 2, 5)
"""The half tones of a staff's lines: E, G, B, D, F."""


@dataclass(frozen=True)
class Reading:
    """How what is read is shown: the frame about a place, where it is for each place of the sequence, (L, 4) x, z and scale along both."""

    marker: Any
    places: FloatArray


@dataclass(frozen=True)
class Roll:
    """Where notes are drawn: `starts` and `ends` (L,) of places along x; heights from `bottom` for the note `lowest`, `step` a half tone."""

    starts: FloatArray
    ends: FloatArray
    bottom: float
    lowest: int
    step: float

    def notes(self, pitches: FloatArray, thick: float) -> tuple[shapes.Points, shapes.Faces]:
        """Returns notes (n,), in half tones, at the first n places, as one shape."""
        heights = self.heights(pitches)
        return shapes.joined(
            [
                shapes.box(start + 0.02, z - thick / 2, end - 0.02, z + thick / 2)
                for start, end, z in zip(self.starts.tolist(), self.ends.tolist(), heights.tolist(), strict=False)
            ]
        )

    def heights(self, pitches: FloatArray) -> FloatArray:
        """Returns where notes stand along z."""
        return np.asarray(self.bottom + (pitches - self.lowest) * self.step)


def build(workshop: Workshop, act: Act, frames: IntArray, place: Rectangle) -> None:
    """Builds an act's sequence in its place: its name, below it what is read and what the network writes, at the foot what it expects."""
    read = act.sequence
    assert read is not None
    head, foot, split = place.top - 0.2, place.bottom + 0.36, place.bottom + READ * place.height
    workshop.text("sequence", f"{act.name} sequence title", say(read.title), WORDS, (place.left, head), align="LEFT")[LIT] = 0.8
    if all(pitch(symbol) is not None for symbol in read.symbols):
        reading = _notes(workshop, act, read, frames, Rectangle(place.left, split, place.right, head - 0.25))
        workshop.text("sequence", "plays", say("by itself it plays"), WORDS, (place.right, head), align="RIGHT", material="Gold")[LIT] = 0.7
    else:
        reading = _letters(workshop, read, Rectangle(place.left, split, place.right, head - 0.25))
        _written(workshop, act, read, frames, Rectangle(place.left + 0.45 * place.width, head - 0.29, place.right, head + 0.11))
    for axis, along in enumerate(reading.places.T):
        eased(reading.marker, "location" if axis < 2 else "scale", (0, 2, 0, 2)[axis], "Place", frames, along[act.examples])
    _columns(workshop, act, read, frames, Rectangle(place.left, foot, place.right, split - 0.25))


def pitch(symbol: str) -> int | None:
    """Returns how many half tones a note such as "G4" or "F#3" is above C0; None for what is no note."""
    found = _NOTE.fullmatch(symbol)
    if found is None:
        return None
    letter, sign, octave = found.groups()
    return _HALVES[letter] + {"": 0, "#": 1, "b": -1}[sign] + 12 * int(octave)


def shown(symbol: str) -> str:
    """Returns how a symbol is written: what is not seen by a sign of its own."""
    return {" ": "␣", "\n": "↵"}.get(symbol, symbol)


def _letters(workshop: Workshop, read: Sequence, strip: Rectangle) -> Reading:
    """Adds the letters that are read in a row, and the frame about one."""
    count = len(read.given)
    pitch_x = min(strip.width / count, 0.8)
    left = strip.center[0] - pitch_x * count / 2
    size, height = min(LETTER, 1.25 * pitch_x, 0.55 * strip.height), strip.center[1]
    centers = left + pitch_x * (np.arange(count) + 0.5)
    for center, number in zip(centers.tolist(), read.given, strict=True):
        workshop.text("sequence", "letter", shown(read.symbols[number]), size, (center, height))
    places = np.column_stack([centers, np.full(count, height), np.ones(count), np.ones(count)])
    return Reading(_frame(workshop, 0.96 * pitch_x, 1.75 * size), places)


def _notes(workshop: Workshop, act: Act, read: Sequence, frames: IntArray, strip: Rectangle) -> Reading:
    """Adds the notes that are read as bars, as long as they sound and as high as they are; what the network plays by itself; and the frame."""
    pitches = np.array([pitch(symbol) or 0 for symbol in read.symbols], dtype=np.float64)
    lowest, highest = int(pitches.min()), int(pitches.max())
    ends = strip.left + np.cumsum(read.durations) / read.durations.sum() * strip.width
    starts = np.concatenate([[strip.left], ends[:-1]])
    step = (strip.height - 0.2) / max(1, highest - lowest)
    roll = Roll(starts, ends, strip.bottom + 0.1, lowest, step)
    thick = min(0.16, 1.4 * step)
    for tone in range(lowest, highest + 1):
        if tone % 12 in _STAFF:
            height = float(roll.heights(np.array([float(tone)]))[0])
            workshop.line("sequence", "staff", np.array([(strip.left, height), (strip.right, height)]), 0.012, "Line", depth=-0.1)[LIT] = 0.35
    own = pitches[read.given]
    workshop.mesh("sequence", "notes", *roll.notes(own, thick), [look.material("Fluid")], (0.0, 0.0))
    for number, (first, last, written) in enumerate(writings(workshop, act, read, frames), 1):
        played = np.array([pitch(symbol) or lowest for symbol in written.split()], dtype=np.float64)
        shape = roll.notes(played, 0.45 * thick)
        workshop.mesh("sequence", f"{act.name} plays {number:02d}", *shape, [look.material("Gold")], (0.0, 0.0), depth=0.1, shown=(first, last))
    places = np.column_stack([(starts + ends) / 2, roll.heights(own), ends - starts, np.ones(len(own))])
    return Reading(_frame(workshop, 1.0, thick + 0.16), places)


def _frame(workshop: Workshop, width: float, height: float) -> Any:
    return workshop.mesh("sequence", "current place", *_outline(width, height), [look.material("Gold")], (0.0, 0.0), depth=0.25)


def _outline(width: float, height: float) -> tuple[shapes.Points, shapes.Faces]:
    points, faces, slots = shapes.frame(shapes.rounded(width, height, min(0.08, 0.3 * width, 0.3 * height)), 0.03)
    return points, [face for face, slot in zip(faces, slots, strict=True) if slot == 1]


def _columns(workshop: Workshop, act: Act, read: Sequence, frames: IntArray, place: Rectangle) -> None:
    """Adds a column for each symbol, as high as the network thinks it likely to come next, and a mark at the one that does."""
    count = len(read.symbols)
    pitch_x = min(place.width / count, 1.0)
    left = place.center[0] - pitch_x * count / 2
    centers = left + pitch_x * (np.arange(count) + 0.5)
    likely = read.predicted[act.rows, act.examples].astype(np.float64)  # (M, K)
    wide = min(0.36, 0.62 * pitch_x)
    workshop.line("sequence", "columns foot", np.array([(left, place.bottom), (left + pitch_x * count, place.bottom)]), 0.02, "Line")
    shape = shapes.box(-wide / 2, 0.0, wide / 2, place.height)
    for number, center in enumerate(centers.tolist()):
        column = workshop.mesh("sequence", f"expects {read.symbols[number]!r}", *shape, [look.material("Fluid")], (center, place.bottom + 0.02))
        eased(column, "scale", 2, "Likely", frames, np.maximum(likely[:, number], 0.01))
        eased(column, f'["{LOOK}"]', 0, "Look", frames, likely[:, number])
        workshop.value(column, frames, likely[:, number])
        size = min(WORDS, pitch_x / max(1.0, 0.62 * len(read.symbols[number])))
        workshop.text("sequence", "symbol", shown(read.symbols[number]), size, (center, place.bottom - 0.22))
    mark = workshop.mesh("sequence", "comes next", *_outline(wide + 0.2, 0.42), [look.material("Gold")], (0.0, place.bottom - 0.22), depth=0.1)
    eased(mark, "location", 0, "Next", frames, centers[read.wanted[act.examples]])


def _written(workshop: Workshop, act: Act, read: Sequence, frames: IntArray, place: Rectangle) -> None:
    """Adds what the network writes when left alone."""
    for number, (first, last, written) in enumerate(writings(workshop, act, read, frames), 1):
        words, name = say("by itself it writes: {text}", {"text": written.replace("\n", " ")}), f"{act.name} writes {number:02d}"
        text = workshop.text("sequence", name, words, WORDS, (0.0, 0.0), box=place, align="RIGHT", material="Gold", shown=(first, last))
        text[LIT] = 0.7


def writings(workshop: Workshop, act: Act, read: Sequence, frames: IntArray) -> list[tuple[int, int, str]]:
    """Returns the first and last frame of what the network writes when left alone, from the moment that shows its step on, and the text."""
    moments = {int(np.argmax(act.rows >= row)): text for row, text in sorted(read.written.items()) if np.any(act.rows >= row)}
    begins = [(int(frames[moment]), text) for moment, text in sorted(moments.items())]
    return [(first, after - 1, text) for (first, text), (after, _) in pairwise([*begins, (workshop.last + 1, "")])]
