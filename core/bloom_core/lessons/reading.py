"""Telling an act in which a network reads letters or notes and foretells the next: what all such acts have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bloom_core.lessons import lesson
from bloom_core.lessons.lesson import DoubleArray, IntArray
from bloom_core.lessons.story import Story, first_below, half_floats
from bloom_core.lessons.symbols import codes, one_hot, shown, spread
from bloom_core.lessons.training import Training, train

Cell = Callable[[Mapping[str, Any], Any, Any], tuple[Any, dict[str, Any]]]
"""One place of a sequence: tensors, input (V,) and state, None at the start → the next state, and vectors by name, "logits" (V,) among them."""


@dataclass(frozen=True)
class Reading:
    """What is read: its title, the symbols that occur, the sequence of them, its places' lengths in beats, and what joins them when written."""

    title: str
    symbols: tuple[str, ...]
    read: tuple[str, ...]
    durations: tuple[float, ...]
    joint: str = ""

    @property
    def given(self) -> IntArray:
        """The symbols' numbers."""
        return codes(self.read, self.symbols)[0]

    @property
    def wanted(self) -> IntArray:
        """The numbers of those that follow."""
        return codes(self.read, self.symbols)[1]

    def text(self, numbers: Sequence[int]) -> str:
        """Returns symbols of these numbers as text."""
        return self.joint.join(self.symbols[number] for number in numbers)

    def before(self, place: int, most: int = 9) -> str:
        """Returns what has been read before a place, at most the last few symbols."""
        return ("… " if place > most else "") + self.joint.join(map(shown, self.read[max(0, place - most) : place]))


def train_reader(recurrent: Any, answer: Any, reading: Reading, rate: float, steps: int, about: Mapping[str, Any]) -> Training:
    """Trains a recurrent layer (`nn.RNN` or `nn.LSTM`) and the layer that answers from its hidden state, on the whole sequence, with Adam."""
    import torch

    model = torch.nn.ModuleDict({"recurrent": recurrent, "answer": answer})
    given = torch.from_numpy(one_hot(reading.given, len(reading.symbols)))
    wanted = torch.from_numpy(reading.wanted)

    def measure() -> tuple[Any, Any]:
        logits = answer(recurrent(given)[0])
        return torch.nn.functional.cross_entropy(logits, wanted), (logits.argmax(dim=1) == wanted).sum()

    return train(model, torch.optim.Adam(model.parameters(), lr=rate), measure, steps, about)


