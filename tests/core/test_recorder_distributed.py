"""Recording trainings of several processes, with two real ones over gloo: what is recorded is what one process alone would record."""

from __future__ import annotations

import socket
import time
import warnings
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bloom_core
from bloom_core.recorder import processes
from bloom_core.trajectories.trajectory import Trajectory, read_run

torch = pytest.importorskip("torch", reason="PyTorch is not installed; the recorder is part of the extra `train`")
if not torch.distributed.is_available() or not torch.distributed.is_gloo_available():
    pytest.skip("this PyTorch has no gloo", allow_module_level=True)

STEPS, BATCH = 10, 8


def network() -> Any:
    torch.manual_seed(0)
    layers = [torch.nn.Embedding(30, 20), torch.nn.Flatten(), torch.nn.Linear(60, 33), torch.nn.Tanh(), torch.nn.Linear(33, 1)]
    return torch.nn.Sequential(*layers)


def batch(step: int) -> Any:
    return torch.randint(0, 30, (BATCH, 3), generator=torch.Generator().manual_seed(step))


def train(model: Any, optimizer: Any, run: Any, rank: int, world: int, steps: int = STEPS) -> None:
    for step in range(steps):
        loss = (model(batch(step)[rank::world]) ** 2).mean()
        loss.backward()
        run.clip_gradients(0.3)
        optimizer.step()
        optimizer.zero_grad()
        run.log(loss=loss, batch_id=step)


def optimizer_of(model: Any) -> Any:
    return torch.optim.AdamW(model.parameters(), lr=0.02, eps=1e-3)


def entry(rank: int, port: int, job: Callable[[int, Path], None], folder: Path) -> None:
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", f"tcp://127.0.0.1:{port}", rank=rank, world_size=2, timeout=timedelta(seconds=60))
    job(rank, folder)


def all_sound(rank: int, folder: Path) -> None:
    for job in (copies, shards, columns_and_copies):
        job(rank, folder)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns the folder where two processes have recorded `copies`, `shards` and `columns`."""
    folder = tmp_path_factory.mktemp("two")
    two_processes(all_sound, folder)
    return folder


def two_processes(job: Callable[[int, Path], None], folder: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    torch.multiprocessing.spawn(entry, (port, job, folder), nprocs=2)


def alone(folder: Path) -> Trajectory:
    model = network()
    optimizer = optimizer_of(model)
    with bloom_core.record(model, optimizer, folder / "alone", flush=4) as run:
        train(model, optimizer, run, 0, 1)
    return read_run(folder / "alone", sketches=True)


def same(found: Trajectory, wanted: Trajectory, tolerance: float) -> None:
    np.testing.assert_array_equal(found.steps, wanted.steps)
    assert found.layers == wanted.layers and found.sketch is not None and wanted.sketch is not None
    for name in ("update_norm", "parameter_norm", "gradient_norm", "raw_gradient_norm", "sketch", "cosine", "lr"):
        np.testing.assert_allclose(getattr(found, name), getattr(wanted, name), atol=tolerance, rtol=1e-5, err_msg=name)


def copies(rank: int, folder: Path) -> None:
    model = torch.nn.parallel.DistributedDataParallel(network())
    optimizer = optimizer_of(model)
    with bloom_core.record(model, optimizer, folder / "copies", flush=4) as run:
        train(model, optimizer, run, rank, 2)
        run.event("told by all")
        assert run.step == STEPS


def test_copies_are_recorded_once(recorded: Path, tmp_path: Path) -> None:
    found = read_run(recorded / "copies", sketches=True)
    same(found, alone(tmp_path), 1e-6)
    assert [event.kind for event in found.events] == ["told by all"]


def shards(rank: int, folder: Path) -> None:
    from torch.distributed.fsdp import fully_shard

    model = network()
    for module in (model[2], model[4], model):
        fully_shard(module)
    optimizer = optimizer_of(model)
    with bloom_core.record(model, optimizer, folder / "shards", flush=4) as run:
        train(model, optimizer, run, rank, 2)
        run.embeddings(model[0].weight, [str(word) for word in range(30)])


def test_shards_add_up_to_the_whole(recorded: Path, tmp_path: Path) -> None:
    found, wanted = read_run(recorded / "shards", sketches=True), alone(tmp_path)
    same(found, wanted, 1e-6)
    assert found.embeddings is not None and found.embeddings.values.shape == (1, 30, 20)


def columns_and_copies(rank: int, folder: Path) -> None:
    """Tensors that are sharded along columns, copied, or neither; updated by hand in all processes alike."""
    from torch.distributed.tensor import Replicate, Shard, distribute_tensor

    mesh = torch.distributed.init_device_mesh("cpu", (2,))
    model = torch.nn.Module()
    for (name, tensor), placement in zip(tensors().items(), (Shard(1), Shard(0), Replicate(), None), strict=True):
        model.register_parameter(name, torch.nn.Parameter(distribute_tensor(tensor, mesh, [placement]) if placement else tensor))
    with bloom_core.record(model, None, folder / "columns") as run:
        move(model)
        run.mark_step()


def tensors() -> dict[str, Any]:
    shapes = {"across": (7, 130), "down": (5, 4, 3), "copied": (9,), "plain": (11,)}
    return {name: torch.randn(shape, generator=torch.Generator().manual_seed(seed)) for seed, (name, shape) in enumerate(shapes.items())}


def move(model: Any) -> None:
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(1.5)


def test_shards_along_columns_and_copies(recorded: Path, tmp_path: Path) -> None:
    model = torch.nn.Module()
    for name, tensor in tensors().items():
        model.register_parameter(name, torch.nn.Parameter(tensor))
    with bloom_core.record(model, None, tmp_path / "alone") as run:
        move(model)
        run.mark_step()
    same(read_run(recorded / "columns", sketches=True), read_run(tmp_path / "alone", sketches=True), 1e-6)


def one_leaves(rank: int, folder: Path) -> None:
    from torch.distributed.fsdp import fully_shard

    processes.PATIENCE = timedelta(minutes=5)
    model = network()
    fully_shard(model)
    optimizer = optimizer_of(model)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            with bloom_core.record(model, optimizer, folder / "left", flush=4) as run:
                train(model, optimizer, run, rank, 2, steps=6)
                begin = time.monotonic()
                if rank == 1:
                    raise ZeroDivisionError
    except ZeroDivisionError:
        assert rank == 1
    assert time.monotonic() - begin < 60.0
    told = [str(warning.message) for warning in caught if "Bloom stopped recording" in str(warning.message)]
    assert len(told) == (1 if rank == 0 else 0), told
    (folder / f"left {rank}").touch()
    until = time.monotonic() + 60.0
    while not (folder / f"left {1 - rank}").exists() and time.monotonic() < until:
        time.sleep(0.05)  # both live on: it is not the process's end that frees the other


def test_a_process_that_fails_does_not_hold_up_the_others(tmp_path: Path) -> None:
    two_processes(one_leaves, tmp_path)
    found = read_run(tmp_path / "left")
    np.testing.assert_array_equal(found.steps, np.arange(1, 5))
    assert found.meta["stopped"] is True
