"""A grown and edited animation as a .flame sequence: what is in it, and that flam3 renders it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Euler, Matrix, Vector

from bloom_addon import material, properties, sample
from bloom_addon.entry import export
from bloom_addon.headless import headless
from bloom_addon.stage import stage
from bloom_core.flames.flame import Flame, View
from bloom_core.flames.flame_buffer import pack
from bloom_core.flames.flame_file import read_flames

FRAMES = 8


def project(view: View, points: Any) -> Any:
    """Returns the pixels (column, row) of points (n, 3), with y downwards, as Ember's camera has them: its own formulas."""
    x, y, z = np.asarray(points).T - np.array([[0.0], [0.0], [view.cam_zpos]])
    across, along = x * np.cos(view.cam_yaw) + y * np.sin(view.cam_yaw), -x * np.sin(view.cam_yaw) + y * np.cos(view.cam_yaw)
    down, near = along * np.cos(view.cam_pitch) - z * np.sin(view.cam_pitch), along * np.sin(view.cam_pitch) + z * np.cos(view.cam_pitch)
    shrink = 1.0 - view.cam_persp * near
    turn = np.radians(view.rotate)
    from_center = np.stack([across / shrink, down / shrink]) - np.array(view.center)[:, None]
    turned = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ from_center
    return (turned * view.scale + np.array(view.size)[:, None] / 2).T


def test_what_is_exported_is_what_is_sampled(scene: bpy.types.Scene, bloom: bpy.types.Object, curve: Callable[..., Any], tmp_path: Path) -> None:
    edited = curve("bloom.xforms[1].pre", 3)
    before = sample.snapshot(scene, bloom, [5])[0].xforms[1].pre[0, 3]
    edited.keyframe_points[4].co[1] += 0.25  # by hand, at frame 5
    edited.update()
    scene.frame_set(3)
    warnings = export.write_sequence(scene, bloom, tmp_path / "out.flame", 1, FRAMES)
    assert scene.frame_current == 3
    found, told = read_flames(tmp_path / "out.flame")
    expected = sample.snapshot(scene, bloom, range(1, FRAMES + 1))
    assert told == [] and len(found) == FRAMES and [flame.key.time for flame in found] == list(range(1, FRAMES + 1))
    assert found[4].xforms[1].pre[0, 3] == pytest.approx(before + 0.25, abs=1e-6)
    for ours, its in zip(found, expected, strict=True):
        np.testing.assert_array_equal(pack(ours), pack(its))
        assert [xform.name for xform in ours.xforms] == [xform.name for xform in its.xforms]
        assert ours.key.interpolation == ours.key.interpolation_type == "linear"
    assert any("no camera" in warning for warning in warnings)


def test_the_palette_is_that_of_the_frame(scene: bpy.types.Scene, bloom: bpy.types.Object, tmp_path: Path) -> None:
    export.write_sequence(scene, bloom, tmp_path / "out.flame", 1, FRAMES)
    found, _ = read_flames(tmp_path / "out.flame")
    assert all(flame.palette.shape == (256, 3) for flame in found)
    assert np.abs(found[0].palette - found[-1].palette).max() > 0.02  # it moves with the training
    ramp = material.ramp_of(bloom.material_slots[0].material)
    for frame in (1, FRAMES):
        scene.frame_set(frame)
        linear = np.array([ramp.evaluate(place / 255.0)[:3] for place in (0, 100, 255)])
        np.testing.assert_allclose(((found[frame - 1].palette[[0, 100, 255]] + 0.055) / 1.055) ** 2.4, linear, atol=2e-3)


def test_without_a_ramp_the_palette_is_the_designs(scene: bpy.types.Scene, bloom: bpy.types.Object, tmp_path: Path) -> None:
    bloom.data.materials.clear()
    warnings = export.write_sequence(scene, bloom, tmp_path / "out.flame", 1, 2)
    assert sum("palette" in warning for warning in warnings) == 1
    properties.bloom_of(bloom).design = str(tmp_path / "gone.flame")
    export.write_sequence(scene, bloom, tmp_path / "out.flame", 1, 2)
    assert len(read_flames(tmp_path / "out.flame")[0]) == 2


