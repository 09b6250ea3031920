"""`grow` on a .blend that exists heeds every option that it is given, and changes nothing that it is not asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import pytest

from bloom_addon import properties
from bloom_addon.headless import arguments, headless
from bloom_addon.materials import variants


@pytest.fixture
def blend(scene: bpy.types.Scene, tmp_path: Path) -> Path:
    """A small lotus over four frames, with a stage, and a picture's size and quality of an artist's own."""
    path = tmp_path / "lotus.blend"
    grow(path, "--frames", "4")
    state = bpy.context.scene
    state.render.resolution_x, state.render.resolution_y, state.cycles.samples = 123, 77, 5
    obj = the_bloom()
    obj.bloom.samples, obj.bloom.resolution = 7.0, 99
    bpy.ops.wm.save_mainfile()
    return path


def grow(blend: Path, *words: str) -> Any:
    """Runs the command; returns the scene of the file that it wrote."""
    assert headless.main(["grow", str(blend), *words]) == 0, words
    bpy.ops.wm.open_mainfile(filepath=str(blend))
    return bpy.context.scene


def the_bloom() -> Any:
    return properties.blooms(bpy.context.scene)[0]


def test_a_new_file_has_what_the_help_says(scene: bpy.types.Scene, tmp_path: Path) -> None:
    made, bloom = grow(tmp_path / "new.blend", "--frames", "2"), the_bloom().bloom
    assert (made.render.resolution_x, made.render.resolution_y, made.cycles.samples) == (640, 400, 8)
    assert (bloom.samples, bloom.resolution) == (arguments.SAMPLES, arguments.RESOLUTION) and bloom.baking.kind == "VOLUME"
    assert bloom.baking.point_count == pytest.approx(arguments.POINTS)


def test_what_is_not_asked_for_stays(blend: Path) -> None:
    scene, bloom = grow(blend, "--strength", "0.5"), the_bloom().bloom
    assert (scene.render.resolution_x, scene.render.resolution_y, scene.cycles.samples) == (123, 77, 5)
    assert (bloom.samples, bloom.resolution, bloom.baking.kind) == (7.0, 99, "VOLUME") and scene.bloom_stage.preset == "night"


def test_picture_and_quality_are_heeded(blend: Path) -> None:
    words = ("--size", "320x200", "--rays", "3", "--samples", "2", "--resolution", "64", "--threads", "1")
    scene, bloom = grow(blend, *words), the_bloom().bloom
    assert (scene.render.resolution_x, scene.render.resolution_y, scene.cycles.samples, scene.eevee.taa_render_samples) == (320, 200, 3, 3)
    assert (bloom.samples, bloom.resolution) == (2.0, 64) and (scene.render.threads_mode, scene.render.threads) == ("FIXED", 1)


def test_the_stage_is_heeded(blend: Path) -> None:
    scene = grow(blend, "--stage", "turntable", "--quality", "final", "--material", "smoke")
    assert (scene.bloom_stage.preset, scene.bloom_stage.quality) == ("turntable", "FINAL")
    assert [variants.variant_of(found) for found in variants.materials_of(the_bloom())] == ["smoke"]
    assert (scene.render.resolution_x, scene.cycles.samples) == (123, 64), "a quality of the stage has its samples, a picture's size is not its"


def test_points_are_heeded_with_their_material(blend: Path) -> None:
    grow(blend, "--take", "points", "--points", "0.25", "--material", "glass")
    baking = the_bloom().bloom.baking
    assert (baking.kind, baking.point_count) == ("POINTS", 0.25)
    assert [variants.variant_of(found) for found in variants.materials_of(the_bloom())] == ["glow", "glass"]


def test_a_material_for_takes_of_another_kind_is_refused(blend: Path, capfd: pytest.CaptureFixture[str]) -> None:
    before = blend.read_bytes()
    assert headless.main(["grow", str(blend), "--take", "volume", "--material", "glass"]) == 1
    assert "--material glass is for takes of points" in capfd.readouterr().err and blend.read_bytes() == before
