"""The bake as the window runs it: one at a time, stopped when Blender goes away beneath it."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import bpy
import pytest

from bloom_addon.baking import bake, operators
from bloom_core.native import Cancelled
from bloom_core.takes import PointSettings

from .modal import Screen, begun, event, tick_until_done


def baking(screen: Screen, *jobs: bake.BakeJob) -> Any:
    """Returns `bloom.bake` with a bake of these jobs, by default of all frames, just begun."""
    return begun(operators.BLOOM_OT_bake, screen, jobs=lambda _context: jobs or bake.prepare_all(screen.scene, screen.object))


@pytest.fixture
def screen(scene: bpy.types.Scene, bloom: bpy.types.Object) -> Screen:
    return Screen(scene, bloom)


def test_it_ends_by_showing_its_take(screen: Screen) -> None:
    operator = baking(screen)
    assert tick_until_done(operator, screen) == {"FINISHED"}
    assert screen.object.data.filepath.endswith("bloom_0001.vdb") and operator.reports[-1][0] == {"INFO"}
    assert screen.calls == ["remove timer"] and screen.status[-1] is None


def test_esc_stops_it(screen: Screen) -> None:
    screen.object.bloom.samples = 3000.0
    operator = baking(screen)
    assert operator.modal(screen, event("MOUSEMOVE")) == {"PASS_THROUGH"}
    assert operator.modal(screen, event("ESC")) == {"RUNNING_MODAL"} and "Stopping" in str(screen.status[-1])
    begin = time.monotonic()
    assert tick_until_done(operator, screen) == {"CANCELLED"}
    assert time.monotonic() - begin < 5.0
    assert "finished frames are kept" in operator.reports[-1][1] and screen.object.data.filepath == ""
    assert screen.calls == ["remove timer"]


def test_another_file_opened_meanwhile_stops_it(screen: Screen) -> None:
    screen.object.bloom.samples = 3000.0
    operator = baking(screen)
    operator.cancel(screen)
    operator._job.wait()
    assert operator._job.finished and isinstance(operator._job.error, Cancelled)
    assert screen.calls == ["remove timer"]


def test_a_bloom_removed_meanwhile_is_told(screen: Screen) -> None:
    operator = baking(screen)
    bpy.data.objects.remove(screen.object)
    assert tick_until_done(operator, screen) == {"CANCELLED"}
    assert "its take is in" in operator.reports[-1][1]


def test_two_bakes_at_once_are_refused(screen: Screen) -> None:
    screen.object.bloom.samples = 3000.0
    worker = bake.BakeWorker(bake.prepare(screen.scene, screen.object))
    with pytest.raises(RuntimeError, match="Bloom is baking Lotus already"):
        bpy.ops.bloom.bake()
    worker.cancel()
    screen.object.bloom.samples = 0.2
    assert bpy.ops.bloom.bake() == {"FINISHED"}


def test_what_was_baked_before_esc_is_shown(screen: Screen) -> None:
    screen.object.bloom.baking.kind = "BOTH"
    volume, points = bake.prepare_all(screen.scene, screen.object)
    endless = replace(points, settings=PointSettings(200_000_000))
    operator = baking(screen, volume, endless)
    deadline = time.monotonic() + 60
    while not operator._job.takes:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    operator.modal(screen, event("ESC"))
    assert tick_until_done(operator, screen) == {"FINISHED"}
    assert screen.object.data.filepath.endswith("bloom_0001.vdb") and screen.object.bloom.baking.points is None
    assert "Stopped" in operator.reports[-1][1]


def test_it_says_which_frame_it_is_at(screen: Screen) -> None:
    screen.object.bloom.samples = 5.0
    operator = baking(screen)
    assert tick_until_done(operator, screen) == {"FINISHED"}
    told = screen.told()
    assert any("Frame 1 of 8" in text for text in told) and all("Esc to stop" in text for text in told)


def test_all_blooms_or_the_selected_ones(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    other = bloom.copy()
    other.data, other.name = bloom.data.copy(), "Other"
    scene.collection.objects.link(other)
    other.bloom.seed = 5
    other.select_set(True)
    bloom.select_set(False)
    assert bpy.ops.bloom.bake_all() == {"FINISHED"} and not bloom.data.filepath and other.data.filepath
    other.select_set(False)
    assert bpy.ops.bloom.bake_all() == {"FINISHED"} and bloom.data.filepath and bloom.data.filepath != other.data.filepath


def test_a_frame_alone_is_a_still_and_the_box_stays(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    bloom.bloom.box_low, bloom.bloom.box_high = (-0.1, -0.1, -0.1), (0.1, 0.1, 0.1)
    scene.frame_set(3)
    assert bpy.ops.bloom.bake_frame() == {"FINISHED"}
    assert not bloom.data.is_sequence and bloom.bloom.box_high[0] == pytest.approx(0.1) and scene.frame_current == 3


def test_a_custom_range_and_one_inside_out(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    baking = bloom.bloom.baking
    baking.range, baking.frame_start, baking.frame_end = "CUSTOM", 3, 5
    assert bpy.ops.bloom.bake() == {"FINISHED"}
    assert (bloom.data.frame_start, bloom.data.frame_duration) == (3, 3)
    baking.frame_end = 2
    with pytest.raises(RuntimeError, match="custom range ends before it begins"):
        bpy.ops.bloom.bake()


def test_qualities_set_the_numbers_and_are_read_from_them(bloom: bpy.types.Object) -> None:
    bloom.bloom.baking.quality = "FINE"
    assert bloom.bloom.resolution == 640 and bloom.bloom.baking.quality == "FINE"
    bloom.bloom.resolution = 641
    assert bloom.bloom.baking.quality == "CUSTOM"
    bloom.bloom.baking.quality = "CUSTOM"
    assert bloom.bloom.resolution == 641
