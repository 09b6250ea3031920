"""Real cameras as Ember's, where Blender is not needed to say what is right; the rest is tested against Blender's own camera."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bloom_core.flames.flame import FloatArray, View
from bloom_core.flames.flame_camera import Camera, camera_of, view_of


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
    return np.asarray(np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ from_center * view.scale * 2.0**view.zoom)


def picture(real: Camera, point: FloatArray) -> FloatArray:
    """Returns where a camera of the real world has a point (3,), in pixels from the middle, y downwards."""
    seen = point - real.position
    right, up = real.scale * np.array([real.right @ seen, real.up @ seen]) / (1.0 if real.orthographic else -(real.back @ seen))
    return np.array([right - real.shift[0], real.shift[1] - up])


@given(*[st.floats(-3.0, 3.0)] * 3, st.floats(-1.0, 1.0), st.lists(st.floats(-0.5, 0.5), min_size=3, max_size=3))
def test_a_camera_that_looks_at_the_axis_is_exact(x: float, y: float, z: float, aim: float, point: list[float]) -> None:
    position = np.array([x, y + 4.0, z])
    upright = camera(position, position - [0.0, 0.0, aim])
    for real in (upright, replace(upright, right=-upright.right), replace(upright, shift=(30.0, -12.5))):
        view, warnings = view_of(real, View())
        assert warnings == [] and (view.cam_persp > 0.0) == (real.right is not upright.right)
        np.testing.assert_allclose(project(view, np.array(point)), picture(real, np.array(point)), atol=1e-6)


def test_from_straight_above_and_below() -> None:
    for height in (5.0, -5.0):
        real = camera([0.5, 0.2, height], [0.0, 0.0, height])
        view, _ = view_of(real, View())
        assert view.cam_persp == pytest.approx(-0.2) and view.scale == pytest.approx(100.0)
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


VIEWS = st.builds(
    View,
    center=st.tuples(st.floats(-1.0, 1.0), st.floats(-1.0, 1.0)),
    scale=st.floats(50.0, 900.0),
    rotate=st.floats(-360.0, 360.0),
    zoom=st.floats(-1.0, 2.0),
    cam_yaw=st.floats(-7.0, 7.0),
    cam_pitch=st.floats(-7.0, 7.0),
    cam_persp=st.one_of(st.just(0.0), st.floats(0.01, 0.5), st.floats(-0.5, -0.01)),
    cam_zpos=st.floats(-1.0, 1.0),
    cam_dof=st.floats(-1.0, 1.0),
)


@given(VIEWS, st.lists(st.floats(-0.5, 0.5), min_size=3, max_size=3))
def test_the_camera_of_a_view_sees_what_ember_draws(view: View, point: list[float]) -> None:
    real, _ = camera_of(view)
    frame = np.array([real.right, real.up, real.back])
    np.testing.assert_allclose(frame @ frame.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(frame) * (1.0 if view.cam_persp < 0.0 else -1.0) == pytest.approx(1.0)
    np.testing.assert_allclose(picture(real, np.array(point)), project(view, np.array(point)), rtol=1e-9, atol=1e-6)


@given(VIEWS, st.lists(st.floats(-0.5, 0.5), min_size=3, max_size=3))
@example(View(scale=50.0, cam_yaw=1.0, cam_pitch=1e-05, cam_zpos=1.0), [0.0, 0.0, 0.0])  # all but straight from above
def test_there_and_back_is_the_same_view(view: View, point: list[float]) -> None:
    again, warnings = view_of(camera_of(view)[0], view)
    assert warnings == []
    np.testing.assert_allclose(project(again, np.array(point)), project(view, np.array(point)), rtol=1e-5, atol=1e-4)
    assert again.cam_persp == pytest.approx(view.cam_persp) and again.scale == pytest.approx(view.scale * 2.0**view.zoom)
    if view.cam_persp:
        assert again.cam_dof == pytest.approx(abs(view.cam_dof))
    if abs(np.sin(view.cam_pitch)) > 0.01 and view.cam_persp:
        assert again.cam_zpos == pytest.approx(view.cam_zpos, abs=1e-6)  # else any place along the axis of view does as well


def test_what_a_camera_cannot_do_is_told() -> None:
    assert "blur_curve" in camera_of(View(cam_persp=0.2, cam_dof=0.3, blur_curve=1.0))[1][0]
    assert "orthographic" in camera_of(View(cam_dof=0.3))[1][0]
    assert camera_of(View(cam_persp=0.2, cam_dof=0.3))[1] == []
