"""Stale takes and costs: what is told before a bake and before a render, without writing anything."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import bpy
import pytest

from bloom_addon.baking import bake, catalogue, costs, staleness
from bloom_core import take_estimates


def texts(scene: bpy.types.Scene, obj: bpy.types.Object) -> list[str]:
    return [flag.text for flag in staleness.flags(scene, obj)]


def nudge(curve: Callable[[str, int], bpy.types.FCurve], key: int) -> None:
    affine = curve("bloom.xforms[1].pre", 3)
    affine.keyframe_points[key].co.y += 0.2
    affine.update()


def test_an_edited_key_is_found_by_a_check(
    scene: bpy.types.Scene, bloom: bpy.types.Object, curve: Callable[[str, int], bpy.types.FCurve], capfd: pytest.CaptureFixture[str]
) -> None:
    bloom.bloom.baking.kind, bloom.bloom.baking.point_count = "BOTH", 0.001
    bpy.ops.bloom.bake()
    assert bpy.ops.bloom.takes_check() == {"FINISHED"} and texts(scene, bloom) == []
    scene.frame_set(2)
    nudge(curve, 4)
    assert bpy.ops.bloom.takes_check() == {"FINISHED"} and scene.frame_current == 2
    assert texts(scene, bloom) == [
        "The volume take is older than the keys: frame 5 changed",
        "The points take is older than the keys: frames 4–6 changed",  # its neighbours' points come from there and go there
    ]
    assert "frame 5 changed" in capfd.readouterr().out
    bpy.ops.bloom.bake()
    assert texts(scene, bloom) == []


def test_a_glance_sees_the_current_frame_only(
    scene: bpy.types.Scene, bloom: bpy.types.Object, curve: Callable[[str, int], bpy.types.FCurve]
) -> None:
    bpy.ops.bloom.bake()
    nudge(curve, 4)
    scene.frame_set(2)
    staleness.glance(scene, bloom)
    assert texts(scene, bloom) == []
    scene.frame_set(5)
    staleness.glance(scene, bloom)
    assert texts(scene, bloom) == ["The volume take is older than the keys: frame 5 changed"]


def test_other_settings_are_named(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    bpy.ops.bloom.bake()
    bloom.bloom.resolution, bloom.bloom.estimator = 40, 1.0
    staleness.glance(scene, bloom)
    assert texts(scene, bloom) == ["The volume take was baked with other settings: estimator, resolution"]


def test_what_is_missing_or_too_short_is_flagged(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    bpy.ops.bloom.bake()
    scene.frame_end = 12
    assert texts(scene, bloom) == ["The volume take has the frames 1–8; the scene 1–12"]
    scene.frame_end = 8
    folder = catalogue.shown(bloom)["volume"][0]
    (folder / "bloom_0002.vdb").unlink()
    catalogue.refresh(bloom)
    assert texts(scene, bloom) == ["The volume take lost 1 of its 8 files"]
    bpy.ops.bloom.bake_frame()
    assert texts(scene, bloom) == ["The volume take is a single frame: a preview"]


def test_a_render_begins_with_what_is_wrong_and_writes_nothing(
    scene: bpy.types.Scene, bloom: bpy.types.Object, curve: Callable[[str, int], bpy.types.FCurve], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    bpy.ops.bloom.bake()
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(camera)
    scene.camera, scene.render.engine, scene.cycles.samples = camera, "CYCLES", 1
    scene.render.resolution_x = scene.render.resolution_y = 8
    scene.render.filepath = str(tmp_path / "still")
    capfd.readouterr()
    bpy.ops.render.render(write_still=True)
    assert "Bloom:" not in capfd.readouterr().out
    nudge(curve, 4)
    scene.frame_set(5)
    writes: list[str] = []

    def watch(_scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph) -> None:
        writes.extend(update.id.name for update in depsgraph.updates)

    bpy.app.handlers.depsgraph_update_post.append(watch)
    bpy.ops.render.render(write_still=True)
    bpy.app.handlers.depsgraph_update_post.remove(watch)
    assert "Bloom: Lotus: The volume take is older than the keys: frame 5 changed" in capfd.readouterr().out and writes == []
    for path in catalogue.shown(bloom)["volume"][0].iterdir():
        path.unlink()
    bpy.ops.render.render(write_still=True)
    assert "Bloom: Lotus: The volume take is not where it was" in capfd.readouterr().out


def test_costs_are_measured_and_then_known_from_the_last_bake(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    assert costs.costs(scene, bloom).text == ""  # nothing was measured, and in the background nothing is measured unasked
    told = costs.measure(scene, bloom)
    assert told.text.startswith("All 8 frames: about ") and "on disk" in told.text and told.warnings == ()
    bpy.ops.bloom.bake()
    (take,) = catalogue.takes_in(catalogue.folder_of(bloom))
    seconds = take_estimates.duration(8 * take.about["seconds"])
    assert costs.costs(scene, bloom).text.startswith(f"All 8 frames: about {seconds}, {take_estimates.size(take.size)} on disk")
    bloom.bloom.baking.range, bloom.bloom.baking.frame_end = "CUSTOM", 2_000_000_000
    assert any("The disk has" in line for line in costs.costs(scene, bloom).warnings)


def test_a_flower_that_cannot_be_measured_says_why(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    bloom.bloom.box_low = bloom.bloom.box_high
    assert "box" in costs.measure(scene, bloom).text


def test_exact_colors_come_from_the_ramp(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    from bloom_addon import material

    bloom.bloom.baking.color = True
    bloom.data.materials[0].node_tree.animation_data_clear()
    material.ramp_of(bloom.data.materials[0]).elements[0].color = (1.0, 0.0, 0.25, 1.0)
    flame = bake.prepare(scene, bloom).flames[0]
    assert flame.palette.shape == (256, 3) and flame.palette[0] == pytest.approx([1.0, 0.0, 0.537], abs=0.01)  # sRGB
    bpy.ops.bloom.bake()
    bloom.data.grids.load()
    assert {grid.name for grid in bloom.data.grids} == {"density", "palette", "Cd"}


def test_nothing_is_left_behind(scene: bpy.types.Scene) -> None:
    import bloom_addon

    bloom_addon.unregister()
    lists = [getattr(bpy.app.handlers, name) for name in dir(bpy.app.handlers) if isinstance(getattr(bpy.app.handlers, name), list)]
    left = [function for handlers in lists for function in handlers if "baking" in getattr(function, "__module__", "")]
    assert left == [] and not hasattr(bpy.types.WindowManager, "bloom_takes")
    bloom_addon.register()
