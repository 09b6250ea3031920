"""The chaos game: choice of xforms, colour, opacity, final xform, affines, lost points, threads, hostile buffers."""

from __future__ import annotations

import ctypes
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bloom_core import library, native
from bloom_core.flames.flame import Flame, FloatArray, Variation, Xform, identity
from bloom_core.flames.flame_buffer import pack
from bloom_core.native import Box, Cancelled, NativeError

LINEAR = (Variation("linear", 1.0),)
UNIT_BOX = Box((-2.0, -2.0, -2.0), (2.0, 2.0, 2.0))


def affine(*, scale: float = 1.0, move: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> FloatArray:
    out = identity()
    out[:, :3] *= scale
    out[:, 3] = move
    return out


def constant(x: float, **fields: float) -> Xform:
    """Returns an xform that sends everything to (x, 0, 0): it has no variation, so its sum is the origin."""
    return Xform(variations=(), post=affine(move=(x, 0.0, 0.0)), **fields)  # type: ignore[arg-type]


def shares(flame: Flame, count: int = 400_000, seed: int = 1) -> dict[float, float]:
    """Returns how often each value of x occurs among the points."""
    values, counts = np.unique(native.points(flame, count, seed=seed).position[:, 0], return_counts=True)
    return dict(zip(values.tolist(), (counts / counts.sum()).tolist(), strict=True))


def sierpinski() -> Flame:
    corners = [(0.0, 0.0, 0.0), (0.5, 0.0, 0.0), (0.0, 0.5, 0.0)]
    return Flame(tuple(Xform(LINEAR, pre=affine(scale=0.5, move=corner), color=index / 2) for index, corner in enumerate(corners)))


def busy() -> Flame:
    """Returns a flame that uses every part of the iteration at once."""
    petals = (Variation("julia3D", 0.9, {"julia3D_power": -3.0}), Variation("gaussian_blur", 0.1))
    first = Xform(petals, pre=affine(scale=0.8, move=(0.3, 0.1, 0.2)), color=0.2)
    cone = (Variation("linear", 0.5), Variation("zcone", 0.3))
    second = Xform(cone, weight=2.0, color=0.9, opacity=0.4, post=affine(scale=0.9, move=(0.1, -0.4, 0.3)))
    third = Xform((Variation("bubble", 0.4), Variation("flatten", 1.0)), weight=0.5, color=0.5)
    final = Xform((Variation("spherical", 0.5), Variation("linear", 0.5)), opacity=0.7, color=1.0, color_speed=0.1)
    return Flame((first, second, third), final=final, xaos=np.array([[1.0, 2.0, 0.0], [0.5, 1.0, 1.0], [1.0, 1.0, 1.0]]))


def all_bytes(points: native.Points) -> bytes:
    return points.position.tobytes() + points.palette.tobytes() + points.weight.tobytes()


# Determinism


@pytest.mark.parametrize("threads", [2, 3, 0])
def test_points_do_not_depend_on_the_number_of_threads(threads: int) -> None:
    count = 3_500_000  # more than three batches, the last one not full
    one = native.points(busy(), count, seed=5, threads=1)
    many = native.points(busy(), count, seed=5, threads=threads)
    assert all_bytes(one) == all_bytes(many)
    assert one.statistics == many.statistics


@pytest.mark.parametrize("radius", [0.0, 1.0])
@pytest.mark.parametrize("threads", [2, 3, 0])
def test_a_grid_does_not_depend_on_the_number_of_threads(threads: int, radius: float) -> None:
    def bake(threads: int) -> tuple[bytes, native.Statistics]:
        with native.accumulate(busy(), 3_500_000, UNIT_BOX, 64, filter_radius=radius, seed=5, threads=threads) as grid:
            return b"".join(array.tobytes() for array in (grid.origins(), grid.mask(), grid.density(1.0), grid.palette())), grid.statistics

    assert bake(1) == bake(threads)


def test_a_seed_repeats_itself_and_another_one_differs() -> None:
    runs = [native.points(busy(), 10_000, seed=seed) for seed in (0, 0, 1, 2**64 - 1)]
    assert all_bytes(runs[0]) == all_bytes(runs[1])
    assert len({all_bytes(run) for run in runs}) == 3


@pytest.mark.parametrize("count", [0, 1, 15, 4095, 4096, 4097, 1_048_577])
def test_as_many_points_come_as_were_asked_for(count: int) -> None:
    points = native.points(sierpinski(), count)
    assert points.position.shape == (count, 3) and points.palette.shape == points.weight.shape == (count,)
    assert points.statistics.plotted == count
    assert np.isfinite(points.position).all()


# Choice


def test_xforms_are_chosen_in_proportion_to_their_weights() -> None:
    found = shares(Flame(tuple(constant(float(index), weight=weight) for index, weight in enumerate((1.0, 0.0, 5.0, 0.5, 0.0)))))
    assert set(found) == {0.0, 2.0, 3.0}
    for x, weight in ((0.0, 1.0), (2.0, 5.0), (3.0, 0.5)):
        assert found[x] == pytest.approx(weight / 6.5, abs=0.005)


def test_128_xforms_are_all_chosen() -> None:
    found = shares(Flame(tuple(constant(float(index)) for index in range(128))), 1_000_000)
    assert len(found) == 128
    assert max(found.values()) < 1.2 / 128 and min(found.values()) > 0.8 / 128


def test_xaos_forbids_and_scales_transitions() -> None:
    # Each xform adds a different digit and divides what came before by ten: x tells the last steps as 0.ABC…
    digits = tuple(Xform(LINEAR, pre=affine(scale=0.1, move=(0.1 * (index + 1), 0.0, 0.0)), weight=(1.0, 1.0, 2.0)[index]) for index in range(3))
    xaos = np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0], [3.0, 0.0, 1.0]])
    x = native.points(Flame(digits, xaos=xaos), 500_000).position[:, 0].astype(np.float64)
    last, previous = np.floor(x * 10 + 1e-4).astype(int) - 1, np.floor(x * 100 + 1e-3).astype(int) % 10 - 1
    counts = np.zeros((3, 3))
    np.add.at(counts, (previous, last), 1)
    expected = xaos * np.array([1.0, 1.0, 2.0])
    np.testing.assert_allclose(counts / counts.sum(axis=1, keepdims=True), expected / expected.sum(axis=1, keepdims=True), atol=0.01)
    assert (counts[expected == 0] == 0).all()


