"""The lesson "neuron": one sigmoid neuron with two inputs and a bias learns, dot by dot, to part two classes of points.

Each step is plain stochastic gradient descent on one dot's squared error, (output - target)².
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bloom_core.lessons import neuron_words as words
from bloom_core.lessons.graph import Graph
from bloom_core.lessons.lesson import Act, DoubleArray, Lesson, Plane
from bloom_core.lessons.story import Story, first_below, half_floats
from bloom_core.lessons.training import Training, faster, train

SEED = 107
POINTS, DATA_SEED = 80, 4
EXTENT, GRID = 3.0, 33
RATE, EPOCHS = 0.2, 4
SLOW = 3
"""Steps that are walked through stage by stage; the others pass in one."""


def points() -> tuple[DoubleArray, DoubleArray]:
    """Returns the dots (80, 2), rounded to hundredths, and their classes (80,): two clouds that overlap a little."""
    targets = np.arange(POINTS) % 2
    centers = np.array([[-1.05, -0.75], [1.05, 0.75]])
    spread = np.random.default_rng(DATA_SEED).normal(size=(POINTS, 2)) * [0.95, 0.85]
    return np.round(centers[targets] + spread, 2), targets.astype(np.float64)


def shown_steps() -> list[int]:
    """Returns the training steps that are kept and shown."""
    last = EPOCHS * POINTS
    return [*range(SLOW + 1), *faster(SLOW + 1, last, 64)]


def record(seed: int = SEED) -> Lesson:
    """Trains the neuron from the first weights of `seed`, and returns the lesson."""
    import torch
    from torch import nn

    torch.manual_seed(seed)
    inputs, targets = points()
    given, wanted = torch.from_numpy(inputs), torch.from_numpy(targets)
    model = nn.Linear(2, 1, dtype=torch.float64)
    order = [int(number) for _ in range(EPOCHS + 1) for number in torch.randperm(POINTS)]
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)

    def loss_of(step: int) -> torch.Tensor:
        return (torch.sigmoid(model(given[order[step]]))[0] - wanted[order[step]]) ** 2

    def measure() -> tuple[torch.Tensor, torch.Tensor]:
        outputs = torch.sigmoid(model(given))[:, 0]
        return nn.functional.mse_loss(outputs, wanted), ((outputs >= 0.5) == (wanted == 1.0)).sum()

    about = {"title": words.TITLE, "seed": seed, "batch": 1, "model": "one sigmoid neuron, two inputs and a bias"}
    training = train(model, optimizer, measure, EPOCHS * POINTS, about, loss_of)
    training = training.only([*shown_steps(), *training.milestones()])
    return Lesson("neuron", words.TITLE, (_Telling(training, order).act(),), (training.run,))


def graph() -> Graph:
    """Returns the neuron's graph."""
    made = Graph()
    made.node("first", "input", words.AXES[0], (0.0, 1.0))
    made.node("second", "input", words.AXES[1], (0.0, 0.0))
    made.node("one", "input", words.ALWAYS_ONE, (0.0, -1.0))
    made.node("sum", "sum", words.SUM, (2.0, 0.0))
    made.node("sigmoid", "activation", words.SIGMOID, (3.0, 0.0))
    made.node("answer", "output", words.ANSWER, (4.0, 0.75))
    made.node("target", "target", words.TARGET, (4.0, -1.0))
    made.node("loss", "loss", words.LOSS, (5.0, 0.0))
    made.edge("weight", "first", "sum")
    made.edge("weight", "second", "sum")
    made.edge("bias", "one", "sum")
    made.flow("sum", "sigmoid", "answer")
    made.flow("sigmoid", "loss")
    made.flow("target", "loss")
    return made


