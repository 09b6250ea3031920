"""Real cameras as Ember's, where Blender is not needed to say what is right; the rest is tested against Blender's own camera."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bloom_core.flames.flame import FloatArray, View
from bloom_core.flames.flame_camera import Camera, view_of


def camera(position: Any, back: Any, **more: Any) -> Camera:
    """Returns an upright camera at `position` that looks against `back`."""
    away = np.asarray(back, np.float64) / np.linalg.norm(back)
    right = np.cross([0.0, 0.0, 1.0], away)
    right = right / np.linalg.norm(right) if np.linalg.norm(right) > 1e-9 else np.array([1.0, 0.0, 0.0])
    return Camera(right, np.cross(away, right), away, np.asarray(position, np.float64), more.pop("scale", 500.0), **more)


def project(view: View, point: FloatArray) -> FloatArray:
    """Returns where Ember's camera has a point (3,), in pixels from the middle, y downwards."""
    x, y, z = point - [0.0, 0.0, view.cam_zpos]
    across, along = x * np.cos(view.cam_yaw) + y * np.sin(view.cam_yaw), -x * np.sin(view.cam_yaw) + y * np.cos(view.cam_yaw)
    down, near = along * np.cos(view.cam_pitch) - z * np.sin(view.cam_pitch), along * np.sin(view.cam_pitch) + z * np.cos(view.cam_pitch)
    turn = np.radians(view.rotate)
    from_center = np.array([across, down]) / (1.0 - view.cam_persp * near) - view.center
    return np.asarray(np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ from_center * view.scale)


@given(*[st.floats(-3.0, 3.0)] * 3, st.floats(-1.0, 1.0), st.lists(st.floats(-0.5, 0.5), min_size=3, max_size=3))
def test_a_camera_that_looks_at_the_axis_is_exact(x: float, y: float, z: float, aim: float, point: list[float]) -> None:
    position = np.array([x, y + 4.0, z])
    real = camera(position, position - [0.0, 0.0, aim])
    view, warnings = view_of(real, View())
    seen = np.array(point) - position
    expected = 500.0 * np.array([-real.right @ seen, -real.up @ seen]) / -(real.back @ seen)
    assert warnings == []
    np.testing.assert_allclose(project(view, np.array(point)), expected, atol=1e-6)


def test_from_straight_above_and_below() -> None:
    for height in (5.0, -5.0):
        real = camera([0.5, 0.2, height], [0.0, 0.0, height])
        view, _ = view_of(real, View())
        assert view.cam_persp == pytest.approx(0.2) and view.scale == pytest.approx(100.0)
        np.testing.assert_allclose(project(view, np.array([0.5, 0.2, 0.0])), [0.0, 0.0], atol=1e-9)


def test_what_ember_cannot_do_is_told() -> None:
    base = View(gamma=2.5)
    view, warnings = view_of(camera([0.0, 5.0, 0.0], [0.0, -1.0, 0.0]), base)
    assert view == base and "looks away" in warnings[0]
    view, warnings = view_of(camera([1.0, 5.0, 0.0], [0.0, 1.0, 0.0]), base)
    assert view.gamma == 2.5 and "does not look at the flower's axis" in warnings[0]
    assert view_of(camera([1.0, 5.0, 0.0], [0.0, 1.0, 0.0], orthographic=True), base)[1] == []


def test_depth_of_field_opens_as_the_lens_does() -> None:
    view, _ = view_of(camera([0.0, 5.0, 0.0], [0.0, 1.0, 0.0], aperture=0.25), View(cam_dof=9.0, blur_curve=1.0))
    # a point a unit nearer than the plane in focus is a disc of 1/5 of the opening
    assert 0.1 * view.cam_dof == pytest.approx(0.25 / 5.0) and view.blur_curve == 0.0