def test_xaos_of_ones_changes_the_choice_in_nothing() -> None:
    flame = Flame((constant(0.0, weight=1.0), constant(1.0, weight=3.0)), xaos=np.ones((2, 2)))
    assert shares(flame)[1.0] == pytest.approx(0.75, abs=0.005)


def test_weights_that_are_all_zero_are_refused() -> None:
    with pytest.raises(NativeError, match="weight 0"):
        native.points(Flame((constant(0.0, weight=0.0), constant(1.0, weight=0.0))), 1000)


# Position


def test_an_xform_without_variations_gives_the_origin_then_its_post_affine() -> None:
    xform = Xform((), pre=affine(move=(5.0, 6.0, 7.0)), post=affine(scale=2.0, move=(0.25, 0.5, 0.75)))
    out = native.transform_points(Flame((xform,)), 0, np.array([[1.0, 2.0, 3.0], [-4.0, 5.0, -6.0]]))
    np.testing.assert_array_equal(out, [[0.25, 0.5, 0.75]] * 2)


@pytest.mark.parametrize("double", [False, True])
def test_both_affines_are_full_3x4_matrices(double: bool) -> None:
    rng = np.random.default_rng(3)
    pre, post, points = rng.normal(size=(3, 4)), rng.normal(size=(3, 4)), rng.normal(size=(50, 3))
    flame = Flame((Xform(LINEAR, pre=pre, post=post),))
    middle = points @ pre[:, :3].T + pre[:, 3]
    expected = middle @ post[:, :3].T + post[:, 3]
    np.testing.assert_allclose(native.transform_points(flame, 0, points, double=double), expected, atol=1e-12 if double else 2e-5)


def test_flatten_acts_last_wherever_it_stands() -> None:
    flame = Flame((Xform((Variation("flatten", 0.1), Variation("ztranslate", 5.0), Variation("linear", 1.0))),))
    np.testing.assert_array_equal(native.transform_points(flame, 0, np.array([[1.0, 2.0, 3.0]])), [[1.0, 2.0, 0.0]])


