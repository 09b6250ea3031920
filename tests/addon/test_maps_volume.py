"""A map of three axes as a volume in the scene: it plays its take, and Cycles shows it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from bloom_addon import bloom_object, material, properties
from bloom_addon.maps import parts
from bloom_core.trainability import map_files
from bloom_core.trainability.making import make_map
from bloom_core.trainability.presets import PRESETS
from bloom_core.trainability.views import overview


@pytest.fixture
def cube(tmp_path: Path) -> Path:
    subject = PRESETS["cube"]
    map_files.write_map(tmp_path / "cube.bloommap", make_map(subject, overview(subject, (16, 16, 16))))
    return tmp_path / "cube.bloommap"


def test_the_volume_plays_its_take_and_renders(scene: bpy.types.Scene, cube: Path, tmp_path: Path) -> None:
    bpy.ops.bloom.map_open(filepath=str(cube))
    chosen = properties.map_of(scene)
    chosen.folder = str(tmp_path / "maps")
    assert bpy.ops.bloom.map_volume() == {"FINISHED"}
    obj: Any = chosen.shown
    assert obj.type == "VOLUME" and bloom_object.played(obj) is not None and Path(obj.data.filepath).is_file()
    assert Path(obj.data.filepath).is_relative_to(tmp_path / "maps" / "takes") and obj.data.grids.load()
    assert {grid.name for grid in obj.data.grids} == {"density", "palette"}
    assert material.ramp_of(obj.active_material) is not None, "the palette of a flower: it can be keyed and exchanged"
    axes = [each for each in parts.collection(scene).objects if each.get(parts.MARK) == "axis"]
    assert len(axes) == 3
    chosen.labels = False
    bpy.ops.bloom.map_view()
    scene.render.resolution_x, scene.render.resolution_y, scene.cycles.samples = 48, 32, 2
    scene.render.filepath = str(tmp_path / "seen.png")
    bpy.ops.render.render(write_still=True)
    picture: Any = bpy.data.images.load(scene.render.filepath)
    pixels = np.array(picture.pixels[:], np.float32).reshape(-1, 4)
    assert pixels[:, :3].max() > 0.05, "Cycles shows it"
    obj.hide_render = True
    bpy.ops.render.render(write_still=True)
    picture.reload()
    without = np.array(picture.pixels[:], np.float32).reshape(-1, 4)
    assert pixels[:, :3].mean() > 3.0 * without[:, :3].mean() + 0.002


def test_a_map_of_two_axes_is_no_volume(scene: bpy.types.Scene, tmp_path: Path) -> None:
    subject = PRESETS["preview"]
    map_files.write_map(tmp_path / "flat.bloommap", make_map(subject, overview(subject, (8, 8))))
    bpy.ops.bloom.map_open(filepath=str(tmp_path / "flat.bloommap"))
    with pytest.raises(RuntimeError, match="two axes"):
        bpy.ops.bloom.map_volume()
