"""Training many small networks at once: the native engine against PyTorch on the same core, and what early exit saves on the reference map."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from bloom_core import native
from bloom_core.trainability.native_engine import NativeEngine
from bloom_core.trainability.outcomes import PRECISIONS, Engine, Problem
from bloom_core.trainability.torch_engine import TorchEngine

from .timing import heading, in_a_process, table

WIDTH = 16
POINTS = WIDTH * WIDTH + WIDTH
REPEATS = 7
STEPS = {"float": 200, "double": 100, "double-double": 10}
NETWORKS = 64
CHUNKS = (8, 16, 32, 64, 128)
"""How many networks PyTorch trains side by side: which is fastest depends on the caches."""

MAP_SIDE, MAP_STEPS = 48, 500

KERNEL = """
import json, sys
from bloom_core import native
from tests.bench.training import native_rate
print(json.dumps({"rate": native_rate(sys.argv[1]), "kernel": int(native.kernel_name() == sys.argv[2])}))
"""


def problem() -> Problem:
    """Returns the reference experiment's problem."""
    random = np.random.default_rng(0)
    inputs, targets = random.standard_normal((1, POINTS, WIDTH)), random.standard_normal((1, POINTS))
    return Problem(inputs, targets, random.standard_normal((1, WIDTH, WIDTH)), random.standard_normal((1, WIDTH)), None)


def values(input_rates: Any, output_rates: Any) -> Any:
    """Returns hyperparameters of plain gradient descent."""
    out = np.zeros((len(input_rates), 6, 2))
    out[:, 0, 0], out[:, 1, 0], out[:, 2, 0] = input_rates, output_rates, 1.0
    return out


def plain(engine: Engine, given: Any, precision: str, steps: int, activation: str = "tanh") -> tuple[Any, float]:
    """Trains by gradient descent with all points; returns the outcomes and the processor's seconds: other work on the machine does not count."""
    busy = time.process_time()
    out = engine.train(
        problem(), given, activation=activation, optimizer="sgd", steps=steps, threshold=0.1, precision=precision, sensitivity=False, progress=None
    )
    return out, time.process_time() - busy


def rate(engine: Engine, count: int, precision: str, steps: int) -> float:
    """Trains `count` networks of which none dies; returns network·steps a second of processor time."""
    random = np.random.default_rng(1)
    out, busy = plain(engine, values(*(10 ** random.uniform(-2.0, -0.5, (2, count)))), precision, steps)
    assert np.all(out[:, 6] < 0)
    return count * steps / busy


def whole_matrices(count: int, precision: str, steps: int) -> float:
    """PyTorch at its barest: all networks' weights side by side in one matrix, so that both large products are one `mm` each.

    Everything is preallocated, nothing is scored. Returns network·steps a second of processor time.
    """
    import torch

    kind, made = (torch.float32 if precision == "float" else torch.float64), problem()
    data, targets = torch.tensor(made.inputs[0] * (2 / WIDTH) ** 0.5).to(kind), torch.tensor(made.targets[0])[:, None].to(kind)
    weights = torch.tensor(made.input_weights[0])[:, None, :].expand(WIDTH, count, WIDTH).reshape(WIDTH, -1).to(kind).clone()
    outputs = torch.tensor(made.output_weights[0]).to(kind).expand(count, WIDTH).clone()
    hidden, products = torch.empty(POINTS, count * WIDTH, dtype=kind), torch.empty(POINTS, count, WIDTH, dtype=kind)
    error, squares, losses = (torch.empty(shape, dtype=kind) for shape in ((POINTS, count), (POINTS, count), (steps, count)))
    gradient, of_outputs = torch.empty_like(weights), torch.empty_like(outputs)
    turned, each = data.t().contiguous(), hidden.view(POINTS, count, WIDTH)
    rates = torch.full((1, count * WIDTH), 0.1, dtype=kind), torch.full((count, 1), 0.1, dtype=kind)
    with torch.inference_mode():
        busy = time.process_time()
        for step in range(steps):
            torch.mm(data, weights, out=hidden).tanh_()
            torch.sum(torch.mul(each, outputs, out=products), 2, out=error)
            error.mul_(1 / WIDTH).sub_(targets)
            torch.sum(torch.mul(error, error, out=squares), 0, out=losses[step])
            error.mul_(2 / (POINTS * WIDTH))
            torch.sum(torch.mul(each, error[:, :, None], out=products), 0, out=of_outputs)
            hidden.square_().neg_().add_(1)
            each.mul_(outputs).mul_(error[:, :, None])
            torch.mm(turned, hidden, out=gradient)
            weights.addcmul_(gradient, rates[0], value=-1)
            outputs.addcmul_(of_outputs, rates[1], value=-1)
    return count * steps / (time.process_time() - busy)


