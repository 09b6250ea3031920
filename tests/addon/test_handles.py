"""Handles pose their petals: moved, turned, scaled, keyed, parented, hidden, deleted, copied."""

from __future__ import annotations

import math
from pathlib import Path

import bpy
import numpy as np
import pytest
from mathutils import Matrix

from bloom_addon import flame_properties, posing, sample
from bloom_core import native
from bloom_core.flames import affines
from bloom_core.flames.flame import FloatArray

PETALS = 1


@pytest.fixture
def handle(bloom: bpy.types.Object) -> bpy.types.Object:
    """The handle of the petals, with the bloom standing somewhere in the world."""
    bloom.location, bloom.rotation_euler, bloom.scale = (3.0, -1.0, 2.0), (0.3, 0.2, 1.0), (2.0, 2.0, 2.0)
    bloom.bloom.active_xform = PETALS
    assert bpy.ops.bloom.handle_add() == {"FINISHED"}
    return bloom.bloom.xforms[PETALS].handle


def post(scene: bpy.types.Scene, bloom: bpy.types.Object) -> FloatArray:
    return posing.read_flame(scene, bloom).xforms[PETALS].post


def shown(scene: bpy.types.Scene, bloom: bpy.types.Object) -> FloatArray:
    """Returns the post affine at frames 1, 4 and 8, as a bake reads it."""
    return np.array([flame.xforms[PETALS].post for flame in sample.snapshot(scene, bloom, (1, 4, 8))])


def test_a_handle_stands_in_what_its_xform_draws(scene: bpy.types.Scene, bloom: bpy.types.Object, handle: bpy.types.Object) -> None:
    cloud = native.points(posing.read_flame(scene, bloom), 200_000)
    middle = np.median(cloud.position[cloud.xform == PETALS], axis=0)
    np.testing.assert_allclose(handle.location, middle, atol=0.05)
    assert handle.name == "Lotus Petals" and handle.parent == bloom and handle.type == "EMPTY"
    assert handle.users_collection[0].name == "Bloom Handles" and handle.empty_display_size > 0.01


def test_at_rest_it_changes_nothing(scene: bpy.types.Scene, bloom: bpy.types.Object, handle: bpy.types.Object) -> None:
    np.testing.assert_array_equal(post(scene, bloom), flame_properties.read_flame(bloom).xforms[PETALS].post)
    bloom.location.x += 5.0
    bloom.rotation_euler.z = 2.0
    np.testing.assert_array_equal(post(scene, bloom), flame_properties.read_flame(bloom).xforms[PETALS].post)


@pytest.mark.parametrize("kind", ["moved", "turned", "scaled"])
def test_it_is_applied_after_the_variations(scene: bpy.types.Scene, bloom: bpy.types.Object, handle: bpy.types.Object, kind: str) -> None:
    rest = np.array(handle.matrix_basis)
    moves = {"moved": Matrix.Translation((0.2, 0.1, 0.5)), "turned": Matrix.Rotation(0.5, 4, "Z"), "scaled": Matrix.Diagonal((1.5, 0.5, 1, 1))}
    move = moves[kind]
    handle.matrix_basis = handle.matrix_basis @ move
    own = flame_properties.read_flame(bloom).xforms[PETALS].post
    expected = (rest @ np.array(move) @ np.linalg.inv(rest))[:3]
    np.testing.assert_allclose(post(scene, bloom), affines.composed(expected, own), atol=1e-5)


