"""Quantiles without sorting everything: the very numbers that sorting gives, whatever the values are like."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from bloom_core import native, quantiles
from bloom_core.designs import design

LEVELS = (0.0, 0.005, 0.3, 0.5, 0.9, 0.995, 1.0)


def by_sorting(values: NDArray[np.float32], weight: NDArray[np.float32], level: float) -> float:
    order = np.argsort(values)
    share = np.cumsum(weight[order], dtype=np.float64)
    return float(values[order][np.searchsorted(share, level * share[-1])])


@pytest.mark.parametrize("level", LEVELS)
def test_a_flowers_quantiles_are_those_of_sorting(level: float) -> None:
    cloud = native.points(design("lotus").open, 100_000)
    for axis in np.ascontiguousarray(cloud.position.T):
        assert quantiles.weighted(axis, cloud.weight, level) == by_sorting(axis, cloud.weight, level)
        assert quantiles.plain(axis, level) == np.quantile(axis.astype(np.float64), level)


@given(st.integers(1, 3000), st.sampled_from(LEVELS), st.sampled_from(["normal", "few", "sorted", "far end"]), st.integers(0, 2**32 - 1))
def test_values_of_any_kind(count: int, level: float, kind: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    values = random.normal(size=count).astype(np.float32)
    if kind == "few":
        values = np.round(values)
    elif kind == "sorted":
        values = np.sort(values)
    elif kind == "far end":  # what is looked at first is unlike the rest
        values[:: quantiles.FEW] += np.float32(100.0)
    weight = random.random(count, np.float32) + np.float32(0.01)
    assert quantiles.weighted(values, weight, level) == by_sorting(values, weight, level)
    assert quantiles.plain(values, level) == np.quantile(values.astype(np.float64), level)


def test_weight_that_lies_in_few_values() -> None:
    values, weight = np.arange(10_000, dtype=np.float32), np.zeros(10_000, np.float32)
    weight[7] = 1.0
    assert quantiles.weighted(values, weight, 0.99) == 7.0
