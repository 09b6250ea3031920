"""The reduction is a PCA with stable signs, and its coordinates lead back to the updates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from bloom_core.trajectories.trajectory import Trajectory

pytest.importorskip("sklearn", reason="scikit-learn is not installed; reducing is part of the extra `train`")

from bloom_core.trajectories import reduction, signals

MakeRun = Callable[..., Trajectory]


def test_finds_the_directions_that_carry_the_updates() -> None:
    random = np.random.default_rng(0)
    axes = np.linalg.qr(random.normal(size=(64, 3)))[0].T
    rows = (random.normal(size=(500, 3)) * [5.0, 2.0, 1.0] @ axes).astype(np.float32)
    found = reduction.fit(rows, 32)
    assert found.basis.shape == (3, 64)  # no direction without variance
    np.testing.assert_allclose(np.abs(found.basis @ axes.T), np.eye(3), atol=0.1)
    np.testing.assert_allclose(found.explained.sum(), 1.0, atol=1e-5)
    np.testing.assert_allclose(found.coordinates @ found.basis + found.mean, rows, atol=1e-4)


def test_signs_do_not_depend_on_the_order_of_steps() -> None:
    rows = np.random.default_rng(1).normal(size=(200, 64)).astype(np.float32) * np.linspace(1, 3, 64, dtype=np.float32)
    one, other = reduction.fit(rows, 8), reduction.fit(rows[::-1], 8)
    np.testing.assert_allclose(one.basis, other.basis, atol=1e-4)
    largest = np.argmax(np.abs(one.basis), axis=1)
    assert (one.basis[np.arange(8), largest] > 0.0).all()


def test_positions_are_the_cumulated_projected_updates(make_run: MakeRun) -> None:
    run = reduction.reduce_run(make_run())
    assert run.reduction is not None
    updates = run.sketch.sum(axis=1)
    left = signals.path(run, np.arange(61.0))
    stand = np.vstack([np.zeros(32), np.cumsum(updates @ run.reduction.basis.T, axis=0)])
    np.testing.assert_allclose(left.places, stand[-1] - stand, atol=1e-4)
    np.testing.assert_allclose(left.size, np.linalg.norm(left.places, axis=1), atol=1e-6)
    half = signals.path(run, np.array([7.5]))
    np.testing.assert_allclose(half.places[0], left.places[7:9].mean(axis=0), atol=1e-6)
    assert run.embeddings is not None and run.embeddings.reduction is not None
    assert run.embeddings.reduction.coordinates.shape == (7, 5, 3)


def test_each_part_has_directions_of_its_own(make_run: MakeRun) -> None:
    run = reduction.reduce_run(make_run())
    assert len(run.part_reductions) == 3 and run.sketch is not None
    for number, part in enumerate(run.parts):
        basis = run.part_reductions[number].basis
        assert basis.shape == (8, 64)
        left = signals.path(run, np.zeros(1), part).places[0]
        np.testing.assert_allclose(left, run.sketch[:, number].sum(axis=0) @ basis.T, atol=1e-4)
    with pytest.raises(ValueError, match="no part 'petal'"):
        signals.path(run, np.zeros(1), "petal")


def test_a_long_path_is_the_same_in_blocks(make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    run, states = reduction.reduce_run(make_run(200)), np.array([0.0, 3.25, 64.0, 128.0, 199.5, 200.0])
    whole = signals.path(run, states)
    monkeypatch.setattr(signals, "BLOCK", 64)
    blocks = signals.path(run, states)
    np.testing.assert_allclose(blocks.places, whole.places, atol=1e-9)
    np.testing.assert_allclose(blocks.size, whole.size, atol=1e-9)


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_very_short_runs(make_run: MakeRun, steps: int) -> None:
    run = reduction.reduce_run(make_run(steps))
    assert run.reduction is not None and len(run.reduction.coordinates) == steps
    np.testing.assert_allclose(signals.path(run, np.zeros(1)).places[0], run.sketch.sum(axis=(0, 1)) @ run.reduction.basis.T, atol=1e-4)


def test_a_run_that_never_moved(make_run: MakeRun) -> None:
    run = make_run()
    still = reduction.fit(np.zeros((10, 64), dtype=np.float32), 32)
    assert still.basis.shape[0] == 1 and np.isfinite(still.basis).all() and not still.coordinates.any()
    assert run.share_of_path()[-1] == 1.0
    assert not replace(run, update_norm=run.update_norm * 0).share_of_path().any()  # nothing was learned, so nothing opens
