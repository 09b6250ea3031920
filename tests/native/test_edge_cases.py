"""Flames at the edge of what a flame can be: each has one defined result, the same in a cloud of points, a volume and a picture.

NaN and infinities, weights of zero, xforms without variations, singular affines, 64 xforms, flames that escape.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from bloom_core import native
from bloom_core.flames.flame import MAX_XFORMS, Flame, FlameError, FloatArray, Rendering, Variation, View, Xform, identity
from bloom_core.images import image
from bloom_core.native import Box, NativeError, Statistics

LINEAR = (Variation("linear", 1.0),)
HUGE = 3e38
SAMPLES = 100_000
BOX = Box((-4.0, -4.0, -4.0), (4.0, 4.0, 4.0))
RESOLUTION = 128


@dataclass(frozen=True)
class Hits:
    """Where a flame was drawn: float64 (n, 3), in a picture (n, 2); how exact that is; and what became of the points."""

    position: FloatArray
    tolerance: float
    statistics: Statistics


def cloud(flame: Flame) -> Hits:
    points = native.points(flame, SAMPLES)
    assert ((points.palette >= 0) & (points.palette <= 1)).all()
    assert ((points.weight > 0) & (points.weight <= 1)).all()
    return Hits(points.position.astype(np.float64), 1e-6, points.statistics)


def volume(flame: Flame) -> Hits:
    with native.accumulate(flame, SAMPLES, BOX, RESOLUTION) as grid:
        density, mask = grid.density(1.0), grid.mask()
        assert np.isfinite(density).all() and (density >= 0).all() and ((grid.palette() >= 0) & (grid.palette() <= 1)).all()
        leaf, *within = np.nonzero(mask)
        ijk = grid.origins()[leaf] + np.stack(within, axis=1)
        return Hits(np.array(grid.low) + (ijk + 0.5) * grid.voxel_size, grid.voxel_size, grid.statistics)


def picture(flame: Flame) -> Hits:
    side = BOX.high[0] - BOX.low[0]
    view = View(size=(RESOLUTION, RESOLUTION), scale=RESOLUTION / side)
    plain = replace(flame, view=view, rendering=Rendering(quality=SAMPLES / RESOLUTION**2, estimator_radius=0.0, filter=0.0))
    drawn = image.render(plain, transparent=True)
    assert np.isfinite(drawn.pixels).all() and (drawn.pixels >= 0).all() and (drawn.pixels <= 1).all()
    row, column = np.nonzero(drawn.pixels[:, :, 3])
    return Hits((np.stack([column, row], axis=1) + 0.5) / view.scale - side / 2, 2 / view.scale, drawn.statistics)


everywhere = pytest.mark.parametrize("draw", [cloud, volume, picture])
Draw = Callable[[Flame], Hits]


def affine(scale: float = 1.0, move: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> FloatArray:
    out = identity() * scale
    out[:, 3] = move
    return out


def shrinking(x: float = 0.5, weight: float = 1.0) -> Xform:
    """Returns an xform whose points gather at (x, x, x)."""
    return Xform(LINEAR, pre=affine(0.1, (0.9 * x, 0.9 * x, 0.9 * x)), weight=weight)


def lies_at(hits: Hits, *places: tuple[float, float, float]) -> bool:
    """Tells whether every hit lies at one of the places and every place was hit."""
    far = np.abs(hits.position[:, None, :] - np.array(places)[None, :, : hits.position.shape[1]]).max(axis=2) > hits.tolerance
    return bool(len(hits.position)) and not far.all(axis=1).any() and not far.all(axis=0).any()


# NaN and infinities: in the flame they are refused by name; where they arise, the point is lost, counted and begins anew


@everywhere
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e39])
@pytest.mark.parametrize("field", ["weight", "color", "color_speed", "opacity", "pre", "post", "linear", "julian_dist"])
def test_a_number_that_no_float_holds_is_refused_by_the_name_of_its_field(draw: Draw, field: str, value: float) -> None:
    good = Xform((Variation("linear", 0.5), Variation("julian", 0.5, {"julian_dist": 1.0})))
    matrix = identity()
    matrix[1, 2] = value
    changes: dict[str, dict[str, Any]] = {
        "pre": {"pre": matrix},
        "post": {"post": matrix},
        "linear": {"variations": (Variation("linear", value),)},
        "julian_dist": {"variations": (Variation("julian", 1.0, {"julian_dist": value}),)},
    }
    with pytest.raises(FlameError, match=f"xform 1.*{field}"):
        draw(Flame((good, replace(good, **changes.get(field, {field: value})))))


@everywhere
def test_xaos_that_is_not_finite_is_refused_by_name(draw: Draw) -> None:
    with pytest.raises(FlameError, match="xaos"):
        draw(Flame((shrinking(), shrinking()), xaos=np.array([[1.0, math.nan], [1.0, 1.0]])))


LOST = {
    "infinite": Xform(LINEAR, pre=affine(HUGE), post=affine(HUGE, (HUGE, HUGE, HUGE))),
    "NaN": Xform((Variation("linear", HUGE),), pre=affine(HUGE, (HUGE, HUGE, HUGE))),
    "far along x": Xform((), post=affine(move=(1.1e10, 0.0, 0.0))),
    "far along z": Xform((), post=affine(move=(0.0, 0.0, -1.1e10))),
}


@everywhere
@pytest.mark.parametrize("lost", LOST.values(), ids=LOST.keys())
def test_a_point_that_gets_lost_is_counted_is_not_drawn_and_begins_anew_within_the_unit_square(draw: Draw, lost: Xform) -> None:
    hits = draw(Flame((replace(lost, weight=1.0), Xform(LINEAR, weight=3.0))))
    assert hits.statistics.bad / hits.statistics.iterations == pytest.approx(0.25, abs=0.05)
    assert np.abs(hits.position[:, :2]).max() <= 1.0 + hits.tolerance and np.abs(hits.position[:, 2:]).max(initial=0.0) <= hits.tolerance
    assert hits.position[:, 0].std() == pytest.approx(1 / math.sqrt(3), abs=0.05)  # uniform


@everywhere
@pytest.mark.parametrize("distance", [0.99e10, -0.99e10])
def test_ten_to_the_tenth_is_not_yet_lost(draw: Draw, distance: float) -> None:
    hits = draw(Flame((Xform((), post=affine(move=(distance, 0.0, 0.0))), Xform((), post=affine(move=(0.5, 0.5, 0.5))))))
    assert hits.statistics.bad == 0
    assert hits.statistics.outside == (0 if draw is cloud else pytest.approx(hits.statistics.iterations / 2, rel=0.05))


@everywhere
def test_what_the_final_xform_loses_is_not_drawn_and_the_trajectory_goes_on(draw: Draw) -> None:
    final = Xform((), post=affine(move=(HUGE, 0.0, 0.0)), opacity=0.5)
    hits = draw(Flame((shrinking(),), final=final))
    assert lies_at(hits, (0.5, 0.5, 0.5))
    assert hits.statistics.bad == 0 and 0 < hits.statistics.plotted < 0.55 * hits.statistics.iterations


@pytest.mark.parametrize("double", [False, True])
def test_points_that_are_given_as_nan_or_infinite_come_back_as_nan_and_leave_their_neighbours_alone(double: bool) -> None:
    flame = Flame((Xform((Variation("linear", 1.0), Variation("spherical", 0.5)), post=affine(2.0)),))
    given = np.full((33, 3), 0.25)
    expected = native.transform_points(flame, 0, given, double=double)
    given[5, 0], given[16, 1], given[17, 2] = math.nan, math.inf, -math.inf
    out = native.transform_points(flame, 0, given, double=double)
    hit = np.zeros(33, bool)
    hit[[5, 16, 17]] = True
    np.testing.assert_array_equal(out[~hit], expected[~hit])
    assert np.isnan(out[hit]).any(axis=1).all()


# Weights of zero: never chosen; all of them zero is refused


@everywhere
def test_an_xform_of_weight_0_or_less_is_never_chosen(draw: Draw) -> None:
    never = [Xform((), post=affine(move=(3.0, 3.0, 3.0)), weight=weight) for weight in (0.0, -1.0)]
    assert lies_at(draw(Flame((never[0], shrinking(), never[1]))), (0.5, 0.5, 0.5))


@everywhere
def test_weights_that_are_all_0_or_less_are_refused(draw: Draw) -> None:
    with pytest.raises(NativeError, match="weight"):
        draw(Flame((shrinking(weight=0.0), shrinking(weight=-1.0))))


@everywhere
def test_weights_however_small_or_large_count_by_their_ratio(draw: Draw) -> None:
    for weight in (1e-300, 1e-30, HUGE / 8):
        places = [Xform((), post=affine(move=(x, 0.0, 0.0)), weight=weight) for x in (0.25, 2.25)]
        assert lies_at(draw(Flame(tuple(places))), (0.25, 0.0, 0.0), (2.25, 0.0, 0.0))


@everywhere
def test_after_an_xform_whose_xaos_forbids_every_other_the_plain_weights_hold(draw: Draw) -> None:
    places = [Xform((), post=affine(move=(x, 0.0, 0.0))) for x in (0.25, 1.25, 2.25)]
    xaos = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    assert lies_at(draw(Flame(tuple(places), xaos=xaos)), *((x, 0.0, 0.0) for x in (0.25, 1.25, 2.25)))


@everywhere
def test_an_opacity_of_0_everywhere_is_a_dark_flame_and_no_error(draw: Draw) -> None:
    hits = draw(Flame((replace(shrinking(), opacity=0.0),)))
    assert len(hits.position) == 0 and hits.statistics.plotted == 0


# Xforms without variations: the origin, then the post-affine


@everywhere
def test_an_xform_without_variations_gives_the_origin_then_its_post_affine(draw: Draw) -> None:
    assert lies_at(draw(Flame((Xform((), pre=affine(2.0, (1.0, 1.0, 1.0)), post=affine(7.0, (0.5, 1.0, -2.0))),))), (0.5, 1.0, -2.0))


@everywhere
def test_a_final_xform_without_variations_draws_everything_at_its_post_affines_translation(draw: Draw) -> None:
    assert lies_at(draw(Flame((shrinking(),), final=Xform((), post=affine(move=(1.0, 2.0, 3.0))))), (1.0, 2.0, 3.0))


def test_with_variations_before_the_sum_and_none_in_it_the_point_passes_on() -> None:
    points = np.array([[0.3, -0.2, 0.7], [1.0, 2.0, 3.0]])
    flame = Flame((Xform((Variation("pre_linear", 2.0),), post=affine(move=(0.0, 0.0, 1.0))),))
    np.testing.assert_allclose(native.transform_points(flame, 0, points, double=True), points * 2.0 + [0.0, 0.0, 1.0])


def test_with_variations_after_the_sum_and_none_in_it_these_begin_at_the_origin() -> None:
    points = np.array([[0.3, -0.2, 0.7], [1.0, 2.0, 3.0]])
    flame = Flame((Xform((Variation("post_linear", 2.0),), post=affine(move=(0.0, 0.5, 1.0))),))
    np.testing.assert_allclose(native.transform_points(flame, 0, points, double=True), [[0.0, 0.5, 1.0]] * 2, atol=1e-12)


# Singular affines: what they leave is drawn


@everywhere
def test_affines_that_are_all_zero_gather_everything_at_the_origin(draw: Draw) -> None:
    for flat in (Xform(LINEAR, pre=np.zeros((3, 4))), Xform(LINEAR, post=np.zeros((3, 4)))):
        assert lies_at(draw(Flame((flat,))), (0.0, 0.0, 0.0))


@everywhere
def test_an_affine_of_rank_1_leaves_a_line(draw: Draw) -> None:
    along = np.array([1.0, -1.0, 0.5])
    line = np.outer(along, [0.3, 0.2, 0.1, 0.0])
    hits = draw(Flame((Xform((Variation("gaussian_blur", 1.0),)), Xform(LINEAR, pre=line)), final=Xform(LINEAR, pre=line)))
    t = hits.position[:, :1]
    assert np.ptp(t) > 0.2
    np.testing.assert_allclose(hits.position, t * along[: hits.position.shape[1]], atol=2 * hits.tolerance)


EXTREMES: dict[str, NDArray[np.float64]] = {
    "all to the origin": np.zeros((3, 4)),
    "all to one point": affine(0.0, (0.5, -0.25, 1.0)),
    "into a plane": np.diag([1.0, 1.0, 0.0]) @ affine(0.9, (0.1, 0.1, 0.0)),
    "tiny": affine(1e-30),
    "huge": affine(1e30),
}


@pytest.mark.parametrize("double", [False, True])
@pytest.mark.parametrize("pre", EXTREMES.values(), ids=EXTREMES.keys())
def test_every_variation_of_an_extreme_affine_draws_finite_points_or_says_that_the_flame_diverges(pre: FloatArray, double: bool) -> None:
    drawn = 0
    for info in native.variations().values():
        try:
            points = native.points(Flame((Xform((Variation(info.name, 0.7),), pre=pre), shrinking(weight=0.3))), 4096, double=double)
        except NativeError as error:
            assert "diverge" in str(error), info.name
            continue
        drawn += len(points.position)
        assert np.isfinite(points.position).all() and np.isfinite(points.palette).all(), info.name
        assert np.abs(points.position).max(initial=0.0) <= 1.001e10, info.name
    assert drawn > 0


# Many xforms


@everywhere
@pytest.mark.parametrize("count", [64, MAX_XFORMS])
def test_each_of_many_xforms_is_drawn_in_its_place(draw: Draw, count: int) -> None:
    side = 16
    places = [(-3.75 + 0.5 * (i % side), -3.75 + 0.5 * (i // side), 0.25) for i in range(count)]
    flame = Flame(tuple(Xform((), post=affine(move=place), color=i / count) for i, place in enumerate(places)))
    hits = draw(flame)
    assert lies_at(hits, *places)
    if draw is cloud:
        _, counts = np.unique(hits.position, axis=0, return_counts=True)
        assert counts.min() > 0.7 * SAMPLES / count and counts.max() < 1.4 * SAMPLES / count


@everywhere
def test_xaos_leads_64_xforms_round_in_a_ring(draw: Draw) -> None:
    """Each xform adds its own digit in base 64 to what came before: where a point lies tells its last two xforms."""
    count = 64
    ring = np.roll(np.eye(count), 1, axis=1)
    digits = tuple(Xform(LINEAR, pre=affine(1 / count, (i / count, 0.0, 0.0))) for i in range(count))
    wide = Xform(LINEAR, pre=affine(4.0))  # so that one voxel of the volume is a fraction of a digit
    hits = draw(Flame(digits, xaos=ring, final=wide))
    x = hits.position[:, 0] / 4
    if draw is cloud:
        last, before = np.floor(x * count), np.floor(x * count * count) % count
        assert (last == (before + 1) % count).all()
    assert len(np.unique(np.floor(x * count))) == count


def test_one_xform_more_than_the_most_is_refused() -> None:
    with pytest.raises(FlameError, match=str(MAX_XFORMS)):
        native.points(Flame(tuple(shrinking() for _ in range(MAX_XFORMS + 1))), 1000)


# Flames that escape


@everywhere
def test_a_flame_whose_points_mostly_escape_is_refused_and_the_message_says_what_to_do(draw: Draw) -> None:
    with pytest.raises(NativeError, match=r"diverges.*[Ll]ower"):
        draw(Flame((Xform(LINEAR, pre=affine(1e12, (1.0, 1.0, 1.0))),)))


@everywhere
def test_a_flame_that_escapes_slowly_is_drawn_as_far_as_it_gets(draw: Draw) -> None:
    hits = draw(Flame((Xform(LINEAR, pre=affine(2.0, (0.1, 0.1, 0.1))),)))
    assert 0 < hits.statistics.bad < hits.statistics.iterations / 10  # 34 doublings lead out
    assert np.abs(hits.position).max() <= (1e10 if draw is cloud else 4.0) * 1.001


@everywhere
def test_half_of_the_points_may_escape(draw: Draw) -> None:
    escaping = Xform((), post=affine(move=(HUGE, 0.0, 0.0)), weight=0.45)
    assert draw(Flame((escaping, shrinking(weight=0.55)))).statistics.bad > 0
    with pytest.raises(NativeError, match="diverges"):
        draw(Flame((replace(escaping, weight=0.55), shrinking(weight=0.45))))


# The same in a volume's own settings


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_box_a_filter_or_an_edge_that_is_not_finite_is_refused(value: float) -> None:
    flame = Flame((shrinking(),))
    for corner in range(3):
        low = tuple(value if axis == corner else -1.0 for axis in range(3))
        with pytest.raises(NativeError, match="box"):
            native.accumulate(flame, 1000, Box((low[0], low[1], low[2]), (1.0, 1.0, 1.0)), 16)
    with pytest.raises(NativeError, match="filter"):
        native.accumulate(flame, 1000, BOX, 16, filter_radius=value)
    with pytest.raises(NativeError, match="edge"):
        native.accumulate(flame, 1000, BOX, 16, fade=value)
