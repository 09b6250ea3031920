"""A .flame's camera and light in Blender: the flower stands where the file's own picture has it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Vector

from bloom_addon import material
from bloom_addon.entry import export
from bloom_core import native
from bloom_core.flames.flame import Flame
from bloom_core.flames.flame_file import read_flames, write_flames
from bloom_core.images import image

ORIGINALS = ("brick", "fireflies", "hearts", "kindling", "soft_ghost", "wavy", "willowisp")
WIDTH = 96
POINTS = 1_000_000


def imported(path: Path, **more: Any) -> bpy.types.Object:
    operators: Any = bpy.ops
    assert operators.bloom.import_flame(filepath=str(path), **more) == {"FINISHED"}
    return bpy.context.object


def seen_by_camera(scene: bpy.types.Scene, obj: bpy.types.Object, points: Any) -> Any:
    """Returns where Blender's camera has points (n, 3) of a bloom: shares of the picture, from the left and from the top, (n, 2)."""
    bpy.context.view_layer.update()
    matrix = np.array(scene.camera.matrix_world.normalized().inverted() @ obj.matrix_world)
    own = points @ matrix[:3, :3].T + matrix[:3, 3]
    frame = np.array(scene.camera.calc_matrix_camera(
        bpy.context.evaluated_depsgraph_get(), x=scene.render.resolution_x, y=scene.render.resolution_y
    ))  # fmt: skip
    clip = np.column_stack([own, np.ones(len(own))]) @ frame.T
    found = np.column_stack([0.5 + 0.5 * clip[:, 0] / clip[:, 3], 0.5 - 0.5 * clip[:, 1] / clip[:, 3]])
    for index in range(3):  # Blender's own function says the same
        x, y, _ = world_to_camera_view(scene, scene.camera, obj.matrix_world @ Vector(points[index]))
        np.testing.assert_allclose(found[index], [x, 1.0 - y], atol=1e-4)
    return found


def drawn(flame: Flame, height: int) -> Any:
    """Returns how many hits each cell (height, WIDTH) of the file's own picture has, as our flat renderer draws it; their sum is 1."""
    brightness = 0.02  # so little that nothing is clipped: alpha is then brightness · ln(1 + hits), which is undone
    view = replace(flame.view, cam_dof=0.0, brightness=brightness, gamma=1.0)  # what is out of focus is spread, and stands where it stood
    rendering = replace(flame.rendering, estimator_radius=0.0, supersample=1, filter=0.0, curves=None)
    small = image.render(replace(flame, view=view, rendering=rendering), quality=300.0, scale=WIDTH / view.size[0], transparent=True)
    assert small.pixels[..., 3].max() < 1.0
    hits = np.expm1(small.pixels[:height, :, 3].astype(np.float64) / brightness)
    return hits / hits.sum()


def likeness(seen: Any, cloud: native.Points, picture: Any) -> float:
    """Returns how alike (1: equal) the light of points seen at `seen` (n, 2) is to a picture of hits (height, WIDTH)."""
    cells, _, _ = np.histogram2d(seen[:, 1], seen[:, 0], bins=picture.shape, range=((0.0, 1.0), (0.0, 1.0)), weights=cloud.weight)
    both = [np.log1p(10.0 * picture.size * hits / hits.sum()) for hits in (cells, picture)]
    return float(np.corrcoef(both[0].ravel(), both[1].ravel())[0, 1])


@pytest.mark.parametrize("name", ORIGINALS)
def test_the_flower_stands_where_the_files_picture_has_it(scene: bpy.types.Scene, shared_data: Path, name: str) -> None:
    path = shared_data / "original-bloom" / "flames" / f"{name}.flame"
    obj = imported(path)
    (flame,), _ = read_flames(path)
    width, height = flame.view.size
    assert (scene.render.resolution_x, scene.render.resolution_y) == (width, height)
    cloud = native.points(flame, POINTS)
    picture = drawn(flame, round(WIDTH * height / width))
    seen = seen_by_camera(scene, obj, cloud.position.astype(np.float64))
    right = likeness(seen, cloud, picture)
    print(f"likeness {name} {right:.3f}")
    across, up = np.array([0.04, 0.0]), np.array([0.0, -0.04])
    for wrong in (np.column_stack([1.0 - seen[:, 0], seen[:, 1]]), seen + across, seen + up, (seen - 0.5) * 1.12 + 0.5):
        assert likeness(wrong, cloud, picture) < right - 0.02
    assert right > 0.95


