"""A bloom in another file: linked and overridden, changed, keyed, saved and opened again; and appended."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest

from bloom_addon import bloom_object, compat, flame_properties, posing, properties
from bloom_core.growth.animation import Animation


@pytest.fixture
def library(scene: bpy.types.Scene, bloom: bpy.types.Object, grown: Animation, tmp_path: Path) -> Path:
    """A saved file with a grown lotus and the handle of its petals."""
    bloom.bloom.active_xform = 1
    bpy.ops.bloom.handle_add()
    bloom.bloom.xforms[1].handle.location.z += 0.5
    path = tmp_path / "library.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return path


def brought(path: Path, link: bool) -> bpy.types.Object:
    with bpy.data.libraries.load(str(path), link=link) as (_, target):
        target.objects = ["Lotus"]
    return target.objects[0]


def test_an_override_is_changed_keyed_and_kept(library: Path, tmp_path: Path) -> None:
    obj = brought(library, link=True).override_create(remap_local_usages=True)
    bpy.context.scene.collection.objects.link(obj)
    bloom = properties.bloom_of(obj)
    bloom.xforms[0].color_speed = 0.25
    bloom.xforms[1].mute = True
    bloom.xforms[1].post[3] = 2.0
    variation = bloom.xforms[1].variations["waves2"]
    variation.weight, variation.parameters[0].value = 0.5, 7.0
    bloom.wind.strength, bloom.samples, bloom.box_high = 2.5, 12.0, (3.0, 3.0, 3.0)
    data = obj.animation_data
    data.action = data.action.copy()  # Blender keys no action of another file
    data.action_slot = data.action.slots[0]
    bloom.xforms[0].color_speed = 0.25
    bloom.xforms[0].keyframe_insert("color_speed", frame=1)
    bloom.xforms[0].color_speed = 0.75
    bloom.xforms[0].keyframe_insert("color_speed", frame=9)
    path = tmp_path / "shot.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    bpy.ops.wm.open_mainfile(filepath=str(path))
    obj = next(each for each in bpy.data.objects if each.name == "Lotus" and each.library is None)
    bloom = properties.bloom_of(obj)
    bpy.context.scene.frame_set(5)
    assert obj.override_library is not None and bloom.xforms[0].color_speed == pytest.approx(0.5, abs=0.01)
    assert bloom.xforms[1].mute and bloom.xforms[1].post[3] == 2.0
    variation = bloom.xforms[1].variations["waves2"]
    assert (variation.weight, variation.parameters[0].value) == (0.5, 7.0)
    assert (bloom.wind.strength, bloom.samples, tuple(bloom.box_high)) == (2.5, 12.0, (3.0, 3.0, 3.0))
    bpy.context.view_layer.objects.active = obj
    with pytest.raises(RuntimeError, match="comes from another file"):
        bpy.ops.bloom.xform_add()
    assert len(bloom.xforms) == 3


def test_growth_refuses_a_linked_action_in_words(library: Path, grown: Animation) -> None:
    obj = brought(library, link=True).override_create(remap_local_usages=True)
    bpy.context.scene.collection.objects.link(obj)
    with pytest.raises(ValueError, match="make its action local"):
        bloom_object.apply_growth(bpy.context.scene, obj, grown)


def test_an_appended_bloom_is_a_bloom_with_its_handle(library: Path) -> None:
    obj = brought(library, link=False)
    bpy.context.scene.collection.objects.link(obj)
    handle = obj.bloom.xforms[1].handle
    assert handle is not None and handle.library is None
    bpy.context.scene.collection.objects.link(handle)
    own = flame_properties.read_flame(obj).xforms[1].post
    found = posing.read_flame(bpy.context.scene, obj).xforms[1].post
    np.testing.assert_allclose(found[:, 3] - own[:, 3], (0.0, 0.0, 0.5), atol=1e-4)
    bpy.context.view_layer.objects.active = obj
    assert bpy.ops.bloom.xform_move(up=True) == {"FINISHED"} and obj.bloom.xforms[0].name == "Petals"


@pytest.mark.parametrize("linked", [False, True])
def test_a_copy_plays_like_its_first(scene: bpy.types.Scene, bloom: bpy.types.Object, linked: bool) -> None:
    bloom.select_set(True)
    bpy.ops.object.duplicate(linked=linked)
    copy = bpy.context.view_layer.objects.active
    for frame in (1, 4, 8):
        scene.frame_set(frame)
        first, second = (posing.read_flame(scene, each) for each in (bloom, copy))
        assert [xform.weight for xform in first.xforms] == [xform.weight for xform in second.xforms]
    copy.bloom.xforms[1].name = "Other"
    assert bloom.bloom.xforms[1].name == "Petals" and copy.bloom.xforms[1].name == "Other"
    assert len(compat.fcurves(bloom)) == len(compat.fcurves(copy))