def test_the_finals_handle_moves_the_whole_flower(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    scene.frame_set(8)
    before = native.points(posing.read_flame(scene, bloom), 20_000).position
    assert bpy.ops.bloom.handle_add(every=True) == {"FINISHED"}
    bloom.bloom.xforms[2].handle.location.z += 1.5
    after = native.points(posing.read_flame(scene, bloom), 20_000).position
    np.testing.assert_allclose(after - before, np.tile((0.0, 0.0, 1.5), (20_000, 1)), atol=1e-4)


def test_keys_of_a_handle_are_baked_and_frames_without_motion_keep_their_content(
    scene: bpy.types.Scene, bloom: bpy.types.Object, handle: bpy.types.Object
) -> None:
    still = shown(scene, bloom)
    for frame, height in ((4, 0.0), (8, 1.0)):
        handle.location.z += height
        handle.keyframe_insert("location", frame=frame)
    posed = shown(scene, bloom)
    np.testing.assert_array_equal(posed[:2], still[:2])
    assert posed[2, 2, 3] - still[2, 2, 3] == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("hidden", ["viewport", "eye", "collection", "excluded"])
def test_a_hidden_handle_poses_all_the_same(scene: bpy.types.Scene, bloom: bpy.types.Object, handle: bpy.types.Object, hidden: str) -> None:
    for frame in (1, 8):
        handle.location.z = frame
        handle.keyframe_insert("location", frame=frame)
    expected = shown(scene, bloom)
    assert np.ptp(expected[:, 2, 3]) > 5.0
    collection = handle.users_collection[0]
    if hidden == "viewport":
        handle.hide_viewport = True
    elif hidden == "eye":
        handle.hide_set(True)
    elif hidden == "collection":
        collection.hide_viewport = True
    else:
        bpy.context.view_layer.layer_collection.children[collection.name].exclude = True
    np.testing.assert_array_equal(shown(scene, bloom), expected)


def test_parents_and_constraints_reach_the_petal(scene: bpy.types.Scene, bloom: bpy.types.Object, handle: bpy.types.Object) -> None:
    bpy.context.view_layer.update()
    before = post(scene, bloom)
    other = bpy.data.objects.new("Hand", None)
    scene.collection.objects.link(other)
    world = handle.matrix_world.copy()
    handle.parent = other
    handle.matrix_parent_inverse = other.matrix_world.inverted()
    handle.matrix_basis = world
    np.testing.assert_allclose(post(scene, bloom), before, atol=1e-4)
    other.location.z += 2.0  # one of the bloom's own units: it is twice as large as the world
    moved = post(scene, bloom) - before
    assert np.linalg.norm(moved[:, 3]) == pytest.approx(1.0, abs=1e-3)
    constraint = handle.constraints.new("COPY_LOCATION")
    constraint.target = other
    bpy.context.view_layer.update()
    assert np.linalg.norm((post(scene, bloom) - before)[:, 3]) > 0.1 and np.abs(post(scene, bloom) - before - moved).max() > 1e-3


def test_reset_and_remove(scene: bpy.types.Scene, bloom: bpy.types.Object, handle: bpy.types.Object) -> None:
    own = flame_properties.read_flame(bloom).xforms[PETALS].post
    handle.location, handle.rotation_euler = (1.0, 2.0, 3.0), (0.0, math.pi / 3, 0.0)
    assert np.abs(post(scene, bloom) - own).max() > 0.5
    bpy.ops.bloom.handle_reset()
    np.testing.assert_array_equal(post(scene, bloom), own)
    handle.location.x += 1.0
    name = handle.name
    bpy.ops.bloom.handle_remove()
    np.testing.assert_array_equal(post(scene, bloom), own)
    assert name not in bpy.data.objects and not bloom.animation_data.drivers


def test_deleting_a_handle_by_hand_does_no_harm(scene: bpy.types.Scene, bloom: bpy.types.Object, handle: bpy.types.Object) -> None:
    own = flame_properties.read_flame(bloom).xforms[PETALS].post
    handle.location.z += 1.0
    for other in bpy.context.selected_objects:
        other.select_set(False)
    handle.select_set(True)
    bpy.ops.object.delete()
    np.testing.assert_array_equal(shown(scene, bloom), np.array([own] * 3))
    bpy.context.view_layer.objects.active = bloom
    assert bpy.ops.bloom.handle_add() == {"FINISHED"}  # and there can be another


def test_copies_of_a_bloom_with_and_without_its_handle(scene: bpy.types.Scene, bloom: bpy.types.Object, handle: bpy.types.Object) -> None:
    handle.location.z += 1.0
    expected = post(scene, bloom)
    for linked in (False, True):
        for together in (False, True):
            for each in scene.objects:
                each.select_set(each == bloom or (together and each == handle))
            bpy.context.view_layer.objects.active = bloom
            bpy.ops.object.duplicate(linked=linked)
            copy = bpy.context.view_layer.objects.active
            copy.location.x += 7.0
            assert copy != bloom
            np.testing.assert_allclose(post(scene, copy), expected, atol=1e-5)
            assert (copy.bloom.xforms[PETALS].handle == handle) != together
    handle.location.z -= 1.0
    assert np.abs(post(scene, bloom) - expected).max() > 0.5


def test_handles_survive_undo_and_saving(scene: bpy.types.Scene, bloom: bpy.types.Object, handle: bpy.types.Object, tmp_path: Path) -> None:
    handle.location.z += 1.0
    expected = post(scene, bloom)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "handles.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "handles.blend"))
    np.testing.assert_allclose(post(bpy.context.scene, bpy.data.objects["Lotus"]), expected, atol=1e-6)
    bpy.ops.ed.undo_push(message="before")
    bpy.context.view_layer.objects.active = bpy.data.objects["Lotus"]
    bpy.ops.bloom.handle_remove(every=True)
    bpy.ops.ed.undo_push(message="removed")
    bpy.ops.ed.undo()
    np.testing.assert_allclose(post(bpy.context.scene, bpy.data.objects["Lotus"]), expected, atol=1e-6)
