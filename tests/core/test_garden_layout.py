"""Where the flowers of a garden stand, and the walk through them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bloom_core.garden_layout import HEADING, LAYOUTS, SPACING, backwards, places, route, visits, walk


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(LAYOUTS), st.lists(st.tuples(st.floats(-5, 5), st.floats(-5, 5)), min_size=1, max_size=9), st.floats(0.5, 20.0))
def test_no_flower_stands_in_another(layout: str, coordinates: list[tuple[float, float]], width: float) -> None:
    found = places(layout, len(coordinates), width, coordinates)
    distance = np.linalg.norm(found[:, None] - found[None], axis=2) + np.eye(len(found)) * 1e9
    assert found.shape == (len(coordinates), 3) and np.isfinite(found).all() and (distance > width).all()
    assert np.abs(found.max(axis=0) + found.min(axis=0)).max() < 1e-6 * width or layout == "circle"


def test_rows_and_circles_keep_their_order() -> None:
    row = places("row", 5, 2.0)
    np.testing.assert_allclose(np.diff(row[:, 0]), SPACING * 2.0)
    circle = places("circle", 6, 2.0)
    assert circle[0, 1] == circle[:, 1].min(), "the first stands in front"
    np.testing.assert_allclose(np.linalg.norm(circle, axis=1), np.linalg.norm(circle[0]))


def test_a_map_keeps_the_order_on_both_axes() -> None:
    given_places = [(-1.0, 0.0), (0.0, 3.0), (4.0, 1.0)]
    found = places("map", 3, 1.0, given_places)
    assert list(np.argsort(found[:, 0])) == [0, 1, 2] and list(np.argsort(found[:, 1])) == [0, 2, 1]


def test_what_makes_no_garden_is_refused() -> None:
    with pytest.raises(ValueError, match="row, circle, map"):
        places("heap", 2, 1.0)
    for coordinates in (None, [(0.0, 1.0)], [(0.0, 1.0), (float("nan"), 0.0)]):
        with pytest.raises(ValueError, match="two finite numbers"):
            places("map", 2, 1.0, coordinates)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("count", [1, 2, 5])
def test_the_walk_passes_each_flower_and_ends_with_all_in_the_picture(layout: str, count: int) -> None:
    ground = places(layout, count, 2.0, [(i, i * i) for i in range(count)])
    reach, aspect = 50.0 / 36.0, 16.0 / 9.0
    path = walk(ground, 2.0, 1.5, 1, 120, reach, aspect)
    assert path.frames[0] == 1 and path.frames[-1] == 120 and (np.diff(path.frames) > 0).all()
    for place in ground if count > 1 else []:
        nearest = np.linalg.norm(path.camera[:-2] - place, axis=1).min()
        assert 2.0 < nearest < 5.0 * 2.0, "each is seen from near by, and none is walked into"
    camera, target = path.camera[-1], path.target[-1]
    forward = (target - camera) / np.linalg.norm(target - camera)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    up = np.cross(right, forward)
    for place in ground:
        for corner in ((-1.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0, 1.5), (0.0, 0.0, -0.6)):
            seen = place + corner - camera
            assert abs(seen @ right / (seen @ forward)) < 0.5 / reach and abs(seen @ up / (seen @ forward)) < 0.5 / reach / aspect


def test_a_walk_begins_where_it_sees_most() -> None:
    movement = np.full((5, 100), 0.1)
    movement[4, :15] = 3.0  # the last is wild while the camera is still at the first
    assert backwards(movement) and not backwards(movement[::-1])
    ground = places("row", 5, 2.0)
    forth, back = (walk(ground, 2.0, 1.5, 1, 100, 50.0 / 36.0, 16.0 / 9.0, turned=turned) for turned in (False, True))
    assert forth.target[0, 0] == ground[0, 0] and back.target[0, 0] == ground[4, 0]
    np.testing.assert_allclose(forth.camera[-1], back.camera[-1])
    assert visits(5, 1, 101)[0] == pytest.approx(11.0) and (np.diff(visits(5, 1, 101)) > 0).all()


def test_the_end_has_room_for_a_heading() -> None:
    ground, reach, aspect = places("row", 3, 2.0), 50.0 / 36.0, 16.0 / 9.0
    path = walk(ground, 2.0, 1.5, 1, 100, reach, aspect, heading=True)
    forward = (path.target[-1] - path.camera[-1]) / np.linalg.norm(path.target[-1] - path.camera[-1])
    up = np.cross(np.cross(forward, [0.0, 0.0, 1.0]), forward)
    seen = np.array([0.0, 0.0, 1.5 + HEADING * 2.0]) - path.camera[-1]
    assert seen @ up / np.linalg.norm(up) / (seen @ forward) < 0.5 / reach / aspect


def test_a_walk_leads_around_a_circle_or_a_map_and_through_nothing() -> None:
    circle = places("circle", 5, 2.0)
    assert list(route(circle, 2.0)) == [0, 1, 2, 3, 4] and list(route(places("row", 3, 2.0), 2.0)) == [0, 1, 2]
    scattered = places("map", 5, 2.0, [(-1.0, 0.0), (0.0, 3.0), (4.0, 1.0), (2.0, -1.0), (0.5, 0.2)])
    assert sorted(route(scattered, 2.0)) == [0, 1, 2, 3, 4]
    for ground in (circle, scattered):
        path = walk(ground, 2.0, 1.5, 1, 120, 50.0 / 36.0, 16.0 / 9.0)
        way = np.concatenate([np.linspace(a, b, 20) for a, b in zip(path.camera[:-3], path.camera[1:-2], strict=True)])
        assert np.linalg.norm(way[:, None] - ground - [0.0, 0.0, 0.75], axis=2).min() > 1.5
