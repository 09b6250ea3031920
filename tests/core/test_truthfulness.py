"""The flower tells the truth: frames differ as much as the network moved, not at all when it did not, and most where it exploded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bloom_core import designs, growth, recorder
from bloom_core.trajectories.trajectory import Trajectory, embedded_run, read_run
from tests.bench import truthfulness

MakeRun = Callable[..., Trajectory]


@pytest.mark.parametrize("name", ["digits", "digits-sgd", "translation"])
def test_frames_differ_as_much_as_the_network_moved(name: str) -> None:
    run = read_run(embedded_run(name))
    film = growth.grow(run, designs.design("lotus"))
    assert truthfulness.rank_correlation(truthfulness.frame_distances(film), truthfulness.frame_updates(run, 96)) >= 0.9
    assert film.keys is not None and sum(len(keys.frames) for keys in film.keys) < 0.4 * film.values.size


def test_a_run_without_updates_stands_still(digits: Trajectory) -> None:
    still = replace(digits, update_norm=digits.update_norm * 0, reduction=None, part_reductions=(), sketch=np.zeros((1260, 3, 64), np.float32))
    film = growth.grow(still, designs.design("lotus"), frames=8)
    assert truthfulness.picture_distances(film).max() < truthfulness.noise_floor(film)
    assert truthfulness.frame_distances(film).max() == 0.0


@pytest.mark.parametrize("bad", [40, 75])
def test_an_injected_explosion_is_the_largest_distance(tmp_path: Path, bad: int) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; this trains a network")
    from sklearn.datasets import load_digits

    torch.manual_seed(3)
    torch.set_num_threads(1)
    data = load_digits()
    images, labels = torch.tensor(data.data, dtype=torch.float32) / 16.0, torch.tensor(data.target)
    model = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with recorder.record(model, optimizer, tmp_path / "run") as run:
        for step in range(1, 101):
            chosen = torch.randint(0, len(images), (32,))
            scale = 30.0 if step == bad else 1.0
            loss = torch.nn.functional.cross_entropy(model(scale * images[chosen]), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            run.log(loss=loss, batch_id=step)
    film = growth.grow(read_run(tmp_path / "run"), designs.design("lotus"), frames=101, pace="step")
    for distances in (truthfulness.frame_distances(film), truthfulness.picture_distances(film)):
        assert film.steps[int(np.argmax(distances)) + 1] == bad - 1  # rows count from 0: the frame after that step
