"""Blenders whose Cycles shows volumes black: looking for it, what the commands do instead, and what the panel says and does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest

from bloom_addon import bloom_object, compat, point_cloud, properties
from bloom_addon.baking import bake
from bloom_addon.headless import headless
from bloom_addon.materials import variants
from bloom_addon.volumes import knowledge, notice, probe

SMALL = ("--size", "48x32", "--rays", "1", "--samples", "0.2", "--resolution", "32", "--points", "0.01", "--frames", "2")


@pytest.fixture
def black(scene: bpy.types.Scene, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """A Blender whose Cycles shows volumes black; counts how often somebody looked."""
    looked: list[int] = []
    monkeypatch.setattr(probe, "are_black", lambda: not looked.append(1))
    yield looked
    knowledge.register()


def the_bloom() -> Any:
    return properties.blooms(bpy.context.scene)[0]


def datablocks() -> int:
    kinds = ("scenes", "objects", "cameras", "meshes", "materials", "node_groups", "images", "worlds")
    return sum(each.name != "Render Result" for kind in kinds for each in getattr(bpy.data, kind))


def test_the_probe_sees_a_volume_here_and_leaves_nothing_behind(scene: bpy.types.Scene) -> None:
    before, engine, path = datablocks(), scene.render.engine, scene.render.filepath
    assert not probe.are_black()
    assert (datablocks(), scene.render.engine, scene.render.filepath) == (before, engine, path) and bpy.context.scene == scene


def test_the_probe_tells_a_cube_without_light_from_one_that_shines(scene: bpy.types.Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    lit = probe._cube_of_light

    def dark(probed: Any) -> None:
        lit(probed)
        tree: Any = bpy.data.materials["Bloom Probe"].node_tree
        tree.nodes["Attribute"].attribute_name = "absent"

    monkeypatch.setattr(probe, "_cube_of_light", dark)
    assert probe.are_black()


def test_without_cycles_nothing_is_claimed(scene: bpy.types.Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(_path: Path) -> bool:
        raise TypeError('enum "CYCLES" not found')

    monkeypatch.setattr(probe, "_looks_black", absent)
    assert not probe.are_black()


def test_it_is_looked_for_once_a_session(black: list[int]) -> None:
    assert knowledge.known() is None
    assert knowledge.find_out() and knowledge.find_out() and knowledge.known() is True
    assert black == [1]


def test_a_film_takes_points_and_says_so(black: list[int], tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert headless.main(["--json", "film", "--out", str(tmp_path), *SMALL]) == 0
    warnings = [json.loads(line)["text"] for line in capfd.readouterr().out.splitlines() if line.startswith('{"event": "warning"')]
    assert warnings == [f"{notice.BLACK}. The flower is baked as points instead"]
    assert the_bloom().bloom.baking.kind == "POINTS" and bloom_object.played(the_bloom()) is None
    assert list(tmp_path.glob("takes/take-*/*.ply")) and not list(tmp_path.glob("takes/take-*/*.vdb"))
    assert point_cloud.played(the_bloom()) is not None and (tmp_path / "open.png").is_file()


@pytest.mark.parametrize("asked", [("--take", "volume"), ("--material", "velvet")])
def test_who_asks_for_a_volume_gets_it_with_a_warning(
    black: list[int], tmp_path: Path, capfd: pytest.CaptureFixture[str], asked: tuple[str, ...]
) -> None:
    assert headless.main(["still", "lotus", "--out", str(tmp_path / "lotus.png"), *SMALL[:8], *asked]) == 0
    told = capfd.readouterr().err
    assert "The volume that you asked for will not be seen: --take points or --engine eevee shows the flower" in told
    assert the_bloom().bloom.baking.kind == "VOLUME"


def test_nobody_looks_where_it_does_not_matter(black: list[int], tmp_path: Path) -> None:
    assert headless.main(["grow", str(tmp_path / "a.blend"), *SMALL]) == 0  # it may be rendered elsewhere
    assert the_bloom().bloom.baking.kind == "VOLUME"
    assert headless.main(["garden", "--blend-only", "--run", "digits", "--engine", "eevee", "--out", str(tmp_path), *SMALL]) == 0
    assert headless.main(["film", "--take", "points", "--out", str(tmp_path / "film"), *SMALL]) == 0
    assert black == []


def test_a_garden_takes_points_for_all(black: list[int], tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert headless.main(["garden", "--run", "digits-sgd", "--run", "digits-adam", "--out", str(tmp_path), *SMALL]) == 0
    assert capfd.readouterr().err.count(notice.BLACK) == 1
    assert [point_cloud.played(obj) is not None for obj in properties.blooms(bpy.context.scene)] == [True, True]


def test_a_material_of_points_asks_for_points(scene: bpy.types.Scene, tmp_path: Path) -> None:
    assert headless.main(["film", "--material", "glass", "--out", str(tmp_path), *SMALL]) == 0
    worn = [variants.variant_of(found) for found in variants.materials_of(the_bloom())]
    assert worn == ["glow", "glass"] and list(tmp_path.glob("takes/take-*/*.ply"))


def test_rendering_a_file_with_volumes_warns_and_with_eevee_or_points_does_not(
    black: list[int], bloom: bpy.types.Object, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    scene, blend = bpy.context.scene, tmp_path / "lotus.blend"
    scene.frame_end = scene.frame_start + 1
    scene.render.engine, scene.cycles.samples = "CYCLES", 1
    scene.render.resolution_x, scene.render.resolution_y = 32, 32
    scene.camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(scene.camera)
    job = bake.prepare(scene, bloom)
    bloom_object.show_take(bloom, bake.run(job), job.frame_start)
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    assert headless.main(["render", str(blend), "--out", str(tmp_path / "film")]) == 0
    told = capfd.readouterr().err
    assert notice.BLACK in told and "Lotus will not be seen: bake it as points in Blender, or: bloom stage THE.blend --engine eevee" in told
    the_bloom().hide_render = True
    bpy.ops.wm.save_mainfile()
    assert headless.main(["render", str(blend), "--out", str(tmp_path / "film")]) == 0
    assert notice.BLACK not in capfd.readouterr().err, "what is not rendered cannot be black"


def test_the_panel_knows_which_bakes_and_renders_would_be_black(black: list[int], bloom: bpy.types.Object) -> None:
    scene: Any = bpy.context.scene
    scene.render.engine = "CYCLES"
    assert not notice.bakes_black(scene, bloom) and black == [], "drawing looks at nothing without a window"
    knowledge.find_out()
    assert notice.bakes_black(scene, bloom) and not notice.renders_black(scene), "nothing is baked yet"
    job = bake.prepare(scene, bloom)
    bloom_object.show_take(bloom, bake.run(job), job.frame_start)
    assert notice.renders_black(scene)
    scene.render.engine = compat.eevee()
    assert not notice.bakes_black(scene, bloom) and not notice.renders_black(scene)
    scene.render.engine = "CYCLES"
    properties.bloom_of(bloom).baking.kind, properties.bloom_of(bloom).baking.point_count = "POINTS", 0.01
    assert not notice.bakes_black(scene, bloom)
    bpy.ops.bloom.bake()
    assert not notice.renders_black(scene), "the points are seen"


def test_one_click_takes_points_and_another_eevee(black: list[int], bloom: bpy.types.Object) -> None:
    scene: Any = bpy.context.scene
    bpy.ops.bloom.stage()
    assert scene.render.engine == "CYCLES"
    bpy.ops.bloom.avoid_black(way="POINTS")
    assert properties.bloom_of(bloom).baking.kind == "POINTS"
    bpy.ops.bloom.avoid_black(way="EEVEE")
    assert scene.render.engine == compat.eevee() == "BLENDER_" + scene.bloom_stage.engine + ("" if compat.IS_5 else "_NEXT")
    bpy.ops.bloom.remove_stage()
    scene.render.engine = "CYCLES"
    bpy.ops.bloom.avoid_black(way="EEVEE")
    assert scene.render.engine == compat.eevee(), "without a stage too"
