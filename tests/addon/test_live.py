"""The live view: what is read and played when, that it writes nothing, and that nothing stays behind. (Drawing needs a window: tests/blender.)"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

import bloom_addon
from bloom_addon import bloom_object, material, properties
from bloom_addon.live import clouds, drawing, views
from bloom_core import designs


def read(obj: bpy.types.Object) -> clouds.Cloud:
    """Does for a bloom what a redraw does."""
    cloud = clouds.cloud_of(obj)
    cloud.read(bpy.context.scene, obj, bpy.context.evaluated_depsgraph_get())
    return cloud


@pytest.fixture
def view(scene: bpy.types.Scene) -> Any:
    """A real 3D viewport's settings, in its factory state."""
    spaces = [area.spaces[0] for screen in bpy.data.screens for area in screen.areas if area.type == "VIEW_3D"]
    spaces[0].shading.type = "SOLID"
    return spaces[0]


def everything() -> str:
    """Returns a hash of all values of the blooms, materials, objects, scenes and actions of the file."""
    found = hashlib.sha256()

    def take(owner: Any, depth: int = 0) -> None:
        for prop in owner.bl_rna.properties:
            if prop.type == "POINTER" and prop.identifier not in ("bloom", "live", "node_tree"):
                continue
            if prop.identifier in ("original", "is_evaluated", "use_nodes"):
                continue
            value = getattr(owner, prop.identifier, None)
            if prop.type == "POINTER" and value is not None and depth < 6:
                take(value, depth + 1)
            elif prop.type == "COLLECTION" and depth < 6 and prop.identifier in ("xforms", "variations", "parameters", "fcurves", "keyframe_points"):
                for item in value:
                    take(item, depth + 1)
            elif prop.type not in ("POINTER", "COLLECTION"):
                found.update(f"{prop.identifier}={value if not hasattr(value, '__len__') or isinstance(value, str) else list(value)}".encode())

    for group in (bpy.data.objects, bpy.data.materials, bpy.data.scenes, bpy.data.actions, bpy.data.volumes):
        for datablock in group:
            take(datablock)
    return found.hexdigest()


def test_points_are_played_anew_only_when_the_flame_changes(bloom: bpy.types.Object, scene: bpy.types.Scene) -> None:
    scene.frame_set(1)
    cloud = read(bloom)
    first = cloud.generation
    assert read(bloom) is cloud and cloud.generation == first
    scene.frame_set(5)
    assert read(bloom).generation == first + 1
    bloom.bloom.xforms[0].mute = True
    assert read(bloom).generation == first + 2
    bloom.bloom.seed += 1
    assert read(bloom).generation == first + 3
    bloom.bloom.live.brightness, bloom.location.x = 2.0, 3.0
    assert read(bloom).generation == first + 3 and not cloud.problem


def test_batches_have_chances_of_their_own_and_the_first_follows_the_frame(bloom: bpy.types.Object, scene: bpy.types.Scene) -> None:
    cloud = read(bloom)
    one = cloud.play(0, 2000).position.copy()
    two = cloud.play(1, 2000).position.copy()
    assert np.array_equal(one, cloud.play(0, 2000).position) and not np.array_equal(one, two)


def test_a_stop_of_the_ramp_colours_the_next_redraw(bloom: bpy.types.Object) -> None:
    cloud = read(bloom)
    before, generation = np.frombuffer(cloud.colors, np.float32).reshape(-1, 4).copy(), cloud.generation
    ramp = material.ramp_of(bloom.material_slots[0].material)
    ramp.elements[0].color = (0.0, 1.0, 0.0, 1.0)
    after = np.frombuffer(read(bloom).colors, np.float32).reshape(-1, 4)
    assert not np.allclose(before[0], after[0]) and np.allclose(after[0], (0, 1, 0, 1)) and cloud.generation == generation
    bloom.data.materials.clear()
    assert np.all(np.frombuffer(read(bloom).colors, np.float32) == 1.0)


def test_exposure_of_the_material_and_brightness_multiply(bloom: bpy.types.Object) -> None:
    base = read(bloom).strength
    bloom.bloom.live.brightness = 3.0
    assert read(bloom).strength == pytest.approx(3 * base)
    bloom.material_slots[0].material.node_tree.nodes[material.EXPOSURE].outputs[0].default_value *= 2.0
    assert read(bloom).strength == pytest.approx(6 * base)


def test_reading_and_playing_write_nothing(bloom: bpy.types.Object, scene: bpy.types.Scene, view: Any) -> None:
    bare = bpy.data.materials.new("No Nodes")
    bloom.data.materials.append(bare)
    had_nodes = bare.node_tree is not None
    bpy.context.evaluated_depsgraph_get()  # what Blender itself writes when it evaluates
    before = everything()
    assert clouds.blooms_shown(bpy.context.view_layer, view) == [bloom]
    read(bloom).play(0, 1000)
    assert everything() == before and (bare.node_tree is not None) == had_nodes
    bloom.bloom.xforms[0].weight += 1e-3
    assert everything() != before


