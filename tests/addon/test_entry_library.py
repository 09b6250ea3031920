"""The library: thumbnails, flowers of one's own, children, and the flowers as assets."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

import bloom_addon
from bloom_addon import bloom_object, material
from bloom_addon.entry import assets, export, flowers, nursery, previews, saving
from bloom_core import designs, flower_children, thumbnails

OPERATORS: Any = bpy.ops
ROOT = Path(__file__).parents[2]
FEW = tuple(flowers.Flower(name, name.capitalize(), "A flower", thumbnails.packaged(name)) for name in ("lotus", "peony"))


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Gives Bloom a folder of its own, as an extension has."""

    def user_folder(name: str, *, create: bool = False) -> Path:
        folder = tmp_path / "own" / name
        if create:
            folder.mkdir(parents=True, exist_ok=True)
        return folder

    monkeypatch.setattr(flowers, "user_folder", user_folder)
    return tmp_path / "own"


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flowers, "flowers", lambda: FEW)


def test_every_flower_has_a_name_a_line_and_a_picture(scene: bpy.types.Scene) -> None:
    listed = flowers.items(None, None)
    assert [item[0] for item in listed][: len(designs.designs())] == list(designs.designs())
    for flower in flowers.flowers():
        assert flower.title and flower.picture.is_file(), flower.key
        assert 15 < len(flower.description) < 130 and not flower.description.endswith("."), flower.key
    assert len({flower.description for flower in flowers.flowers()}) == len(flowers.flowers())
    library = bpy.context.window_manager.bloom_library
    assert library.flower == designs.designs()[0]


def test_without_a_window_there_are_no_icons_and_no_harm(scene: bpy.types.Scene) -> None:
    assert bpy.app.background
    flower = flowers.flowers()[0]
    assert previews.icon(flower.key, flower.picture) == 0 == previews.icon_of_pixels("x", np.ones((4, 4, 4), np.float32))


def test_twenty_cycles_leave_no_preview(monkeypatch: pytest.MonkeyPatch) -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    made: list[Any] = []
    new, remove = bpy.utils.previews.new, bpy.utils.previews.remove
    monkeypatch.setattr(bpy.utils.previews, "new", lambda: made.append(new()) or made[-1])
    monkeypatch.setattr(bpy.utils.previews, "remove", lambda old: (made.remove(old), remove(old)))

    before = set(dir(bpy.types))
    for _ in range(20):
        bloom_addon.register()
        with monkeypatch.context() as patch:
            patch.setattr(previews, "has_icons", lambda: True)
            for flower in flowers.flowers()[:3]:
                previews.icon(flower.key, flower.picture)
            previews.icon_of_pixels("child 0", np.full((8, 8, 4), 0.5, np.float32))
            assert len(made[0]) == 4
            previews.forget("child 0")
        assert len(made) == 1
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
        bloom_addon.unregister()
        assert made == [] and previews._loaded is None
    assert set(dir(bpy.types)) == before


def test_children_come_by_mutation_and_one_is_taken(scene: bpy.types.Scene, own_folder: Path) -> None:
    OPERATORS.bloom.add(design="lotus")
    obj = bpy.context.object
    assert OPERATORS.bloom.mutate(seed=2) == {"FINISHED"}
    litter = nursery.children()
    assert len(litter) == 8 and litter[3].design.name == "Lotus 20"
    bpy.ops.ed.undo_push(message="before")
    assert OPERATORS.bloom.take_child(index=3) == {"FINISHED"}
    np.testing.assert_array_equal(bloom_object.flower_of(obj).open.xforms[1].pre, litter[3].design.open.xforms[1].pre)
    ramp = material.ramp_of(obj.material_slots[0].material)
    fresh = material.glow_material("fresh", litter[3].design.open.palette)
    assert [tuple(a.color) for a in ramp.elements] == [tuple(b.color) for b in material.ramp_of(fresh).elements]
    bpy.ops.ed.undo_push(message="taken")
    bpy.ops.ed.undo()
    obj = bpy.context.object
    assert obj.bloom.design == "lotus" and not obj.bloom.design_text
    bpy.ops.ed.redo()
    assert bpy.context.object.bloom.design == "Lotus 20"
    with pytest.raises(RuntimeError, match="not there any more"):
        OPERATORS.bloom.take_child(index=8)