def test_the_sierpinski_triangle_has_its_shape_and_dimension() -> None:
    position = native.points(sierpinski(), 4_000_000).position
    assert (position[:, 2] == 0).all()
    x, y = position[:, 0], position[:, 1]
    start = 2.0**-15  # what is left after the 15 steps that are not plotted of a start within [-1, 1]
    assert x.min() >= -start and y.min() >= -start and (x + y).max() <= 1 + 2 * start
    assert not ((x > 0.251) & (y > 0.251) & (x + y < 0.499)).any()  # in the second of the removed triangles' neighbourhood
    assert not ((x < 0.499) & (y < 0.499) & (x + y > 0.501)).any()  # the middle one
    for level in (3, 5, 8):
        side = 1 << level
        cells = np.clip(position[:, :2] * side, 0, side - 1).astype(np.int64) @ [side, 1]
        hits = np.unique(cells, return_counts=True)[1]
        # The triangle fills 3^level of the 4^level cells, all alike; the start's traces reach over borders in a few hits.
        assert (hits > 0.1 * hits.max()).sum() == 3**level


# Colour and opacity


def test_colour_moves_by_its_speed_towards_the_xforms_colour() -> None:
    # c ← s·C + (1 − s)·c, with C = 0 or 1 by a fair coin: mean ½, variance s/(4(2 − s)).
    speed = 0.3
    flame = Flame((constant(0.0, color=0.0, color_speed=speed), constant(1.0, color=1.0, color_speed=speed)))
    points = native.points(flame, 1_000_000)
    assert points.palette.mean() == pytest.approx(0.5, abs=0.003)
    assert points.palette.var() == pytest.approx(speed / (4 * (2 - speed)), rel=0.02)
    # The colour of a step and its place come from the same xform.
    after_one = points.palette[points.position[:, 0] == 1.0]
    assert after_one.min() >= speed - 1e-6 and after_one.mean() == pytest.approx(speed + (1 - speed) / 2, abs=0.003)


def test_colour_speed_0_keeps_the_colour_and_1_replaces_it() -> None:
    kept = native.points(Flame((constant(0.0, color=1.0, color_speed=0.0),)), 100_000).palette
    np.testing.assert_allclose(np.histogram(kept, 10, (0, 1))[0] / kept.size, 0.1, atol=0.02)  # still as it was drawn: uniform
    assert (native.points(Flame((constant(0.0, color=0.625, color_speed=1.0),)), 1000).palette == 0.625).all()


def test_a_negative_colour_speed_stays_within_the_palette() -> None:
    palette = native.points(Flame((constant(0.0, color=0.2, color_speed=-0.6), constant(1.0, color=0.9, color_speed=-0.3))), 100_000).palette
    assert palette.min() >= 0.0 and palette.max() <= 1.0 and np.isfinite(palette).all()


def test_a_colour_below_the_palette_is_its_last_as_in_ember() -> None:
    # c ← −0.6 · 0.6 + 1.6 · 0 is below 0 after one step from colour 0; a colour above 1 is the last entry too.
    flame = Flame((constant(0.0, color=0.0, color_speed=1.0), constant(1.0, color=0.6, color_speed=-0.6)), xaos=np.array([[0.0, 1.0], [1.0, 0.0]]))
    points = native.points(flame, 10_000)
    assert (points.palette[points.position[:, 0] == 1.0] == 1.0).all() and (points.palette[points.position[:, 0] == 0.0] == 0.0).all()


def test_opacity_is_the_weight_of_a_hit_and_0_is_not_plotted() -> None:
    flame = Flame((constant(0.0, opacity=1.0), constant(1.0, opacity=0.25), constant(2.0, opacity=0.0)))
    points = native.points(flame, 300_000)
    assert set(np.unique(points.position[:, 0])) == {0.0, 1.0}
    assert (points.weight[points.position[:, 0] == 0.0] == 1.0).all()
    assert (points.weight[points.position[:, 0] == 1.0] == 0.25).all()
    assert (points.position[:, 0] == 0.0).mean() == pytest.approx(0.5, abs=0.005)


def test_a_flame_of_opacity_0_is_dark_and_no_error() -> None:
    dark = Flame((constant(0.0, opacity=0.0),))
    assert len(native.points(dark, 1000).position) == 0
    with native.accumulate(dark, 1000, UNIT_BOX, 16) as grid:
        assert grid.leaf_count == 0 and grid.statistics.plotted == 0


