"""Growing on all cores: progress is told often, cancelling is heard everywhere, and points are followed as their identities say."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest

from bloom_core.designs import Design
from bloom_core.growth import grow, motion, opening
from bloom_core.growth.watched import Watched
from bloom_core.native import Cancelled
from bloom_core.point_batches import Batch
from bloom_core.trajectories import trajectory

from .growing import triangle, triangle_design


@pytest.fixture(scope="module")
def digits() -> trajectory.Trajectory:
    return trajectory.read_run(trajectory.embedded_run("digits"))


def test_progress_rises_to_the_end_in_small_steps(digits: trajectory.Trajectory) -> None:
    told: list[tuple[float, str]] = []
    grow(digits, triangle_design(), frames=24, progress=lambda share: told.append((share, threading.current_thread().name)) is None)
    shares = [share for share, _ in told]
    assert shares[0] == 0.0 and shares[-1] == 1.0 and np.all(np.diff(shares) >= 0.0) and np.max(np.diff(shares)) < 0.03
    assert {name for _, name in told} == {threading.current_thread().name}


def test_cancelling_is_heard_while_the_opening_is_measured(digits: trajectory.Trajectory) -> None:
    threads = threading.active_count()
    design, asked = triangle_design(), 0

    def few(share: float) -> bool:
        nonlocal asked
        asked += 1
        assert share == 0.0
        return asked < 10

    with pytest.raises(Cancelled):
        grow(digits, design, frames=24, progress=few)
    assert asked == 10 and threading.active_count() == threads
    whole = opening.measure(design)  # nothing half measured was kept
    assert whole.lively == (0, 1, 2) and whole.seen[-1] == 1.0 and opening.measure(design) is whole


def test_the_openings_of_the_designs_used_last_are_kept() -> None:
    first = triangle_design()
    kept = opening.measure(first)
    for _ in range(3):
        opening.measure(triangle_design())
    assert opening.measure(first) is kept
    asked: list[float] = []
    opening.measure(triangle_design(), Watched(lambda share: asked.append(share) is None, 1))
    assert len(asked) > opening.POSES and len(opening._KEPT) <= 16


def test_a_probe_of_ones_own_is_asked_by_one_thread_alone(digits: trajectory.Trajectory) -> None:
    asked: set[str] = set()
    grow(digits, triangle_design(), frames=8, probe=lambda _: not asked.add(threading.current_thread().name))
    assert asked == {threading.current_thread().name}


def of_naively(before: Batch, after: Batch) -> float:
    _, first, second = np.intersect1d(before.identity, after.identity, assume_unique=True, return_indices=True)
    way = np.linalg.norm(after.position[second].astype(np.float64) - before.position[first], axis=1)
    bright = before.weight[first].astype(np.float64) + after.weight[second]
    return float((np.sqrt(np.minimum(way, motion.REACH)) * bright).sum() / bright.sum()) ** 2


@pytest.mark.parametrize("opacity", [1.0, 0.5, 0.0])
def test_points_are_followed_by_identity(opacity: float) -> None:
    flame = triangle()
    first = flame.xforms[1]
    turned = flame.with_xform(1, replace(first, opacity=opacity, pre=first.pre + 0.05))
    before, after = motion.cloud(flame), motion.cloud(turned)
    assert np.array_equal(before.identity, after.identity) == (opacity > 0.0)
    assert motion.distance(before, after) == of_naively(before, after) > 0.01
    nothing = replace(after, position=after.position[:0], weight=after.weight[:0], identity=after.identity[:0])
    assert motion.distance(before, nothing) == motion.distance(nothing, nothing) == 0.0


def test_a_growth_does_not_depend_on_how_many_cores_there_are(digits: trajectory.Trajectory, monkeypatch: pytest.MonkeyPatch) -> None:
    design: Design = triangle_design()
    many = grow(digits, design, frames=16)
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    alone = grow(digits, triangle_design(), frames=16)
    np.testing.assert_array_equal(many.values, alone.values)
    np.testing.assert_array_equal(many.guard, alone.guard)
