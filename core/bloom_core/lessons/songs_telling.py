"""Telling the two acts of the lesson "songs"."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bloom_core.lessons import songs_words as words
from bloom_core.lessons.lesson import Act, DoubleArray, Plane
from bloom_core.lessons.songs import HIDDEN, LIKED, OTHER_SEEDS, SONGS, alone_graph, flow_through, hidden_graph, pulls
from bloom_core.lessons.story import Story, first_below, half_floats
from bloom_core.lessons.training import Training

_INPUTS = ("modern", "sad", "piano")
_TOGETHER = 0.1
"""How far apart hidden answers are that are as good as the same."""

_UNSURE = 0.15
"""How far from one half answers are that are as good as one half."""

_APART = 5
"""Moments that lie at least between two sayings about much the same."""

CENTER, EXTENT, GRID = (0.5, 0.5), 1.0, 33
SHOWN_FIRST = 2
"""The song that is walked through: the modern happy one."""


class _Telling:
    """What both acts have in common."""

    def __init__(self, training: Training) -> None:
        self.training = training
        self.steps = training.steps.tolist()
        flows = [flow_through(training.tensors(row), SONGS) for row in range(len(self.steps))]
        self.flows = {name: np.stack([flow[name] for flow in flows]) for name in flows[0]}
        self.right = training.right
        self.story = Story(training, self.forward)

    def plane(self) -> Plane:
        """Returns the plane of modern and sad songs, all with a piano."""
        x, y = (np.linspace(middle - EXTENT, middle + EXTENT, GRID) for middle in CENTER)
        modern, sad = (side.reshape(-1) for side in np.meshgrid(x, y))
        grid = np.stack([modern, sad, np.ones(GRID * GRID)], axis=1)
        surface = np.stack([flow_through(self.training.tensors(row), grid)["sigmoid"].reshape(GRID, GRID) for row in range(len(self.steps))])
        return Plane(SONGS[:, :2].copy(), LIKED.copy(), half_floats(surface), EXTENT, (words.MODERN, words.SAD), words.SONGS, CENTER)

    def known(self, step: int, song: int) -> dict[str, float | str]:
        """Returns all that can be said of a song and of the network after training step `step`."""
        row = self.story.row(step)
        values, weights = self.story.at(step, song), self.story.weights(step)
        known: dict[str, float | str] = {name: values[name] for name in ("modern", "sad", "piano", "sum", "loss")}
        known |= {"song": words.SONGS[song], "output": values["sigmoid"], "wanted": values["target"]}
        known |= {name: words.YES if values[name] else words.NO for name in ("answer", "target")}
        known |= {"verdict": words.RIGHT if values["answer"] == values["target"] else words.WRONG, "step": step, "right": int(self.right[row])}
        known |= {"mean_loss": self.training.losses[row], "first_loss": self.training.losses[0]}
        if "modern>sum" in weights:
            known |= {f"{name}_weight": weights[f"{name}>sum"] for name in _INPUTS}
            pull = pulls(self.training.tensors(row))
            return known | {"happy_pull": pull[2, 0], "sad_pull": pull[3, 0]}
        known |= {f"hidden_sum_{unit}": values[f"sum_{unit}"] for unit in (1, 2)} | {f"hidden_{unit}": values[f"hidden_{unit}"] for unit in (1, 2)}
        return known | {f"weight_{unit}": weights[f"hidden_{unit}>sum"] for unit in (1, 2)} | {"bias": weights["one>sum"]}

    def tell(self, step: int, song: int, stage: str, text: str, more: Mapping[str, float | str] | None = None) -> None:
        """Shows a moment and says something at it."""
        self.story.show(step, song, stage)
        self.story.say(text, self.known(step, song) | dict(more or {}))

    def forward(self, row: int, song: int) -> tuple[Mapping[str, float], Mapping[str, float]]:
        """Returns the values of nodes and weights for a song."""
        tensors = self.training.tensors(row)
        nodes = {name: float(values[row, song]) for name, values in self.flows.items()} | {"target": float(LIKED[song])}
        nodes |= dict(zip(_INPUTS, SONGS[song].tolist(), strict=True)) | {"one": 1.0}
        nodes |= {"answer": float(nodes["sigmoid"] >= 0.5), "loss": (nodes["sigmoid"] - nodes["target"]) ** 2}
        first = tensors.get("hidden.weight", tensors["answer.weight"])
        ends = ["sum_1", "sum_2"] if "hidden.weight" in tensors else ["sum"]
        weights = {f"{name}>{end}": float(first[unit, index]) for unit, end in enumerate(ends) for index, name in enumerate(_INPUTS)}
        if "hidden.weight" in tensors:
            weights |= {f"hidden_{unit + 1}>sum": float(tensors["answer.weight"][0, unit]) for unit in range(HIDDEN)}
            weights["one>sum"] = float(tensors["answer.bias"][0])
        return nodes, weights


def alone_act(training: Training) -> Act:
    """Returns the act of the single neuron."""
    told = _Telling(training)
    tell, last, song = told.tell, told.steps[-1], SHOWN_FIRST
    tell(0, 1, "whole", words.OPENING)
    for stage, text in zip(
        ("input", "sum", "activation", "output", "loss"), (words.INPUT, words.SUM_UP, words.SQUEEZE, words.ANSWERED, words.LOST), strict=True
    ):
        tell(0, song, stage, text)
    for other in (3, 0, 1):
        tell(0, other, "whole", words.NEXT)
    tell(0, 3, "loss", words.PULLS)
    before = {f"{name}_before": value for name, value in told.known(0, song).items()}
    tell(1, song, "update", words.UPDATE, before)
    slower, sizes = first_below(training.losses, 0.255), np.linalg.norm(training.parameters["answer.weight"][:, 0], axis=1)
    for number, step in enumerate(told.steps[2:]):
        told.story.show(step, number % 4)
        if number == 0:
            told.story.say(words.FASTER, told.known(step, number % 4))
        elif slower is not None and step == told.steps[slower] and sizes[slower] < sizes[0]:
            told.story.say(words.SLOWER, told.known(step, number % 4))
    for song, text in enumerate((words.STUCK, words.HALF, words.CORNERS, words.ONE_WEIGHT, words.BEST, words.END)):
        tell(last, song % 4, "whole", text)
    return told.story.act("alone", words.ALONE, alone_graph(), told.plane())


def hidden_act(training: Training, share: int) -> Act:
    """Returns the act of the hidden layer; `share`: how many other beginnings learn."""
    told = _Telling(training)
    tell, last, song = told.tell, told.steps[-1], SHOWN_FIRST
    tell(0, 0, "whole", words.OPENING_HIDDEN)
    walk = (words.INPUT_HIDDEN, words.SUM_HIDDEN, words.SQUEEZE_HIDDEN, words.ANSWERED_HIDDEN, words.LOST_HIDDEN)
    for stage, text in zip(("input", "sum", "activation", "output", "loss"), walk, strict=True):
        tell(0, song, stage, text)
    tell(1, song, "update", words.UPDATE_HIDDEN)
    sayings = _turning_points(told)
    for number, step in enumerate(told.steps[2:]):
        told.story.show(step, number % 4)
        if step in sayings:
            told.story.say(sayings[step], told.known(step, number % 4))
    if told.right[-1] < len(SONGS):
        tell(last, 0, "whole", words.NOT_LEARNT)
        tell(last, 1, "whole", words.OTHERS, {"seeds": OTHER_SEEDS, "share": share})
    else:
        _tell_why(told, {"seeds": OTHER_SEEDS, "share": share})
    return told.story.act("hidden", words.TOGETHER, hidden_graph(), told.plane())


def _turning_points(told: _Telling) -> dict[int, str]:
    """Returns what is said at which of the steps that pass in one."""
    losses, steps = told.training.losses, told.steps
    said = {steps[2]: words.FASTER_HIDDEN}
    below = first_below(losses, 0.2)
    if below is None:
        return said
    unsure = np.abs(told.flows["sigmoid"] - 0.5).max(axis=1) < _UNSURE
    flat = [row for row in range(3, below) if unsure[row]]
    if flat:
        said[steps[flat[len(flat) // 2]]] = words.PLATEAU
        said[steps[below]] = words.BREAK
    halved, right = first_below(losses, 0.125), np.flatnonzero(told.right == len(SONGS))
    if len(right):
        said[steps[int(right[0])]] = words.ALL_RIGHT
    if halved is not None and (not len(right) or abs(halved - int(right[0])) > _APART):
        said.setdefault(steps[halved], words.HALVED)
    return said


def _tell_why(told: _Telling, measured: Mapping[str, float | str]) -> None:
    """Says what the hidden neurons have come to stand for, and why that is enough; all of it read from the last recorded row."""
    last, tell = told.steps[-1], told.tell
    says = [told.flows[f"hidden_{unit}"][-1] for unit in (1, 2)]
    meanings = [meaning(values) for values in says]
    known = told.known(last, 0)
    songs = {f"song_{number + 1}": name for number, name in enumerate(words.SONGS)}
    tell(last, 0, "whole", words.DONE)
    for number, text in enumerate((words.MEANING_1, words.MEANING_2)):
        heard = {f"say_{place + 1}": float(value) for place, value in enumerate(says[number])}
        tell(last, number + 1, "activation", text, songs | heard | {"meaning": meanings[number]})
    senses = {f"sense_{unit}": words.FOR if float(known[f"weight_{unit}"]) > 0.0 else words.AGAINST for unit in (1, 2)}
    tell(last, 3, "output", words.COMBINED, senses | {f"meaning_{number + 1}": text for number, text in enumerate(meanings)})
    tell(last, 2, "whole", words.EITHER)
    corners: dict[str, float] = {}
    for name, chosen in (("liked", np.flatnonzero(LIKED == 1.0)), ("other", np.flatnonzero(LIKED == 0.0))):
        corners |= {f"{name}_{2 * place + unit + 1}": float(says[unit][song]) for place, song in enumerate(chosen) for unit in range(HIDDEN)}
    together = np.ptp(np.stack([says[unit][LIKED == 1.0] for unit in range(HIDDEN)]), axis=1).max() < _TOGETHER
    tell(last, 1, "activation", words.SAME_PLACE if together else words.PARTED, corners)
    tell(last, 0, "whole", words.OTHERS, measured)
    tell(last, 2, "whole", words.END_HIDDEN)


def meaning(says: DoubleArray) -> str:
    """Returns what a neuron stands for that says this to the four songs."""
    return words.MEANINGS["".join("1" if value >= 0.5 else "0" for value in says)]