# The final xform


def test_the_final_xform_moves_only_what_is_plotted() -> None:
    plain = sierpinski()
    moved = replace(plain, final=Xform(LINEAR, pre=affine(move=(10.0, 20.0, 30.0)), color=1.0, color_speed=0.5))
    a, b = native.points(plain, 300_000), native.points(moved, 300_000)
    np.testing.assert_allclose(b.position, a.position + np.array([10.0, 20.0, 30.0], np.float32), atol=1e-5)  # were it fed back, points would drift
    np.testing.assert_allclose(b.palette, 0.5 + 0.5 * a.palette, atol=1e-6)
    np.testing.assert_array_equal(a.weight, b.weight)


@pytest.mark.parametrize("opacity", [0.0, 0.3, 1.0])
def test_the_final_xforms_opacity_is_its_probability(opacity: float) -> None:
    final = Xform(LINEAR, pre=affine(move=(1.0, 0.0, 0.0)), opacity=opacity, color=1.0, color_speed=1.0)
    points = native.points(Flame((constant(0.0, color=0.0, color_speed=1.0),), final=final), 200_000)
    applied = points.position[:, 0] == 1.0
    assert applied.mean() == pytest.approx(opacity, abs=0.005)
    assert (points.palette[applied] == 1.0).all() and (points.palette[~applied] == 0.0).all()
    assert (points.weight == 1.0).all()


# Lost points, progress


def test_a_flame_that_diverges_is_told() -> None:
    growing = Flame((Xform(LINEAR, pre=affine(scale=1e8, move=(1.0, 1.0, 1.0)), color=0.5),))
    far_away = Flame((constant(1e12),))
    with pytest.raises(NativeError, match="diverge"):
        native.points(far_away, 1000)
    with pytest.raises(NativeError, match="diverge"):
        native.accumulate(far_away, 100_000, UNIT_BOX, 16)
    points = native.points(growing, 100_000)  # after a restart a point is near for one step or two
    assert points.statistics.bad > 10_000
    assert np.isfinite(points.position).all()


def test_lost_points_are_counted_and_replaced() -> None:
    flame = Flame((constant(1e12, weight=1.0), Xform(LINEAR, pre=affine(scale=0.5), weight=3.0)))
    points = native.points(flame, 1_000_000)
    assert points.statistics.bad / points.statistics.iterations == pytest.approx(0.25, abs=0.01)
    assert np.abs(points.position).max() <= 1.0


def test_a_flame_that_collapses_to_a_point_is_drawn_as_one() -> None:
    flame = Flame((Xform(LINEAR, pre=affine(scale=0.01, move=(0.5, 0.5, 0.5))),))
    position = native.points(flame, 10_000).position
    np.testing.assert_allclose(position, 0.5 / 0.99, atol=1e-6)
    with native.accumulate(flame, 10_000, UNIT_BOX, 64) as grid:
        assert grid.leaf_count >= 1 and grid.mask().sum() <= 8


def test_progress_only_grows_and_ends_below_or_at_1() -> None:
    seen: list[float] = []

    def watch(fraction: float) -> bool:
        seen.append(fraction)
        return True

    native.points(sierpinski(), 6_000_000, threads=2, progress=watch)
    assert seen == sorted(seen) and 0.0 <= seen[0] and seen[-1] <= 1.0
    seen.clear()
    native.accumulate(sierpinski(), 6_000_000, UNIT_BOX, 64, threads=2, progress=watch).close()
    assert seen and seen == sorted(seen) and seen[-1] <= 1.0


