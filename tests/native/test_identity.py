"""Points that keep their identity: what one seed plays in two flames belongs together, point by point."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bloom_core import native
from bloom_core.flames.flame import Flame, Variation, Xform, identity

COUNT = 300_000


def flower(turn: float = 0.0, weight: float = 1.0) -> Flame:
    """Returns a flame with chances inside its variations, of which `turn` moves one affine and `weight` one xform's share."""
    pre = identity()
    pre[:2, :2] = 0.7 * np.array([[np.cos(1 + turn), -np.sin(1 + turn)], [np.sin(1 + turn), np.cos(1 + turn)]])
    petals = Xform((Variation("linear", 0.8), Variation("gaussian_blur", 0.05)), pre=pre)
    shifted = identity()
    shifted[:, 3] = (0.4, 0.1, 0.2)
    branch = Xform((Variation("julia3D", 0.6, {"julia3D_power": -2.0}),), weight=weight, pre=shifted, color=1.0)
    return Flame((petals, branch), final=Xform((Variation("linear", 1.0), Variation("zblur", 0.01))))


def matched(a: native.Points, b: native.Points) -> tuple[NDArray[np.float32], NDArray[np.float32], float]:
    """Returns the positions of the points that both clouds have, in one order, and their share."""
    _, left, right = np.intersect1d(a.identity, b.identity, assume_unique=True, return_indices=True)
    return a.position[left], b.position[right], len(left) / len(a.identity)


def test_an_identity_is_there_once() -> None:
    points = native.points(flower(), 2_500_000, threads=2)
    assert len(np.unique(points.identity)) == len(points.identity)


def test_points_glide_when_a_flame_changes_a_little() -> None:
    before, after = native.points(flower(0.0), COUNT), native.points(flower(1e-4), COUNT)
    a, b, share = matched(before, after)
    assert share > 0.999
    moved = np.linalg.norm(a - b, axis=1)
    # Anywhere else, two clouds of one flame have nothing to do with each other.
    other = native.points(flower(0.0), COUNT, seed=1)
    strange = np.linalg.norm(matched(before, other)[0] - matched(before, other)[1], axis=1)
    assert np.quantile(moved, 0.95) < 0.01 and np.median(strange) > 0.3


def test_a_weight_that_changes_sends_few_points_another_way() -> None:
    before, after = native.points(flower(), COUNT), native.points(flower(weight=1.02), COUNT)
    a, b, share = matched(before, after)
    assert share > 0.999
    # Half a percent of the blocks go another way in each step; what a point still shows of it are its last dozen steps.
    assert np.mean(np.linalg.norm(a - b, axis=1) < 0.02) > 0.85


def test_the_xform_that_made_a_point_stands_beside_it() -> None:
    marks = [identity() for _ in range(3)]
    for index, mark in enumerate(marks):
        mark[0, 3] = index
    flame = Flame(tuple(Xform((), post=mark, weight=weight) for mark, weight in zip(marks, (1.0, 0.0, 3.0), strict=True)))
    points = native.points(flame, 10_000)
    np.testing.assert_array_equal(points.xform, points.position[:, 0].astype(np.uint8))
    assert set(np.unique(points.xform)) == {0, 2}


def test_every_points_steps_are_independent_draws() -> None:
    # Each xform shifts a digit in: a point's x tells its last six steps. All 3^6 sequences must come in proportion, which they
    # would not if points that were dealt together stayed together.
    weights = np.array([0.2, 0.3, 0.5])
    digits = []
    for index in range(3):
        pre = identity()
        pre[0, 0], pre[0, 3] = 0.1, 0.1 * (index + 1)
        digits.append(Xform((Variation("linear", 1.0),), pre=pre, weight=float(weights[index])))
    x = native.points(Flame(tuple(digits)), 4_000_000, double=True).position[:, 0].astype(np.float64)
    steps = np.stack([np.floor(x * 10.0**place + 1e-3 * 10.0 ** (place - 6)).astype(np.int64) % 10 - 1 for place in range(1, 7)])
    counts = np.bincount(np.ravel_multi_index(tuple(steps), (3,) * 6), minlength=3**6)
    expected = np.prod(np.meshgrid(*[weights] * 6, indexing="ij"), axis=0).ravel()
    np.testing.assert_allclose(counts / counts.sum(), expected, rtol=0.12, atol=2e-5)


def test_double_precision_is_another_arithmetic_of_the_same_game() -> None:
    single, double = native.points(flower(), 50_000), native.points(flower(), 50_000, double=True)
    a, b, share = matched(single, double)
    assert share > 0.999
    gap = np.linalg.norm(a - b, axis=1)
    assert 0 < np.median(gap) < 1e-5  # not the same bytes, and hardly another place
