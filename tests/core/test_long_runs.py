"""A run of a million steps: it opens in seconds and grows in little memory."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bloom_core.trajectories.run_columns import COLUMNS, shapes
from bloom_core.trajectories.run_model import Layer
from bloom_core.trajectories.run_writer import RunWriter
from tests.bench.timing import in_a_process

STEPS, LAYERS = 1_000_000, 7

OPEN_AND_GROW = """
import json, sys, time
from bloom_core import designs, growth
from bloom_core.trajectories import trajectory
started = time.process_time()
run = trajectory.read_run(sys.argv[1])
opened = time.process_time() - started
film = growth.grow(run, designs.design("lotus"), frames=48, probe=lambda flame: True)
assert film.steps[-1] == len(run.steps) - 1
print(json.dumps({"opened": opened}))
"""


@pytest.fixture(scope="module")
def long_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed run of a million steps of seven layers in three parts, written file by file as closing leaves it."""
    directory = tmp_path_factory.mktemp("long") / "run"
    layers = [Layer(f"{part}.{number}", (100, 100), part, part) for number, part in enumerate(["encoder"] * 3 + ["decoder"] * 3 + ["out"])]
    writer = RunWriter(directory, layers)
    writer.close(steps=STEPS)
    random = np.random.default_rng(0)
    folder = directory / "columns"
    folder.mkdir()

    def column(name: str, values: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> None:
        np.save(folder / f"{name}.npy", values)

    for name, shape in shapes(STEPS, LAYERS, 3, 1).items():
        column(name, np.ones(shape, COLUMNS[name]) if name != "direction" else np.zeros(shape, "<f2"))
    column("step", np.arange(1, STEPS + 1))
    column("nonfinite", np.zeros(STEPS, "|u1"))
    column("coordinates", random.standard_normal((STEPS, 32), np.float32))
    column("part_coordinates", random.standard_normal((STEPS, 3, 8), np.float32))
    basis = np.eye(64, dtype=np.float32)
    small = {"basis": basis[:32], "mean": basis[0] * 0, "explained": basis[0, :32]}
    parts = {"part_basis": np.stack([basis[:8]] * 3), "part_mean": np.zeros((3, 64), np.float32), "part_explained": np.zeros((3, 8), np.float32)}
    np.savez(directory / "reduction.npz", **small, **parts)
    assert json.loads((directory / "run.json").read_text())["steps"] == STEPS
    return directory


def test_a_million_steps_open_and_grow(long_run: Path) -> None:
    done = in_a_process(OPEN_AND_GROW, long_run)
    assert done["opened"] < 2.0  # seconds of processor time
    assert done["peak"] < 2**30
