"""Affines composed, undone and taken apart."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bloom_core.flames import affines
from bloom_core.flames.flame import FloatArray, identity


def some(seed: int) -> FloatArray:
    return np.random.default_rng(seed).uniform(-2.0, 2.0, (3, 4))


def matrix(affine: FloatArray) -> FloatArray:
    return np.vstack([affine, [0.0, 0.0, 0.0, 1.0]])


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_composition_is_one_after_the_other(first: int, second: int) -> None:
    outer, inner, point = some(first), some(second), np.array([0.3, -1.0, 2.0, 1.0])
    once = np.append(inner @ point, 1.0)
    np.testing.assert_allclose(affines.composed(outer, inner) @ point, outer @ once, atol=1e-12)


@given(st.integers(0, 1000))
def test_an_inverse_undoes(seed: int) -> None:
    affine = some(seed)
    if abs(np.linalg.det(affine[:, :3])) > 1e-3:
        np.testing.assert_allclose(affines.composed(affines.inverse(affine), affine), identity(), atol=1e-8)


def test_what_flattens_space_cannot_be_undone() -> None:
    with pytest.raises(ValueError, match="flattens"):
        affines.inverse(np.zeros((3, 4)))
    assert affines.posing(np.zeros((4, 4)), np.eye(4), np.eye(4)) is None


def test_a_handle_at_rest_does_nothing_wherever_the_bloom_stands() -> None:
    bloom, rest = matrix(some(3)).astype(np.float32), matrix(some(4)).astype(np.float32)
    assert affines.posing(bloom, (bloom @ rest).astype(np.float32), rest) is None


def test_a_moved_handle_moves_by_as_much_in_the_blooms_space() -> None:
    bloom, rest, moved = matrix(3.0 * identity()), np.eye(4), np.eye(4)
    rest[:3, 3], moved[:3, 3] = (1.0, 0.0, 0.0), (1.0, 2.0, 0.0)  # two of the bloom's own units along y
    found = affines.posing(bloom, bloom @ moved, rest)
    assert found is not None
    np.testing.assert_allclose(found[:, 3], (0.0, 2.0, 0.0), atol=1e-6)
    np.testing.assert_allclose(found[:, :3], np.eye(3), atol=1e-6)


def test_mirrors_and_turns() -> None:
    np.testing.assert_array_equal(affines.mirror(1) @ (1.0, 2.0, 3.0, 1.0), (1.0, -2.0, 3.0))
    np.testing.assert_allclose(affines.turn_about_z(math.pi / 2) @ (1.0, 0.0, 0.0, 1.0), (0.0, 1.0, 0.0), atol=1e-12)


@given(st.integers(0, 1000))
def test_taken_apart_and_put_together(seed: int) -> None:
    affine = some(seed)
    np.testing.assert_allclose(affines.recomposed(affines.decomposed(affine), affine), affine, atol=1e-9)


def test_parts_have_their_meaning() -> None:
    turned = affines.turn_about_z(0.5)
    turned[:2, :2] *= 2.0
    parts = affines.decomposed(turned)
    assert parts.angle == pytest.approx(0.5) and parts.scale == pytest.approx((2.0, 2.0)) and parts.shear == pytest.approx(0.0)
    assert affines.decomposed(affines.mirror(1)).scale == (1.0, -1.0)
