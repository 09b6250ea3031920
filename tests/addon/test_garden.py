"""A garden from the panel: its list of runs, and what is planted."""

from __future__ import annotations

import shutil
from pathlib import Path

import bpy
import pytest

from bloom_addon import properties
from bloom_addon.garden import planting
from bloom_core.trajectories import trajectory


def test_the_five_optimizers_are_planted_by_two_clicks(scene: bpy.types.Scene) -> None:
    assert bpy.ops.bloom.garden_optimizers() == {"FINISHED"}
    scene.bloom_growth.frames = 3
    scene.bloom_garden.plots.remove(4)
    scene.bloom_garden.plots.remove(3)
    scene.bloom_garden.plots[1].design = "peony"
    assert bpy.ops.bloom.garden_plant() == {"FINISHED"}
    blooms = properties.blooms(scene)
    assert sorted(obj.bloom.design for obj in blooms) == ["lotus", "lotus", "peony"]
    garden = bpy.data.collections[planting.COLLECTION]
    assert scene.camera.name in garden.objects and len([obj for obj in garden.objects if obj.type == "FONT"]) == 4
    assert bpy.ops.bloom.garden_plant() == {"FINISHED"}, "planting again makes another garden, with one camera"
    assert len([obj for obj in garden.objects if obj.type == "CAMERA"]) == 1


def test_files_are_added_moved_and_removed(scene: bpy.types.Scene, tmp_path: Path) -> None:
    for name in ("a", "b"):
        shutil.copyfile(trajectory.embedded_run("digits-sgd"), tmp_path / f"{name}.bloom")
    files = [{"name": "a.bloom"}, {"name": "b.bloom"}]
    assert bpy.ops.bloom.garden_add(directory=str(tmp_path), files=files) == {"FINISHED"}
    garden = scene.bloom_garden
    assert [Path(plot.run).name for plot in garden.plots] == ["a.bloom", "b.bloom"] and garden.plots[0].name == "SGD, rate 0.1"
    bpy.ops.bloom.garden_move(direction="UP")
    assert [Path(plot.run).name for plot in garden.plots] == ["b.bloom", "a.bloom"] and garden.active == 0
    bpy.ops.bloom.garden_move(direction="UP")
    bpy.ops.bloom.garden_remove()
    assert [Path(plot.run).name for plot in garden.plots] == ["a.bloom"]
    bpy.ops.bloom.garden_remove()
    with pytest.raises(RuntimeError, match="no runs yet"):
        bpy.ops.bloom.garden_plant()
    (tmp_path / "c.bloom").write_bytes(b"not a run")
    with pytest.raises(RuntimeError, match=r"c\.bloom"):
        bpy.ops.bloom.garden_add(filepath=str(tmp_path / "c.bloom"))


def test_a_run_that_is_gone_is_told_before_any_work(scene: bpy.types.Scene) -> None:
    bpy.ops.bloom.garden_optimizers()
    scene.bloom_garden.plots[2].run = "/nowhere/lost.bloom"
    with pytest.raises(RuntimeError, match=r"lost\.bloom"):
        bpy.ops.bloom.garden_plant()
    assert not properties.blooms(scene)
