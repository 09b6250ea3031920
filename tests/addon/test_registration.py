"""What the add-on leaves behind, and how its operators refuse."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import bpy
import pytest

import bloom_addon
from bloom_addon import properties
from bloom_core import designs
from bloom_core.flames.flame_file import write_flames
from bloom_core.trajectories import trajectory

OPERATORS = [
    cls
    for name, module in list(sys.modules.items())
    if name.startswith("bloom_addon.")
    for cls in vars(module).values()
    if isinstance(cls, type) and issubclass(cls, bpy.types.Operator) and cls.__module__ == name and "bl_idname" in vars(cls)
]
GROUPS = [cls for module in properties._PARTS for cls in module.CLASSES]
WITHOUT_UNDO = {
    f"bloom.{name}"
    for name in (
        "render", "mutate", "breed", "install_assets", "stop_job", "takes_refresh", "take_compare", "take_reveal", "takes_prune", "takes_check",
        "copy_palette", "find_palettes",
    )
}  # fmt: skip
MENUS = ("VIEW3D_MT_add", "VIEW3D_MT_volume_add", "TOPBAR_MT_file_import")


def state() -> tuple[set[str], list[int], bool, bool]:
    """Returns what registering changes."""
    draws = [len(getattr(bpy.types, menu)._dyn_ui_initialize()) for menu in MENUS]
    return set(dir(bpy.types)), draws, hasattr(bpy.types.Object, "bloom"), hasattr(bpy.types.Scene, "bloom_growth")


def test_nothing_is_left_behind() -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    before = state()
    for _ in range(2):
        bloom_addon.register()
        during = state()
        assert during[0] > before[0] and all(b > a for a, b in zip(before[1], during[1], strict=True)) and during[2:] == (True, True)
        bloom_addon.unregister()
        assert state() == before


@pytest.mark.parametrize("cls", OPERATORS)
def test_every_operator_explains_itself(scene: bpy.types.Scene, cls: type[bpy.types.Operator]) -> None:
    group, name = cls.bl_idname.split(".")
    kind = getattr(getattr(bpy.ops, group), name).get_rna_type()
    assert len(kind.description) > 15 and kind.name
    assert ("UNDO" in cls.bl_options) != (cls.bl_idname in WITHOUT_UNDO), "what changes no datablock needs no undo step, and all else does"


def test_every_property_explains_itself(scene: bpy.types.Scene) -> None:
    for cls in GROUPS:
        for prop in cls.bl_rna.properties:
            assert prop.identifier in ("rna_type", "name") or prop.type in ("COLLECTION", "POINTER") or prop.description, prop.identifier


def test_the_panels_path_works_from_operators(scene: bpy.types.Scene, tmp_path: Path) -> None:
    assert bpy.ops.bloom.add(design="peony") == {"FINISHED"}
    obj = bpy.context.object
    obj.bloom.samples, obj.bloom.resolution, obj.bloom.folder = 0.2, 32, str(tmp_path)
    assert bpy.ops.bloom.use_run() == {"FINISHED"}
    scene.bloom_growth.frames = 4
    assert bpy.ops.bloom.grow() == {"FINISHED"}
    assert bpy.ops.bloom.bake() == {"FINISHED"}
    assert bpy.ops.bloom.stage() == {"FINISHED"} and scene.camera is not None
    assert Path(obj.data.filepath).is_file() and obj.data.frame_duration == 4
    assert len(list(tmp_path.glob("take-*"))) == 1


def test_operators_refuse_in_words(scene: bpy.types.Scene, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="Select a bloom, or add one"):
        bpy.ops.bloom.grow()
    with pytest.raises(RuntimeError, match="no camera"):
        bpy.ops.bloom.render()
    bpy.ops.bloom.add(design="lotus")
    with pytest.raises(RuntimeError, match="no run yet"):
        bpy.ops.bloom.grow()
    with pytest.raises(RuntimeError, match=r"Save the .blend first"):
        bpy.ops.bloom.bake()
    broken = tmp_path / "broken.bloom"
    broken.write_bytes(b"PK\x03\x04 but no more")
    with pytest.raises(RuntimeError, match=r"broken\.bloom"):
        bpy.ops.bloom.import_run(filepath=str(broken))
    hostile = tmp_path / "hostile.flame"
    hostile.write_text('<!DOCTYPE x [<!ENTITY a "a">]><flame/>')
    with pytest.raises(RuntimeError, match=r"hostile\.flame"):
        bpy.ops.bloom.import_flame(filepath=str(hostile))


def test_a_flame_file_that_changed_since_is_refused(scene: bpy.types.Scene, tmp_path: Path) -> None:
    path = tmp_path / "mine.flame"
    for number, name in enumerate(("lotus", "waterlily")):
        flower = designs.design(name)
        write_flames(path, [replace(flower.bud, name="bud"), replace(flower.open, name="open")])
        if number == 0:
            assert bpy.ops.bloom.import_flame(filepath=str(path)) == {"FINISHED"}
    bpy.context.object.bloom.design_text = ""  # as a .blend of an older Bloom, which kept the file's name alone
    bpy.ops.bloom.use_run()
    with pytest.raises(RuntimeError, match=r"Error: mine has other xforms than Mine: was its file changed\?"):
        bpy.ops.bloom.grow()
    assert bpy.context.object.animation_data is None


def test_a_run_named_from_where_a_script_runs_is_found_later(
    scene: bpy.types.Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copyfile(trajectory.embedded_run("digits"), tmp_path / "my.bloom")
    bpy.ops.bloom.add(design="lotus")
    monkeypatch.chdir(tmp_path)
    assert bpy.ops.bloom.import_run(filepath="my.bloom") == {"FINISHED"}
    monkeypatch.chdir("/")
    scene.bloom_growth.frames = 3
    assert bpy.ops.bloom.grow() == {"FINISHED"}


def test_importing_a_flame_makes_a_bloom(scene: bpy.types.Scene, shared_data: Path) -> None:
    path = shared_data / "original-bloom" / "flames" / "willowisp.flame"
    assert bpy.ops.bloom.import_flame(filepath=str(path)) == {"FINISHED"}
    assert bpy.context.object.name == "willowisp" and len(bpy.context.object.bloom.xforms) == 4
    bpy.ops.bloom.use_run()
    scene.bloom_growth.frames = 4
    assert bpy.ops.bloom.grow() == {"FINISHED"}
