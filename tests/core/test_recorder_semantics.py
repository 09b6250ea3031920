"""What counts as a step, and what is said of it: optimizers, gradient scaling and clipping, several optimizers, unusual parameters."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bloom_core
from bloom_core.recorder.native_measure import NativeMeasure
from bloom_core.recorder.shards import shards_of
from bloom_core.recorder.torch_measure import TorchMeasure
from bloom_core.trajectories.sketch import sketch
from bloom_core.trajectories.trajectory import read_run

torch = pytest.importorskip("torch", reason="PyTorch is not installed; the recorder is part of the extra `train`")
torch.set_num_threads(1)


def network(seed: int = 0) -> Any:
    torch.manual_seed(seed)
    return torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.Tanh(), torch.nn.Linear(8, 3))


def flat(model: Any) -> np.ndarray:
    return np.concatenate([parameter.detach().double().numpy().ravel() for parameter in model.parameters()])


def norms(model: Any) -> list[float]:
    return [float(parameter.detach().norm()) for parameter in model.parameters()]


OPTIMIZERS = {
    "SGD": lambda p: torch.optim.SGD(p, lr=0.1),
    "momentum": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True),
    "Adam": lambda p: torch.optim.Adam(p, lr=0.01),
    "fused AdamW": lambda p: torch.optim.AdamW(p, lr=torch.tensor(0.01), fused=True),
    "foreach RMSprop": lambda p: torch.optim.RMSprop(p, lr=0.01, foreach=True),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_step_of_an_optimizer_is_a_row(tmp_path: Path, name: str) -> None:
    model = network()
    optimizer = OPTIMIZERS[name](model.parameters())
    moved, gradients = [], []
    with bloom_core.record(model, optimizer, tmp_path / "run", flush=4) as run:
        for _ in range(6):
            before = flat(model)
            for _ in range(2):  # gradients of two batches, one step
                (model(torch.randn(4, 6)) ** 2).mean().backward()
                run.log(epoch=1)
            gradients.append([float(parameter.grad.norm()) for parameter in model.parameters()])
            optimizer.step()
            optimizer.zero_grad()
            run.log(loss=1.0)
            moved.append(flat(model) - before)
    found = read_run(tmp_path / "run", sketches=True)
    assert len(found.steps) == 6
    np.testing.assert_allclose(found.update_size(), np.linalg.norm(moved, axis=1), rtol=1e-6)
    np.testing.assert_allclose(found.sketch.sum(axis=1), sketch(np.array(moved)), atol=1e-6)
    np.testing.assert_allclose(found.gradient_norm, gradients, rtol=1e-5)
    np.testing.assert_allclose(found.lr[:, 0], float(optimizer.param_groups[0]["lr"]), rtol=1e-6)


def test_lbfgs_makes_one_row_a_step(tmp_path: Path) -> None:
    model = network()
    optimizer = torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=5)
    data = torch.randn(16, 6)
    calls = 0

    def closure() -> Any:
        nonlocal calls
        calls += 1
        optimizer.zero_grad()
        loss = (model(data) ** 2).mean()
        loss.backward()
        return loss

    before = flat(model)
    with bloom_core.record(model, optimizer, tmp_path / "run") as run:
        for _ in range(3):
            run.log(loss=optimizer.step(closure))
    found = read_run(tmp_path / "run", sketches=True)
    assert calls > 6 and len(found.steps) == 3 and np.isfinite(found.loss).all()
    np.testing.assert_allclose(found.sketch.sum(axis=(0, 1)), sketch((flat(model) - before)[None])[0], atol=1e-6)


def test_compiled_model_and_step(tmp_path: Path) -> None:
    model = network()
    compiled = torch.compile(model)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    step = torch.compile(lambda: optimizer.step())
    data, moved = torch.randn(4, 6), []
    try:
        compiled(data)
    except Exception as error:
        if "compiler" in str(error).lower():
            pytest.skip(f"torch.compile finds no C++ compiler here: {type(error).__name__}")
        raise
    with bloom_core.record(compiled, optimizer, tmp_path / "run") as run:
        for _ in range(4):
            loss = (compiled(data) ** 2).mean()
            loss.backward()
            before = flat(model)
            step()
            optimizer.zero_grad()
            run.log(loss=loss)
            moved.append(flat(model) - before)
    found = read_run(tmp_path / "run")
    assert [layer.name for layer in found.layers] == ["0.weight", "0.bias", "2.weight", "2.bias"]
    np.testing.assert_allclose(found.update_size(), np.linalg.norm(moved, axis=1), rtol=1e-6)


@pytest.mark.parametrize("fused", [False, True])
def test_steps_that_the_scaler_skips_are_events(tmp_path: Path, fused: bool) -> None:
    model = network()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, fused=fused)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    with bloom_core.record(model, optimizer, tmp_path / "run", scaler=scaler) as run:
        for batch in range(8):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                loss = (model(torch.randn(4, 6)) ** 2).mean()
            scaler.scale(loss * (float("inf") if batch in (3, 6) else 1.0)).backward()
            scaler.step(optimizer)
            scaler.update()
            optimizer.zero_grad()
            run.log(loss=loss, batch_id=batch)
    found = read_run(tmp_path / "run")
    np.testing.assert_array_equal(found.batch_id, [0, 1, 2, 4, 5, 7])
    assert [(event.kind, event.batch) for event in found.events] == [("skipped", 3), ("skipped", 6)]
    assert [event.step for event in found.events] == [found.steps[2], found.steps[4]]
    assert not found.nonfinite.any() and (found.gradient_norm < 100.0).all()  # gradients unscaled


def test_clipping_keeps_the_norm_before(tmp_path: Path) -> None:
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cpu", init_scale=64.0)
    seen, twin = [], copy.deepcopy(model)
    with bloom_core.record(model, optimizer, tmp_path / "run", scaler=scaler) as run:
        for _ in range(4):
            data = torch.randn(4, 6)
            scaler.scale(10.0 * (model(data) ** 2).sum()).backward()
            twin.load_state_dict(model.state_dict())
            twin.zero_grad()
            (10.0 * (twin(data) ** 2).sum()).backward()
            seen.append(np.linalg.norm([float(parameter.grad.norm()) for parameter in twin.parameters()]))
            assert float(run.clip_gradients(0.5)) == pytest.approx(seen[-1], rel=1e-4)
            scaler.step(optimizer)
            scaler.update()
            optimizer.zero_grad()
            run.log(loss=1.0)
    found = read_run(tmp_path / "run")
    np.testing.assert_allclose(found.raw_gradient_norm, seen, rtol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(found.gradient_norm, axis=1), 0.5, rtol=1e-4)
    np.testing.assert_allclose(found.update_size(), 0.05, rtol=1e-4)


def test_two_optimizers_take_turns(tmp_path: Path) -> None:
    networks = torch.nn.ModuleDict({"generator": network(1), "critic": network(2)})
    one = torch.optim.Adam(networks["generator"].parameters(), lr=0.01)
    other = torch.optim.SGD([{"params": networks["critic"][0].parameters()}, {"params": networks["critic"][2].parameters(), "lr": 0.03}], lr=0.02)
    with bloom_core.record(networks, [one, other], tmp_path / "run", flush=3) as run:
        started = norms(networks)
        for _ in range(5):
            for optimizer, name in ((other, "critic"), (one, "generator")):
                networks.zero_grad()
                (networks["critic"](torch.nn.functional.pad(networks["generator"](torch.randn(4, 6)), (0, 3))) ** 2).mean().backward()
                clipped = run.clip_gradients(1e-3, optimizer)
                optimizer.step()
                run.log(loss=clipped, batch_id=0)
                if name == "critic":
                    last = norms(networks)
    found = read_run(tmp_path / "run")
    assert len(found.steps) == 10 and found.meta["optimizer"]["name"] == "Adam + SGD"
    generator = np.array([layer.name.startswith("generator") for layer in found.layers])
    assert (found.update_norm[0::2][:, generator] == 0.0).all() and (found.update_norm[0::2][:, ~generator] > 0.0).all()
    assert (found.update_norm[1::2][:, ~generator] == 0.0).all() and (found.update_norm[1::2][:, generator] > 0.0).all()
    np.testing.assert_allclose(found.parameter_norm[0, generator], np.array(started)[generator], rtol=1e-6)
    np.testing.assert_allclose(found.parameter_norm[-2], last, rtol=1e-6)
    np.testing.assert_allclose(found.parameter_norm[-1], norms(networks), rtol=1e-6)
    np.testing.assert_allclose(found.lr, [[0.01, 0.02, 0.03]] * 10, rtol=1e-6)
    np.testing.assert_allclose(found.raw_gradient_norm, found.loss, rtol=1e-6)


class Odd(torch.nn.Module):
    """Tied, frozen, empty, transposed, complex and sparse parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.words = torch.nn.Embedding(50, 8, sparse=True)
        self.tied = torch.nn.Linear(8, 50)
        self.tied.weight = self.words.weight
        self.frozen = torch.nn.Parameter(torch.ones(5), requires_grad=False)
        self.empty = torch.nn.Parameter(torch.empty(0, 4))
        self.across = torch.nn.Parameter(torch.randn(8, 6).t())
        self.waves = torch.nn.Parameter(torch.randn(3, dtype=torch.complex64))
        self.one = torch.nn.Parameter(torch.tensor(2.0))


