"""Training many networks at once with PyTorch, on the processor or on a GPU: the formulas of experiment.py, batched, without autograd."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bloom_core.native import Cancelled, Progress
from bloom_core.trainability.experiment import MapError
from bloom_core.trainability.outcomes import COLUMNS, Problem
from bloom_core.trainability.torch_networks import Networks
from bloom_core.trainability.torch_tally import Tally

_CACHE_BYTES = 1 << 20
"""What the activations of a chunk may take on a processor: with what else a step touches they stay in the second-level cache."""

_GPU_SHARE = 0.25
_LOOK_EVERY = 8
"""Steps between looking for networks that have died."""


class TorchEngine:
    """Engine of `outcomes.Engine` in PyTorch, `device` cpu or cuda. `steps_played`: network·steps of the last call that were really played.

    Raises MapError where PyTorch, or the GPU, is not there.
    """

    precisions: tuple[str, ...] = ("float", "double")

    def __init__(self, device: str = "cpu", threads: int = 0) -> None:
        self._torch = _torch()
        if device not in ("cpu", "cuda"):
            raise MapError(f"There is no device {device!r}; choose cpu or cuda")
        if device == "cuda" and not self._torch.cuda.is_available():
            raise MapError("PyTorch finds no CUDA GPU on this computer. Choose the native engine, or the device cpu.")
        self.device, self.threads, self.name = device, threads or os.cpu_count() or 1, f"PyTorch {device}"
        self.networks = 1 << (10 if device == "cpu" else 16)
        self.steps_played = 0

    def train(
        self,
        problem: Problem,
        values: NDArray[np.float64],
        *,
        activation: str,
        optimizer: str,
        steps: int,
        threshold: float,
        precision: str,
        sensitivity: bool,
        progress: Progress | None,
    ) -> NDArray[np.float64]:
        """See `outcomes.Engine`. Raises MapError for a precision that PyTorch has not, and Cancelled."""
        if precision not in self.precisions:
            raise MapError(f"PyTorch has {' and '.join(self.precisions)}, not {precision}: choose the native engine")
        torch, self.steps_played = self._torch, 0
        kind = torch.float32 if precision == "float" else torch.float64
        outcomes = np.empty((len(values), len(COLUMNS)))
        size = self.chunk(problem, len(values), kind.itemsize, sensitivity)
        with torch.inference_mode(), _processor_settings(torch, self.threads):
            for low in range(0, len(values), size):
                part = slice(low, min(low + size, len(values)))
                networks = Networks(torch, self.device, kind, problem, values[part], part, activation, optimizer, sensitivity)
                share, before = (part.stop - low) / len(values), low / len(values)
                tally = Tally(torch, self.device, part.stop - low, steps, threshold)
                for step in range(steps):
                    if step % _LOOK_EVERY == 0:
                        if progress is not None and not progress(before + share * step / steps):
                            raise Cancelled
                        alive = networks.alive()
                        if alive is not None:
                            networks.keep(alive)
                            tally.keep(alive, step)
                        if not networks.count:
                            break
                    self.steps_played += networks.count
                    tally.add(step, networks.step(step))
                outcomes[part] = tally.outcomes(None if networks.sensitivity is None else networks.sensitivity.exponents())
        if progress is not None:
            progress(1.0)
        return outcomes

    def chunk(self, problem: Problem, count: int, item: int, sensitivity: bool) -> int:
        """Returns how many networks to train side by side, so that what a step touches stays in the cache, or in a share of a GPU's memory."""
        _, points, width = problem.inputs.shape
        each = item * points * width
        if self.device == "cpu":
            return max(1, min(count, _CACHE_BYTES // each))
        free, _ = self._torch.cuda.mem_get_info()
        each = item * (8 * points * width + 16 * width * width) * (2 if sensitivity else 1)
        return max(1, min(count, int(free * _GPU_SHARE) // each))


def _torch() -> Any:
    try:
        import torch
    except ImportError as error:
        raise MapError("This engine needs PyTorch: pip install 'bloom-core[train]'. The native engine needs nothing.") from error
    return torch


@contextmanager
def _processor_settings(torch: Any, threads: int) -> Iterator[None]:
    """Flushes denormal numbers, which are slow, and takes `threads` threads; then puts both back as they were."""
    before, tiny = torch.get_num_threads(), torch.tensor([1e-39])
    flushed = not math.copysign(float(tiny * 0.5), 1.0)
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_num_threads(before)
        torch.set_flush_denormal(flushed)