@pytest.mark.parametrize("kind", ["PERSP", "ORTHO"])
def test_the_camera_is_embers(scene: bpy.types.Scene, bloom: bpy.types.Object, tmp_path: Path, kind: str) -> None:
    scene.render.resolution_x, scene.render.resolution_y = 640, 400
    bloom.location, bloom.rotation_euler, bloom.scale = (1.0, 2.0, 0.5), (0.0, 0.0, 0.7), (1.5, 1.5, 1.5)
    bpy.context.view_layer.update()
    stage.build(scene, bloom)  # aims at the bloom where it is now
    scene.camera.data.type, scene.camera.data.shift_x, scene.camera.data.shift_y = kind, 0.1, -0.05
    assert export.write_sequence(scene, bloom, tmp_path / "out.flame", 1, FRAMES) != []
    found, _ = read_flames(tmp_path / "out.flame")
    assert found[0].view != found[-1].view and found[0].view.size == (640, 400)
    points = np.random.default_rng(1).uniform(-0.5, 0.5, (20, 3))
    for frame in (1, FRAMES):
        scene.frame_set(frame)
        seen = np.array([world_to_camera_view(scene, scene.camera, bloom.matrix_world @ Vector(point)) for point in points])
        expected = np.stack([640.0 * seen[:, 0], 400.0 * (1.0 - seen[:, 1])], axis=1)
        np.testing.assert_allclose(project(found[frame - 1].view, points), expected, atol=0.01)
    if kind == "PERSP":
        assert found[0].view.cam_dof > 0.0
    else:
        assert found[0].view.cam_persp == found[0].view.cam_dof == 0.0


def test_a_camera_that_ember_does_not_have_is_told(scene: bpy.types.Scene, bloom: bpy.types.Object, tmp_path: Path) -> None:
    stage.build(scene, bloom)
    camera = scene.camera
    camera.constraints.clear()
    camera.animation_data_clear()
    camera.parent = None
    camera.matrix_world = Matrix.LocRotScale((1.0, -6.0, 0.3), Euler((1.5, 0.0, 0.0)), None)

    def warnings() -> str:
        return "\n".join(export.write_sequence(scene, bloom, tmp_path / "out.flame", 1, 1))

    assert "perspective is only near" in warnings()  # it looks past the flower
    camera.data.type = "PANO"
    assert "panoramas" in warnings()


def test_what_others_do_not_show_is_told_once_by_name(scene: bpy.types.Scene, bloom: bpy.types.Object, tmp_path: Path) -> None:
    entry = properties.bloom_of(bloom).xforms[1]
    entry.name = "Petals"
    entry.post[8] = 0.2  # z from x
    warnings = export.write_sequence(scene, bloom, tmp_path / "out.flame", 1, FRAMES)
    (spatial,) = [warning for warning in warnings if "move z" in warning]
    (unknown,) = [warning for warning in warnings if "flam3 does not have" in warning]
    assert "Petals (from frame 1 on)" in spatial and "zcone" in unknown and "linear" not in unknown.split(": ")[1].split(", ")
    assert "bloom_post=" in (tmp_path / "out.flame").read_text()
    np.testing.assert_array_equal(pack(read_flames(tmp_path / "out.flame")[0][2]), pack(sample.snapshot(scene, bloom, [3])[0]))


def test_the_operator_exports_the_scenes_range(scene: bpy.types.Scene, bloom: bpy.types.Object, tmp_path: Path) -> None:
    scene.frame_start, scene.frame_end = 2, 4
    operators: Any = bpy.ops
    assert operators.bloom.export_flames(filepath=str(tmp_path / "out")) == {"FINISHED"}
    assert [flame.key.time for flame in read_flames(tmp_path / "out.flame")[0]] == [2.0, 3.0, 4.0]
    with pytest.raises(RuntimeError, match="missing"):
        operators.bloom.export_flames(filepath=str(tmp_path / "missing" / "out.flame"))


