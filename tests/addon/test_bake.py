"""From the scene to a take and back into the volume."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import bpy
import pytest

import bloom_addon
from bloom_addon import bloom_object, posing, sample
from bloom_addon.baking import bake
from bloom_core.native import Cancelled
from bloom_core.takes import Take, TakeError


def baked(scene: bpy.types.Scene, obj: bpy.types.Object) -> Take:
    job = bake.prepare(scene, obj)
    take = bake.run(job)
    bloom_object.show_take(obj, take, job.frame_start)
    return take


def changed(first: Take, second: Take) -> list[int]:
    """Returns the numbers of the frames whose bytes differ, from 1."""
    pairs = enumerate(zip(first.files, second.files, strict=True), 1)
    return [number for number, (a, b) in pairs if a.read_bytes() != b.read_bytes()]


def test_a_key_changed_by_hand_changes_its_frames_and_no_others(
    scene: bpy.types.Scene, bloom: bpy.types.Object, curve: Callable[[str, int], bpy.types.FCurve], tmp_path: Path
) -> None:
    first = baked(scene, bloom)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "edit.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "edit.blend"))
    scene, bloom = bpy.context.scene, bpy.data.objects["Lotus"]
    from bloom_addon import compat

    affine = compat.channelbag(bloom, "").fcurves.find("bloom.xforms[1].pre", index=3)
    affine.keyframe_points[4].co.y += 0.2
    affine.update()
    second = baked(scene, bloom)
    assert second.baked == 1 and changed(first, second) == [5]
    assert second.folder != first.folder and bloom.data.filepath == f"//takes/{second.folder.name}/bloom_0001.vdb"
    affine.keyframe_points[4].co.y -= 0.2
    affine.update()
    assert baked(scene, bloom).baked == 0


def test_what_the_volume_is_told(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    take = baked(scene, bloom)
    volume = bloom.data
    assert volume.filepath == str(take.files[0])
    assert volume.is_sequence and (volume.frame_start, volume.frame_duration, volume.frame_offset) == (1, 8, 0)
    for frame in (1, 8):
        scene.frame_set(frame)
        volume.grids.load()
        assert volume.grids.frame_filepath == str(take.files[frame - 1])
        assert {grid.name for grid in volume.grids} == {"density", "palette"}
        volume.grids.unload()


def test_a_range_that_starts_later(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    scene.frame_start = 3
    take = baked(scene, bloom)
    assert len(take.files) == 6
    scene.frame_set(3)
    bloom.data.grids.load()
    assert bloom.data.grids.frame_filepath == str(take.files[0])


def test_palette_keys_need_no_bake(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    from bloom_addon import material

    first = baked(scene, bloom)
    material.ramp_of(bloom.data.materials[0]).elements[3].color = (1.0, 0.0, 0.0, 1.0)
    second = baked(scene, bloom)
    assert second.baked == 0 and second.folder == first.folder


def test_drivers_and_strips_are_honoured(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    knob = bpy.data.objects.new("knob", None)
    scene.collection.objects.link(knob)
    knob.location.x = 0.75
    driver = bloom.driver_add("bloom.xforms[0].color_speed").driver
    variable = driver.variables.new()
    variable.targets[0].id, variable.targets[0].data_path = knob, "location.x"
    variable.name = driver.expression = "x"
    before = sample.snapshot(scene, bloom, range(1, 9))
    assert before[0].xforms[0].color_speed == pytest.approx(0.75)
    action, slot = bloom.animation_data.action, bloom.animation_data.action_slot
    bloom.animation_data.action = None
    strip = bloom.animation_data.nla_tracks.new().strips.new("slow", 1, action)
    strip.action_slot = slot
    strip.scale = 2.0
    slow = sample.snapshot(scene, bloom, (1, 15))
    assert slow[1].xforms[1].weight == pytest.approx(before[7].xforms[1].weight, rel=1e-4)
    assert slow[1].xforms[1].weight != pytest.approx(before[6].xforms[1].weight, rel=1e-4)


def test_sampling_leaves_the_scene_where_it_was(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    scene.frame_set(4, subframe=0.25)
    sample.snapshot(scene, bloom, range(1, 9))
    assert (scene.frame_current, scene.frame_subframe) == (4, 0.25)


def test_an_error_meanwhile_leaves_the_scene_where_it_was(
    scene: bpy.types.Scene, bloom: bpy.types.Object, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("no flame")

    scene.frame_set(4)
    bloom.hide_viewport = True
    monkeypatch.setattr(posing, "read_flame", fail)
    with pytest.raises(ValueError, match="no flame"):
        sample.snapshot(scene, bloom, range(1, 9))
    assert scene.frame_current == 4 and bloom.hide_viewport


def test_an_unsaved_file_is_told_what_to_do(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    bloom.bloom.folder = ""
    with pytest.raises(ValueError, match=r"Save the .blend first, or choose a folder"):
        bake.prepare(scene, bloom)


def test_a_folder_beside_an_unsaved_file_is_none(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    bloom.bloom.folder = "//takes"
    with pytest.raises(ValueError, match=r"Save the .blend first, or choose a folder"):
        bake.prepare(scene, bloom)


def test_a_folder_named_from_where_a_script_runs_is_found_later(
    scene: bpy.types.Scene, bloom: bpy.types.Object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    bloom.bloom.folder = "here"
    take = baked(scene, bloom)
    monkeypatch.chdir("/")
    assert bloom.data.filepath == str(tmp_path / "here" / take.folder.name / "bloom_0001.vdb")


def test_a_range_of_one_frame_is_a_still(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    scene.frame_start = scene.frame_end = 3
    take = baked(scene, bloom)
    assert len(take.files) == 1 and not bloom.data.is_sequence
    scene.frame_set(7)
    assert bloom.data.grids.load() and bloom.data.grids.frame_filepath == str(take.files[0])


def test_an_empty_range_and_a_box_inside_out_are_told(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    bloom.bloom.follow = False
    bloom.bloom.box_low = (2.0, 2.0, 2.0)
    bloom.bloom.box_high = (-2.0, -2.0, -2.0)
    with pytest.raises(TakeError, match="frame 1 of the range: the box must have"):
        baked(scene, bloom)
    scene.frame_end = 3
    scene.frame_start = 6  # Blender moves the end along
    assert len(bake.prepare(scene, bloom).flames) == scene.frame_end - scene.frame_start + 1 > 0


def test_a_saved_file_keeps_takes_beside_it_with_relative_paths(scene: bpy.types.Scene, bloom: bpy.types.Object, tmp_path: Path) -> None:
    bloom.bloom.folder = ""
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "here.blend"))
    take = baked(scene, bloom)
    assert take.folder.parent == tmp_path / "bloom_takes"
    assert bloom.data.filepath == f"//bloom_takes/{take.folder.name}/bloom_0001.vdb"


def finish(worker: bake.BakeWorker) -> None:
    deadline = time.monotonic() + 60
    while not worker.finished:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_worker_bakes_and_says_how_far(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    worker = bake.BakeWorker(bake.prepare(scene, bloom))
    finish(worker)
    assert worker.error is None and [take.baked for take in worker.takes] == [8] and worker.fraction > 0.8 and worker.frames == 8


def test_the_worker_can_be_cancelled(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    bloom.bloom.samples = 2000.0
    worker = bake.BakeWorker(bake.prepare(scene, bloom))
    worker.cancel()
    assert worker.finished and isinstance(worker.error, Cancelled)


def test_switching_the_addon_off_ends_a_bake(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    bloom.bloom.samples = 3000.0
    worker = bake.BakeWorker(bake.prepare(scene, bloom))
    bloom_addon.unregister()
    try:
        assert worker.finished and isinstance(worker.error, Cancelled)
    finally:
        worker.cancel()
        bloom_addon.register()


def test_the_worker_hands_errors_over(scene: bpy.types.Scene, bloom: bpy.types.Object, tmp_path: Path) -> None:
    (tmp_path / "takes").write_text("in the way")
    worker = bake.BakeWorker(bake.prepare(scene, bloom))
    finish(worker)
    assert isinstance(worker.error, TakeError)


def test_the_box_follows_the_flower_only_when_it_is_to(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    tiny = (-0.1, -0.1, -0.1), (0.1, 0.1, 0.1)
    bloom.bloom.box_low, bloom.bloom.box_high = tiny
    bloom.bloom.follow = False
    assert bake.prepare(scene, bloom).settings.box.high == pytest.approx(tiny[1])
    bloom.bloom.follow = True
    fitted = bake.prepare(scene, bloom).settings.box
    assert min(fitted.high) > 0.2 and tuple(bloom.bloom.box_high) == fitted.high
    # Nothing outgrew it: the same box again, to the last bit, so that no frame has to be baked anew.
    assert bake.prepare(scene, bloom).settings.box == fitted


def test_silk_is_a_setting_of_the_bake(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    plain = baked(scene, bloom)
    bloom.bloom.estimator = 2.0
    silk = baked(scene, bloom)
    assert silk.folder != plain.folder and silk.baked == len(silk.files)
    assert silk.files[0].stat().st_size > plain.files[0].stat().st_size  # hits in more voxels
