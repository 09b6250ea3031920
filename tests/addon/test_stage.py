"""The stages in real Blender: each builds and shows the flower, again and again the same, and leaves alone what is the artist's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Vector

from bloom_addon import bloom_object, compat, material, properties
from bloom_addon.baking import bake
from bloom_addon.properties.stage_presets import PRESETS
from bloom_addon.stage import camera, compositing, parts, stage
from bloom_core.designs import design

KINDS = ("objects", "meshes", "cameras", "lights", "materials", "worlds", "node_groups", "collections", "actions")


def census() -> dict[str, int]:
    return {kind: len(getattr(bpy.data, kind)) for kind in KINDS}


def names() -> set[str]:
    return {f"{kind} {datablock.name}" for kind in KINDS for datablock in getattr(bpy.data, kind)}


def picture(scene: Any, path: Path) -> np.ndarray[Any, Any]:
    scene.render.resolution_x, scene.render.resolution_y, scene.cycles.samples, scene.cycles.use_denoising = 64, 40, 4, False
    compat.set_png(scene)
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(str(path))
    pixels = np.array(image.pixels[:]).reshape(40, 64, -1)[:, :, :3]
    bpy.data.images.remove(image)
    return pixels


@pytest.fixture
def baked(scene: bpy.types.Scene, tmp_path: Path) -> bpy.types.Object:
    """An open lotus with a take of one frame."""
    obj = bloom_object.new_bloom(bpy.context, design("lotus"))
    settings = properties.bloom_of(obj)
    settings.samples, settings.resolution, settings.folder = 0.5, 48, str(tmp_path / "takes")
    scene.frame_start = scene.frame_end = 1
    bloom_object.show_take(obj, bake.run(bake.prepare(scene, obj)), 1)
    return obj


@pytest.mark.parametrize("name", PRESETS)
def test_every_stage_shows_the_flower(scene: Any, baked: bpy.types.Object, tmp_path: Path, name: str) -> None:
    stage.build(scene, baked, name)
    scene.frame_set(1)
    seen = picture(scene, tmp_path / "with.png")
    baked.hide_render = True
    bare = picture(scene, tmp_path / "without.png")
    flower = np.abs(seen - bare).max(axis=2)
    assert flower.max() > 0.15
    rows, columns = np.nonzero(flower > 0.05)
    assert 12 < columns.mean() < 52 and 8 < rows.mean() < 32  # in the middle of the picture
    assert len(rows) > 40


@pytest.mark.parametrize("name", PRESETS)
def test_every_stage_frames_the_flower_from_bud_to_open(scene: Any, bloom: bpy.types.Object, name: str) -> None:
    bloom.location, bloom.scale = (3.0, -2.0, 5.0), (2.0, 2.0, 2.0)
    stage.build(scene, bloom, name)
    filmed = camera.subject(scene, bloom)
    for frame in (scene.frame_start, scene.frame_end):
        scene.frame_set(frame)
        at = world_to_camera_view(scene, scene.camera, Vector(filmed.heart))
        assert 0.2 < at.x < 0.8 and 0.15 < at.y < 0.85 and at.z > 0.2 * filmed.radius
        assert scene.camera.matrix_world.translation.z > filmed.bottom


def test_setting_the_stage_again_piles_nothing_up(scene: Any, bloom: bpy.types.Object) -> None:
    for name in PRESETS:
        stage.build(scene, bloom, name)
    stage.build(scene, bloom, "studio")
    before = census()
    for name in (*PRESETS, "studio", "studio"):
        stage.build(scene, bloom, name)
    assert census() == before


def test_what_is_the_artists_stays(scene: Any, bloom: bpy.types.Object) -> None:
    own_camera, own_world = bpy.data.objects.new("Mine", bpy.data.cameras.new("Mine")), bpy.data.worlds.new("My Sky")
    scene.collection.objects.link(own_camera)
    scene.camera, scene.world = own_camera, own_world
    before = names()
    for name in ("pond", "studio"):
        stage.build(scene, bloom, name)
    assert before <= names() and scene.camera != own_camera and scene.world != own_world
    own_lamp = bpy.data.objects.new("My Lamp", bpy.data.lights.new("My Lamp", "POINT"))
    parts.collection_of(scene).objects.link(own_lamp)
    stage.build(scene, bloom, "night")
    assert bpy.ops.bloom.remove_stage() == {"FINISHED"}
    assert names() - before == {"objects My Lamp", "lights My Lamp", f"collections {parts.COLLECTION}"}
    assert scene.camera == own_camera and scene.world == own_world and not stage.is_set(scene)


def test_removing_a_stage_leaves_nothing(scene: Any, bloom: bpy.types.Object) -> None:
    before = names()
    stage.build(scene, bloom, "studio")
    bpy.ops.bloom.remove_stage()
    assert names() == before and scene.camera is None


def test_undo_takes_a_stage_back(scene: Any, bloom: bpy.types.Object) -> None:
    if bpy.app.background and not bpy.context.preferences.edit.use_global_undo:
        pytest.skip("this Blender keeps no undo steps")
    bpy.ops.ed.undo_push(message="before")
    before = names()
    bpy.context.view_layer.objects.active = bloom
    bpy.ops.bloom.stage()
    bpy.ops.ed.undo_push(message="stage")
    assert names() > before
    bpy.ops.ed.undo()
    assert names() == before
    bpy.ops.ed.redo()
    assert stage.is_set(bpy.context.scene) and names() > before


def test_choices_change_only_their_part(scene: Any, bloom: bpy.types.Object) -> None:
    stage.build(scene, bloom, "night")
    point = compat.channelbag(scene.camera, "").fcurves.find("location", index=1).keyframe_points[0]
    point.co.y = -123.0  # an artist's edit
    scene.bloom_stage.world = "dawn"
    scene.bloom_stage.ground = "water"
    scene.bloom_stage.looks = {"FILM", "LENS"}
    assert compat.channelbag(scene.camera, "").fcurves.find("location", index=1).keyframe_points[0].co.y == -123.0
    assert scene.world.name == "Bloom Dawn" and parts.find(scene, "ground") is not None
    assert {node.name for node in compositing.find_group(scene).nodes} >= {"Bloom Film", "Bloom Lens"}
    scene.bloom_stage.preset = "macro"
    assert scene.bloom_stage.move == "close" and parts.find(scene, "ground") is None and scene.world.name == "Bloom Black"


def test_choices_build_nothing_without_a_stage(scene: Any, bloom: bpy.types.Object) -> None:
    before = names()
    scene.bloom_stage.preset = "studio"
    scene.bloom_stage.ground = "water"
    assert names() == before and scene.bloom_stage.lights == "rim"


def test_keys_are_few_and_eased(scene: Any, bloom: bpy.types.Object) -> None:
    stage.build(scene, bloom)
    curves = [*compat.channelbag(parts.find(scene, "rig"), "").fcurves, *compat.channelbag(scene.camera, "").fcurves]
    assert len(curves) == 3 and all(len(curve.keyframe_points) == 2 for curve in curves)
    assert all(point.interpolation == "BEZIER" for curve in curves for point in curve.keyframe_points)
    first, last = scene.frame_start, scene.frame_end
    for curve in curves:
        share = (curve.evaluate(first + 0.1 * (last - first)) - curve.evaluate(first)) / (curve.evaluate(last) - curve.evaluate(first))
        assert share == pytest.approx(0.028, abs=0.005)  # slow at first: 3 t² − 2 t³


def test_a_turntable_loops(scene: Any, bloom: bpy.types.Object) -> None:
    stage.build(scene, bloom, "turntable")
    places = []
    for frame in (scene.frame_start, scene.frame_start + 1, scene.frame_end, scene.frame_end + 1):
        scene.frame_set(frame)
        places.append(np.array(scene.camera.matrix_world.translation))
    np.testing.assert_allclose(places[3], places[0], atol=1e-4)
    assert np.linalg.norm(places[3] - places[2]) == pytest.approx(np.linalg.norm(places[1] - places[0]), rel=1e-3)


def test_refit_stretches_an_artists_keys(scene: Any, bloom: bpy.types.Object) -> None:
    stage.build(scene, bloom)
    scene.camera.data.lens = 60.0
    scene.camera.data.keyframe_insert("lens", frame=(scene.frame_start + scene.frame_end) / 2)
    scene.frame_set(scene.frame_end)
    before = scene.camera.matrix_world.translation - parts.find(scene, "rig").matrix_world.translation
    length = scene.frame_end - scene.frame_start
    scene.frame_start, scene.frame_end = 11, 11 + 3 * length
    assert bpy.ops.bloom.refit_stage() == {"FINISHED"}
    assert compat.channelbag(scene.camera.data, "").fcurves[0].keyframe_points[0].co.x == pytest.approx(11 + 1.5 * length)
    for curve in compat.channelbag(parts.find(scene, "rig"), "").fcurves:
        assert [point.co.x for point in curve.keyframe_points] == [11, 11 + 3 * length]
    bloom.scale = (2.0, 2.0, 2.0)
    scene.camera.data.animation_data_clear()
    scene.camera.data.lens = 50.0
    bpy.ops.bloom.refit_stage()
    scene.frame_set(scene.frame_end)
    after = scene.camera.matrix_world.translation - parts.find(scene, "rig").matrix_world.translation
    assert after.length == pytest.approx(2 * before.length, rel=1e-3)


def test_refit_without_a_stage_is_refused(scene: Any, bloom: bpy.types.Object) -> None:
    with pytest.raises(RuntimeError, match="press Set the Stage"):
        bpy.ops.bloom.refit_stage()


def test_the_night_is_what_films_are_made_with(scene: Any, bloom: bpy.types.Object) -> None:
    stage.build(scene, bloom)
    assert scene.render.engine == "CYCLES" and scene.cycles.samples == 8 and scene.cycles.max_bounces == 0
    assert scene.cycles.volume_step_rate == 3.0 and scene.cycles.volume_max_steps == 512
    assert scene.view_settings.view_transform == "Standard" and scene.camera.data.lens == 50.0 and scene.camera.data.dof.use_dof
    assert [node.name for node in compositing.find_group(scene).nodes if node.name.startswith("Bloom")] == ["Bloom Glow"]


@pytest.mark.parametrize("quality", ["DRAFT", "FINAL"])
def test_eevee_is_set_to_see_volumes(scene: Any, bloom: bpy.types.Object, quality: str) -> None:
    stage.build(scene, bloom, "studio")
    scene.bloom_stage.engine, scene.bloom_stage.quality = "EEVEE", quality
    assert scene.render.engine == compat.eevee()
    filmed = camera.subject(scene, bloom)
    for frame in (scene.frame_start, scene.frame_end):
        scene.frame_set(frame)
        away = (scene.camera.matrix_world.translation - Vector(filmed.center)).length
        assert scene.eevee.volumetric_end > away + filmed.radius and scene.eevee.volumetric_start < max(away - filmed.radius, 0.3)


@pytest.mark.parametrize(
    ("size", "draft", "final"), [((320, 200), "1", "1"), ((1920, 1080), "4", "2"), ((3840, 2160), "8", "4"), ((9000, 900), "16", "16")]
)
def test_eevees_tiles_go_with_the_picture(scene: Any, bloom: bpy.types.Object, size: tuple[int, int], draft: str, final: str) -> None:
    scene.render.resolution_x, scene.render.resolution_y = size
    stage.build(scene, bloom)
    assert scene.eevee.volumetric_tile_size == draft
    scene.bloom_stage.quality = "FINAL"
    assert scene.eevee.volumetric_tile_size == final


def test_the_keyed_palette_goes_on_with_a_stage(scene: Any, bloom: bpy.types.Object) -> None:
    ramp = material.ramp_of(bloom.material_slots[0].material)
    stage.build(scene, bloom, "pond")
    scene.frame_set(scene.frame_start)
    first = tuple(ramp.evaluate(0.5))
    scene.frame_set(scene.frame_end)
    assert tuple(ramp.evaluate(0.5)) != first