def test_export_without_a_window(scene: bpy.types.Scene, bloom: bpy.types.Object, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    expected = sample.snapshot(scene, bloom, [3, 4])
    blend, out = tmp_path / "scene.blend", tmp_path / "out.flame"
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    assert headless.main(["export", str(blend), "-o", str(out), "--start", "3", "--end", "4"]) == 0
    found, _ = read_flames(out)
    for ours, its in zip(found, expected, strict=True):
        np.testing.assert_array_equal(pack(ours), pack(its))
    assert "2 frames" in capsys.readouterr().err
    assert headless.main(["export", str(blend), "-o", str(out), "--start", "5", "--end", "4"]) == 1
    assert headless.main(["export", str(blend), "-o", str(out), "--bloom", "Rose"]) == 1
    assert "there are: Lotus" in capsys.readouterr().err
    assert headless.main(["export", str(tmp_path / "none.blend"), "-o", str(out)]) == 1
    assert headless.main(["export", str(blend)]) == 2


def rendered(flames: Path, folder: Path) -> list[Any]:
    """Returns the pictures, (height, width, 4) in [0, 1], that flam3-render makes of a sequence."""
    if shutil.which("flam3-render") is None:
        pytest.skip("flam3-render is not installed (Debian: apt-get install flam3-utils)")
    environment = {"prefix": str(folder / "frame."), "format": "png", "qs": "0.2", "nthreads": "1", "PATH": os.environ["PATH"]}
    run = subprocess.run(["flam3-render"], input=flames.read_bytes(), env=environment, capture_output=True, timeout=300)
    assert run.returncode == 0, run.stderr
    images = [bpy.data.images.load(str(picture)) for picture in sorted(folder.glob("frame.*.png"))]
    return [np.reshape(image.pixels, (image.size[1], image.size[0], 4)) for image in images]


def test_flam3_takes_a_grown_film(scene: bpy.types.Scene, bloom: bpy.types.Object, tmp_path: Path) -> None:
    scene.render.resolution_x, scene.render.resolution_y = 64, 40
    warnings = export.write_sequence(scene, bloom, tmp_path / "out.flame", 1, 3)
    assert any("julia3D" in warning and "Opening" in warning for warning in warnings)  # without its final xform flam3 shows no flower
    assert [picture.shape for picture in rendered(tmp_path / "out.flame", tmp_path)] == [(40, 64, 4)] * 3


def test_flam3_renders_what_it_knows_and_what_was_keyed(scene: bpy.types.Scene, tmp_path: Path) -> None:
    path = tmp_path / "given.flame"
    xforms = [
        f'<xform weight="1" color="{color}" {variations} coefs="{coefs}"/>'
        for color, variations, coefs in (
            (0, 'swirl="0.8" linear="0.1"', "0.8 0.3 -0.3 0.8 0.4 0.1"),
            (0.5, 'spherical="0.7"', "1.1 -0.4 0.4 1.1 -0.5 0.6"),
            (1, 'julia="0.9"', "0.9 0.5 -0.5 0.9 0.2 -0.7"),
        )
    ]
    palette = '<palette count="2" format="RGB">FF8000FFFFFF</palette>'
    path.write_text(f'<flame size="64 40" scale="12" quality="20" temporal_samples="1">{"".join(xforms)}{palette}</flame>')
    operators: Any = bpy.ops
    operators.bloom.import_flame(filepath=str(path))
    obj = bpy.context.object
    scene.render.resolution_x, scene.render.resolution_y = 64, 40
    entry = properties.bloom_of(obj).xforms[1]
    for frame, shift in ((1, 0.0), (3, 1.5)):
        entry.pre[3] = shift
        entry.keyframe_insert("pre", index=3, frame=frame)
    warnings = export.write_sequence(scene, obj, tmp_path / "out.flame", 1, 3)
    assert warnings == []
    first, _, last = rendered(tmp_path / "out.flame", tmp_path)
    assert first[..., :3].mean() > 0.05 and np.abs(first - last)[..., :3].mean() > 0.01


def read_exported(scene: bpy.types.Scene, bloom: bpy.types.Object, path: Path) -> list[Flame]:
    export.write_sequence(scene, bloom, path, 1, FRAMES)
    return read_flames(path)[0]


def test_an_imported_flame_comes_out_as_it_went_in(scene: bpy.types.Scene, shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "original-bloom" / "flames" / "willowisp.flame"
    operators: Any = bpy.ops
    operators.bloom.import_flame(filepath=str(path))
    (given,), _ = read_flames(path)
    found = read_exported(scene, bpy.context.object, tmp_path / "out.flame")[0]
    np.testing.assert_allclose(pack(found), pack(given), rtol=1e-6)  # Blender keeps numbers in 32 bits
    points = np.random.default_rng(2).uniform(-0.5, 0.5, (20, 3))
    np.testing.assert_allclose(project(found.view, points), project(given.view, points), atol=0.05)  # by Blender's camera, and back
    for name in ("scale", "cam_persp", "cam_dof"):
        assert getattr(found.view, name) == pytest.approx(abs(getattr(given.view, name)), rel=1e-4)
    turned = ("center", "scale", "rotate", "cam_yaw", "cam_pitch", "cam_persp", "cam_zpos", "cam_dof")  # the same view has angles of several kinds
    assert replace(found.view, **{name: getattr(given.view, name) for name in turned}) == given.view and found.dialect == given.dialect
    np.testing.assert_array_equal(found.rendering.curves, given.rendering.curves)
