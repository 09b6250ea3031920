"""Recording a training: what every step costs more, and how much memory, against a clone of all parameters and one flat delta."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .timing import heading, in_a_process, table

VOCABULARY, WIDTH, LENGTH, LAYERS = 9000, 256, 64, 8
REPEATS = {512: 30, 2048: 10}
"""Steps of each kind by tokens in a step."""

FLUSH = 16
"""So that shards are written during the measurement; ordinarily every 256 steps."""

MEMORY = """
import json, sys, tempfile, torch
from pathlib import Path
import bloom_core
from bloom_core import library
from tests.bench.recording import FLUSH, Flat, training
torch.set_num_threads(1)
library.load()
model, optimizer, step = training(512)
kind = sys.argv[1]
step()
if kind == "Bloom":
    run = bloom_core.record(model, optimizer, Path(tempfile.mkdtemp()) / "run", flush=FLUSH)
if kind == "clone":
    flat = Flat(model)
    optimizer.register_step_post_hook(lambda *_: flat.measure())
for _ in range(4):
    step()
print(json.dumps({"parameters": sum(4 * parameter.numel() for parameter in model.parameters())}))
"""


class Flat:
    """The plain way: all parameters as one vector before and after, its difference, norms of tensors, and 64 signed sums of the difference."""

    def __init__(self, model: Any) -> None:
        import torch

        self.torch, self.parameters = torch, list(model.parameters())
        self.before = self.flat()
        self.signs = torch.randint(0, 2, (len(self.before) // 64 + 1,), generator=torch.Generator().manual_seed(0)).float().mul_(2).sub_(1)
        self.rows: list[Any] = []

    def flat(self) -> Any:
        return self.torch.cat([parameter.detach().reshape(-1) for parameter in self.parameters])

    def measure(self) -> None:
        with self.torch.no_grad():
            after = self.flat()
            update = after - self.before
            padded = self.torch.nn.functional.pad(update, (0, 64 * len(self.signs) - len(update)))
            sketch = self.signs @ padded.view(-1, 64)
            sizes = [parameter.numel() for parameter in self.parameters]
            norms = [part.norm() for vector in (update, after) for part in vector.split(sizes)]
            norms += [parameter.grad.norm() for parameter in self.parameters if parameter.grad is not None]
            self.before = after
            self.rows.append((self.torch.stack(norms), sketch))


def training(tokens: int) -> tuple[Any, Any, Callable[[], Any]]:
    """Returns a transformer of 8.7 M parameters, its optimizer, and a step of training; random tokens do for timing."""
    import torch

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words = torch.nn.Embedding(VOCABULARY, WIDTH)
            torch.nn.init.normal_(self.words.weight, std=0.02)  # larger ones saturate the softmax: denormal gradients, and slow steps
            self.places = torch.nn.Parameter(torch.randn(LENGTH, WIDTH) * 0.02)
            layer = torch.nn.TransformerEncoderLayer(WIDTH, 8, 4 * WIDTH, dropout=0.0, batch_first=True)
            self.layers = torch.nn.TransformerEncoder(layer, LAYERS, enable_nested_tensor=False)

        def forward(self, tokens: Any) -> Any:
            return self.layers(self.words(tokens) + self.places) @ self.words.weight.T

    torch.manual_seed(0)
    model = Network()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)

    def step() -> Any:
        data = torch.randint(0, VOCABULARY, (tokens // LENGTH, LENGTH))
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(data).flatten(0, 1), data.flatten())
        loss.backward()
        optimizer.step()
        return loss

    return model, optimizer, step


def shares(tokens: int, threads: int) -> list[list[str]]:
    """Returns the table's rows for steps of so many tokens; the three ways take turns, step by step."""
    import torch

    import bloom_core

    torch.set_num_threads(threads)
    model, optimizer, step = training(tokens)
    with tempfile.TemporaryDirectory() as folder, bloom_core.record(model, optimizer, Path(folder) / "run", flush=FLUSH) as run:
        flat = Flat(model)
        recording, nothing = optimizer._optimizer_step_post_hooks, type(optimizer._optimizer_step_post_hooks)()
        spent: list[float] = []

        def timed(hook: Any) -> Any:
            def call(*arguments: Any) -> None:
                begin = time.perf_counter()
                hook(*arguments)
                spent.append(time.perf_counter() - begin)

            return call

        for key, hook in list(recording.items()):
            recording[key] = timed(hook)

        def plain() -> None:
            optimizer._optimizer_step_post_hooks = nothing
            step()

        def recorded() -> None:
            optimizer._optimizer_step_post_hooks = recording
            run.log(loss=step(), batch_id=0, gradient_norm=0.0)

        def cloned() -> None:
            plain()
            flat.measure()

        seconds: dict[str, list[float]] = {"plain": [], "Bloom": [], "clone": []}
        for number in range(-2, REPEATS[tokens]):
            for name, job in (("plain", plain), ("Bloom", recorded), ("clone", cloned)):
                begin = time.perf_counter()
                job()
                if number >= 0:
                    seconds[name].append(time.perf_counter() - begin)
    base = statistics.median(seconds["plain"])
    inside = statistics.median(spent)

    def more(name: str) -> str:
        return f"{statistics.median(b - a for a, b in zip(seconds['plain'], seconds[name], strict=True)) / base:+.1%}"

    return [[f"{tokens}", f"{threads}", f"{1e3 * base:.0f} ms", more("Bloom"), f"{1e3 * inside:.1f} ms, {inside / base:.1%}", more("clone")]]


def time_of_steps() -> None:
    import torch

    heading("Recording every step of a transformer of 8.7 M parameters on the CPU (bars: 4 % at 512 tokens a step, 2 % at 2048)")
    most = torch.get_num_threads()
    rows = [row for threads in dict.fromkeys((1, most)) for tokens in REPEATS for row in shares(tokens, threads)]
    torch.set_num_threads(most)
    table(["tokens", "threads", "a step", "Bloom, of a step", "in Bloom's hook", "clone and flat delta, of a step"], rows)


def memory() -> None:
    heading("Memory that recording takes (bar: once the parameters)")
    # Every tensor in pages of its own, which go back when it does: what the C library keeps for later would be noise.
    found = {kind: in_a_process(MEMORY, kind, MALLOC_MMAP_THRESHOLD_="65536") for kind in ("nothing", "Bloom", "clone")}
    size = found["nothing"]["parameters"]
    rows = [[kind, f"{(found[kind]['peak'] - found['nothing']['peak']) / size:.2f} times the parameters"] for kind in ("Bloom", "clone")]
    table(["", "more at the peak"], rows)


def main() -> None:
    time_of_steps()
    memory()


if __name__ == "__main__":
    main()