def test_unusual_parameters(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = Odd()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    with bloom_core.record(model, optimizer, tmp_path / "run") as run:
        hidden = model.words(torch.tensor([3, 7, 3]))
        (hidden.sum() + (model.across**2).sum() * model.one + torch.view_as_real(model.waves).square().sum()).backward()
        sparse = float(model.words.weight.grad.coalesce().values().norm())
        optimizer.step()
        run.log(loss=1.0)
        model.across.data = (model.across.data + 1.0).t().contiguous().t()  # counts with the next step
        optimizer.zero_grad()
        model.one.sum().backward()
        optimizer.step()
    found = read_run(tmp_path / "run", sketches=True)
    names = [layer.name for layer in found.layers]
    assert names == ["empty", "across", "waves", "one", "words.weight", "tied.bias"]
    now = dict(model.named_parameters())
    moved = [torch.view_as_real(now[n] - before[n]) if n == "waves" else now[n] - before[n] for n in names]
    whole = np.concatenate([update.detach().double().numpy().ravel() for update in moved])
    np.testing.assert_allclose(found.sketch.sum(axis=(0, 1)), sketch(whole[None])[0], atol=1e-5)
    assert found.gradient_norm[0, names.index("words.weight")] == pytest.approx(sparse)
    assert found.update_norm[0, names.index("waves")] == pytest.approx(float((0.2 * before["waves"]).norm()), rel=1e-5)
    assert found.update_norm[1, names.index("across")] == pytest.approx(48**0.5, rel=1e-5)
    np.testing.assert_array_equal(found.update_norm[:, 0], 0.0)


@pytest.mark.parametrize("threads", [1, 3])
def test_native_and_torch_measure_alike(threads: int) -> None:
    """The pass in C++ and the one in PyTorch's operators, over tensors that end in the middle of blocks and of superblocks."""
    torch.manual_seed(0)
    parameters = [torch.nn.Parameter(torch.randn(n)) for n in (5, 64, 4096, 1_500_000, 1, 130)]
    shards = shards_of(parameters, [0, 1, 0, 1, 1, 0], 0)
    counts = {"layers": 6, "parts": 2, "capacity": 3}
    measures = [NativeMeasure(shards, **counts), TorchMeasure(shards, **counts), TorchMeasure(shards, **counts, double=True)]
    torch.set_num_threads(threads)
    for step in range(3):
        with torch.no_grad():
            for parameter in parameters:
                parameter.add_(torch.randn_like(parameter), alpha=0.1)
                parameter.grad = torch.randn_like(parameter) if step else None
        for measure in measures:
            measure.step()
    torch.set_num_threads(1)
    (squares, sketches), *others = [measure.take()() for measure in measures]
    np.testing.assert_allclose(np.sqrt(squares[-1, :, 1]), [float(parameter.double().norm()) for parameter in parameters], rtol=1e-12)
    for other_squares, other_sketches in others:
        np.testing.assert_allclose(squares, other_squares, rtol=1e-4)  # PyTorch adds floats up in float
        np.testing.assert_allclose(sketches, other_sketches, atol=1e-6 * np.abs(sketches).max() + 1e-4)


BYTES = """
import numpy as np
from bloom_core.library import load
from bloom_core.recorder.native_measure import TENSOR
random = np.random.default_rng(0)
for start, count in ((0, 64), (5, 3), (4090, 20), (123456, 1_000_000)):
    after, before, gradient = random.normal(size=(3, count)).astype("f4")
    for threads in (1, 3):
        kept, table, squares, sketch = before.copy(), np.zeros(1, TENSOR), np.zeros((1, 3)), np.zeros((1, 64))
        table[0] = after.ctypes.data, kept.ctypes.data, gradient.ctypes.data, count, start, 0, 0
        assert load().bloom_measure(table.ctypes.data, 1, threads, squares.ctypes.data, sketch.ctypes.data) == 0
        assert np.array_equal(kept, after)
        print(squares.tobytes().hex(), sketch.tobytes().hex())
"""


def test_every_processor_and_number_of_threads_gives_the_same_bytes() -> None:
    def told(kernel: str) -> str:
        environment = os.environ | {"BLOOM_KERNEL": kernel}
        return subprocess.run([sys.executable, "-c", BYTES], env=environment, capture_output=True, text=True, check=True).stdout

    lines = [told(kernel) for kernel in ("v2", "v3", "v4")]
    assert lines[0] == lines[1] == lines[2]
    one, three = lines[0].splitlines()[0::2], lines[0].splitlines()[1::2]
    assert one == three and len(one) == 4
