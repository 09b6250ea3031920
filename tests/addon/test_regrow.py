"""Growing again: training's curves are replaced, the artist's are kept."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import bpy
import numpy as np
import pytest

from bloom_addon import bloom_object, compat, growth_book, keyframes, material, properties
from bloom_addon.growing import operators
from bloom_core import designs, growth
from bloom_core.growth.animation import Animation, Channel
from bloom_core.native import Cancelled
from bloom_core.trajectories import trajectory

from .modal import Screen, begun, event, tick_until_done

Curve = Callable[..., bpy.types.FCurve]


@pytest.fixture(scope="module")
def stronger() -> Animation:
    run = trajectory.read_run(trajectory.embedded_run("digits"))
    return growth.grow(run, designs.design("lotus"), frames=8, strength=2.0, palette="moon")


def keys(curve: bpy.types.FCurve) -> list[tuple[float, float]]:
    return [(point.co.x, point.co.y) for point in curve.keyframe_points]


def test_untouched_curves_are_replaced(scene: bpy.types.Scene, bloom: bpy.types.Object, stronger: Animation) -> None:
    before = {(curve.data_path, curve.array_index): keys(curve) for curve in compat.fcurves(bloom)}
    assert bloom_object.apply_growth(scene, bloom, stronger) == []
    changed = [keys(curve) != before.get((curve.data_path, curve.array_index)) for curve in compat.fcurves(bloom)]
    assert np.mean(changed) > 0.9


def test_edited_curves_are_kept_and_named(scene: bpy.types.Scene, bloom: bpy.types.Object, curve: Curve, stronger: Animation) -> None:
    moved, bent, added = curve("bloom.xforms[1].pre", 3), curve("bloom.xforms[1].weight"), curve("bloom.xforms[0].color")
    moved.keyframe_points[2].co_ui.y += 0.5
    bent.keyframe_points[3].interpolation = "CONSTANT"
    added.keyframe_points.insert(2.5, 0.75)
    for each in (moved, bent, added):
        each.update()
    before = [keys(each) for each in (moved, bent, added)]
    kept = bloom_object.apply_growth(scene, bloom, stronger)
    assert sorted(kept) == ["Petals ▸ Affine[3]", "Petals ▸ Weight", "Source ▸ Color"]
    found = [curve("bloom.xforms[1].pre", 3), curve("bloom.xforms[1].weight"), curve("bloom.xforms[0].color")]
    assert [keys(each) for each in found] == before
    assert bloom_object.apply_growth(scene, bloom, stronger, replace_edited=True) == []
    assert all(keys(each) != old for each, old in zip(found, before, strict=True))
    assert bloom_object.apply_growth(scene, bloom, stronger) == []  # now they are training's again


def test_a_curve_of_the_artist_is_never_taken_for_trainings(scene: bpy.types.Scene, grown: Animation) -> None:
    obj = bloom_object.new_bloom(bpy.context, designs.design("lotus"))
    obj.bloom.xforms[1].weight = 0.125
    obj.bloom.xforms[1].keyframe_insert("weight", frame=3)
    obj.bloom.xforms[1].keyframe_insert("color_speed", frame=3)
    assert bloom_object.apply_growth(scene, obj, grown) == ["Petals ▸ Weight"]
    assert keys(compat.fcurve(obj, "bloom.xforms[1].weight")) == [(3.0, 0.125)]
    assert compat.fcurve(obj, "bloom.xforms[1].color_speed") is not None


def test_modifiers_colour_mute_and_drivers_stay(scene: bpy.types.Scene, bloom: bpy.types.Object, curve: Curve, stronger: Animation) -> None:
    weight = curve("bloom.xforms[1].weight")
    noise = weight.modifiers.new("NOISE")
    noise.strength = 0.3
    weight.extrapolation, weight.color_mode, weight.color, weight.mute = "LINEAR", "CUSTOM", (1.0, 0.0, 0.0), True
    bloom.driver_add("bloom.xforms[0].opacity").driver.expression = "0.25"
    before = keys(weight)
    assert bloom_object.apply_growth(scene, bloom, stronger) == []
    weight = curve("bloom.xforms[1].weight")
    assert keys(weight) != before and weight.modifiers[0].strength == pytest.approx(0.3)
    assert (weight.extrapolation, weight.color_mode, tuple(weight.color), weight.mute) == ("LINEAR", "CUSTOM", (1.0, 0.0, 0.0), True)
    scene.frame_set(5)
    assert bloom.bloom.xforms[0].opacity == pytest.approx(0.25)


def test_curves_that_a_new_growth_does_not_want_go(scene: bpy.types.Scene, bloom: bpy.types.Object, grown: Animation) -> None:
    extra = Channel(0, "post", 5)
    wider = replace(
        grown,
        channels=(*grown.channels, extra),
        values=np.hstack([grown.values, np.linspace(1.0, 2.0, len(grown.values))[:, None]]),
        flutter=None,
    )
    bloom_object.apply_growth(scene, bloom, wider)
    assert compat.fcurve(bloom, "bloom.xforms[0].post", 5) is not None
    assert bloom_object.apply_growth(scene, bloom, grown) == []
    assert compat.fcurve(bloom, "bloom.xforms[0].post", 5) is None


def test_growth_in_the_nla_is_grown_there(scene: bpy.types.Scene, bloom: bpy.types.Object, stronger: Animation) -> None:
    data = bloom.animation_data
    action = data.action
    strip = data.nla_tracks.new().strips.new("Growth", 1, action)
    strip.action_slot, data.action = data.action_slot, None
    book = growth_book.Book(action, strip.action_slot)
    count, before = len(compat.bag_of(action, strip.action_slot).fcurves), dict(book.digests)
    assert bloom_object.apply_growth(scene, bloom, stronger) == []
    assert data.action is None
    assert len(compat.bag_of(action, strip.action_slot).fcurves) == count
    assert growth_book.Book(action, strip.action_slot).digests != before


def test_locked_and_edited_stops_keep_colour_place_and_keys(scene: bpy.types.Scene, bloom: bpy.types.Object, stronger: Animation) -> None:
    tree = bloom.data.materials[0].node_tree
    ramp = material.ramp_of(bloom.data.materials[0])
    edited, locked = 3, 5
    path = 'nodes["Bloom Palette"].color_ramp.elements[{}].color'
    curve = compat.fcurve(tree, path.format(edited), 0)
    curve.keyframe_points[0].co_ui.y = 0.9
    curve.update()
    places = {number: ramp.elements[number].position for number in (edited, locked)}
    colors = {number: [keys(compat.fcurve(tree, path.format(number), channel)) for channel in range(3)] for number in places}
    other = keys(compat.fcurve(tree, path.format(1), 0))
    kept = bloom_object.apply_growth(scene, bloom, stronger, locked=(locked,))
    assert kept == sorted(kept) and len(kept) == 2 and all(name.startswith("Palette ▸ Stop") for name in kept)
    ramp = material.ramp_of(bloom.data.materials[0])
    assert len(ramp.elements) == len(stronger.ramp.positions)
    for number, place in places.items():
        found = next(index for index, element in enumerate(ramp.elements) if element.position == pytest.approx(place))
        assert [keys(compat.fcurve(tree, path.format(found), channel)) for channel in range(3)] == colors[number]
    assert keys(compat.fcurve(tree, path.format(1), 0)) != other
    bloom_object.apply_growth(scene, bloom, stronger, replace_edited=True)
    assert len(compat.fcurves(tree)) == 3 * len(stronger.ramp.positions)


def test_revert_gives_back_what_training_wrote(scene: bpy.types.Scene) -> None:
    bpy.ops.bloom.add(design="lotus")
    bpy.ops.bloom.use_run()
    scene.bloom_growth.frames = 4
    assert bpy.ops.bloom.grow() == {"FINISHED"}
    obj = bpy.context.object
    first, second = compat.fcurve(obj, "bloom.xforms[0].weight"), compat.fcurve(obj, "bloom.xforms[1].weight")
    before = keys(first)
    for curve in (first, second):
        curve.keyframe_points[0].co_ui.y += 1.0
        curve.update()
    edited = keys(second)
    scene.bloom_growth.frames = 9  # a growth to come; what is reverted is the one that was
    obj.bloom.active_xform = 0
    assert bpy.ops.bloom.revert_growth() == {"FINISHED"}
    assert keys(compat.fcurve(obj, "bloom.xforms[0].weight")) == before
    assert keys(compat.fcurve(obj, "bloom.xforms[1].weight")) == edited


def test_grow_tells_what_it_kept(scene: bpy.types.Scene, capfd: pytest.CaptureFixture[str]) -> None:
    bpy.ops.bloom.add(design="lotus")
    bpy.ops.bloom.use_run()
    scene.bloom_growth.frames = 3
    bpy.ops.bloom.grow()
    curve = compat.fcurve(bpy.context.object, "bloom.xforms[1].weight")
    curve.keyframe_points[0].co_ui.y += 1.0
    bpy.ops.bloom.grow()
    assert "1 edited curve kept: Petals ▸ Weight" in capfd.readouterr().out
    bpy.ops.bloom.grow(replace_edited=True)
    assert "kept" not in capfd.readouterr().out


def test_held_frames_are_remembered(scene: bpy.types.Scene, bloom: bpy.types.Object, grown: Animation) -> None:
    guard = np.ones(8)
    guard[2:5] = 0.5
    bloom_object.apply_growth(scene, bloom, replace(grown, guard=guard))
    assert bloom.bloom.held_frames == 3


def test_growing_beside_is_stopped_and_is_alone(scene: bpy.types.Scene) -> None:
    bpy.ops.bloom.add(design="lotus")
    bpy.ops.bloom.use_run()
    obj = bpy.context.object
    scene.bloom_growth.frames = 40
    screen = Screen(scene, obj)
    growing = begun(operators.BLOOM_OT_grow, screen, replace_edited=False)
    with pytest.raises(RuntimeError, match="Bloom is growing Lotus already"):
        bpy.ops.bloom.grow()
    while growing._job.fraction == 0.0 and not growing._job.finished:
        time.sleep(0.01)
    growing.modal(screen, event("TIMER"))
    growing.modal(screen, event("ESC"))
    assert "growing Lotus. " in screen.told()[0] and "Stopping" in screen.told()[-1]
    assert tick_until_done(growing, screen) == {"CANCELLED"} and growing._job.fraction < 1.0
    assert "nothing was changed" in growing.reports[-1][1] and obj.animation_data is None


def test_a_bloom_that_is_gone_when_it_has_grown(scene: bpy.types.Scene) -> None:
    bpy.ops.bloom.add(design="lotus")
    bpy.ops.bloom.use_run()
    scene.bloom_growth.frames = 3
    screen = Screen(scene, bpy.context.object)
    growing = begun(operators.BLOOM_OT_grow, screen, replace_edited=False)
    bpy.data.objects.remove(bpy.context.object)
    assert tick_until_done(growing, screen) == {"CANCELLED"} and "Lotus is gone" in growing.reports[-1][1]


def test_progress_rises_to_the_end_and_cancels() -> None:
    run, told = trajectory.read_run(trajectory.embedded_run("digits")), []
    growth.grow(run, designs.design("lotus"), frames=4, progress=lambda share: told.append(share) or True)
    assert told == sorted(told) and told[-1] == 1.0 and len(told) > 10
    with pytest.raises(Cancelled):
        growth.grow(run, designs.design("lotus"), frames=4, progress=lambda share: share < 0.3)


def test_the_group_of_a_hand_keyed_channel_is_tidied(scene: bpy.types.Scene, bloom: bpy.types.Object, grown: Animation) -> None:
    bloom.bloom.xforms[1].keyframe_insert("color_speed", frame=2)
    bloom_object.apply_growth(scene, bloom, grown)
    assert compat.fcurve(bloom, "bloom.xforms[1].color_speed").group.name == "Petals"
    assert keyframes.curve_name(properties.bloom_of(bloom), compat.fcurve(bloom, "bloom.xforms[1].color_speed")) == "Petals ▸ Color Speed"
