"""Getting in: Add, Import, dropped files, the example, and flowers that are in no file."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

import bloom_addon
from bloom_addon import bloom_object, compat, properties
from bloom_addon.entry import import_operators
from bloom_core import breeding, designs
from bloom_core.flames.flame_buffer import pack
from bloom_core.flames.flame_file import read_flames, write_flames
from bloom_core.trajectories import trajectory

OPERATORS: Any = bpy.ops


def flame_file(path: Path, *names: str) -> Path:
    """Writes a file with the open flowers of some designs."""
    write_flames(path, [designs.design(name).open for name in names])
    return path


def dropped(operator: Any, folder: Path, *names: str) -> set[str]:
    """Calls an operator as a file handler does."""
    found: set[str] = operator("INVOKE_DEFAULT", directory=str(folder) + os.sep, files=[{"name": name} for name in names])
    return found


def test_a_flower_is_added_at_the_cursor(scene: bpy.types.Scene) -> None:
    scene.cursor.location, scene.cursor.rotation_euler = (1.0, 2.0, 3.0), (0.0, 0.5, 0.0)
    assert OPERATORS.bloom.add(design="peony") == {"FINISHED"}
    obj = bpy.context.object
    assert tuple(obj.location) == (1.0, 2.0, 3.0) and tuple(obj.rotation_euler) == (0.0, 0.0, 0.0)
    OPERATORS.bloom.add(design="peony", align="CURSOR")
    assert bpy.context.object.rotation_euler.y == pytest.approx(0.5)
    OPERATORS.bloom.add(design="peony", align="VIEW")  # there is no view here
    OPERATORS.bloom.add(design="peony", location=(0.0, 0.0, -4.0))
    assert tuple(bpy.context.object.location) == (0.0, 0.0, -4.0)
    OPERATORS.mesh.primitive_cube_add()
    OPERATORS.object.mode_set(mode="EDIT")
    with pytest.raises(RuntimeError, match="Object Mode"):  # a bloom is an object
        OPERATORS.bloom.add(design="peony")


def test_the_add_menu_has_every_flower() -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bloom_addon.register()
    try:
        listed = {item.identifier for item in OPERATORS.bloom.add.get_rna_type().properties["design"].enum_items}
        assert listed <= set(designs.designs())  # a dynamic enum's items are only known where it is drawn
        for name in designs.designs():
            assert OPERATORS.bloom.add(design=name) == {"FINISHED"}
            assert bpy.context.object.bloom.design == name and not bpy.context.object.bloom.design_text
    finally:
        bloom_addon.unregister()


def test_the_example_grows(scene: bpy.types.Scene) -> None:
    scene.bloom_growth.frames = 4
    assert OPERATORS.bloom.try_example() == {"FINISHED"}
    obj = bpy.context.object
    assert obj.bloom.run == "digits" and len(compat.channelbag(obj, "").fcurves) > 10


def test_a_run_goes_into_the_active_bloom_or_a_new_one(scene: bpy.types.Scene, tmp_path: Path) -> None:
    path = tmp_path / "mine.bloom"
    shutil.copyfile(trajectory.embedded_run("digits"), path)
    bpy.context.window_manager.bloom_library.flower = "peony"
    assert OPERATORS.bloom.open_run(filepath=str(path)) == {"FINISHED"}
    obj = bpy.context.object
    assert (obj.bloom.design, obj.bloom.run) == ("peony", str(path))
    obj.bloom.run = ""
    assert OPERATORS.bloom.open_run(filepath=str(path)) == {"FINISHED"}
    assert properties.blooms(scene) == [obj] and obj.bloom.run == str(path)
    with pytest.raises(RuntimeError, match=r"none\.bloom"):
        OPERATORS.bloom.open_run(filepath=str(tmp_path / "none.bloom"))


def test_a_runs_folder_is_named_by_what_lies_in_it(scene: bpy.types.Scene, tmp_path: Path) -> None:
    shutil.unpack_archive(trajectory.embedded_run("digits"), tmp_path / "run", "zip")
    assert OPERATORS.bloom.open_run(filepath=str(tmp_path / "run" / "run.json")) == {"FINISHED"}
    assert bpy.context.object.bloom.run == str(tmp_path / "run")
    assert OPERATORS.bloom.open_run(filepath=str(tmp_path / "run")) == {"FINISHED"}


def test_dropped_runs_stand_beside_each_other(scene: bpy.types.Scene, tmp_path: Path) -> None:
    for name in ("a.bloom", "b.bloom", "c.bloom"):
        shutil.copyfile(trajectory.embedded_run("digits"), tmp_path / name)
    assert dropped(OPERATORS.bloom.open_run, tmp_path, "a.bloom") == {"FINISHED"}
    first = bpy.context.object
    assert dropped(OPERATORS.bloom.open_run, tmp_path, "b.bloom") == {"FINISHED"}
    assert properties.blooms(scene) == [first] and first.bloom.run.endswith("b.bloom")
    assert dropped(OPERATORS.bloom.open_run, tmp_path, "a.bloom", "b.bloom", "c.bloom") == {"FINISHED"}
    row = sorted((obj for obj in properties.blooms(scene) if obj != first), key=lambda obj: obj.location.x)
    assert [Path(obj.bloom.run).name for obj in row] == ["a.bloom", "b.bloom", "c.bloom"]
    for left, right in pairwise(row):
        assert left.location.x + left.bloom.box_high[0] <= right.location.x + right.bloom.box_low[0] + 1e-5


def test_dropped_flames_stand_beside_each_other(scene: bpy.types.Scene, tmp_path: Path) -> None:
    names = ["one.flame", "two.flame"]
    for path, flower in zip(names, ("lotus", "peony"), strict=True):
        flame_file(tmp_path / path, flower)
    assert dropped(OPERATORS.bloom.import_flame, tmp_path, *names) == {"FINISHED"}
    one, two = (scene.objects[name] for name in ("one", "two"))
    assert one.location.x + one.bloom.box_high[0] == pytest.approx(two.location.x + two.bloom.box_low[0])
    assert len([obj for obj in scene.objects if obj.type == "CAMERA"]) == 1
    assert bpy.context.object == two


def test_files_are_dropped_into_viewports_alone(scene: bpy.types.Scene) -> None:
    handlers = (import_operators.BLOOM_FH_flame, import_operators.BLOOM_FH_run)
    assert {handler.bl_file_extensions for handler in handlers} == {".flame", ".bloom"}
    area = next(area for area in bpy.context.window_manager.windows[0].screen.areas if area.type == "VIEW_3D")
    other = next(area for area in bpy.context.window_manager.windows[0].screen.areas if area.type != "VIEW_3D")
    for handler in handlers:
        group, name = handler.bl_import_operator.split(".")
        props = getattr(getattr(OPERATORS, group), name).get_rna_type().properties
        assert all(props[prop].is_skip_save for prop in ("filepath", "directory", "files"))
        with bpy.context.temp_override(area=area):
            assert handler.poll_drop(bpy.context)
        with bpy.context.temp_override(area=other):
            assert not handler.poll_drop(bpy.context)


def test_a_flame_of_several_is_chosen_by_number(scene: bpy.types.Scene, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = flame_file(tmp_path / "many.flame", "lotus", "peony")
    assert OPERATORS.bloom.import_flame(filepath=str(path), flame=2) == {"FINISHED"}
    assert "has 2 flames, and 2 is imported" in "".join(capfd.readouterr())
    np.testing.assert_allclose(pack(bloom_object.flower_of(bpy.context.object).open), pack(designs.design("peony").open), rtol=1e-6)
    with pytest.raises(RuntimeError, match="choose one from 1 to 2, not 3"):
        OPERATORS.bloom.import_flame(filepath=str(path), flame=3)


def test_a_blend_keeps_flowers_that_are_in_no_file(scene: bpy.types.Scene, tmp_path: Path) -> None:
    path = flame_file(tmp_path / "gone.flame", "lotus")
    OPERATORS.bloom.import_flame(filepath=str(path))
    imported = bpy.context.object.name
    child = breeding.mutate(designs.design("lotus"), 0.3, 5)
    bred = bloom_object.new_bloom(bpy.context, child).name
    assert child.open.final is not None
    bred_flame = replace(child.open, final=replace(child.open.final, weight=1.0))  # a file has no weight for it, and none counts
    given = read_flames(path)[0][0]
    path.unlink()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "kept.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "kept.blend"))
    for name, flame in ((imported, given), (bred, bred_flame)):
        obj = bpy.data.objects[name]
        np.testing.assert_array_equal(pack(bloom_object.flower_of(obj).open), pack(flame))
        bpy.context.view_layer.objects.active = obj
        obj.bloom.run = "digits"
        bpy.context.scene.bloom_growth.frames = 3
        assert OPERATORS.bloom.grow() == {"FINISHED"}
    assert OPERATORS.bloom.choose(design="peony") == {"FINISHED"} and not bpy.context.object.bloom.design_text
