"""Camera paths: what fills the picture, and where the camera stands."""

from __future__ import annotations

import numpy as np
import pytest

from bloom_core import camera_paths, designs
from bloom_core.camera_paths import MOVES, Move, Subject
from bloom_core.native import Box

BOX = Box((-2.0, -2.0, -0.5), (2.0, 2.0, 1.5))


def test_a_subject_follows_its_object() -> None:
    angle = 0.7
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = 3.0 * turn, (1.0, 2.0, 10.0)
    found = camera_paths.subject(BOX, matrix)
    np.testing.assert_allclose(found.center, (1.0, 2.0, 11.5))
    assert (found.radius, found.half_height, found.bottom) == pytest.approx((6.0, 3.0, 8.5))  # a turned flower is not a wider one


def test_a_flower_on_its_side_reaches_as_low_as_it_is_wide() -> None:
    matrix = np.array([[1.0, 0, 0, 0], [0, 0, -1.0, 0], [0, 1.0, 0, 0], [0, 0, 0, 1.0]])
    assert camera_paths.subject(BOX, matrix).bottom == pytest.approx(-2.0)


def test_the_heart_is_where_the_light_is() -> None:
    lotus = designs.design("lotus")
    matrix = np.diag([2.0, 2.0, 2.0, 1.0])
    found = camera_paths.subject(lotus.box, matrix, lotus.open)
    assert np.hypot(*found.heart[:2]) < 0.1 * found.radius and found.bottom < found.heart[2] < found.center[2]
    assert camera_paths.subject(lotus.box, matrix).heart == found.center


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1080, 1920), (512, 512)])
def test_at_its_reach_a_subject_fills_the_width(width: int, height: int) -> None:
    filmed = Subject((0, 0, 0), 2.0, 1.0, 0.0, (0, 0, 0))
    distance = camera_paths.reach(filmed, 85.0, width, height)
    per_pixel = camera_paths.FILM / max(width, height)  # mm of film
    assert 2.0 / distance * 85.0 == pytest.approx(width / 2 * per_pixel)


@pytest.mark.parametrize("name", MOVES)
def test_every_move_stays_above_ground_and_off_the_flower(name: str) -> None:
    move = MOVES[name]
    assert 0.05 < min(move.pitch) and max(move.pitch) < np.pi / 2
    assert min(move.distance) > 0.3 and max(move.distance) < 3.0


def test_a_path_keys_both_ends() -> None:
    found = camera_paths.path(Move(turn=(0.0, 1.0), distance=(2.0, 1.0)), 5.0, 10, 90)
    np.testing.assert_array_equal(found.frames, [10, 90])
    np.testing.assert_array_equal(found.distance, [10.0, 5.0])
    np.testing.assert_array_equal(found.turn, [0.0, 1.0])


def test_a_loop_is_whole_one_frame_after_the_last() -> None:
    found = camera_paths.path(MOVES["turntable"], 1.0, 1, 48)
    assert found.frames[-1] == 49 and found.turn[-1] - found.turn[0] == pytest.approx(2 * np.pi)


def test_a_single_picture_is_taken_where_a_film_ends() -> None:
    found = camera_paths.path(MOVES["opening"], 2.0, 7, 7)
    assert found.frames.tolist() == [7.0] and found.distance[0] == pytest.approx(2 * 1.35)
    assert camera_paths.path(MOVES["turntable"], 2.0, 7, 7).turn.tolist() == [0.0]


def test_depth_of_field_looks_the_same_at_any_size() -> None:
    # Blur on the film of what is twice as far away as the focus: aperture · lens / (2 · (distance − lens)), about aperture / distance.
    small, large = (50.0 / 1000.0 / camera_paths.f_number(50.0, 0.015, distance) / distance for distance in (0.5, 50.0))
    assert small == pytest.approx(0.015) == pytest.approx(large)


def test_keys_keep_their_place_in_a_longer_film() -> None:
    np.testing.assert_allclose(camera_paths.retimed(np.array([1.0, 25.0, 49.0]), (1, 49), (10, 202)), [10, 106, 202])
    np.testing.assert_allclose(camera_paths.retimed(np.array([3.0]), (3, 3), (8, 20)), [8])
