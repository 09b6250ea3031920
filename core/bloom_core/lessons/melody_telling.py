"""Telling the two acts of the lesson "melody"."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from bloom_core.lessons import melody_words as words
from bloom_core.lessons import recurrent_words
from bloom_core.lessons.lesson import Act
from bloom_core.lessons.melody import CELLS, TUNE, cell, graph, weights_of
from bloom_core.lessons.reading import Reader, passing_sayings
from bloom_core.lessons.recurrent import TEXT
from bloom_core.lessons.training import Training

Saying = tuple[str, Mapping[str, float | str]]


def text_act(training: Training) -> Act:
    """Returns the act of the line of text."""
    told = Reader(training, TEXT, cell, partial(weights_of, TEXT))
    tell, last, places = told.tell, told.steps[-1], len(TEXT.read)
    tell(0, 0, "whole", words.OPENING, {"units": CELLS, "line": recurrent_words.LINE})
    for stage, text in (
        ("input", words.INPUT),
        ("activation", words.GATES),
        ("activation", words.PROPOSED),
        ("memory", words.MEMORY_MADE),
        ("memory", words.SHOWN),
        ("output", words.OUTPUT),
        ("loss", words.LOST),
    ):
        tell(0, 0, stage, text)
    for place in (1, 2):
        for stage, text in (("input", words.INPUT_NEXT), ("memory", words.MEMORY_NEXT), ("output", words.OUTPUT_NEXT)):
            tell(0, place, stage, text)
    tell(1, 2, "update", words.UPDATE, {"mean_loss_before": training.losses[0]})
    _pass(told, 3, passing_sayings(told, words.FASTER, words.HALVED, words.ALL_RIGHT))
    again: dict[int, Saying] = {0: (words.DONE, {})}
    pair = told.same_symbol()
    if pair is not None:
        again |= {pair[0]: (words.SAME, {}), pair[1]: (words.OTHER, {})}
    _read_again(told, _gates_at_work(told, again) | again)
    tell(last, places - 1, "output", words.WRITES)
    tell(last, places - 1, "memory", words.END)
    return told.story.act("text", words.TEXT, graph(TEXT), sequence=told.sequence())


def tune_act(training: Training) -> Act:
    """Returns the act of the tune."""
    told = Reader(training, TUNE, cell, partial(weights_of, TUNE))
    tell, last, places = told.tell, told.steps[-1], len(TUNE.read)
    tell(0, 0, "whole", words.OPENING_TUNE, {"song": words.SONG})
    for place in (0, 1):
        for stage, text in (("input", words.INPUT_TUNE), ("memory", words.GATES_TUNE), ("output", words.OUTPUT_TUNE)):
            tell(0, place, stage, text)
    tell(1, 1, "update", words.UPDATE_TUNE, {"mean_loss_before": training.losses[0]})
    _pass(told, 2, passing_sayings(told, words.FASTER_TUNE, words.HALVED_TUNE, words.ALL_RIGHT_TUNE))
    again: dict[int, Saying] = {0: (words.DONE_TUNE, {})}
    pair = told.same_symbol()
    if pair is not None:
        again |= {pair[0]: (words.SAME_TUNE, {}), pair[1]: (words.OTHER_TUNE, {})}
    _read_again(told, again)
    tell(last, places - 1, "output", words.WRITES_TUNE)
    known = told.written[len(told.steps) - 1] == TUNE.text(TUNE.given.tolist())
    tell(last, places - 1, "memory", words.KNOWN_BY_HEART if known else words.NOT_YET, {"units": CELLS})
    return told.story.act("tune", words.TUNE, graph(TUNE), sequence=told.sequence())


def _pass(told: Reader, first: int, sayings: Mapping[int, str]) -> None:
    """Shows the training steps that pass in one, the reader moving on from place `first` by one at each."""
    for number, step in enumerate(told.steps[2:]):
        told.tell(step, (first + number) % len(told.reading.read), "whole", sayings.get(step))


def _read_again(told: Reader, sayings: Mapping[int, Saying]) -> None:
    """Shows the whole sequence at the last recorded step."""
    for place in range(len(told.reading.read)):
        text, more = sayings.get(place, (None, {}))
        told.tell(told.steps[-1], place, "whole", text, more)


def _gates_at_work(told: Reader, taken: Mapping[int, Saying]) -> dict[int, Saying]:
    """Returns what is said where a memory is kept best, and where the same cell lets it go; nothing where its gate never opens wide and shuts."""
    last = told.steps[-1]
    values = [told.story.at(last, place) for place in range(len(told.reading.read))]

    def gate(place: int, unit: int) -> dict[str, float]:
        here = values[place]
        added = here[f"let_in_{unit}"] * here[f"new_{unit}"]
        return {"gate": here[f"forget_{unit}"], "old": here[f"cell_before_{unit}"], "added": added, "now": here[f"cell_{unit}"]}

    # What is to be kept or forgotten must first be there.
    worth = [
        (gate(place, unit), place, unit)
        for place in range(1, len(values))
        for unit in range(1, CELLS + 1)
        if abs(values[place][f"cell_before_{unit}"]) > 0.5 and place not in taken
    ]
    kept = max((entry for entry in worth if abs(entry[0]["now"]) > 0.5), key=lambda entry: entry[0]["gate"], default=None)
    if kept is None or kept[0]["gate"] < 0.8:
        return {}
    later = [entry for entry in worth if entry[2] == kept[2] and entry[1] > kept[1] and entry[0]["gate"] < 0.2]
    gone = min(later, key=lambda entry: entry[0]["gate"], default=None)
    said: dict[int, Saying] = {kept[1]: (words.KEPT, {**kept[0]})}
    return said if gone is None else said | {gone[1]: (words.LET_GO, {**gone[0]})}
