"""docs/add-a-flower.md, carried out in a copy of the project: its flower is the one of its picture, is judged, grows, and joins the package."""

from __future__ import annotations

import numpy as np
import pytest

from tests.examples.pages import Copy, blocks
from tests.examples.pictures import likeness, look, shown

PAGE = "add-a-flower.md"
STILL = ".venv/bin/python -m bloom_addon still hellebore.flame --out hellebore.png "
LARGE, SMALL = "--size 720x450 --rays 16 --samples 120 --resolution 512", "--size 216x135 --rays 2 --samples 8 --resolution 128"

BY_HAND = """
from pathlib import Path
import bpy
import bloom_addon
from bloom_addon import bloom_object, properties
from bloom_core import designs

bpy.ops.wm.read_factory_settings(use_empty=True)
bloom_addon.register()
bpy.ops.bloom.add(design="lotus")
made = properties.bloom_of(bpy.context.object)
made.xforms[1].weight, made.xforms[1].color = 2.5, 0.25
bpy.ops.bloom.save_flower(title="Edited", folder=str(Path("saved").resolve()))
edited = designs.read_design("saved/Edited.flame")
assert (edited.open.xforms[1].weight, edited.open.xforms[1].color) == (2.5, 0.25)
assert edited.bud.xforms[1].weight == designs.design("lotus").bud.xforms[1].weight
bpy.context.scene.frame_start = bpy.context.scene.frame_end = 1
bpy.ops.bloom.export_flames(filepath="mine.flame")
bpy.ops.bloom.import_flame(filepath=str(Path("mine.flame").resolve()))
bpy.ops.bloom.save_flower(title="Mine", folder=str(Path("saved").resolve()))
saved = designs.read_design("saved/Mine.flame")
assert (saved.open.xforms[1].weight, saved.open.xforms[1].color) == (2.5, 0.25) and Path("saved/Mine.png").is_file()
assert [xform.name for xform in saved.open.xforms] == [xform.name for xform in designs.design("lotus").open.xforms]

obj = bpy.context.object
obj.name = "Mine"
obj.asset_mark()
bpy.data.libraries.write(str(Path("assets.blend").resolve()), {obj}, compress=True)
for path in Path("saved").iterdir():
    path.unlink()
bpy.ops.wm.read_factory_settings(use_empty=True)
with bpy.data.libraries.load(str(Path("assets.blend").resolve()), assets_only=True) as (there, wanted):
    wanted.objects = there.objects
assert bloom_object.flower_of(wanted.objects[0]).open.xforms[1].weight == 2.5
print("by hand: done")
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    pytest.importorskip("bpy", reason="Blender as a Python module (pip install bpy) is not installed")
    made = Copy(tmp_path_factory.mktemp("flower"))
    made.instead = {STILL + LARGE: lambda _: made.run(STILL + SMALL)}  # large, it takes minutes
    for block in blocks(PAGE):
        made.work(block)
    return made


def test_the_page_s_picture_is_of_the_flower_that_it_makes(copy: Copy) -> None:
    assert likeness(copy.folder / "hellebore.png", shown(PAGE, "flower-hellebore.jpg")) > 0.95
    assert look(shown(PAGE, "flower-hellebore-opening.jpg")).mean() > 20.0


def test_its_film_begins_dark_and_opens(copy: Copy) -> None:
    frames = sorted((copy.folder / "frames").glob("*.png"))
    assert len(frames) == 24
    light = [look(frame).mean() for frame in frames]
    assert light[0] < 0.3 * light[-1] and light[-1] > 5.0
    assert likeness(frames[-1], frames[len(frames) // 2]) < 0.999


def test_the_judge_refuses_a_box_that_cuts_petals_off(copy: Copy) -> None:
    text = (copy.folder / "hellebore.py").read_text("utf-8").replace("bounds(poses(bud, flower))", "bounds((bud,))")
    (copy.folder / "cut.py").write_text(text.replace("hellebore.flame", "cut.flame"), "utf-8")
    copy.run(".venv/bin/python cut.py")
    assert "throws it out of its box" in copy.run(".venv/bin/python judge.py cut.flame", code=1)


def test_a_flower_of_ones_own_by_hand_in_blender(copy: Copy) -> None:
    (copy.folder / "by_hand.py").write_text(BY_HAND, "utf-8")
    (copy.folder / "saved").mkdir()
    assert "by hand: done" in copy.run(".venv/bin/python by_hand.py")


def test_its_path_serves_where_a_name_would(copy: Copy) -> None:
    copy.run(".venv/bin/python -m bloom_addon grow scene.blend --run digits --design hellebore.flame --frames 6")
    (copy.folder / "grown.py").write_text(
        "import bpy, bloom_addon\n"
        "bloom_addon.register()\n"
        "from pathlib import Path\n"
        "bpy.ops.wm.open_mainfile(filepath=str(Path('scene.blend').resolve()))\n"
        "from bloom_addon import bloom_object, properties\n"
        "blooms = [obj for obj in bpy.data.objects if obj.type == 'VOLUME' and properties.bloom_of(obj).xforms]\n"
        "print([xform.name for xform in bloom_object.flower_of(blooms[0]).open.xforms])\n",
        "utf-8",
    )
    assert "['Source', 'Petals', 'Stamens']" in copy.run(".venv/bin/python grown.py")


def test_the_box_follows_the_light(copy: Copy) -> None:
    """The file keeps the box that `bounds` measures, so that nobody who reads it measures again."""
    script = "from bloom_core import designs; print(*designs.read_design('hellebore.flame').box.high)"
    high = np.array(copy.run(f'.venv/bin/python -c "{script}"').split(), float)
    np.testing.assert_allclose(high, [2.04, 2.04, 1.43], rtol=0.05)
