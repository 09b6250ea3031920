"""What is noted of a chunk's losses while PyTorch trains it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bloom_core.trainability.outcomes import CEILING, COLUMNS, TAIL


class Tally:
    """Sums over the losses of `count` networks in `steps` steps, in double precision; networks that died are let go on the way."""

    def __init__(self, torch: Any, device: str, count: int, steps: int, threshold: float) -> None:
        self._torch, self._steps, self._threshold = torch, steps, threshold
        self._members = torch.arange(count, device=device)
        start = {"minimum": CEILING, "reached": -1.0, "died": -1.0, "sensitivity": math.nan}
        self._done = torch.empty((count, len(COLUMNS)), dtype=torch.float64, device=device)
        self._going = {name: torch.full((count,), start.get(name, 0.0), dtype=torch.float64, device=device) for name in COLUMNS}
        self._first: Any = None

    def add(self, step: int, losses: Any) -> None:
        """Notes the losses of the networks that are left."""
        torch, going = self._torch, self._going
        losses = losses.double()
        if self._first is None:
            self._first = losses
        share = losses / self._first
        share = torch.where(share <= CEILING, share, CEILING)  # a comparison with NaN is False
        going["total"] += share
        going["inverse"] += 1.0 / share
        if step >= self._steps - TAIL:
            going["tail"] += share / min(TAIL, self._steps)
        going["final"] = share
        torch.minimum(going["minimum"], share, out=going["minimum"])
        going["reached"][(going["reached"] < 0) & (share < self._threshold)] = step
        going["died"][(going["died"] < 0) & ~losses.isfinite()] = step

    def keep(self, chosen: Any, step: int) -> None:
        """Goes on with the `chosen` of those that are left. The others' losses are NaN from `step` on."""
        self._settle(step)
        self._going = {name: column[chosen] for name, column in self._going.items()}
        self._members = self._members[chosen]
        self._first = None if self._first is None else self._first[chosen]

    def outcomes(self, exponents: Any) -> NDArray[np.float64]:
        """Returns the columns, (count, 8), once all steps are played; `exponents`: the sensitivity of all networks, or None."""
        self._settle(self._steps)
        if exponents is not None:
            self._done[:, COLUMNS.index("sensitivity")] = exponents
        result: NDArray[np.float64] = self._done.cpu().numpy()
        return result

    def _settle(self, step: int) -> None:
        """Writes down what would become of the networks that are left if their losses were NaN from `step` on."""
        rest = self._steps - step
        settled = dict(self._going)
        settled["total"] = settled["total"] + rest * CEILING
        settled["inverse"] = settled["inverse"] + rest / CEILING
        settled["tail"] = settled["tail"] + min(rest, TAIL) * CEILING / min(TAIL, self._steps)
        if rest:
            settled["final"] = self._torch.full_like(settled["final"], CEILING)
            settled["died"] = self._torch.where(settled["died"] < 0, float(step), settled["died"])
        self._done[self._members] = self._torch.stack([settled[name] for name in COLUMNS], dim=1)
