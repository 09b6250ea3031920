"""Telling the two acts of the lesson "recurrent"."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bloom_core.lessons import recurrent_words as words
from bloom_core.lessons.lesson import Act, Sequence
from bloom_core.lessons.reading import Reader, passing_sayings
from bloom_core.lessons.recurrent import PLACES, RUNG_AT, TEXT, UNITS, bell_graph, bell_rows, elman, text_graph, text_weights
from bloom_core.lessons.story import Story, first_below, half_floats
from bloom_core.lessons.training import Training


def bell_act(training: Training) -> Act:
    """Returns the act of the bell."""
    return _Bell(training).act()


class _Bell:
    """Tells of the neuron that keeps a bell in mind."""

    def __init__(self, training: Training) -> None:
        self._training = training
        self._steps: list[int] = training.steps.tolist()
        rings, wanted = bell_rows()
        self._rings, self._wanted = rings[RUNG_AT, :, 0], wanted[RUNG_AT]
        read = [self._read(row) for row in range(len(self._steps))]
        self._flow = {name: np.array([[place[name] for place in row] for row in read]) for name in ("memory", "sum", "hidden")}
        self._right = training.right
        self._weights = training.parameters["weight_hh_l0"][:, 0, 0]
        self._story = Story(training, self._forward)

    def act(self) -> Act:
        """Returns the act."""
        story, last, tell = self._story, self._steps[-1], self._tell
        tell(0, 0, "whole", words.OPENING)
        tell(0, PLACES - 1, "input", words.NEEDED)
        tell(0, 0, "memory", words.LOOP)
        for stage, text in (
            ("input", words.INPUT),
            ("sum", words.SUM_UP),
            ("activation", words.SQUEEZE),
            ("output", words.ANSWERED),
            ("loss", words.LOST),
        ):
            tell(0, 0, stage, text)
        for place in range(1, RUNG_AT + 2):
            for stage, text in (("input", words.INPUT), ("sum", words.SUM_AGAIN), ("loss", words.LOST_AGAIN)):
                tell(0, place, stage, text)
        tell(1, RUNG_AT + 1, "update", words.UPDATE, {"mean_loss_before": self._training.losses[0]})
        sayings = self._turning_points()
        for number, step in enumerate(self._steps[2:]):
            tell(step, number % PLACES, "whole", sayings.get(step))
        if self._right[-1] < PLACES:
            tell(last, 0, "whole", words.NOT_LEARNT)
        else:
            self._read_again(last)
        rows, chances = len(self._steps), half_floats((1.0 + self._flow["hidden"]) / 2.0)
        given, wanted = (values.astype(np.int64) for values in (self._rings, self._wanted > 0.0))
        predicted = np.stack([1.0 - chances, chances], axis=2).reshape(rows, PLACES, 2)
        return story.act("bell", words.BELL, bell_graph(), sequence=Sequence(words.SEQUENCE, ("0", "1"), given, wanted, predicted, np.ones(PLACES)))

    def _read_again(self, last: int) -> None:
        tell = self._tell
        tell(last, 0, "whole", words.NOW)
        said = {RUNG_AT - 1: words.HOLDS_LOW, RUNG_AT: words.PUSHED, RUNG_AT + 1: words.HOLDS_HIGH, PLACES - 1: words.STILL}
        if self._weights[-1] <= 1.0:  # it has found another way to be right, of which these sayings would not be true
            said = {}
        for place in range(1, PLACES):
            tell(last, place, "whole", said.get(place))
        tell(last, PLACES - 1, "memory", words.END)

    def _turning_points(self) -> dict[int, str]:
        """Returns what is said at which of the steps that pass in one."""
        losses, hidden = self._training.losses, self._flow["hidden"]
        said = {self._steps[2]: words.FASTER}
        halved, right = first_below(losses, losses[0] / 2), np.flatnonzero(self._right == PLACES)
        heard = [row for row in range(3, halved or len(losses)) if hidden[row, RUNG_AT] > 0.0]
        forgets = [row for row in heard if hidden[row, -1] < 0.0 and self._weights[row] < 1.0]
        if forgets:
            said[self._steps[forgets[len(forgets) // 2]]] = words.FORGETS
        if halved is not None and halved > 2 and self._weights[halved] > self._weights[0]:
            said[self._steps[halved]] = words.HALVED
        if len(right) and right[0] > 2:
            said[self._steps[int(right[0])]] = words.ALL_RIGHT
        return said

    def _tell(self, step: int, place: int, stage: str, text: str | None, more: Mapping[str, float | str] | None = None) -> None:
        self._story.show(step, place, stage)
        if text is not None:
            self._story.say(text, self._known(step, place) | dict(more or {}))

    def _known(self, step: int, place: int) -> dict[str, float | str]:
        """Returns all that can be said of a moment and of the neuron after training step `step`."""
        row = self._story.row(step)
        values, weights = self._story.at(step, place), self._story.weights(step)
        known: dict[str, float | str] = {name: values[name] for name in ("memory", "sum", "hidden", "target", "loss")}
        known |= {"place": place + 1, "rings": values["bell"], "bell": words.RINGING if values["bell"] else words.SILENT}
        known |= {name: words.YES if value > 0.0 else words.NO for name, value in (("answer", values["answer"]), ("wanted", values["target"]))}
        known |= {"verdict": words.RIGHT if known["answer"] == known["wanted"] else words.WRONG, "places": PLACES, "step": step}
        known |= {"bell_weight": weights["bell>sum"], "memory_weight": weights["memory>sum"], "bias": weights["one>sum"]}
        known |= {"at_bell": self._flow["hidden"][row, RUNG_AT], "at_end": self._flow["hidden"][row, -1]}
        return known | {"mean_loss": self._training.losses[row], "first_loss": self._training.losses[0]}

    def _read(self, row: int) -> list[dict[str, float]]:
        """Returns what the neuron makes of each moment of the row that is shown."""
        import torch

        tensors, state, places = self._training.tensors(row), None, []
        for rings in torch.from_numpy(self._rings):
            state, vectors = elman(tensors, rings[None], state, prefix="")
            places.append({name: float(values[0]) for name, values in vectors.items()})
        return places

    def _forward(self, row: int, place: int) -> tuple[Mapping[str, float], Mapping[str, float]]:
        """Returns the values of nodes and weights at a moment of the row that is shown."""
        tensors = self._training.tensors(row)
        nodes = {name: float(values[row, place]) for name, values in self._flow.items()}
        nodes |= {"bell": float(self._rings[place]), "one": 1.0, "target": float(self._wanted[place])}
        nodes |= {"answer": 1.0 if nodes["hidden"] >= 0.0 else -1.0, "loss": (nodes["hidden"] - nodes["target"]) ** 2}
        bias = float(tensors["bias_ih_l0"][0] + tensors["bias_hh_l0"][0])
        return nodes, {"bell>sum": float(tensors["weight_ih_l0"][0, 0]), "memory>sum": float(tensors["weight_hh_l0"][0, 0]), "one>sum": bias}


def text_act(training: Training) -> Act:
    """Returns the act of the line of text."""
    told = Reader(training, TEXT, elman, text_weights)
    tell, last, places = told.tell, told.steps[-1], len(TEXT.read)
    tell(0, 0, "whole", words.OPENING_TEXT, {"units": UNITS, "line": words.LINE})
    walk = (words.INPUT_TEXT, words.SUM_TEXT, words.SQUEEZE_TEXT, words.OUTPUT_TEXT, words.LOSS_TEXT)
    for stage, text in zip(("input", "sum", "activation", "output", "loss"), walk, strict=True):
        tell(0, 0, stage, text)
    for place in (1, 2):
        tell(0, place, "input", words.INPUT_NEXT)
        tell(0, place, "output", words.OUTPUT_NEXT)
    tell(1, 2, "update", words.UPDATE_TEXT, {"mean_loss_before": training.losses[0]})
    sayings = passing_sayings(told, words.FASTER_TEXT, words.HALVED_TEXT, words.ALL_RIGHT_TEXT)
    for number, step in enumerate(told.steps[2:]):
        tell(step, (number + 3) % places, "whole", sayings.get(step))
    pair = told.same_symbol()
    again = {0: words.DONE_TEXT} | ({} if pair is None else {pair[0]: words.SAME_LETTER, pair[1]: words.OTHER_MEMORY})
    for place in range(places):
        tell(last, place, "whole", again.get(place))
    tell(last, places - 1, "output", words.WRITES)
    tell(last, places - 1, "memory", words.END_TEXT)
    return told.story.act("text", words.TEXT, text_graph(), sequence=told.sequence())
