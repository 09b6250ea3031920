"""What is switched off in the viewport is baked like the rest: Blender itself would not evaluate it."""

from __future__ import annotations

from collections.abc import Callable

import bpy
import pytest

from bloom_addon import sample

Switch = Callable[[bpy.types.Scene, bpy.types.Object], None]


def moved(scene: bpy.types.Scene, obj: bpy.types.Object) -> bpy.types.Collection:
    """Puts a bloom into a collection of its own."""
    collection = bpy.data.collections.new("Garden")
    scene.collection.children.link(collection)
    collection.objects.link(obj)
    scene.collection.objects.unlink(obj)
    return collection


def hide_object(_scene: bpy.types.Scene, obj: bpy.types.Object) -> None:
    obj.hide_viewport = True


def hide_with_the_eye(_scene: bpy.types.Scene, obj: bpy.types.Object) -> None:
    obj.hide_set(True)


def exclude_collection(scene: bpy.types.Scene, obj: bpy.types.Object) -> None:
    moved(scene, obj)
    bpy.context.view_layer.layer_collection.children["Garden"].exclude = True


def hide_collection(scene: bpy.types.Scene, obj: bpy.types.Object) -> None:
    moved(scene, obj).hide_viewport = True


@pytest.mark.parametrize("switch", [hide_object, hide_with_the_eye, exclude_collection, hide_collection])
def test_a_hidden_bloom_is_sampled_like_a_visible_one(scene: bpy.types.Scene, bloom: bpy.types.Object, switch: Switch) -> None:
    def weights() -> list[float]:
        return [flame.xforms[1].weight for flame in sample.snapshot(scene, bloom, range(1, 9))]

    visible = weights()
    assert len(set(visible)) > 4
    switch(scene, bloom)
    before = (bloom.hide_viewport, [collection.name for collection in bloom.users_collection])
    assert weights() == visible
    assert (bloom.hide_viewport, [collection.name for collection in bloom.users_collection]) == before
