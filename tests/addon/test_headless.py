"""Bloom without a window: what each command does to a .blend, frame lists as farms use them, and lines for programs."""

from __future__ import annotations

import json
import shutil
from itertools import pairwise
from pathlib import Path

import bpy
import pytest

from bloom_addon import compat, properties
from bloom_addon.headless import headless
from bloom_core import designs
from bloom_core.trajectories import trajectory

SMALL = ("--size", "48x32", "--rays", "1", "--samples", "0.2", "--resolution", "32")


def run(*arguments: object) -> None:
    assert headless.main([str(argument) for argument in arguments]) == 0, arguments


@pytest.fixture
def blend(scene: bpy.types.Scene, tmp_path: Path) -> Path:
    """A small lotus of the example run over six frames, staged, not baked."""
    path = tmp_path / "lotus.blend"
    run("grow", path, "--frames", 6, *SMALL)
    return path


def the_bloom() -> bpy.types.Object:
    return properties.blooms(bpy.context.scene)[0]


def test_import_makes_blooms_of_runs_and_flames_and_adds_to_a_file(scene: bpy.types.Scene, tmp_path: Path) -> None:
    flame = tmp_path / "mine.flame"
    shutil.copyfile(Path(designs.__file__).parent / "flowers" / "peony.flame", flame)
    out = tmp_path / "new" / "scene.blend"
    run("import", flame, "-o", out)
    assert [obj.bloom.design for obj in properties.blooms(bpy.context.scene)] == [str(flame)]
    packed = tmp_path / "run.bloom"
    shutil.copyfile(trajectory.embedded_run("digits-adam"), packed)
    run("import", packed, "-o", out, "--design", "waterlily")
    bpy.ops.wm.open_mainfile(filepath=str(out))
    found = {obj.bloom.design: obj.bloom.run for obj in properties.blooms(bpy.context.scene)}
    assert found == {str(flame): "", "waterlily": str(packed)}
    run("grow", out, "--bloom", "Waterlily", "--frames", 4)
    assert bpy.context.scene.frame_end == 4
    assert headless.main(["grow", str(out), "--bloom", "Mine"]) == 1, "there is none of that name"


def test_grow_keeps_the_artists_scene(blend: Path) -> None:
    obj = the_bloom()
    obj.location.x = 3.0
    bpy.ops.wm.save_mainfile()
    run("grow", blend, "--frames", 9, "--strength", 0.5, "--run", "digits-sgd", "--tremble", 2)
    bpy.ops.wm.open_mainfile(filepath=str(blend))
    obj = the_bloom()
    assert obj.location.x == 3.0 and bpy.context.scene.frame_end == 9 and obj.bloom.run == "digits-sgd" and obj.bloom.wind.tremble == 2.0
    assert len(compat.channelbag(obj, "").fcurves) > 20


def test_stage_changes_what_is_asked_for_and_nothing_else(blend: Path) -> None:
    run("stage", blend, "--stage", "turntable", "--quality", "final")
    bpy.ops.wm.open_mainfile(filepath=str(blend))
    chosen = bpy.context.scene.bloom_stage
    assert (chosen.preset, chosen.quality) == ("turntable", "FINAL")
    run("stage", blend, "--material", "smoke")
    bpy.ops.wm.open_mainfile(filepath=str(blend))
    chosen = bpy.context.scene.bloom_stage
    assert (chosen.preset, chosen.quality) == ("turntable", "FINAL")