class _Telling:
    """Tells the act of a training whose dots came in `order`."""

    def __init__(self, training: Training, order: list[int]) -> None:
        self._inputs, self._targets = points()
        self._training, self._order = training, order
        self._right = training.right
        self._story = Story(training, self._forward)

    def act(self) -> Act:
        """Returns the act."""
        story, steps = self._story, self._training.steps.tolist()
        story.show(0, self._order[0])
        story.say(words.OPENING, self._known(0))
        for step in range(SLOW):
            self._walk(step)
        sayings = self._turning_points()
        for step in steps[SLOW + 1 :]:
            story.show(step, self._order[step])
            if step in sayings:
                story.say(sayings[step], self._known(step))
        side = np.linspace(-EXTENT, EXTENT, GRID)
        grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
        surface = np.stack([outputs_over(self._training, row, grid).reshape(GRID, GRID) for row in range(len(steps))])
        return story.act("neuron", words.ACT, graph(), Plane(self._inputs, self._targets, half_floats(surface), EXTENT, words.AXES))

    def _walk(self, step: int) -> None:
        """Shows one step stage by stage, ending with what its update did."""
        story, dot = self._story, self._order[step]
        before = self._known(step)
        for stage, (first, again) in _SAID.items():
            story.show(step, dot, stage)
            story.say(again if step else first, before)
        story.show(step + 1, dot, "update")
        changed = {f"{name}_before": before[name] for name in ("first_weight", "second_weight", "loss")}
        story.say((words.UPDATE, words.LINE, words.UPDATE_AGAIN)[step], self._known(step + 1, dot) | changed)

    def _turning_points(self) -> dict[int, str]:
        """Returns what is said at which of the steps that pass in one."""
        steps, right, losses = self._training.steps, self._right, self._training.losses
        first, last = SLOW + 1, len(steps) - 1
        said = {int(steps[first]): words.FASTER}
        best = int(np.argmax(right))
        halved = first_below(losses, losses[0] / 2)
        if best > first:
            said[int(steps[best])] = words.ALL_RIGHT if right[best] == POINTS else words.MOST_RIGHT
        if halved is not None and halved > first:
            said.setdefault(int(steps[halved]), words.HALVED)
        middle = (best + last) // 2
        weights = self._training.parameters["weight"][[middle, last], 0]
        sizes = np.linalg.norm(weights, axis=1)
        if sizes[0] < sizes[1] and weights[0] @ weights[1] > _SAME_WAY * sizes[0] * sizes[1]:
            said.setdefault(int(steps[middle]), words.STEEPER)
        said[int(steps[last])] = words.END if right[last] == POINTS else words.END_REST
        return said

    def _known(self, step: int, dot: int | None = None) -> dict[str, float | str]:
        """Returns all that can be said after training step `step` of a dot (that which comes next), of the weights and of all dots together."""
        story, row = self._story, self._story.row(step)
        values, weights = story.at(step, self._order[step] if dot is None else dot), story.weights(step)
        known: dict[str, float | str] = {name: values[name] for name in ("first", "second", "sum", "answer", "target", "loss")}
        known |= {"output": values["sigmoid"], "verdict": words.RIGHT if values["answer"] == values["target"] else words.WRONG}
        known |= {"first_weight": weights["first>sum"], "second_weight": weights["second>sum"], "bias": weights["one>sum"]}
        known |= {"step": step, "number": step + 1, "points": POINTS, "right": int(self._right[row]), "wrong": POINTS - int(self._right[row])}
        return known | {"mean_loss": self._training.losses[row], "first_loss": self._training.losses[0]}

    def _forward(self, row: int, dot: int) -> tuple[Mapping[str, float], Mapping[str, float]]:
        """Returns the values of nodes and weights for a dot."""
        tensors = self._training.tensors(row)
        first, second = self._inputs[dot]
        weights = {"first>sum": float(tensors["weight"][0, 0]), "second>sum": float(tensors["weight"][0, 1]), "one>sum": float(tensors["bias"][0])}
        total, output = (float(value) for value in neuron(tensors, self._inputs[dot][None])[:, 0])
        target = float(self._targets[dot])
        nodes = {"first": first, "second": second, "one": 1.0, "sum": total, "sigmoid": output, "target": target}
        return nodes | {"answer": float(output >= 0.5), "loss": (output - target) ** 2}, weights


def neuron(tensors: Mapping[str, Any], inputs: DoubleArray) -> DoubleArray:
    """Returns the sums and the outputs, (2, P), of inputs (P, 2), as PyTorch makes them."""
    import torch

    sums = torch.nn.functional.linear(torch.from_numpy(inputs), tensors["weight"], tensors["bias"])[:, 0]
    both: DoubleArray = torch.stack([sums, torch.sigmoid(sums)]).numpy()
    return both


def outputs_over(training: Training, row: int, inputs: DoubleArray) -> DoubleArray:
    """Returns the outputs (P,) of inputs (P, 2) at a recorded row."""
    outputs: DoubleArray = neuron(training.tensors(row), inputs)[1]
    return outputs


_SAME_WAY = 0.98
"""Cosine of the weights' ways above which the line hardly turns (12 degrees)."""

_SAID = {
    "input": (words.INPUT, words.INPUT_AGAIN),
    "sum": (words.SUM_UP, words.SUM_AGAIN),
    "activation": (words.SQUEEZE, words.SQUEEZE_AGAIN),
    "output": (words.ANSWERED, words.ANSWERED_AGAIN),
    "loss": (words.LOST, words.LOST_AGAIN),
}
"""What is said at each stage of a step that is walked through: the first time, and again."""
