"""Editing the list of xforms: curves, drivers, strips, xaos, handles and growth's bookkeeping go along."""

from __future__ import annotations

from dataclasses import replace

import bpy
import numpy as np
import pytest

from bloom_addon import bloom_object, compat, flame_properties, growth_book, posing
from bloom_core import designs, growth, native
from bloom_core.flames.flame import Flame
from bloom_core.flames.flame_buffer import pack
from bloom_core.growth.animation import Animation


def names(bloom: bpy.types.Object) -> list[str]:
    return [xform.name for xform in bloom.bloom.xforms]


def played(scene: bpy.types.Scene, bloom: bpy.types.Object) -> dict[str, list[float]]:
    """Returns the weight, an affine's entry and a variation's weight of each xform by name, over the frames."""
    found: dict[str, list[float]] = {}
    for frame in (1, 4, 8):
        scene.frame_set(frame)
        for xform in posing.read_flame(scene, bloom).xforms:
            found.setdefault(xform.name, []).extend([xform.weight, xform.pre[0, 3], xform.variations[0].weight])
    return found


def grouped(bloom: bpy.types.Object) -> dict[str, set[int]]:
    """Returns which xforms' curves each group holds."""
    found: dict[str, set[int]] = {}
    for curve in compat.fcurves(bloom):
        if curve.data_path.startswith("bloom.xforms["):
            found.setdefault(curve.group.name, set()).add(int(curve.data_path[len("bloom.xforms[")]))
    return found