def test_a_child_is_saved_among_the_flowers(scene: bpy.types.Scene, own_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    OPERATORS.bloom.add(design="lotus")
    child = next(flower_children.litter(designs.design("lotus"), None, 0.3, 1))
    nursery.clear()
    nursery.add(child)
    OPERATORS.bloom.take_child(index=0)
    with pytest.raises(RuntimeError, match="needs a name"):
        OPERATORS.bloom.save_flower(title="  ")
    assert OPERATORS.bloom.save_flower(title="My Lotus") == {"FINISHED"}
    saved = own_folder / "flowers" / "My_Lotus.flame"
    assert saved.is_file() and saved.with_suffix(".png").is_file()
    assert [flower.key for flower in flowers.flowers()][-1] == str(saved)
    with pytest.raises(RuntimeError, match="already"):
        OPERATORS.bloom.save_flower(title="My Lotus")
    assert OPERATORS.bloom.add(design=str(saved)) == {"FINISHED"}
    obj = bpy.context.object
    assert obj.name == "My_lotus" and obj.bloom.design_text
    again = bloom_object.flower_of(obj)
    for ours, its in ((again.open, child.design.open), (again.bud, child.design.bud)):
        for mine, given in zip(ours.xforms, its.xforms, strict=True):
            np.testing.assert_array_equal(mine.pre, given.pre)
            assert (mine.weight, mine.opacity) == (given.weight, given.opacity) and mine.variations == given.variations


def test_an_add_on_that_is_no_extension_asks_for_a_folder(scene: bpy.types.Scene, tmp_path: Path) -> None:
    assert flowers.saved_folder() is None
    OPERATORS.bloom.add(design="lotus")
    with pytest.raises(RuntimeError, match="Choose a folder"):
        OPERATORS.bloom.save_flower(title="mine")
    assert OPERATORS.bloom.save_flower(title="mine", folder=str(tmp_path)) == {"FINISHED"}
    assert (tmp_path / "mine.flame").is_file()
    with pytest.raises(RuntimeError, match="Choose a folder"):
        OPERATORS.bloom.install_assets()


APPEND = """
import sys, bpy, bloom_addon
bpy.ops.wm.read_factory_settings(use_empty=True)
bloom_addon.register()
with bpy.data.libraries.load(sys.argv[1], assets_only=True) as (there, here):
    assert sorted(there.objects) == ["Lotus", "Peony"], there.objects
    here.objects = ["Lotus"]
(obj,) = here.objects
bpy.context.scene.collection.objects.link(obj)
bpy.context.view_layer.objects.active = obj
assert [slot.material.name for slot in obj.material_slots] == ["Lotus Glow"] and obj.data.name == "Lotus"
told = obj.asset_data
assert (told.author, told.license) == ("Bloom", "GPL-3.0-or-later") and "flower" in told.tags and told.description
assert tuple(obj.preview.image_size) == (192, 192) and max(obj.preview.image_pixels_float) > 0.3
obj.bloom.run = "digits"
bpy.context.scene.bloom_growth.frames = 3
assert bpy.ops.bloom.grow() == {"FINISHED"}
bloom_addon.unregister()
"""


def test_assets_are_installed_updated_and_removed(scene: bpy.types.Scene, own_folder: Path, few: None, tmp_path: Path) -> None:
    OPERATORS.bloom.add(design="lotus")
    mine = bpy.context.object
    datablocks = {name: {entry.name for entry in getattr(bpy.data, name)} for name in ("objects", "volumes", "materials", "libraries", "images")}
    libraries = bpy.context.preferences.filepaths.asset_libraries
    count = len(libraries)
    for _ in range(2):  # the second time updates
        assert OPERATORS.bloom.install_assets() == {"FINISHED"}
        assert len(libraries) == count + 1 and libraries[assets.LIBRARY].path == str(own_folder / "assets")
    assert datablocks == {name: {entry.name for entry in getattr(bpy.data, name)} for name in datablocks}
    assert bpy.context.object == mine and mine.name == "Lotus" and mine.asset_data is None
    folder = own_folder / "assets"
    catalogs = (folder / "blender_assets.cats.txt").read_text()
    assert "VERSION 1" in catalogs and "Bloom/Flowers" in catalogs and not (folder / "preview.png").exists()
    done = subprocess.run(
        [sys.executable, "-c", APPEND, str(folder / "bloom_flowers.blend")], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert OPERATORS.bloom.remove_assets() == {"FINISHED"}
    assert len(libraries) == count and not folder.exists()
    with pytest.raises(RuntimeError, match="poll"):
        OPERATORS.bloom.remove_assets()


def test_a_flower_that_cannot_be_read_leaves_no_asset_behind(scene: bpy.types.Scene, own_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = own_folder / "flowers" / "broken.flame"
    broken.parent.mkdir(parents=True)
    broken.write_text("<flame")
    monkeypatch.setattr(flowers, "flowers", lambda: (FEW[0], flowers.Flower(str(broken), "broken", "x", broken.with_suffix(".png"))))
    with pytest.raises(RuntimeError, match=r"broken\.flame"):
        OPERATORS.bloom.install_assets()
    assert len(bpy.data.objects) == len(bpy.data.volumes) == len(bpy.data.materials) == 0
    assert bpy.context.preferences.filepaths.asset_libraries.get(assets.LIBRARY) is None


def test_what_was_edited_is_saved(scene: bpy.types.Scene, tmp_path: Path) -> None:
    OPERATORS.bloom.add(design="peony")
    obj, peony = bpy.context.object, designs.design("peony")
    assert saving.shown_flower(obj) is bloom_object.flower_of(obj)  # nothing is lost to float32 or to the ramp while nothing was edited
    obj.bloom.xforms[0].weight = 3.0
    ramp = material.ramp_of(material.glow_of(obj))
    ramp.elements[5].color = (0.0, 1.0, 0.0, 1.0)
    obj.bloom.wind.enabled, obj.bloom.wind.strength = True, 2.0
    assert OPERATORS.bloom.save_flower(title="mine", folder=str(tmp_path)) == {"FINISHED"}
    saved = designs.read_design(tmp_path / "mine.flame")
    assert saved.open.xforms[0].weight == 3.0 and saved.bud.xforms[0].weight == peony.bud.xforms[0].weight
    for mine, given in zip(saved.open.xforms, peony.open.xforms, strict=True):
        np.testing.assert_array_equal(mine.pre, given.pre)
    green = saved.open.palette[round(5 / 31 * 255)]
    assert green[1] > 0.98 and green[0] < 0.2 and np.array_equal(saved.open.palette, saved.bud.palette)
    np.testing.assert_allclose(saved.open.palette[100:, :], export.palette_of(obj)[100:, :], atol=0.003)


def test_a_flower_of_another_make_gets_a_bud_of_its_own(scene: bpy.types.Scene, tmp_path: Path) -> None:
    OPERATORS.bloom.add(design="lotus")
    OPERATORS.bloom.xform_add()
    assert OPERATORS.bloom.save_flower(title="mine", folder=str(tmp_path)) == {"FINISHED"}
    saved = designs.read_design(tmp_path / "mine.flame")
    assert len(saved.open.xforms) == len(saved.bud.xforms) == len(designs.design("lotus").open.xforms) + 1
