"""Where a render of the panel goes, what it is said to be, and what is known to be wrong with it before it begins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import pytest

from bloom_addon import bloom_object, properties
from bloom_addon.baking import bake, staleness
from bloom_addon.rendering import output


@pytest.fixture
def small(scene: bpy.types.Scene) -> Any:
    """A scene that renders two tiny frames of nothing."""
    made: Any = scene
    made.render.engine = "CYCLES"
    made.cycles.samples, made.cycles.use_denoising = 1, False
    made.render.resolution_x, made.render.resolution_y = 16, 16
    made.frame_start, made.frame_end = 7, 8
    made.camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    made.collection.objects.link(made.camera)
    return made


@pytest.mark.parametrize("name", ["film", "film.mp4", "film.v2", "a folder/", "FILM.MP4", "shot_##", "a#b##c", "still.png", "shot_#.mp4"])
@pytest.mark.parametrize("kind", ["FILM", "STILLS"])
def test_the_first_file_is_named_as_blender_names_it(small: Any, tmp_path: Path, name: str, kind: str) -> None:
    small.bloom_render.kind, small.render.filepath = kind, str(tmp_path / "out") + "/" + name
    told = Path(output.target(small))
    bpy.ops.bloom.render()
    made = sorted(path for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert told in made and len(made) == (1 if kind == "FILM" else 2), f"told {told}, made {made}"


def test_as_set_is_what_blenders_own_output_says(small: Any, tmp_path: Path) -> None:
    small.bloom_render.kind, small.render.filepath = "SCENE", str(tmp_path / "beauty_####")
    small.render.image_settings.file_format = "OPEN_EXR"
    assert output.target(small) == str(tmp_path / "beauty_0007.exr")
    bpy.ops.bloom.render()
    assert Path(output.target(small)).is_file()


def test_paths_are_taken_from_the_blend(small: Any, tmp_path: Path) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    small.bloom_render.kind, small.render.filepath = "STILLS", "//stills/f_"
    assert Path(output.target(small)) == tmp_path / "stills" / "f_0007.png"


def test_what_blender_clears_away_is_temporary(scene: bpy.types.Scene, tmp_path: Path) -> None:
    assert output.is_temporary(scene), "a new scene renders to /tmp"
    for path, temporary in ((bpy.app.tempdir + "film.mp4", True), ("", True), ("/tmp/", True), (str(tmp_path / "film"), False)):
        scene.render.filepath = path
        assert output.is_temporary(scene) == temporary, path


@pytest.mark.parametrize(
    ("frames", "step", "rate", "base", "told"),
    [
        ((1, 96), 1, 24, 1.0, "96 frames, 4.0 s of film"),
        ((5, 5), 1, 24, 1.0, "1 frame, 0.0 s of film"),
        ((1, 96), 2, 24, 1.0, "48 frames, 2.0 s of film"),
        ((0, 59), 1, 60, 1.001, "60 frames, 1.0 s of film"),
    ],
)
def test_how_much_is_rendered(scene: Any, frames: tuple[int, int], step: int, rate: int, base: float, told: str) -> None:
    scene.frame_start, scene.frame_end = frames
    scene.frame_step, scene.render.fps, scene.render.fps_base = step, rate, base
    assert output.length(scene) == told


def test_a_flower_without_a_take_is_told_and_a_hidden_one_is_not(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    assert output.warnings(scene) == ["No take is baked yet: the flower would not be in the picture"]
    bloom.hide_render = True
    assert output.warnings(scene) == []


def test_several_flowers_are_told_by_name(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    other = bloom.copy()
    other.name = "Other"
    scene.collection.objects.link(other)
    job = bake.prepare(scene, bloom)
    bloom_object.show_take(bloom, bake.run(job), job.frame_start)
    other.data = bloom_object.new_volume("Other")
    assert output.warnings(scene) == ["Other: No take is baked yet: the flower would not be in the picture"]
    scene.frame_end += 4
    assert [text.partition(":")[0] for text in output.warnings(scene)] == ["Lotus", "Other"], "the take is too short now"


def test_what_is_wrong_with_a_take_is_told(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    job = bake.prepare(scene, bloom)
    take = bake.run(job)
    bloom_object.show_take(bloom, take, job.frame_start)
    assert output.warnings(scene) == []
    properties.bloom_of(bloom).gain *= 2.0
    found = [flag.text for flag in staleness.check(scene, bloom)]
    assert len(found) == 1 and output.warnings(scene) == found
