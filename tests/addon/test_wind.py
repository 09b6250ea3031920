"""Wind on a bloom: a preset sways it, keys of its speed never make it jump, a force field blows, and without strength nothing changes."""

from __future__ import annotations

from itertools import pairwise
from math import tau

import bpy
import numpy as np
import pytest

from bloom_addon import keyframes, posing, properties, sample
from bloom_core import designs, native
from bloom_core.flames.flame import Flame
from bloom_core.growth import motion


def shown(scene: bpy.types.Scene, obj: bpy.types.Object, frame: int, subframe: float = 0.0) -> Flame:
    scene.frame_set(frame, subframe=subframe)
    return posing.read_flame(scene, obj)


def affines(flame: Flame) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.array([[xform.pre, xform.post] for xform in (*flame.xforms, *([flame.final] if flame.final else []))])


def test_a_bloom_without_wind_is_the_one_without_this_feature(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    plain = [affines(shown(scene, bloom, frame)) for frame in (1, 5)]
    assert bpy.ops.bloom.add_wind(preset="gusty") == {"FINISHED"}
    assert all((affines(shown(scene, bloom, frame)) != before).any() for frame, before in zip((1, 5), plain, strict=True))
    properties.bloom_of(bloom).wind.strength = 0.0
    for frame, before in zip((1, 5), plain, strict=True):
        np.testing.assert_array_equal(affines(shown(scene, bloom, frame)), before)
    properties.bloom_of(bloom).wind.strength = 2.0
    properties.bloom_of(bloom).wind.enabled = False
    for frame, before in zip((1, 5), plain, strict=True):
        np.testing.assert_array_equal(affines(shown(scene, bloom, frame)), before)


def test_a_preset_spreads_petals_and_stands_the_flower_on_its_foot(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    bpy.ops.bloom.add_wind()
    settings = properties.bloom_of(bloom)
    phases = [xform.phase for xform in settings.xforms[:-1]]
    assert len(set(phases)) == len(phases) and max(phases) < tau
    assert settings.wind.base == pytest.approx(designs.design("lotus").box.low[2])
    settings.xforms[0].phase = 0.3
    bpy.ops.bloom.add_wind(preset="underwater")  # another preset keeps what was set by hand
    assert settings.xforms[0].phase == pytest.approx(0.3) and settings.wind.speed == pytest.approx(0.3)


def test_wind_moves_the_points_steadily_and_bakes_as_it_is_seen(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    bpy.ops.bloom.add_wind(preset="gusty")
    flames = sample.snapshot(scene, bloom, range(20, 44))  # after the growth's end only the wind moves it
    clouds = [motion.cloud(flame, 1 << 12) for flame in flames]
    moved = np.array([motion.distance(before, after) for before, after in pairwise(clouds)])
    assert (moved > 1e-4).all() and moved.max() < 0.1  # it never rests, and never jumps
    turns = np.diff([flame.final.post[0, 2] for flame in flames if flame.final is not None])
    assert 1 <= (np.diff(np.sign(turns)) != 0).sum() <= 6  # in a second it swings, and does not shake
    np.testing.assert_array_equal(affines(shown(scene, bloom, 30)), affines(flames[10]))


def test_keys_of_speed_change_only_what_comes_after_them(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    bpy.ops.bloom.add_wind()
    before = affines(shown(scene, bloom, 90))
    keyframes.key_values(bloom, "bloom.wind.speed", 0, "Wind", np.array([100.0, 110.0]), np.array([1.0, 0.0]))
    np.testing.assert_allclose(affines(shown(scene, bloom, 90)), before, atol=1e-6)
    flames = [affines(shown(scene, bloom, frame)) for frame in range(95, 126)]
    steps = [float(np.abs(after - first).max()) for first, after in pairwise(flames)]
    assert max(steps) < 0.05 and max(steps[16:]) < 1e-9  # it comes to rest where it is
    between = [affines(shown(scene, bloom, 104, subframe)) for subframe in (0.0, 0.25, 0.5, 0.75)]
    assert all((after != first).any() for first, after in pairwise(between))  # motion blur sees it move


def test_everything_can_be_keyed_and_is_removed_with_its_keys(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    plain = affines(shown(scene, bloom, 5))
    bpy.ops.bloom.add_wind()
    settings = properties.bloom_of(bloom)
    for name in ("enabled", "strength", "direction", "gusts", "seed", "base"):
        assert bloom.keyframe_insert(f"bloom.wind.{name}", frame=1)
    settings.xforms[1].wind = 0.5
    assert settings.xforms[1].keyframe_insert("wind", frame=3)
    bloom.driver_add("bloom.wind.speed").driver.expression = "2"
    assert bpy.ops.bloom.remove_wind() == {"FINISHED"}
    paths = {curve.data_path for curve in bloom.animation_data.action.layers[0].strips[0].channelbag(bloom.animation_data.action_slot).fcurves}
    assert not any("wind" in path or "phase" in path for path in paths) and any("pre" in path for path in paths)
    assert not len(bloom.animation_data.drivers) and settings.xforms[1].wind == 1.0 and not settings.wind.enabled
    np.testing.assert_array_equal(affines(shown(scene, bloom, 5)), plain)


def test_a_petal_can_be_kept_out_of_the_wind(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    plain = affines(shown(scene, bloom, 30))
    bpy.ops.bloom.add_wind()
    properties.bloom_of(bloom).xforms[1].wind = 0.0
    moved = affines(shown(scene, bloom, 30))
    assert (moved[0] != plain[0]).any() and (moved[2] != plain[2]).any()
    np.testing.assert_array_equal(moved[1], plain[1])


def test_a_force_field_blows_where_it_points(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    bpy.ops.bloom.add_wind()
    settings = properties.bloom_of(bloom).wind
    settings.direction, settings.gusts = 0.8, 0.0
    own = affines(shown(scene, bloom, 30))
    assert bpy.ops.bloom.add_wind_field() == {"FINISHED"}
    field = settings.field
    assert field.field.type == "WIND"
    np.testing.assert_allclose(affines(shown(scene, bloom, 30)), own, atol=1e-5)  # it blows as the bloom's own wind did
    field.keyframe_insert("field.strength", frame=30)
    field.field.strength = 0.0
    field.keyframe_insert("field.strength", frame=40)
    calm = affines(shown(scene, bloom, 40))
    bloom.rotation_euler.z = 1.0  # the wind stays where it is when the bloom turns
    assert (affines(shown(scene, bloom, 30)) != own).any()
    settings.enabled = False
    np.testing.assert_array_equal(affines(shown(scene, bloom, 40)), calm)


def test_a_storm_leaves_the_flower_whole(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    still = np.quantile(np.linalg.norm(native.points(shown(scene, bloom, 30), 1 << 14).position, axis=1), 0.9)
    bpy.ops.bloom.add_wind(preset="gusty")
    properties.bloom_of(bloom).wind.strength = 30.0
    for frame in range(30, 60, 5):
        points = native.points(shown(scene, bloom, frame), 1 << 14)
        assert points.statistics.bad < 0.01 * points.statistics.iterations
        assert 0.5 * still < np.quantile(np.linalg.norm(points.position, axis=1), 0.9) < 2.0 * still
