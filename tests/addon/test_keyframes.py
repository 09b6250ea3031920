"""Growth as ordinary F-curves, ramp keys and markers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import bpy
import numpy as np
import pytest

from bloom_addon import bloom_object, compat, flame_properties, keyframes, material
from bloom_core import designs, growth, palettes
from bloom_core.growth.animation import Animation, Drive, read_channel
from bloom_core.trajectories import trajectory


def test_the_scene_plays_the_animation(scene: bpy.types.Scene, bloom: bpy.types.Object, grown: Animation) -> None:
    assert (scene.frame_start, scene.frame_end) == (grown.frame_start, grown.frame_end)
    for frame in range(grown.frame_start, grown.frame_end + 1):
        scene.frame_set(frame)
        found, expected = flame_properties.read_flame(bloom), grown.at(frame)
        for channel in grown.channels:
            assert read_channel(found, channel) == pytest.approx(read_channel(expected, channel), rel=1e-5, abs=1e-6)


def of_growth(bag: Any) -> list[Any]:
    """Returns the curves of the growth itself; the late flutter's stand beside them."""
    return [curve for curve in bag.fcurves if not curve.data_path.endswith(".tremble")]


def test_curves_are_grouped_by_the_xforms_name(bloom: bpy.types.Object, grown: Animation) -> None:
    bag = compat.channelbag(bloom, "")
    assert {group.name for group in bag.groups} == {"Source", "Petals", "Opening"}
    assert len(of_growth(bag)) == len(grown.channels)
    assert all(len(curve.keyframe_points) == len(grown.values) for curve in bag.fcurves)
    assert all(key.interpolation == "LINEAR" for key in bag.fcurves[0].keyframe_points)


