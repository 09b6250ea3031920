"""What a recorder does when things go wrong: kills, full disks, faults of its own. The training must never notice more than one warning."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bloom_core
from bloom_core.recorder import session
from bloom_core.recorder.native_measure import NativeMeasure
from bloom_core.trajectories import run_writer
from bloom_core.trajectories.run_files import RunError
from bloom_core.trajectories.trajectory import read_run

torch = pytest.importorskip("torch", reason="PyTorch is not installed; the recorder is part of the extra `train`")
torch.set_num_threads(1)


def network() -> tuple[Any, Any]:
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.Tanh(), torch.nn.Linear(8, 3))
    return model, torch.optim.SGD(model.parameters(), lr=0.1)


def train(model: Any, optimizer: Any, run: Any, steps: int) -> None:
    for step in range(steps):
        loss = (model(torch.randn(4, 6)) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        run.log(loss=loss, batch_id=step)


KILLED = """
import itertools, sys, torch, bloom_core
torch.set_num_threads(1)
model = torch.nn.Linear(6, 3)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
run = bloom_core.record(model, optimizer, sys.argv[1], flush=8)
for step in itertools.count():
    model(torch.randn(4, 6)).square().mean().backward()
    optimizer.step()
    run.log(loss=1.0, batch_id=step)
    print(step, flush=True)
    sys.stdin.readline()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL on Windows")
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_kill_loses_at_most_the_unflushed_block(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path / "run")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None and process.stdout is not None
    for step in range(30):
        assert int(process.stdout.readline()) == step
        if step == 29:
            until = time.monotonic() + 20.0
            while not (tmp_path / "run" / "steps-000016.npz").exists() and time.monotonic() < until:
                time.sleep(0.01)
            os.kill(process.pid, signal.SIGKILL)
        else:
            process.stdin.write("\n")
            process.stdin.flush()
    process.wait()
    process.stdin.close()
    process.stdout.close()
    found = read_run(tmp_path / "run")
    np.testing.assert_array_equal(found.batch_id, np.arange(24))
    assert found.meta["closed"] is False


def one_warning(caught: list[warnings.WarningMessage], *words: str) -> None:
    ours = [str(warning.message) for warning in caught if "Bloom" in str(warning.message)]
    assert len(ours) == 1, ours
    for word in words:
        assert word in ours[0]


def wait_for(condition: Any) -> None:
    until = time.monotonic() + 20.0
    while not condition() and time.monotonic() < until:
        time.sleep(0.01)
    assert condition()


@pytest.mark.skipif(sys.platform == "win32", reason="no file size limits on Windows")
def test_a_full_disk_stops_the_recording_not_the_training(tmp_path: Path) -> None:
    import resource  # which Windows lacks

    model, optimizer = network()
    before = model[0].weight.detach().clone()
    old, ignored = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            with bloom_core.record(model, optimizer, tmp_path / "run", flush=8) as run:
                train(model, optimizer, run, 17)
                wait_for(lambda: (tmp_path / "run" / "steps-000008.npz").exists())
                resource.setrlimit(resource.RLIMIT_FSIZE, (2000, old[1]))  # a shard has more bytes than any file may have now
                train(model, optimizer, run, 10)
                wait_for(lambda: run._background.failure is not None)
                train(model, optimizer, run, 10)
                run.event("goes unheard")
                assert run.step == 37
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, old)
            signal.signal(signal.SIGXFSZ, ignored)
    one_warning(caught, str(tmp_path / "run"), "steps-000016", "Free some space", "training goes on")
    found = read_run(tmp_path / "run")
    np.testing.assert_array_equal(found.steps, np.arange(1, 17))
    assert found.meta["closed"] is False
    assert not list((tmp_path / "run").glob("*.tmp")) and not torch.equal(before, model[0].weight)


def test_a_disk_that_fails_at_the_end_leaves_what_was_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, optimizer = network()
    with pytest.warns(RuntimeWarning, match="columns"):
        with bloom_core.record(model, optimizer, tmp_path / "run", flush=4) as run:
            train(model, optimizer, run, 10)
            real = run_writer.write_atomic

            def refuse(path: Path, data: bytes) -> None:
                if "columns" in str(path):
                    raise RunError(f"{path}: cannot be written (No space left on device). Free some space or choose another folder.")
                real(path, data)

            monkeypatch.setattr(run_writer, "write_atomic", refuse)
    assert len(read_run(tmp_path / "run").steps) == 10


def test_a_fault_of_the_recorder_is_not_the_trainings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, optimizer = network()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with bloom_core.record(model, optimizer, tmp_path / "run", flush=4) as run:
            train(model, optimizer, run, 8)

            def broken(self: Any) -> None:
                raise ZeroDivisionError("a bug")

            monkeypatch.setattr(NativeMeasure, "step", broken)
            train(model, optimizer, run, 5)
    one_warning(caught, "a bug", str(tmp_path / "run"))
    found = read_run(tmp_path / "run")
    assert len(found.steps) == 8 and found.meta["closed"] and found.meta["stopped"] is True


@pytest.mark.filterwarnings("error")
def test_not_even_where_warnings_are_errors(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    model, optimizer = network()
    with bloom_core.record(model, optimizer, tmp_path / "run", flush=4) as run:
        train(model, optimizer, run, 6)
        model[0].weight.data = torch.zeros(9, 6)  # another shape: its update cannot be told
        model[0].bias.data = torch.zeros(9)
        model[2].weight.data = torch.zeros(3, 9)
        optimizer.zero_grad()
        train(model, optimizer, run, 4)
    assert "is now one of" in caplog.text
    assert len(read_run(tmp_path / "run").steps) == 6


def test_a_disk_slower_than_the_training_never_holds_it_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, optimizer = network()
    monkeypatch.setattr(session, "_QUEUE_BYTES", 1)
    slow = run_writer.RunWriter.append

    def append(self: Any, columns: Any) -> None:
        time.sleep(0.5)
        slow(self, columns)

    monkeypatch.setattr(run_writer.RunWriter, "append", append)
    with pytest.warns(RuntimeWarning, match="slower"):
        with bloom_core.record(model, optimizer, tmp_path / "run", flush=2) as run:
            begin = time.perf_counter()
            train(model, optimizer, run, 40)
            assert time.perf_counter() - begin < 1.0  # 20 blocks would take 10 s
    assert 2 <= len(read_run(tmp_path / "run").steps) <= 14


def test_close_is_once_and_for_all(tmp_path: Path) -> None:
    model, optimizer = network()
    run = bloom_core.record(model, optimizer, tmp_path / "run")
    train(model, optimizer, run, 3)
    run.close(accuracy=0.5)
    run.close()
    train(model, optimizer, run, 2)
    found = read_run(tmp_path / "run")
    assert len(found.steps) == 3 and found.meta["accuracy"] == 0.5 and found.meta["closed"]


def test_a_recording_without_a_step_closes_without_a_warning(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    model = torch.nn.Linear(2, 2)
    with bloom_core.record(model, torch.optim.SGD(model.parameters(), lr=0.1), tmp_path / "run") as run:
        run.event("nothing happened")
    assert not [warning for warning in recwarn if "record" in str(warning.message).lower()]
    with pytest.raises(RunError, match="holds no steps yet"):
        read_run(tmp_path / "run")
