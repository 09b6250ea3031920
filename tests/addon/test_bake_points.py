"""Takes of points: played by Geometry Nodes, on every frame, with motion, palette and without the add-on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from bloom_addon import bloom_object, material, point_cloud
from bloom_addon.baking import bake
from bloom_core.flames.flame import FloatArray
from bloom_core.take_points import read_point_frame
from bloom_core.takes import Take


@pytest.fixture
def points(bloom: bpy.types.Object) -> bpy.types.Object:
    """A bloom that is baked as few points."""
    bloom.bloom.baking.kind, bloom.bloom.baking.point_count = "POINTS", 0.003
    return bloom


def baked(scene: bpy.types.Scene, obj: bpy.types.Object) -> Take:
    job = bake.prepare(scene, obj)
    take = bake.run(job)
    bloom_object.show_take(obj, take, job.frame_start)
    return take


def seen(obj: bpy.types.Object, name: str = "position", width: int = 3) -> FloatArray:
    """Returns an attribute of the points that the companion shows now."""
    companion = point_cloud.companion(obj)
    geometry = companion.evaluated_get(bpy.context.evaluated_depsgraph_get()).evaluated_geometry()  # which owns the cloud
    cloud: Any = geometry.pointcloud
    values = np.empty(len(cloud.points) * width, np.float32)
    cloud.attributes[name].data.foreach_get("vector" if width == 3 else "value", values)
    return values.reshape(-1, width)


def test_each_frame_shows_its_file_and_the_ends_stand_still(scene: bpy.types.Scene, points: bpy.types.Object) -> None:
    scene.frame_start, scene.frame_end = 3, 6
    take = baked(scene, points)
    assert take.kind == "points" and len(take.files) == 4
    for frame, number in ((3, 0), (5, 2), (6, 3), (-5, 0), (0, 0), (40, 3)):
        scene.frame_set(frame)
        rows = read_point_frame(take.files[number])
        assert np.array_equal(seen(points), rows[:, :3]) and np.array_equal(seen(points, "tint", 1)[:, 0], rows[:, 3])
        moving = 3 <= frame <= 6
        assert seen(points, "velocity") == pytest.approx(rows[:, 5:] * scene.render.fps * moving, rel=1e-4, abs=1e-5)
    nodes = point_cloud.nodes_of(point_cloud.companion(points))
    plain = nodes[point_cloud.SIZE].outputs[0].default_value * np.sqrt(read_point_frame(take.files[3])[:, 4])
    scene.frame_set(5)
    earlier = seen(points, "radius", 1)[:, 0] / np.sqrt(read_point_frame(take.files[2])[:, 4])
    scene.frame_set(40)
    variety = seen(points, "radius", 1)[:, 0] / plain
    assert 0.59 < variety.min() < np.median(variety) < 0.61 and 2.0 < variety.max() < 3.01 and 0.01 < (variety > 1.5).mean() < 0.06
    assert earlier == pytest.approx(variety * nodes[point_cloud.SIZE].outputs[0].default_value, rel=1e-4), "a point keeps its size"
    nodes[point_cloud.VARIETY].outputs[0].default_value = 0.0
    assert seen(points, "radius", 1)[:, 0] == pytest.approx(plain, rel=1e-4)


def test_between_frames_points_follow_their_velocity(scene: bpy.types.Scene, points: bpy.types.Object) -> None:
    take = baked(scene, points)
    rows = read_point_frame(take.files[3])
    for part in (-0.25, 0.25):
        scene.frame_set(4 if part > 0 else 3, subframe=part % 1.0)
        assert seen(points) == pytest.approx(rows[:, :3] + part * rows[:, 5:], abs=1e-4)


def test_a_new_take_uses_the_same_companion(scene: bpy.types.Scene, points: bpy.types.Object) -> None:
    first = baked(scene, points)
    companion = point_cloud.companion(points)
    points.bloom.seed = 4
    second = baked(scene, points)
    assert first.folder != second.folder and point_cloud.companion(points) == companion
    assert len([obj for obj in bpy.data.objects if obj.parent == points]) == 1
    scene.frame_set(2)
    assert np.array_equal(seen(points), read_point_frame(second.files[1])[:, :3])


def test_a_copied_bloom_gets_a_companion_of_its_own(scene: bpy.types.Scene, points: bpy.types.Object) -> None:
    baked(scene, points)
    copy = points.copy()
    scene.collection.objects.link(copy)
    assert point_cloud.companion(copy) is None
    baked(scene, copy)
    assert point_cloud.companion(copy) not in (None, point_cloud.companion(points))


def test_the_palette_of_the_points_follows_the_blooms(scene: bpy.types.Scene, points: bpy.types.Object) -> None:
    baked(scene, points)
    glow = points.data.materials[0]
    own = point_cloud.nodes_of(point_cloud.companion(points))[point_cloud.MATERIAL].inputs["Material"].default_value
    ramp, source = material.ramp_of(own), material.ramp_of(glow)
    assert own != glow and len(ramp.elements) == len(source.elements)
    source.elements[2].color = (0.1, 0.9, 0.3, 1.0)
    source.elements[2].keyframe_insert("color", frame=1)
    source.elements[2].color = (0.9, 0.1, 0.3, 1.0)
    source.elements[2].keyframe_insert("color", frame=8)
    for frame, expected in ((1, 0.1), (8, 0.9)):
        scene.frame_set(frame)
        tree = own.node_tree.evaluated_get(bpy.context.evaluated_depsgraph_get())
        shown: Any = tree.nodes[material.RAMP].color_ramp.elements[2].color
        assert shown[0] == pytest.approx(expected, abs=0.01)
    source.elements.remove(source.elements[5])
    assert point_cloud.palette_differs(points)
    assert bpy.ops.bloom.points_match_palette() == {"FINISHED"} and not point_cloud.palette_differs(points)


RENDER = """
import sys, bpy, numpy as np
bpy.ops.wm.open_mainfile(filepath=sys.argv[1])
assert not hasattr(bpy.types.Object, "bloom")
scene, means = bpy.context.scene, []
for frame in (1, 8):
    scene.frame_set(frame)
    scene.render.filepath = f"{sys.argv[1]}.{frame}.png"
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(scene.render.filepath)
    means.append(float(np.array(image.pixels[:]).reshape(-1, 4)[:, :3].mean()))