def test_a_flame_that_cannot_be_drawn_is_said_once_and_comes_back(bloom: bpy.types.Object) -> None:
    bloom.animation_data_clear()
    kept = [list(xform.pre) for xform in bloom.bloom.xforms]
    for xform in bloom.bloom.xforms:
        xform.pre = [1e30] * 12
    cloud = read(bloom)
    assert cloud.play(0, 1000) is None and cloud.problem
    told, generation = cloud.problem, cloud.generation
    read(bloom)
    assert cloud.problem == told and cloud.generation == generation
    for xform, pre in zip(bloom.bloom.xforms, kept, strict=True):
        xform.pre = pre
    assert read(bloom).problem == "" and len(cloud.play(0, 1000).position) == 1000


def test_what_a_view_shows(bloom: bpy.types.Object, view: Any) -> None:
    layer = bpy.context.view_layer
    other = bloom_object.new_bloom(bpy.context, designs.design("peony"))
    assert set(clouds.blooms_shown(layer, view)) == {bloom, other}
    other.bloom.live.enabled = False
    assert clouds.blooms_shown(layer, view) == [bloom]
    bloom.hide_set(True)
    assert clouds.blooms_shown(layer, view) == []
    bloom.hide_set(False)
    folder = bpy.data.collections.new("Folder")
    bpy.context.scene.collection.children.link(folder)
    for owner in bloom.users_collection:
        owner.objects.unlink(bloom)
    folder.objects.link(bloom)
    assert clouds.blooms_shown(layer, view) == [bloom]
    folder.hide_viewport = True
    layer.update()
    assert clouds.blooms_shown(layer, view) == []


def test_renders_and_takes_are_not_doubled(bloom: bpy.types.Object) -> None:
    settings = properties.bloom_of(bloom)
    shown = {kind: clouds.wanted(bloom, settings, kind) for kind in ("WIREFRAME", "SOLID", "MATERIAL", "RENDERED")}
    assert shown == {"WIREFRAME": True, "SOLID": True, "MATERIAL": True, "RENDERED": False}
    bloom.data.filepath = "//take.vdb"
    assert not clouds.wanted(bloom, settings, "MATERIAL") and clouds.wanted(bloom, settings, "SOLID")
    settings.live.rendered = True
    assert clouds.wanted(bloom, settings, "MATERIAL") and clouds.wanted(bloom, settings, "RENDERED")


def test_deleting_undoing_and_loading_leave_no_reference(bloom: bpy.types.Object, tmp_path: Path) -> None:
    read(bloom)
    other = bloom_object.new_bloom(bpy.context, designs.design("peony"))
    read(other)
    assert len(clouds.clouds) == 2
    bpy.data.objects.remove(other)
    assert drawing.refine() is None and list(clouds.clouds) == [bloom.session_uid]
    name, path = bloom.name, str(tmp_path / "saved.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.ed.undo_push()
    bpy.context.scene.objects[name].bloom.xforms[0].weight += 1.0
    bpy.ops.ed.undo_push()
    generation = read(bpy.data.objects[name]).generation
    bpy.ops.ed.undo()
    assert read(bpy.data.objects[name]).generation == generation + 1 and len(clouds.clouds) == 1
    bpy.ops.wm.open_mainfile(filepath=path)
    assert not clouds.clouds and not drawing.views
    assert read(bpy.data.objects[name]).generation == 1
    assert all(handlers.count(function) == 1 for handlers, function in drawing._HANDLERS)


def test_the_timer_waits_for_quiet_and_ends_with_the_last_view(scene: bpy.types.Scene) -> None:
    assert drawing.refine() is None
    drawing.views[12345] = views.View()  # a region that is no more
    assert drawing.refine() is None and not drawing.views


def test_registering_again_and_again_leaves_nothing() -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    before = [len(handlers) for handlers, _ in drawing._HANDLERS]
    for _ in range(20):
        bloom_addon.register()
        assert drawing._handle is not None
        bpy.app.timers.register(drawing.refine, first_interval=100.0)
        bloom_addon.unregister()
        assert drawing._handle is None and not bpy.app.timers.is_registered(drawing.refine)
    assert [len(handlers) for handlers, _ in drawing._HANDLERS] == before


def test_the_switch_is_for_what_is_selected_or_all(scene: bpy.types.Scene) -> None:
    with pytest.raises(RuntimeError, match="Add a bloom first"):
        bpy.ops.bloom.live()
    first, second = (bloom_object.new_bloom(bpy.context, designs.design(name)) for name in ("lotus", "peony"))
    bpy.ops.bloom.live()
    assert first.bloom.live.enabled and not second.bloom.live.enabled
    second.select_set(False)
    bpy.ops.bloom.live()
    assert not first.bloom.live.enabled and not second.bloom.live.enabled
    bpy.ops.bloom.live()
    assert first.bloom.live.enabled and second.bloom.live.enabled
