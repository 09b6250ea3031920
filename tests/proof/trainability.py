"""`make proof-map`: the map of the reference experiment against an independent run of it in PyTorch, float64, with autograd.

The experiment is written down here once more, from its description and not from Bloom's code. What is done is kept in a folder, so that the proof
can be interrupted: 256² takes PyTorch about half an hour on one core.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from bloom_core.trainability.costs import Forecast, cost, duration
from bloom_core.trainability.making import make_map
from bloom_core.trainability.native_engine import NativeEngine
from bloom_core.trainability.presets import PRESETS
from bloom_core.trainability.views import overview

BAR = 0.99
_TOGETHER = 32


@dataclass(frozen=True)
class Agreement:
    """Share of pixels whose convergence is the same, and how many pixels differ, of which so many have a neighbour of the other kind."""

    share: float
    differ: int
    at_boundary: int


def converged(width: int, steps: int, input_rates: NDArray[np.float64], output_rates: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Trains a network of `width` tanh neurons for each pair of rates; says which converged: mean of the last 20 losses below the first."""
    random = np.random.RandomState([0, width, 0])
    points = width * width + width
    inputs, targets = torch.tensor(random.standard_normal((points, width))), torch.tensor(random.standard_normal(points))
    first, second = torch.tensor(random.standard_normal((width, width))), torch.tensor(random.standard_normal(width))
    count = len(input_rates)
    hidden = first.repeat(count, 1, 1).requires_grad_()
    output = second.repeat(count, 1).requires_grad_()
    rates = torch.tensor(input_rates)[:, None, None], torch.tensor(output_rates)[:, None]
    history = torch.full((steps, count), math.inf, dtype=torch.float64)
    alive = torch.arange(count)
    for step in range(steps):
        activations = torch.tanh(torch.matmul(inputs, hidden * math.sqrt(2.0 / width)))
        losses = ((torch.matmul(activations, output[:, :, None])[:, :, 0] / width - targets) ** 2).mean(dim=1)
        history[step, alive] = losses.detach()
        gradients = torch.autograd.grad(losses.sum(), (hidden, output))
        hidden, output = ((weights - rate * gradient).detach() for weights, rate, gradient in zip((hidden, output), rates, gradients, strict=True))
        lives = losses.detach().isfinite()  # with tanh, a loss that is no number stays none
        if not bool(lives.all()):
            hidden, output, alive = hidden[lives], output[lives], alive[lives]
            rates = rates[0][lives], rates[1][lives]
        if not len(alive):
            break
        hidden.requires_grad_()
        output.requires_grad_()
    share = (history / history[0]).nan_to_num(1e6, 1e6).clamp(max=1e6)
    found: NDArray[np.bool_] = (share[-20:].mean(dim=0) < 1.0).numpy()
    return found


def independent_map(
    width: int, steps: int, size: int, folder: Path | None = None, told: Callable[[float], None] = lambda share: None
) -> NDArray[np.bool_]:
    """Returns convergence over [1e-3, 1e6]², (size, size), row 0 being the smallest output rate; finished rows are kept in `folder`."""
    along = 10.0 ** (-3.0 + 9.0 * (np.arange(size) + 0.5) / size)
    rows = []
    for row in range(size):
        kept = None if folder is None else folder / f"{width}-{steps}-{size}-{row}.npy"
        if kept is not None and kept.is_file():
            rows.append(np.load(kept, allow_pickle=False))
            continue
        parts = [along[low : low + _TOGETHER] for low in range(0, size, _TOGETHER)]
        rows.append(np.concatenate([converged(width, steps, part, np.full(len(part), along[row])) for part in parts]))
        if kept is not None:
            np.save(kept.with_suffix(".part.npy"), rows[-1])
            kept.with_suffix(".part.npy").replace(kept)
        told((row + 1) / size)
    return np.array(rows)


def compare(labels: NDArray[np.uint8], independent: NDArray[np.bool_]) -> Agreement:
    """Compares two maps of convergence."""
    differ = (labels == 1) != independent
    edge = np.zeros_like(differ)
    for axis in (0, 1):
        step = np.diff(independent.astype(np.int8), axis=axis) != 0
        edge |= np.concatenate([step, np.zeros_like(step[:1] if axis == 0 else step[:, :1])], axis=axis)
        edge |= np.concatenate([np.zeros_like(step[:1] if axis == 0 else step[:, :1]), step], axis=axis)
    return Agreement(float(1.0 - differ.mean()), int(differ.sum()), int((differ & edge).sum()))


def main() -> None:
    """Prints the table; status 1 where too few pixels agree."""
    parser = argparse.ArgumentParser(prog="python -m tests.proof.trainability")
    parser.add_argument("--size", type=int, default=256, help="pixels along each side")
    parser.add_argument("--folder", type=Path, default=Path("out/proof-map"), help="where finished work is kept")
    arguments = parser.parse_args()
    folder: Path = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    experiment, engine = PRESETS["reference"], NativeEngine()
    view = overview(experiment, (arguments.size, arguments.size))
    expected = cost(experiment, view, engine)
    print(expected.text, flush=True)
    forecast = Forecast(expected)
    made = make_map(experiment, view, engine=engine, folder=folder, progress=lambda share: _tell(engine.name, share, forecast.left(share)))
    begun, first = time.monotonic(), []

    def told(share: float) -> None:
        first.append(share)
        each = (time.monotonic() - begun) / len(first)
        _tell("PyTorch, autograd, float64", share, each * arguments.size * (1.0 - share))

    independent = independent_map(experiment.width, experiment.steps, arguments.size, folder, told)
    found = compare(made.labels, independent)
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)
    print(f"{made.view.size[0]}² pixels of {experiment.title}: {engine.name} {made.made.precision} against PyTorch float64")
    print(f"converged: {made.labels.mean():.4f} and {independent.mean():.4f}; alike: {found.share:.2%}, the bar being {BAR:.0%}")
    print(f"{found.differ} pixels differ, {found.at_boundary} of them beside a pixel of the other kind")
    sys.exit(0 if found.share >= BAR else 1)


def _tell(what: str, share: float, seconds: float) -> bool:
    if sys.stderr.isatty():
        print(f"\r\033[K{what}: {share:.0%}, {duration(seconds)} left", end="", file=sys.stderr, flush=True)
    return True


if __name__ == "__main__":
    main()
