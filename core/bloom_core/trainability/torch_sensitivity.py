"""The largest Lyapunov exponent of trainings in PyTorch, as the native engine measures it (core/native/training_sensitivity.h).

Benettin's method (Benettin, Galgani, Giorgilli, Strelcyn, Meccanica 15, 1980): a shadow of each network, a little displaced, is trained as well;
after each step the growth of the distance is noted, and the shadow drawn back.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from bloom_core.trainability.torch_networks import State

_MOST = 1e300


class Sensitivity:
    """The shadows of networks, and what is noted of them. `shadow`: the state to be trained beside theirs."""

    def __init__(self, torch: Any, state: State) -> None:
        self._torch, self.shadow = torch, state.copy()
        kind, device, count = state.layers[0].dtype, state.layers[0].device, len(state.layers[0])
        self._share = 2.0**-12 if kind == torch.float32 else 2.0**-26
        width = state.layers[0].shape[1]
        signs = torch.as_tensor(_signs(width * (width + 1)), device=device)
        self._signs = [signs[: width * width].view(1, width, width), signs[width * width :].view(1, width, 1)]
        self._part = 1.0 / math.sqrt(width * (width + 1))

        def column(value: float) -> Any:
            return torch.full((count,), value, dtype=torch.float64, device=device)

        self._fresh, self._distance = torch.ones(count, dtype=torch.bool, device=device), column(0.0)
        self._logarithm, self._counted, self._members = column(0.0), column(0.0), torch.arange(count, device=device)
        self._exponents = column(math.nan)

    def place(self, state: State) -> None:
        """Puts the shadows where they shall be before a step: in their direction, at a small share of the state's length."""
        apart = self._length(state.everything) * self._share
        factor, part = apart / self._distance, apart * self._part
        for number, (value, other) in enumerate(zip(state.everything, self.shadow.everything, strict=True)):
            drawn = value + (other - value) * _over(factor).to(value.dtype)
            displaced = value + (_over(part) * self._signs[number]).to(value.dtype) if number < 2 else value
            other.copy_(self._torch.where(_over(self._fresh), displaced, drawn))
        self._distance = apart

    def count(self, state: State, losses: Any) -> None:
        """Notes the growth, after a step of both; a network whose loss was not finite has none."""
        torch = self._torch
        distance = self._length([other - value for value, other in zip(state.everything, self.shadow.everything, strict=True)])
        growth = distance / self._distance
        # Where the shadow has come nearer than rounding errors, they have become one: that is counted as the most that can be seen.
        self._fresh = ~(growth >= self._share) | ~(growth <= _MOST)
        growth = torch.where(growth < self._share, self._share, growth)
        counts = (growth <= _MOST) & losses.isfinite()
        self._logarithm += torch.where(counts, growth, 1.0).log()
        self._counted += counts
        self._distance = distance

    def keep(self, chosen: Any) -> None:
        """Goes on with the `chosen` networks alone."""
        self._settle()
        self.shadow = self.shadow.only(chosen)
        self._fresh, self._distance, self._members = self._fresh[chosen], self._distance[chosen], self._members[chosen]
        self._logarithm, self._counted = self._logarithm[chosen], self._counted[chosen]

    def exponents(self) -> Any:
        """Returns the exponents of all networks, per step; NaN where nothing could be measured."""
        self._settle()
        return self._exponents

    def _settle(self) -> None:
        self._exponents[self._members] = self._logarithm / self._counted  # nothing noted: 0 / 0

    def _length(self, tensors: list[Any]) -> Any:
        return sum(tensor.double().square().sum(dim=(1, 2)) for tensor in tensors).sqrt()  # type: ignore[union-attr]


def _over(column: Any) -> Any:
    return column[:, None, None]


def _signs(count: int) -> Any:
    """Returns 1 or −1 for each weight: a bit of splitmix64 of its number."""
    value = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.where(value >> np.uint64(63), 1.0, -1.0)