def test_move_takes_everything_along(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    variation = bloom.bloom.xforms[0].variations[0]
    variation.keyframe_insert("weight", frame=1)
    variation.weight = 3.0
    variation.keyframe_insert("weight", frame=8)
    other = bpy.data.objects.new("Knob", None)
    scene.collection.objects.link(other)
    driver = bloom.driver_add("bloom.xforms[1].opacity").driver
    driver.type = "SUM"
    variable = driver.variables.new()
    variable.targets[0].id, variable.targets[0].data_path = other, "empty_display_size"
    reader = other.driver_add("location", 0).driver
    reader.type = "SUM"
    read = reader.variables.new()
    read.targets[0].id, read.targets[0].data_path = bloom, "bloom.xforms[0].weight"
    before = played(scene, bloom)
    assert len(set(before["Source"])) == len(before["Source"])
    bloom.bloom.active_xform = 0
    assert bpy.ops.bloom.xform_move(up=False) == {"FINISHED"}
    assert names(bloom) == ["Petals", "Source", "Opening"] and bloom.bloom.active_xform == 1
    assert played(scene, bloom) == before
    assert bloom.animation_data.drivers[-1].data_path == "bloom.handle_watch" or any(
        curve.data_path == "bloom.xforms[0].opacity" for curve in bloom.animation_data.drivers
    )
    assert read.targets[0].data_path == "bloom.xforms[1].weight"
    assert grouped(bloom) == {"Petals": {0}, "Source": {1}, "Opening": {2}}
    assert [xform.origin for xform in bloom.bloom.xforms] == [1, 0, 2]


def test_a_moved_xform_grows_again_as_itself(scene: bpy.types.Scene, bloom: bpy.types.Object, grown: Animation) -> None:
    before = played(scene, bloom)
    bpy.ops.bloom.xform_move(up=False)
    assert bloom_object.apply_growth(scene, bloom, grown) == []
    assert played(scene, bloom) == before
    assert [xform.part for xform in bloom.bloom.xforms] == ["the whole network"] * 3


def test_a_duplicate_has_curves_of_its_own_and_grows_too(scene: bpy.types.Scene, bloom: bpy.types.Object, grown: Animation) -> None:
    count = len(compat.fcurves(bloom))
    each = len([curve for curve in compat.fcurves(bloom) if curve.data_path.startswith("bloom.xforms[1].")])
    noise = compat.fcurve(bloom, "bloom.xforms[1].weight").modifiers.new("NOISE")
    noise.strength = 0.25
    bloom.bloom.active_xform = 1
    assert bpy.ops.bloom.xform_duplicate() == {"FINISHED"}
    assert names(bloom) == ["Source", "Petals", "Petals 2", "Opening"]
    assert len(compat.fcurves(bloom)) == count + each
    assert grouped(bloom) == {"Source": {0}, "Petals": {1}, "Petals 2": {2}, "Opening": {3}}
    copy = compat.fcurve(bloom, "bloom.xforms[2].weight")
    assert copy.modifiers[0].type == "NOISE" and copy.modifiers[0].strength == 0.25
    copy.modifiers.remove(copy.modifiers[0])
    first = compat.fcurve(bloom, "bloom.xforms[1].weight")
    first.modifiers.remove(first.modifiers[0])
    found = played(scene, bloom)
    assert found["Petals 2"] == found["Petals"]
    assert bloom_object.apply_growth(scene, bloom, grown) == []
    again = growth.grow(bloom_object.read_run("digits"), designs.design("lotus"), frames=8, strength=2.0, tolerance=None)
    bloom_object.apply_growth(scene, bloom, again)
    later = played(scene, bloom)
    assert later["Petals 2"] == later["Petals"] != found["Petals"]


def test_remove_takes_curves_drivers_and_handle(scene: bpy.types.Scene, bloom: bpy.types.Object, grown: Animation) -> None:
    bpy.ops.bloom.handle_add(every=True)
    before = played(scene, bloom)
    bloom.bloom.active_xform = 0
    assert bpy.ops.bloom.xform_remove() == {"FINISHED"}
    assert names(bloom) == ["Petals", "Opening"] and grouped(bloom) == {"Petals": {0}, "Opening": {1}}
    assert "Lotus Source" not in bpy.data.objects and bloom.bloom.xforms[0].handle.name == "Lotus Petals"
    assert played(scene, bloom)["Petals"] == before["Petals"]
    book = growth_book.Book(*growth_book.grown_action(bloom))
    assert {key[: len("bloom.xforms[1]")] for key in book.digests} == {"bloom.xforms[0]", "bloom.xforms[1]"}
    assert bloom_object.apply_growth(scene, bloom, grown) == []
    assert grouped(bloom) == {"Petals": {0}, "Opening": {1}}
    bloom.bloom.active_xform = 0
    with pytest.raises(RuntimeError, match="one xform at least"):
        bpy.ops.bloom.xform_remove()
    bloom.bloom.active_xform = 1
    bpy.ops.bloom.xform_remove()
    assert names(bloom) == ["Petals"] and not bloom.bloom.has_final and posing.read_flame(scene, bloom).final is None


@pytest.mark.parametrize(("way", "count"), [("X", 1), ("Y", 1), ("Z", 1), ("2", 1), ("3", 2), ("5", 4)])
def test_copies_stand_where_they_are_asked_to(scene: bpy.types.Scene, bloom: bpy.types.Object, way: str, count: int) -> None:
    post = bloom.bloom.xforms[1]
    for frame, value in ((1, 0.0), (8, 2.0)):
        post.post[7] = value
        post.keyframe_insert("post", index=7, frame=frame)
    bloom.bloom.active_xform = 1
    assert bpy.ops.bloom.xform_multiply(way=way) == {"FINISHED"}
    assert len(bloom.bloom.xforms) == 3 + count and len(set(names(bloom))) == 3 + count
    point = np.array([[0.3, 0.4, 0.5]])
    for frame in (1, 4, 8):
        scene.frame_set(frame)
        flame = replace(posing.read_flame(scene, bloom), final=None)
        first = native.transform_points(flame, 1, point)[0]
        for place in range(1, count + 1):
            x, y, z = native.transform_points(flame, 1 + place, point)[0]
            if way in "XYZ":
                expected = first * [-1.0 if axis == way else 1.0 for axis in "XYZ"]
            else:
                angle = 2.0 * np.pi * place / int(way)
                expected = [np.cos(angle) * first[0] - np.sin(angle) * first[1], np.sin(angle) * first[0] + np.cos(angle) * first[1], first[2]]
            np.testing.assert_allclose((x, y, z), expected, atol=2e-3)


def test_add_is_a_petal_that_can_be_seen(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    before = played(scene, bloom)
    assert bpy.ops.bloom.xform_add() == {"FINISHED"}
    assert names(bloom) == ["Source", "Petals", "Petals 2", "Opening"] and bloom.bloom.active_xform == 2
    after = played(scene, bloom)
    assert {name: after[name] for name in before} == before
    cloud = native.points(posing.read_flame(scene, bloom), 50_000)
    assert (cloud.xform == 2).mean() > 0.1 and cloud.statistics.bad < 0.01 * cloud.statistics.iterations


def test_xaos_keeps_rows_and_columns(scene: bpy.types.Scene) -> None:
    flower = designs.design("waterlily")
    count = len(flower.open.xforms)
    xaos = np.arange(float(count * count)).reshape(count, count)
    obj = bloom_object.new_bloom(bpy.context, replace(flower, open=replace(flower.open, xaos=xaos)))
    obj.bloom.xforms[0].chaos[1].keyframe_insert("value", frame=1)
    obj.bloom.active_xform = 1
    bpy.ops.bloom.xform_move(up=True)
    order = [1, 0, *range(2, count)]
    np.testing.assert_array_equal(flame_properties.read_flame(obj).xaos, xaos[np.ix_(order, order)])
    assert [curve.data_path for curve in compat.fcurves(obj)] == ["bloom.xforms[1].chaos[0].value"]
    bpy.ops.bloom.xform_add()
    found = flame_properties.read_flame(obj).xaos
    assert found.shape == (count + 1, count + 1) and (found[count] == 1.0).all() and (found[:, count] == 1.0).all()
    obj.bloom.active_xform = 0
    bpy.ops.bloom.xform_remove()
    rest = [0, *range(2, count)]
    np.testing.assert_array_equal(flame_properties.read_flame(obj).xaos[:-1, :-1], xaos[np.ix_(rest, rest)])


def test_the_final_xform_stays_the_last(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    bloom.bloom.active_xform = 2
    for operator in (bpy.ops.bloom.xform_move, bpy.ops.bloom.xform_duplicate, bpy.ops.bloom.xform_multiply):
        with pytest.raises(RuntimeError, match="stands last"):
            operator()
    bloom.bloom.active_xform = 1
    bpy.ops.bloom.xform_move(up=False)
    assert names(bloom) == ["Source", "Petals", "Opening"]


def test_strips_and_shared_actions(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    """A linked copy shares the action; the curves of a strip in the NLA move along; the copy's own do not."""
    bloom.select_set(True)
    bpy.ops.object.duplicate(linked=True)
    copy = bpy.context.view_layer.objects.active
    assert copy.animation_data.action == bloom.animation_data.action
    bpy.context.view_layer.objects.active = bloom
    data = bloom.animation_data
    strip = data.nla_tracks.new().strips.new("Growth", 1, data.action)
    strip.action_slot, data.action = data.action_slot, None
    before = played(scene, bloom)
    bloom.bloom.active_xform = 0
    bpy.ops.bloom.xform_move(up=False)
    assert strip.action != copy.animation_data.action
    assert played(scene, bloom) == before == played(scene, copy)
    assert names(copy) == ["Source", "Petals", "Opening"]


def test_renaming_renames_group_and_handle_and_stays_unique(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    bloom.bloom.active_xform = 1
    bpy.ops.bloom.handle_add()
    bloom.bloom.xforms[1].name = "Crown"
    assert set(grouped(bloom)) == {"Source", "Crown", "Opening"} and bloom.bloom.xforms[1].handle.name == "Lotus Crown"
    assert {group.name for group in compat.bags_of(bloom)[0].groups} == {"Source", "Crown", "Opening"}
    bloom.bloom.xforms[1].name = "Source"
    assert names(bloom) == ["Source", "Source 2", "Opening"] and grouped(bloom) == {"Source": {0}, "Source 2": {1}, "Opening": {2}}
    bloom.bloom.xforms[1].opacity = 0.5
    bloom.bloom.xforms[1].keyframe_insert("color_speed", frame=3)  # by hand: in no group
    bloom.bloom.xforms[1].name = "Crown"
    assert grouped(bloom) == {"Source": {0}, "Crown": {1}, "Opening": {2}}


def test_variations_are_added_and_removed_with_their_keys(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    bloom.bloom.active_xform = 1
    xform = bloom.bloom.xforms[1]
    kept = [entry.name for entry in xform.variations]
    assert bpy.ops.bloom.variation_add(variation="julian") == {"FINISHED"}
    assert [entry.name for entry in xform.variations] == [*kept, "julian"]
    assert {number.name for number in xform.variations[-1].parameters} == {entry.name for entry in native.variations()["julian"].parameters}
    with pytest.raises(RuntimeError, match="already"):
        bpy.ops.bloom.variation_add(variation="julian")
    xform.variations[-1].keyframe_insert("weight", frame=1)
    xform.variations[0].keyframe_insert("weight", frame=1)
    bpy.ops.bloom.variation_remove(index=0)
    keyed = {curve.data_path for curve in compat.fcurves(bloom) if "variations" in curve.data_path}
    assert keyed == {f"bloom.xforms[1].variations[{len(kept) - 1}].weight"}
    assert len(posing.read_flame(scene, bloom).xforms[1].variations) == len(kept)


def test_every_edit_is_one_undo(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    def state() -> tuple[list[str], Flame]:
        obj = bpy.data.objects["Lotus"]
        return names(obj), flame_properties.read_flame(obj)

    edits = [("xform_duplicate", {}), ("xform_move", {"up": True}), ("xform_multiply", {"way": "3"}), ("xform_remove", {}), ("xform_add", {})]
    bloom.bloom.active_xform = 1
    bpy.ops.ed.undo_push(message="start")
    states = [state()]
    for name, arguments in edits:
        bpy.context.view_layer.objects.active = bpy.data.objects["Lotus"]
        assert getattr(bpy.ops.bloom, name)(**arguments) == {"FINISHED"}
        bpy.ops.ed.undo_push(message=name)
        states.append(state())
    for expected in reversed(states[:-1]):
        bpy.ops.ed.undo()
        found = state()
        assert found[0] == expected[0]
        np.testing.assert_allclose(pack(found[1]), pack(expected[1]), rtol=1e-6)