def test_chunks_of_a_farm_make_the_same_take_and_the_last_one_shows_it(blend: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    whole = tmp_path / "whole"
    run("bake", blend, "--folder", whole)
    wanted = sorted(whole.glob("take-*/*.vdb"))
    assert len(wanted) == 6
    chunked = tmp_path / "chunked"
    run("bake", blend, "--folder", chunked, "--frames", "5-6,2")
    assert not list(chunked.glob("take-*")) and "3 of 6 are still to be baked" in capfd.readouterr().err
    saved = blend.read_bytes()
    run("bake", blend, "--folder", chunked, "--frames", "1,3-4")
    assert blend.read_bytes() == saved, "a chunk saved a .blend that others were reading"
    run("bake", blend, "--folder", chunked)
    found = sorted(chunked.glob("take-*/*.vdb"))
    assert [path.name for path in found] == [path.name for path in wanted]
    assert [path.read_bytes() for path in found] == [path.read_bytes() for path in wanted]
    bpy.ops.wm.open_mainfile(filepath=str(blend))
    assert str(chunked) in bpy.path.abspath(the_bloom().data.filepath)
    assert headless.main(["bake", str(blend), "--frames", "70-80"]) == 1
    assert "names none of the frames" in capfd.readouterr().err


def test_rendering_in_chunks_joins_the_film_once_all_frames_are_there(blend: Path, tmp_path: Path) -> None:
    run("bake", blend)
    out = tmp_path / "film"
    run("render", blend, "--out", out, "--frames", "1-3")
    assert len(list((out / "frames").glob("frame_*.png"))) == 3 and not (out / "bloom.mp4").exists()
    run("render", blend, "--out", out, "--frames", "4-6,900")
    clip = bpy.data.movieclips.load(str(out / "bloom.mp4"))
    assert clip.frame_duration == 6
    assert headless.main(["render", str(blend), "--out", str(out), "--frames", "7-9"]) == 1


def test_programs_read_json_lines(blend: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    capfd.readouterr()
    run("--json", "bake", blend)
    run("--json", "render", blend, "--out", tmp_path / "film")
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines() if line.startswith("{")]
    steps = [line for line in lines if line["event"] == "progress" and line["what"].startswith("baking")]
    assert steps[-1]["fraction"] == 1.0 and all(a["fraction"] < b["fraction"] for a, b in pairwise(steps))
    assert any(line["event"] == "progress" and line["what"] == "rendering" for line in lines)
    made = [Path(line["path"]) for line in lines if line["event"] == "made"]
    assert tmp_path / "film" / "bloom.mp4" in made and all(path.exists() for path in made)
    assert headless.main(["--json", "bake", str(tmp_path / "none.blend")]) == 1
    assert json.loads(capfd.readouterr().out.splitlines()[-1])["event"] == "error"


def test_a_garden_stands_on_one_scale_with_labels_and_a_walk(scene: bpy.types.Scene, tmp_path: Path) -> None:
    runs = ("--run", "digits-sgd", "--run", "digits-adam")
    run("garden", "--out", tmp_path, "--blend-only", "--frames", 5, *runs, "--design", "lotus", "--heading", "Two", *SMALL)
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "garden.blend"))
    scene = bpy.context.scene
    blooms = properties.blooms(scene)
    assert sorted(obj.bloom.run for obj in blooms) == ["digits-adam", "digits-sgd"] and blooms[0].location.x != blooms[1].location.x
    words = [obj.data.body for obj in scene.objects if obj.type == "FONT"]
    assert any(text.startswith("Adam, rate 0.001\nloss") for text in words) and "Two" in words
    places = []
    for frame in (1, 3, 5):
        scene.frame_set(frame)
        places.append(tuple(scene.camera.matrix_world.translation))
    assert len(set(places)) == 3
    assert headless.main(["garden", "--out", str(tmp_path), "--run", "digits", "--title", "a", "--title", "b"]) == 1


@pytest.mark.parametrize("layout", ["circle", "map"])
def test_gardens_of_other_layouts(scene: bpy.types.Scene, tmp_path: Path, layout: str) -> None:
    run("garden", "--out", tmp_path, "--blend-only", "--frames", 2, "--layout", layout, *SMALL)
    blooms = properties.blooms(bpy.context.scene)
    assert len(blooms) == 5 and len({round(obj.location.y, 3) for obj in blooms}) > 1