def test_few_keys_play_as_many_do(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    run = trajectory.read_run(trajectory.embedded_run("digits"))
    few, dense = (growth.grow(run, designs.design("lotus"), frames=40, tolerance=tolerance) for tolerance in (0.1, None))
    bloom_object.apply_growth(scene, bloom, dense)
    curves = compat.channelbag(bloom, "").fcurves
    assert all(len(curve.keyframe_points) == 40 and curve.keyframe_points[3].interpolation == "LINEAR" for curve in curves)
    bloom_object.apply_growth(scene, bloom, few)
    curves = compat.channelbag(bloom, "").fcurves
    assert all(key.interpolation == "BEZIER" and key.handle_left_type == "FREE" for key in curves[0].keyframe_points)
    assert few.keys is not None and sum(len(curve.keyframe_points) for curve in of_growth(compat.channelbag(bloom, ""))) < 0.5 * dense.values.size
    for channel, keys in zip(few.channels, few.keys, strict=True):
        path = f"bloom.xforms[{channel.xform}].{channel.field}"
        curve = curves.find(path, index=channel.index if channel.field in ("pre", "post") else 0)
        for frame in np.linspace(1.0, 40.0, 79):  # Blender's own evaluation, between the frames too
            assert curve.evaluate(frame) == pytest.approx(keys.at(np.array([frame]))[0], rel=1e-4, abs=1e-5)


def test_a_petal_says_which_part_moves_it(bloom: bpy.types.Object, grown: Animation) -> None:
    assert [xform.part for xform in bloom.bloom.xforms] == ["the whole network"] * 3
    drives = (Drive(0, "encoder"), Drive(0, "attention"), Drive(1, "decoder"))
    keyframes.write_animation(bloom, replace(grown, drives=drives))
    assert [xform.part for xform in bloom.bloom.xforms] == ["encoder, attention", "decoder", ""]


def test_growing_again_replaces_and_does_not_pile_up(scene: bpy.types.Scene, bloom: bpy.types.Object, grown: Animation) -> None:
    actions = len(bpy.data.actions)
    run = trajectory.read_run(trajectory.embedded_run("digits"))
    longer = growth.grow(run, designs.design("lotus"), frames=12, frame_start=5)
    bloom_object.apply_growth(scene, bloom, longer)
    bag = compat.channelbag(bloom, "")
    assert len(of_growth(bag)) == len(longer.channels) and len(bpy.data.actions) == actions
    assert all(5.0 <= curve.range()[0] <= curve.range()[1] <= 16.0 for curve in bag.fcurves)
    assert len([marker for marker in scene.timeline_markers if marker.name.startswith("epoch")]) == len(longer.markers)
    ramp = compat.channelbag(bloom.data.materials[0].node_tree, "").fcurves
    assert len(ramp) == 3 * len(longer.ramp.positions) and all(tuple(curve.range()) == (5.0, 16.0) for curve in ramp)
    assert {group.name for group in bag.groups} == {"Source", "Petals", "Opening"}


def test_an_artists_own_marker_survives_growing(scene: bpy.types.Scene, bloom: bpy.types.Object, grown: Animation) -> None:
    scene.timeline_markers.new("the wind begins", frame=4)
    bloom_object.apply_growth(scene, bloom, grown)
    assert scene.timeline_markers["the wind begins"].frame == 4 and len(scene.timeline_markers) == len(grown.markers) + 1


def test_another_flowers_growth_is_refused(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    run = trajectory.read_run(trajectory.embedded_run("digits"))
    other = growth.grow(run, designs.design("waterlily"), frames=3)
    before = [tuple(curve.range()) for curve in compat.channelbag(bloom, "").fcurves]
    with pytest.raises(ValueError, match="waterlily has other xforms than Lotus"):
        bloom_object.apply_growth(scene, bloom, other)
    assert [tuple(curve.range()) for curve in compat.channelbag(bloom, "").fcurves] == before and scene.frame_end == 8


def test_an_artists_own_curve_survives_growing(scene: bpy.types.Scene, bloom: bpy.types.Object, grown: Animation) -> None:
    bloom.location.z = 2.0
    bloom.keyframe_insert("location", index=2, frame=3)
    bloom_object.apply_growth(scene, bloom, grown)
    assert compat.channelbag(bloom, "").fcurves.find("location", index=2) is not None


def test_the_palette_is_keyed_in_the_material(scene: bpy.types.Scene, bloom: bpy.types.Object, grown: Animation) -> None:
    glow = bloom.data.materials[0]
    elements = material.ramp_of(glow).elements
    assert 2 <= len(elements) <= 32
    curves = compat.channelbag(glow.node_tree, "").fcurves
    assert len(curves) == 3 * len(elements) and {len(curve.keyframe_points) for curve in curves} == {len(grown.ramp.frames)}
    for frame in grown.ramp.frames:
        scene.frame_set(int(frame))
        found = np.array([element.color[:3] for element in elements])
        np.testing.assert_allclose(found, palettes.srgb_to_linear(grown.ramp.at(frame)), atol=1e-5)
    assert not np.allclose(grown.ramp.at(grown.frame_start), grown.ramp.at(grown.frame_end), atol=0.02)


def test_markers_stand_at_epochs(scene: bpy.types.Scene, bloom: bpy.types.Object, grown: Animation) -> None:
    assert {(marker.name, marker.frame) for marker in scene.timeline_markers} == {(marker.name, marker.frame) for marker in grown.markers}


def test_a_material_without_the_ramp_is_left_alone(scene: bpy.types.Scene, bloom: bpy.types.Object, grown: Animation) -> None:
    tree = bloom.data.materials[0].node_tree
    tree.nodes.remove(tree.nodes[material.RAMP])
    bloom_object.apply_growth(scene, bloom, grown)
    assert material.ramp_of(bloom.data.materials[0]) is None


def test_a_key_can_be_moved_by_hand(scene: bpy.types.Scene, bloom: bpy.types.Object, curve: Callable[[str, int], bpy.types.FCurve]) -> None:
    weight = curve("bloom.xforms[1].weight", 0)
    weight.keyframe_points[2].co.y = 2.5
    weight.update()
    scene.frame_set(int(weight.keyframe_points[2].co.x))
    assert flame_properties.read_flame(bloom).xforms[1].weight == pytest.approx(2.5)


def test_another_palette_brings_its_exposure_and_leaves_no_old_stops(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    run = trajectory.read_run(trajectory.embedded_run("digits"))
    for name in ("design", "moon", "strata"):
        grown = growth.grow(run, designs.design("lotus"), frames=6, palette=name)
        bloom_object.apply_growth(scene, bloom, grown)
        target = bloom.data.materials[0]
        ramp = material.ramp_of(target)
        assert len(ramp.elements) == len(grown.ramp.positions)
        assert len(compat.channelbag(target.node_tree, "").fcurves) == 3 * len(grown.ramp.positions)
        strength = target.node_tree.nodes[material.EXPOSURE].outputs[0].default_value
        assert strength == pytest.approx(palettes.exposure(grown.flame.palette), rel=1e-5)
        scene.frame_set(6)
        shown = np.array([element.color[:3] for element in ramp.elements])
        np.testing.assert_allclose(shown, palettes.srgb_to_linear(grown.ramp.colors[-1]), atol=1e-4)
