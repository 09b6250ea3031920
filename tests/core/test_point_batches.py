"""Batches of points for an interactive view: the renderer's own points, in arrays that are kept."""

from __future__ import annotations

import numpy as np
import pytest

from bloom_core import native
from bloom_core.designs import design
from bloom_core.flames.flame_buffer import pack
from bloom_core.point_batches import LARGEST, PointBatches


def test_a_batch_is_what_the_renderer_gives() -> None:
    player, flame = PointBatches(), design("lotus").open
    for count, threads in ((20_000, 1), (3_000, 2), (1_200_000, 2), (0, 1)):
        batch, points = player.play(pack(flame), count, seed=7, threads=threads), native.points(flame, count, seed=7)
        assert np.array_equal(batch.position, points.position) and np.array_equal(batch.palette, points.palette)
        assert np.array_equal(batch.weight, points.weight)


def test_arrays_are_kept_and_overwritten() -> None:
    player, packed = PointBatches(), pack(design("lotus").open)
    first = player.play(packed, 5000).position
    assert np.shares_memory(first, player.play(packed, 4000, seed=1).position)


def test_what_cannot_be_played_is_refused_and_the_next_batch_is_right() -> None:
    player, packed = PointBatches(), pack(design("lotus").open)
    for count in (-1, LARGEST + 1):
        with pytest.raises(native.NativeError, match="a batch has 0 to"):
            player.play(packed, count)
    with pytest.raises(native.NativeError):
        player.play(packed[:10], 100)
    assert len(player.play(packed, 100).position) == 100