class Chunked(TorchEngine):
    """Bloom's own engine in PyTorch, with chunks of a given size."""

    def __init__(self, size: int) -> None:
        super().__init__("cpu", 1)
        self.size = size

    def chunk(self, problem: Problem, count: int, item: int, sensitivity: bool) -> int:
        return self.size


def native_rate(precision: str) -> float:
    """Returns the median rate of this process's kernel, of processor time."""
    return statistics.median(rate(NativeEngine(1), NETWORKS, precision, STEPS[precision]) for _ in range(REPEATS))


def main() -> None:
    import torch

    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    heading(f"Training many networks: width {WIDTH}, {POINTS} points, tanh, one core, none dies (bar: 3 times PyTorch's best in float)")
    few = STEPS["float"] // 8
    rows = []
    for precision in PRECISIONS:
        jobs: dict[str, Callable[[], float]] = {"native": partial(rate, NativeEngine(1), NETWORKS, precision, STEPS[precision])}
        if precision != "double-double":
            for size in CHUNKS:
                jobs[f"{size} in one matrix"] = partial(whole_matrices, size, precision, few)
                jobs[f"{size} in batches"] = partial(rate, Chunked(size), size, precision, few)
        found: dict[str, list[float]] = {name: [] for name in jobs}
        for number in range(REPEATS + 1):
            for name, job in jobs.items():
                told = job()
                if number:
                    found[name].append(told)
        medians = {name: statistics.median(told) for name, told in found.items()}
        ours = medians.pop("native")
        for kind in ("in one matrix", "in batches") if medians else ():
            best, name = max((told, name) for name, told in medians.items() if kind in name)
            rows.append([precision, f"{ours / 1e3:.1f}", name, f"{best / 1e3:.1f}", f"{ours / best:.1f}"])
        if not medians:
            rows.append([precision, f"{ours / 1e3:.1f}", "has none", "", ""])
    table(["precision", f"native {native.kernel_name()}, thousand network·steps/s", "PyTorch's best", "thousand/s", "times"], rows)

    heading("The same by instruction set")
    rows = []
    for name in ("v2", "v3", "v4") if native.kernel_name() != "neon" else ("neon",):
        rates = [in_a_process(KERNEL, precision, name, BLOOM_KERNEL=name) for precision in PRECISIONS]
        if all(told["kernel"] for told in rates):  # else not on this processor
            rows.append([name, *(f"{told['rate'] / 1e3:.1f}" for told in rates)])
    table(["kernel", *(f"{precision}, thousand network·steps/s" for precision in PRECISIONS)], rows)

    heading(f"Early exit on the reference map: {MAP_SIDE}² networks of {MAP_STEPS} steps, float, one core")
    side = 10 ** np.linspace(-3, 6, MAP_SIDE)
    given, engine, rows = values(np.tile(side, MAP_SIDE), np.repeat(side, MAP_SIDE)), NativeEngine(1), []
    for activation in ("tanh", "relu", "identity"):
        out, busy = plain(engine, given, "float", MAP_STEPS, activation)
        all_steps = len(given) * MAP_STEPS
        rows.append([activation, f"{np.mean(out[:, 2] < 1):.0%}", f"{engine.steps_played / all_steps:.0%}", f"{all_steps / busy / 1e3:.1f}"])
    table(["activation", "converge", "steps played", "thousand network·steps of the map a second"], rows)


if __name__ == "__main__":
    main()