def test_progress_can_cancel_and_its_exceptions_come_through() -> None:
    with pytest.raises(Cancelled):
        native.points(sierpinski(), 300_000_000 // 10, progress=lambda _: False)
    with pytest.raises(Cancelled):
        native.accumulate(sierpinski(), 10**12, UNIT_BOX, 64, progress=lambda _: False)

    def interrupt(_: float) -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        native.accumulate(sierpinski(), 10**12, UNIT_BOX, 64, progress=interrupt)


def test_counts_out_of_reason_are_refused() -> None:
    for count in (-1, 1 << 40):
        with pytest.raises(NativeError):
            native.points(sierpinski(), count)
    with pytest.raises(NativeError):
        native.accumulate(sierpinski(), 1 << 60, UNIT_BOX, 64)


# Buffers as an enemy would write them


def play_raw(buffer: NDArray[np.float64], *, length: int | None = None) -> int:
    """Opens `buffer` behind flame_buffer's back and uses it for everything. Returns the code of opening."""
    lib = library.load()
    handle, written = ctypes.c_void_p(), ctypes.c_uint64()
    statistics, grid = library.RawStatistics(), ctypes.c_void_p()
    buffer = np.ascontiguousarray(buffer, np.float64)
    code = int(lib.bloom_flame_open(buffer.ctypes.data, buffer.size if length is None else length, ctypes.byref(handle)))
    try:
        assert bool(lib.bloom_flame_message(handle).decode()) == bool(code)
        points = np.zeros((64, 3))
        out = np.empty((64, 3))
        position, palette, weight = np.empty((64, 3), np.float32), np.empty(64, np.float32), np.empty(64, np.float32)
        nothing = library.Callback()
        for number in (-1, 0, 1, 127, 2**31 - 1):
            lib.bloom_transform(handle, number, 0, 1, points.ctypes.data, 64, out.ctypes.data)
            lib.bloom_transform(handle, number, 1, 1, points.ctypes.data, 64, out.ctypes.data)
        xform, identity = np.empty(64, np.uint8), np.empty(64, np.uint64)
        arrays = (position.ctypes.data, palette.ctypes.data, weight.ctypes.data, xform.ctypes.data, identity.ctypes.data)
        play = ctypes.byref(library.RawPlay(seed=1, threads=1))
        lib.bloom_points(handle, play, 64, nothing, None, *arrays, ctypes.byref(written), ctypes.byref(statistics))
        assert written.value <= 64
        assert np.isfinite(position[: written.value]).all() and np.isfinite(palette[: written.value]).all()
        volume = library.RawVolume((-1, -1, -1), (1, 1, 1), filter=1.5, fade=0.1, samples=64, memory_limit=1 << 28, resolution=16)
        lib.bloom_accumulate(handle, play, ctypes.byref(volume), nothing, None, ctypes.byref(grid), ctypes.byref(statistics))
        if grid:
            lib.bloom_grid_close(grid)
    finally:
        lib.bloom_flame_close(handle)
    return code


def test_the_packed_buffer_opens() -> None:
    assert play_raw(pack(busy())) == 0


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_refused_anywhere(value: float) -> None:
    good = pack(busy())
    for index in range(good.size):
        bad = good.copy()
        bad[index] = value
        assert play_raw(bad) != 0, index


def test_a_buffer_cut_anywhere_is_refused() -> None:
    good = pack(busy())
    for length in range(good.size):
        cut = good[:length].copy()
        assert play_raw(cut) != 0
        if length > 2:
            cut[2] = length
            assert play_raw(cut) != 0
    assert play_raw(np.append(good, 0.0)) != 0


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10_000), st.floats(width=64) | st.integers(-3, 200).map(float)), min_size=1, max_size=6))
def test_a_changed_buffer_never_crashes(changes: list[tuple[int, float]]) -> None:
    buffer = pack(busy())
    for index, value in changes:
        buffer[index % buffer.size] = value
    play_raw(buffer)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(width=64) | st.integers(-2, 130).map(float), max_size=80))
def test_a_made_up_buffer_never_crashes(values: list[float]) -> None:
    play_raw(np.array([4027.0, 1.0, float(len(values) + 3), *values]))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_parameters_of_any_variation_never_crash(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(native.variations())))
    info = native.variations()[name]
    number = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([0.0, -0.0, 1e-300, 1e300, -1e300, 2.0**31, -(2.0**63), 0.5])
    size = data.draw(st.sampled_from([1.0, 1e-300, -0.7, 0.0, 1e300]))
    fields = [1.0, 0.5, 0.5, 1.0, *identity().ravel(), *identity().ravel(), 1.0, float(info.index), size, float(len(info.parameters))]
    parameters = [data.draw(number) for _ in info.parameters]
    head = [4027.0, 1.0, 0.0, float(data.draw(st.integers(0, 2))), 1.0, 0.0, 0.0]
    buffer = np.array([*head, *fields, *parameters])
    buffer[2] = buffer.size
    play_raw(buffer)
