"""The count sketch: linear, shardable, unbiased, as accurate as its size allows on updates of every structure, and pinned for ever."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bloom_core.trajectories.sketch import DESCRIPTION, DIMENSIONS, SUPERBLOCK, buckets_and_signs, sketch

Pair = tuple[np.ndarray, np.ndarray]
PINNED_BUCKETS = ([24, 25, 26, 27, 28, 29, 30, 31], [54, 57, 56, 59, 58, 61, 60, 63])
PINNED_SIGNS = ([-1, -1, -1, 1, -1, -1, -1, -1], [-1, -1, 1, 1, 1, -1, -1, 1])


@given(st.integers(0, 2**40), st.integers(1, 3 * SUPERBLOCK), st.integers(0, 2**32), st.floats(0.0, 1.0))
def test_shards_add_up_wherever_they_are_cut(start: int, count: int, seed: int, share: float) -> None:
    vectors = np.random.default_rng(seed).normal(size=(2, count))
    cut = int(share * count)
    parts = sketch(vectors[:, :cut], start) + sketch(vectors[:, cut:], start + cut)
    np.testing.assert_allclose(parts, sketch(vectors, start), atol=1e-4)
    np.testing.assert_allclose(sketch(vectors[:1] - 2 * vectors[1:], start)[0], np.array([1, -2]) @ sketch(vectors, start), atol=1e-4)


def test_every_index_has_one_bucket_and_one_sign() -> None:
    buckets, signs = buckets_and_signs(123_456, 1000)
    for offset in (0, 1, 63, 64, 500, 999):
        one = np.zeros((1, 1000))
        one[0, offset] = 3.0
        expected = np.zeros(DIMENSIONS)
        expected[buckets[offset]] = 3.0 * signs[offset]
        np.testing.assert_array_equal(sketch(one, 123_456)[0], expected)


def test_hash_is_even() -> None:
    buckets, signs = buckets_and_signs(0, 1 << 20)
    np.testing.assert_array_equal(np.bincount(buckets, minlength=DIMENSIONS), (1 << 20) // DIMENSIONS)
    assert abs(signs.mean()) < 0.004
    assert np.abs(np.bincount(buckets, weights=signs)).max() < 4.5 * np.sqrt((1 << 20) / DIMENSIONS)
    # Signs of neighbours, and of entries a row of a matrix apart, know nothing of each other.
    for apart in (1, 2, 63, 64, 65, 128, 512, 4096):
        assert abs((signs[apart:] * signs[:-apart]).mean()) < 0.005


def test_hash_never_changes() -> None:
    """The sketches of every stored run of format version 2 depend on these very values."""
    assert DESCRIPTION["version"] == 2
    buckets, signs = buckets_and_signs(0, 8)
    np.testing.assert_array_equal(buckets, PINNED_BUCKETS[0])
    np.testing.assert_array_equal(signs, PINNED_SIGNS[0])
    buckets, signs = buckets_and_signs(10**12 + 7, 8)
    np.testing.assert_array_equal(buckets, PINNED_BUCKETS[1])
    np.testing.assert_array_equal(signs, PINNED_SIGNS[1])


def dense(random: np.random.Generator) -> Pair:
    one = random.normal(size=50_000)
    return one, 0.3 * one + random.normal(size=50_000)


def rows(random: np.random.Generator) -> Pair:
    """Updates of a few rows of an embedding of 64 numbers a word."""
    one, other = np.zeros((512, 64)), np.zeros((512, 64))
    one[random.integers(0, 512, 8)] = random.normal(size=(8, 64))
    other[random.integers(0, 512, 8)] = random.normal(size=(8, 64))
    return one.ravel(), (other + one).ravel()


def columns(width: int) -> Callable[[np.random.Generator], Pair]:
    def make(random: np.random.Generator) -> Pair:
        one, other = np.zeros((512, width)), np.zeros((512, width))
        one[:, random.integers(0, width)] = random.normal(size=512)
        other[:, random.integers(0, width)] = random.normal(size=512)
        return one.ravel(), (other + one).ravel()

    return make


def rank_one(width: int) -> Callable[[np.random.Generator], Pair]:
    def make(random: np.random.Generator) -> Pair:
        one, other = (np.outer(np.ones(256), random.normal(size=width) ** 3).ravel() for _ in range(2))
        return one, one + other

    return make


@pytest.mark.parametrize("make", [dense, rows, columns(64), columns(4096), rank_one(64), rank_one(4096)])
def test_norms_and_cosines_are_kept(make: Callable[[np.random.Generator], Pair]) -> None:
    random = np.random.default_rng(1)
    lengths, angles = [], []
    for _ in range(100):
        one, other = make(random)
        a, b = sketch(np.stack([one, other]), int(random.integers(0, 10**9))).astype(np.float64)
        lengths.append(np.linalg.norm(a) / np.linalg.norm(one) - 1.0)
        angles.append(a @ b / np.linalg.norm(a) / np.linalg.norm(b) - one @ other / np.linalg.norm(one) / np.linalg.norm(other))
    assert np.sqrt(np.mean(np.square(lengths))) < 0.12
    assert np.sqrt(np.mean(np.square(angles))) < 0.135  # 1/√64 and a bit
    assert abs(np.mean(lengths)) < 0.035