class Reader:
    """What a recorded network makes of its sequence at each recorded row; `forward` is for a Story."""

    def __init__(self, training: Training, reading: Reading, cell: Cell, weights: Callable[[Mapping[str, Any]], Mapping[str, float]]) -> None:
        self.training, self.reading = training, reading
        self._cell, self._weights = cell, weights
        self.steps: list[int] = training.steps.tolist()
        self._given, self._wanted = reading.given, reading.wanted
        self._places = [self._read(row) for row in range(len(self.steps))]
        self.chances = np.stack([np.stack([place["chances"] for place in row]) for row in self._places])
        self.right = training.right
        texts = [self._write(row) for row in range(len(self.steps))]
        self.written = dict(enumerate(texts))
        self.story = Story(training, self.forward)

    def _read(self, row: int) -> list[dict[str, DoubleArray]]:
        import torch

        tensors = self.training.tensors(row)
        state, places = None, []
        for given in torch.from_numpy(one_hot(self._given, len(self.reading.symbols))):
            state, vectors = self._cell(tensors, given, state)
            vectors["chances"] = torch.softmax(vectors["logits"], dim=0)
            places.append({name: values.numpy() for name, values in vectors.items()})
        return places

    def _write(self, row: int) -> str:
        """Returns what is written from the first symbol on, each guess being read as the next symbol, as long as the sequence."""
        import torch

        tensors, count = self.training.tensors(row), len(self.reading.symbols)
        numbers, state = [int(self._given[0])], None
        while len(numbers) < len(self._given):
            state, vectors = self._cell(tensors, torch.from_numpy(one_hot(np.array(numbers[-1]), count)), state)
            numbers.append(int(vectors["logits"].argmax()))
        return self.reading.text(numbers)

    def forward(self, row: int, place: int) -> tuple[Mapping[str, float], Mapping[str, float]]:
        """Returns the values of nodes and weights at a place."""
        count = len(self.reading.symbols)
        nodes = {"one": 1.0, "one_answer": 1.0}
        nodes |= spread("input", self.reading.symbols, one_hot(self._given[place], count))
        nodes |= spread("target", self.reading.symbols, one_hot(self._wanted[place], count))
        vectors = self._places[row][place]
        nodes |= spread("output", self.reading.symbols, vectors["chances"])
        nodes |= {f"{name}_{unit + 1}": float(value) for name, values in vectors.items() for unit, value in enumerate(values)}
        nodes["loss"] = -float(np.log(vectors["chances"][self._wanted[place]]))
        return nodes, self._weights(self.training.tensors(row))

    def known(self, step: int, place: int) -> dict[str, float | str]:
        """Returns all that can be said of a place and of the network after training step `step`."""
        row, symbols = self.story.row(step), self.reading.symbols
        chances = self._places[row][place]["chances"]
        best, wanted = int(chances.argmax()), int(self._wanted[place])
        known: dict[str, float | str] = dict(self.story.at(step, place))
        known |= {"letter": shown(self.reading.read[place]), "guess": shown(symbols[best]), "wanted": shown(symbols[wanted])}
        known |= {"chance": chances[best], "given": chances[wanted], "before": self.reading.before(place), "written": self.written[row].strip()}
        known |= {"step": step, "places": len(self._given), "right": int(self.right[row])}
        return known | {"mean_loss": self.training.losses[row], "first_loss": self.training.losses[0]}

    def tell(self, step: int, place: int, stage: str, text: str | None, more: Mapping[str, float | str] | None = None) -> None:
        """Shows a moment, and says something at it."""
        self.story.show(step, place, stage)
        if text is not None:
            self.story.say(text, self.known(step, place) | dict(more or {}))

    def sequence(self) -> lesson.Sequence:
        """Returns the sequence with what was foretold and written."""
        written = {row: text for row, text in self.written.items() if row == 0 or text != self.written[row - 1]}
        durations = np.array(self.reading.durations, dtype=np.float64)
        return lesson.Sequence(
            self.reading.title, self.reading.symbols, self._given, self._wanted, half_floats(self.chances), durations, written
        )

    def same_symbol(self) -> tuple[int, int] | None:
        """Returns two places whose symbol, and as many as possible before it, are the same, but not what follows, both foretold in the end."""
        hit = self.chances[-1].argmax(axis=1) == self._wanted
        places = [place for place in range(1, len(hit)) if hit[place]]
        pairs = [
            (self._alike(first, second), -second, -first)
            for first in places
            for second in places
            if first < second and self._given[first] == self._given[second] and self._wanted[first] != self._wanted[second]
        ]
        if not pairs:
            return None
        _, second, first = max(pairs)
        return -first, -second

    def _alike(self, first: int, second: int) -> int:
        """Returns how many symbols up to these two places are the same."""
        count = 0
        while count <= first and self._given[first - count] == self._given[second - count]:
            count += 1
        return count


def passing_sayings(told: Reader, faster: str, halved: str, all_right: str) -> dict[int, str]:
    """Returns what is said at which of the training steps that pass in one."""
    losses, right = told.training.losses, np.flatnonzero(told.right == len(told.reading.read))
    said = {told.steps[2]: faster}
    half = first_below(losses, losses[0] / 2)
    if half is not None and half > 2:
        said[told.steps[half]] = halved
    if len(right) and right[0] > 2:
        said[told.steps[int(right[0])]] = all_right
    return said
