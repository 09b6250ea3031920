"""A small synthetic run that the tests of runs share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bloom_core.designs import Design
from bloom_core.trajectories.run_columns import cosines
from bloom_core.trajectories.run_writer import columns_of
from bloom_core.trajectories.trajectory import Embeddings, Event, Layer, RunWriter, Trajectory, embedded_run, read_run, write_run

from .growing import triangle_design


def synthetic(steps: int = 60, layers: int = 3, *, words: int = 5, seed: int = 1) -> Trajectory:
    """Returns a run whose updates shrink as training goes on; `words` 0 leaves the embeddings out."""
    random = np.random.default_rng(seed)
    fade = np.exp(-4.0 * np.arange(steps) / steps)[:, None]
    sketch = (random.normal(size=(steps, layers, 64)) * fade[:, :, None]).astype(np.float32)
    embeddings = None
    if words:
        values = np.cumsum(random.normal(size=(7, words, 8)) * np.exp(-np.arange(7))[:, None, None], axis=0).astype(np.float32)
        taken = np.linspace(0, steps, 7).astype(np.int64)
        embeddings = Embeddings(taken, (taken / 10).astype(np.float32), np.arange(words), tuple(f"word {n}" for n in range(words)), values)
    return Trajectory(
        steps=np.arange(1, steps + 1),
        epoch=(np.arange(1, steps + 1) / 10).astype(np.float32),
        wall=np.arange(steps, dtype=np.float64),
        loss=fade[:, 0].astype(np.float32),
        lr=np.full((steps, 1), 0.1, dtype=np.float32),
        layers=tuple(Layer(f"layer{n}.weight", (4, n + 1), f"layer{n}", f"layer{n}") for n in range(layers)),
        update_norm=np.linalg.norm(sketch, axis=2),
        parameter_norm=np.ones((steps, layers), dtype=np.float32),
        gradient_norm=np.ones((steps, layers), dtype=np.float32),
        raw_gradient_norm=np.full(steps, np.nan, dtype=np.float32),
        cosine=cosines(sketch.sum(axis=1), np.zeros((2, 64))),
        sketch=sketch,
        batch_id=np.arange(steps) % 10,
        nonfinite=np.zeros(steps, dtype=np.uint8),
        embeddings=embeddings,
        events=(Event(3, "note", 1.5, ("layer1.weight",), 3, "text"), Event(9, "note")),
        meta={"title": "synthetic"},
    )


@pytest.fixture
def make_run() -> Callable[..., Trajectory]:
    return synthetic


@pytest.fixture
def design() -> Design:
    return triangle_design()


@pytest.fixture(scope="session")
def digits() -> Trajectory:
    return read_run(embedded_run("digits"))


@pytest.fixture
def directory(tmp_path: Path, make_run: Callable[..., Trajectory]) -> Path:
    """A closed run in a folder."""
    write_run(make_run(), tmp_path / "run")
    return tmp_path / "run"


@pytest.fixture
def going(tmp_path: Path, make_run: Callable[..., Trajectory]) -> Path:
    """A run that is still being recorded: one shard of 60 steps."""
    run = make_run(words=0)
    RunWriter(tmp_path / "going", run.layers).append(columns_of(run))
    return tmp_path / "going"