@pytest.mark.parametrize("name", ORIGINALS)
def test_out_and_in_again_is_the_same_view(scene: bpy.types.Scene, shared_data: Path, tmp_path: Path, name: str) -> None:
    obj = imported(shared_data / "original-bloom" / "flames" / f"{name}.flame")
    export.write_sequence(scene, obj, tmp_path / "once.flame", 1, 1)
    first = read_flames(tmp_path / "once.flame")[0][0].view
    obj = imported(tmp_path / "once.flame")
    export.write_sequence(scene, obj, tmp_path / "twice.flame", 1, 1)
    second = read_flames(tmp_path / "twice.flame")[0][0].view
    for field in ("scale", "cam_persp", "cam_pitch", "cam_dof", "cam_zpos"):
        assert getattr(second, field) == pytest.approx(getattr(first, field), rel=1e-4, abs=1e-5)
    np.testing.assert_allclose(second.center, first.center, atol=1e-4)
    for angle in (second.cam_yaw - first.cam_yaw, np.radians(second.rotate - first.rotate)):
        assert np.cos(angle) == pytest.approx(1.0, abs=1e-6)


def test_the_lens_blurs_as_the_file_says(scene: bpy.types.Scene, shared_data: Path) -> None:
    path = shared_data / "original-bloom" / "flames" / "kindling.flame"
    imported(path)
    view = read_flames(path)[0][0].view
    lens: Any = scene.camera.data
    assert lens.dof.use_dof and lens.dof.focus_distance == pytest.approx(1.0 / view.cam_persp)
    assert lens.lens / 1000.0 / (2.0 * lens.dof.aperture_fstop) == pytest.approx(0.1 * view.cam_dof / view.cam_persp)


def test_light_and_background_come_along(scene: bpy.types.Scene, shared_data: Path, tmp_path: Path) -> None:
    (flame,), _ = read_flames(shared_data / "original-bloom" / "flames" / "wavy.flame")
    write_flames(tmp_path / "sky.flame", [replace(flame, view=replace(flame.view, background=(0.0, 0.5, 1.0), brightness=8.0, gamma=4.4))])
    obj = imported(tmp_path / "sky.flame")
    node: Any = obj.material_slots[0].material.node_tree.nodes[material.CONTRAST]
    assert scene.view_settings.exposure == pytest.approx(0.5) and node.outputs[0].default_value == pytest.approx(2.0 * 4.0 / 4.4)
    sky: Any = scene.world.node_tree.nodes["Background"].inputs["Color"].default_value
    assert tuple(sky) == pytest.approx((0.0, 0.214, 1.0, 1.0), abs=1e-3)


def test_a_file_without_camera_and_light_leaves_the_scene_alone(scene: bpy.types.Scene, shared_data: Path) -> None:
    world, exposure, size = scene.world, scene.view_settings.exposure, scene.render.resolution_x
    imported(shared_data / "original-bloom" / "flames" / "wavy.flame", camera=False, look=False)
    assert scene.camera is None and scene.world == world
    assert (scene.view_settings.exposure, scene.render.resolution_x) == (exposure, size)


def test_a_flat_flame_gets_an_orthographic_camera(scene: bpy.types.Scene, tmp_path: Path) -> None:
    path = tmp_path / "flat.flame"
    path.write_text(
        '<flame name="flat" size="200 100" center="0.5 0.25" scale="50" rotate="30">'
        '<xform weight="1" color="0" linear="1" coefs="0.5 0 0 0.5 0 0"/><xform weight="1" color="1" linear="1" coefs="0.5 0 0 0.5 0.5 0.5"/></flame>'
    )
    obj = imported(path)
    assert scene.camera.data.type == "ORTHO"
    turn = np.array([[np.cos(np.pi / 6), -np.sin(np.pi / 6)], [np.sin(np.pi / 6), np.cos(np.pi / 6)]])
    points = np.array([[0.0, 0.0, 0.0], [1.0, 0.5, 0.0], [0.3, -0.2, 0.0]])
    expected = ((points[:, :2] - [0.5, 0.25]) @ turn.T * 50.0 + [100.0, 50.0]) / [200.0, 100.0]
    np.testing.assert_allclose(seen_by_camera(scene, obj, points), expected, atol=1e-5)
