"""A chunk of networks in PyTorch: their weights, and one training step of all."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bloom_core.trainability.experiment import VALUES
from bloom_core.trainability.outcomes import Problem
from bloom_core.trainability.torch_sensitivity import Sensitivity

_BETA2, _EPSILON = 0.999, 1e-8


@dataclass
class State:
    """All that the next step depends on: both layers' weights, (count, n, n) and (count, n, 1), and the optimizer's averages of each."""

    layers: list[Any]
    averages: list[list[Any]]

    @property
    def everything(self) -> list[Any]:
        """All tensors, weights first."""
        return self.layers + [each for moment in self.averages for each in moment]

    def copy(self) -> State:
        """Returns a state of its own memory."""
        return State([layer.clone() for layer in self.layers], [[each.clone() for each in moment] for moment in self.averages])

    def only(self, chosen: Any) -> State:
        """Returns the state of the `chosen` networks."""
        return State([layer[chosen] for layer in self.layers], [[each[chosen] for each in moment] for moment in self.averages])


class Networks:
    """Networks of one width. `count`: how many still train."""

    def __init__(
        self,
        torch: Any,
        device: str,
        kind: Any,
        problem: Problem,
        values: NDArray[np.float64],
        part: slice,
        activation: str,
        optimizer: str,
        sensitivity: bool,
    ) -> None:
        self.torch, self.activation, self.optimizer = torch, activation, optimizer

        def tensor(array: NDArray[np.float64]) -> Any:
            return torch.as_tensor(array, device=device).to(kind)

        def own(array: NDArray[np.float64]) -> NDArray[np.float64]:
            return array if len(array) == 1 else array[part]

        self.count, (_, self.points, self.width) = len(values), problem.inputs.shape
        self.gain = math.sqrt(2.0 / self.width)
        self.values = {name: tensor(values[:, number].sum(axis=1))[:, None, None] for number, name in enumerate(VALUES)}
        self.inputs, self.targets = tensor(own(problem.inputs)) * self.gain, tensor(own(problem.targets))[:, :, None]
        self.shared = len(self.inputs) == 1
        self.batches = None if problem.batches is None else torch.as_tensor(problem.batches, device=device).long()
        first, second = tensor(own(problem.input_weights)), tensor(own(problem.output_weights))[:, :, None]
        layers = [first * self.values["init_scale"], second * self.values["init_scale"]]
        moments = {"sgd": 0, "momentum": 1, "adam": 2}[optimizer]
        self.state = State(layers, [[torch.zeros_like(layer) for layer in layers] for _ in range(moments)])
        self.sensitivity = Sensitivity(torch, self.state) if sensitivity else None
        self.hidden = torch.empty((self.count, self.points, self.width), dtype=kind, device=device)
        self.slope, self.output = torch.empty_like(self.hidden), torch.empty((self.count, self.points, 1), dtype=kind, device=device)
        self.gradients = [torch.empty_like(layer) for layer in layers]

    def step(self, step: int) -> Any:
        """Takes a step; returns the losses before it."""
        if self.sensitivity is not None:
            self.sensitivity.place(self.state)
        error = self._forward(self.state, self.inputs, self.targets)
        losses = error.square().mean(dim=(1, 2))
        self._descend(self.state, step, error if self.batches is None else None)
        if self.sensitivity is not None:
            self._descend(self.sensitivity.shadow, step, None)
            self.sensitivity.count(self.state, losses)
        return losses

    def alive(self) -> Any:
        """Returns the indices of networks that still train, or None where all do.

        One of whose output weights is not finite has lost: that weight's product with any activation is not finite, nor is then its own gradient.
        """
        lives = self.state.layers[1].isfinite().all(dim=1)[:, 0]
        return None if bool(lives.all()) else lives.nonzero()[:, 0]

    def keep(self, chosen: Any) -> None:
        """Goes on with the `chosen` networks alone."""
        self.count = len(chosen)
        self.state = self.state.only(chosen)
        if self.sensitivity is not None:
            self.sensitivity.keep(chosen)
        self.values = {name: value[chosen] for name, value in self.values.items()}
        self.gradients = [each[: self.count] for each in self.gradients]
        if not self.shared:
            self.inputs, self.targets = self.inputs[chosen], self.targets[chosen]

    def _descend(self, state: State, step: int, error: Any) -> None:
        """Moves a state a step; `error` of the whole set, where that was found last."""
        inputs, targets = self.inputs, self.targets
        if self.batches is not None:
            inputs, targets = inputs[:, self.batches[step]], targets[:, self.batches[step]]
        self._backward(state, inputs, self._forward(state, inputs, targets) if error is None else error)
        self._update(state, step)

    def _forward(self, state: State, inputs: Any, targets: Any) -> Any:
        """Fills `hidden`; returns prediction − target, (count, points, 1)."""
        torch, points = self.torch, inputs.shape[1]
        hidden, output = self._room(self.hidden, points), self._room(self.output, points)
        torch.bmm(self._each(inputs), state.layers[0] + self.values["offset"], out=hidden)
        if self.activation == "tanh":
            hidden.tanh_()
        elif self.activation == "relu":
            hidden.relu_().mul_(math.sqrt(2.0))
        torch.bmm(hidden, state.layers[1], out=output)
        return output.mul_(1.0 / self.width).sub_(targets)

    def _backward(self, state: State, inputs: Any, error: Any) -> None:
        """Fills `gradients` from what `_forward` of the same inputs left."""
        torch, points = self.torch, inputs.shape[1]
        hidden, slope = self._room(self.hidden, points), self._room(self.slope, points)
        error.mul_(2.0 / points / self.width)
        torch.bmm(hidden.transpose(1, 2), error, out=self.gradients[1])
        torch.bmm(error, state.layers[1].transpose(1, 2), out=slope)
        if self.activation == "tanh":
            slope.mul_(hidden.square_().neg_().add_(1.0))
        elif self.activation == "relu":
            slope.mul_(hidden.sign_().mul_(math.sqrt(2.0)))
        torch.bmm(self._each(inputs).transpose(1, 2), slope, out=self.gradients[0])

    def _update(self, state: State, step: int) -> None:
        torch, momentum, decay = self.torch, self.values["momentum"], self.values["weight_decay"]
        rates = self.values["input_rate"], self.values["output_rate"]
        for number, (weights, gradient, rate) in enumerate(zip(state.layers, self.gradients, rates, strict=True)):
            gradient.add_(decay * weights)
            if self.optimizer == "sgd":
                weights.sub_(gradient.mul_(rate))
            elif self.optimizer == "momentum":
                weights.sub_(rate * state.averages[0][number].mul_(momentum).add_(gradient))
            else:
                first = state.averages[0][number].mul_(momentum).add_(gradient * (1.0 - momentum))
                second = state.averages[1][number].mul_(_BETA2).addcmul_(gradient, gradient, value=1.0 - _BETA2)
                size = rate / (1.0 - momentum.double() ** (step + 1)).to(rate.dtype)
                torch.sqrt(second, out=gradient)
                gradient.div_(math.sqrt(1.0 - _BETA2 ** (step + 1))).add_(_EPSILON)
                weights.sub_(size * first / gradient)

    def _each(self, shared: Any) -> Any:
        return shared.expand(self.count, -1, -1)

    def _room(self, whole: Any, points: int) -> Any:
        """Returns room for the networks that are left and `points` points, in memory that is there."""
        if points == self.points:
            return whole[: self.count]
        return whole.view(-1)[: self.count * points * whole.shape[2]].view(self.count, points, whole.shape[2])