print("MEANS", *means)
"""


@pytest.fixture
def studio(scene: bpy.types.Scene) -> bpy.types.Scene:
    """A camera in the dark, and Cycles with few samples."""
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    camera.location = (0.0, 0.0, 12.0)
    scene.collection.objects.link(camera)
    scene.camera, scene.render.engine = camera, "CYCLES"
    scene.cycles.samples, scene.cycles.use_denoising = 4, False
    scene.render.resolution_x = scene.render.resolution_y = 64
    return scene


def test_a_baked_file_renders_without_the_addon(studio: bpy.types.Scene, points: bpy.types.Object, tmp_path: Path) -> None:
    points.bloom.folder = "//takes"
    (tmp_path / "work").mkdir()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "work" / "a.blend"))
    baked(studio, points)
    points.hide_render = True
    point_cloud.nodes_of(point_cloud.companion(points))[point_cloud.SIZE].outputs[0].default_value = 0.03
    bpy.ops.wm.save_mainfile()
    (tmp_path / "work").rename(tmp_path / "moved")  # file and takes together
    script = tmp_path / "render.py"
    script.write_text(RENDER)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    run = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "moved" / "a.blend")], capture_output=True, text=True, timeout=120, env=environment, check=False
    )
    line = next((line for line in run.stdout.splitlines() if line.startswith("MEANS")), None)
    assert line is not None, run.stdout + run.stderr
    bud, flower = map(float, line.split()[1:])
    assert bud > 0.0 and flower > 0.003 and flower != pytest.approx(bud, rel=0.01)


def streak(scene: bpy.types.Scene, path: Path) -> int:
    """Renders, and returns how many columns of the picture are lit."""
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(str(path))
    lit = np.array(image.pixels[:]).reshape(64, 64, 4)[..., :3].max(axis=(0, 2)) > 0.05
    return int(lit.sum())


def test_motion_blur_in_cycles(studio: bpy.types.Scene, points: bpy.types.Object, tmp_path: Path) -> None:
    """A spot that flies across the picture is drawn out to the way it goes while the shutter is open."""
    rows = np.zeros((50, 8), "<f4")
    rows[:, :3] = np.random.default_rng(0).normal(0.0, 0.05, (50, 3))
    rows[:, 4], rows[:, 5] = 1.0, 4.0  # units per frame; the picture is about 8.6 wide
    header = "".join(f"property float {name}\n" for name in ("x", "y", "z", "tint", "weight", "vx", "vy", "vz"))
    folder = tmp_path / "take"
    folder.mkdir()
    files = [folder / f"bloom_{number:04d}.ply" for number in (1, 2, 3)]
    for number, file in enumerate(files, -1):
        moved = rows.copy()
        moved[:, 0] += 4.0 * number
        file.write_bytes(f"ply\nformat binary_little_endian 1.0\nelement vertex 50\n{header}end_header\n".encode() + moved.tobytes())
    bloom_object.show_take(points, Take(folder, tuple(files), 3, "points"), 1)
    companion = point_cloud.companion(points)
    point_cloud.nodes_of(companion)[point_cloud.SIZE].outputs[0].default_value = 0.05
    glow = point_cloud.nodes_of(companion)[point_cloud.MATERIAL].inputs["Material"].default_value
    glow.node_tree.nodes["Bloom Spark"].outputs[0].default_value = 20.0
    studio.frame_set(2)
    studio.cycles.samples = 32
    still = streak(studio, tmp_path / "still.png")
    studio.render.use_motion_blur, studio.render.motion_blur_shutter = True, 0.5
    blurred = streak(studio, tmp_path / "blurred.png")
    assert 0 < still < 8 and 64 * 2.0 / 8.6 * 0.7 < blurred < 64 * 2.0 / 8.6 * 1.5 + still
    points.hide_render = True  # the volume itself has nothing to show here, and hiding it hides no points
    assert streak(studio, tmp_path / "again.png") == blurred


def test_save_as_elsewhere_keeps_the_points(scene: bpy.types.Scene, points: bpy.types.Object, tmp_path: Path) -> None:
    for name in ("here", "there", "copied"):
        (tmp_path / name).mkdir()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "here" / "a.blend"))
    points.bloom.folder = ""
    take = baked(scene, points)
    node = point_cloud.nodes_of(point_cloud.companion(points))[point_cloud.TAKE]
    assert node.string == f"//bloom_takes/{take.folder.name}/bloom_"
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "copied" / "a.blend"), copy=True)
    assert node.string == f"//bloom_takes/{take.folder.name}/bloom_"
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "there" / "b.blend"))
    for blend in ("there/b.blend", "copied/a.blend"):
        bpy.ops.wm.open_mainfile(filepath=str(tmp_path / blend))
        obj = bpy.data.objects["Lotus"]
        node = point_cloud.nodes_of(point_cloud.companion(obj))[point_cloud.TAKE]
        assert node.string == f"//../here/bloom_takes/{take.folder.name}/bloom_"
        bpy.context.scene.frame_set(2)
        assert np.array_equal(seen(obj), read_point_frame(take.files[1])[:, :3])
