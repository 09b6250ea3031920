"""A trainability map in the scene: its terrain is the score, its picture the colouring; operators, panel and what they leave behind."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from bloom_addon import background, compat, properties
from bloom_addon.maps import parts, places, showing, sources, surface, terrain
from bloom_core.trainability import coloring, map_files, relief
from bloom_core.trainability.making import make_map
from bloom_core.trainability.maps import Map
from bloom_core.trainability.newton import Newton, newton_map
from bloom_core.trainability.presets import PRESETS
from bloom_core.trainability.views import overview

SIDE = 24


@pytest.fixture(scope="session")
def made() -> Map:
    subject = PRESETS["preview"]
    return make_map(subject, overview(subject, (SIDE, SIDE)))


@pytest.fixture
def file(made: Map, tmp_path: Path) -> Path:
    map_files.write_map(tmp_path / "small.bloommap", made)
    return tmp_path / "small.bloommap"


def points(obj: Any, key: str) -> Any:
    found = np.empty(3 * len(obj.data.vertices), np.float32)
    obj.data.shape_keys.key_blocks[key].data.foreach_get("co", found)
    return found.reshape(-1, 3)


def test_the_terrain_is_the_score_and_its_picture_the_coloring(scene: bpy.types.Scene, file: Path, made: Map) -> None:
    assert bpy.ops.bloom.map_open(filepath=str(file)) == {"FINISHED"}
    chosen: Any = properties.map_of(scene)
    obj: Any = chosen.shown
    assert obj.type == "MESH" and len(obj.data.vertices) == SIDE * SIDE and len(obj.data.polygons) == (SIDE - 1) ** 2
    raised = points(obj, terrain.HEIGHT).reshape(SIDE, SIDE, 3)
    assert raised[..., 2] == pytest.approx(relief.heights(made) * terrain.RELIEF, abs=1e-6), "row 0 is the lowest y, at the front"
    assert raised[0, :, 0] == pytest.approx(places.along(made, 0)) and raised[:, 0, 1] == pytest.approx(places.along(made, 1))
    assert not points(obj, "Flat")[:, 2].any()
    picture: Any = obj.active_material.node_tree.nodes["Map"].image
    shown = np.array(picture.pixels[:], np.float32).reshape(SIDE, SIDE, 4)
    assert shown[..., :3] == pytest.approx(coloring.colors(made), abs=1.01 / 255) and picture.packed_file is not None
    uv = np.empty(2 * len(obj.data.loops), np.float32)
    obj.data.uv_layers[0].data.foreach_get("uv", uv)
    corner = obj.data.loops[0].vertex_index
    assert tuple(uv[:2] * SIDE) == pytest.approx((corner % SIDE + 0.5, corner // SIDE + 0.5)), "a point wears the middle of its pixel"
    glows = np.empty(SIDE * SIDE, np.float32)
    obj.data.attributes[surface.CONVERGED].data.foreach_get("value", glows)
    assert (glows == (made.labels == 1).ravel()).all()


def test_height_can_be_keyed_and_the_land_follows(scene: bpy.types.Scene, file: Path) -> None:
    bpy.ops.bloom.map_open(filepath=str(file))
    obj: Any = properties.map_of(scene).shown
    key = terrain.height_key(obj)
    for frame, value in ((1, 0.0), (11, 2.0)):
        key.value = value
        key.keyframe_insert("value", frame=frame)
    tops = []
    for frame in (1, 6, 11):
        scene.frame_set(frame)
        tops.append(max(vertex.co.z for vertex in obj.evaluated_get(bpy.context.evaluated_depsgraph_get()).data.vertices))
    assert tops[0] == 0.0 and tops[1] == pytest.approx(terrain.RELIEF, rel=0.01) and tops[2] == pytest.approx(2 * terrain.RELIEF, rel=0.01)


def test_the_scene_says_what_it_shows_and_is_filmed(scene: bpy.types.Scene, file: Path) -> None:
    bpy.ops.bloom.map_open(filepath=str(file))
    home = parts.collection(scene)
    words: dict[str, list[str]] = {}
    for obj in home.objects:
        if obj.type == "FONT":
            words.setdefault(obj[parts.MARK], []).append(obj.data.body)  # type: ignore[attr-defined]
    assert any("24 × 24 networks" in text for text in words["title"]) and any("float precision" in text for text in words["title"])
    assert len(words["axis"]) == 2 and "10⁰" in words["value"]
    assert scene.camera.name in home.objects and scene.camera.data.dof.use_dof and scene.world is not None
    frames = {round(point.co.x) for curve in compat.fcurves(scene.camera) for point in curve.keyframe_points}
    assert {scene.frame_start, scene.frame_end} <= frames, "a flight over the scene's frames"
    before = len(home.objects)
    properties.map_of(scene).view = "above"
    low = scene.camera.matrix_world.translation.z
    assert bpy.ops.bloom.map_view() == {"FINISHED"} and len(home.objects) == before
    assert scene.camera.matrix_world.translation.z > 2.0 * low
    properties.map_of(scene).labels = False
    bpy.ops.bloom.map_view()
    assert not [obj for obj in home.objects if obj.type == "FONT"]


def test_the_view_is_set_where_the_land_was_moved_to(scene: bpy.types.Scene, file: Path) -> None:
    bpy.ops.bloom.map_open(filepath=str(file))
    before = {obj.name: obj.matrix_world.translation.copy() for obj in parts.collection(scene).objects}
    properties.map_of(scene).shown.location = (10.0, -20.0, 5.0)
    bpy.context.view_layer.update()
    assert bpy.ops.bloom.map_view() == {"FINISHED"}
    bpy.context.view_layer.update()
    for obj in parts.collection(scene).objects:
        moved = obj.matrix_world.translation - before[obj.name]
        assert tuple(moved) == pytest.approx((10.0, -20.0, 5.0), abs=1e-3), obj.name


def test_showing_again_leaves_one_map_and_the_artists_own_things(scene: bpy.types.Scene, file: Path) -> None:
    bpy.ops.bloom.map_open(filepath=str(file))
    own = bpy.data.objects.new("Mine", None)
    parts.collection(scene).objects.link(own)
    kinds = ("objects", "meshes", "materials", "images", "curves", "lights", "cameras", "actions", "shape_keys")
    counts = [len(getattr(bpy.data, kind)) for kind in kinds]
    properties.map_of(scene).colormap = "safe"
    assert bpy.ops.bloom.map_terrain() == {"FINISHED"}
    assert counts == [len(getattr(bpy.data, kind)) for kind in kinds]
    assert own.name in scene.objects


def test_opening_is_one_step_of_undo(scene: bpy.types.Scene, file: Path) -> None:
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.bloom.map_open(filepath=str(file))
    bpy.ops.ed.undo_push(message="Open Map")
    bpy.ops.ed.undo()
    assert not [obj for obj in bpy.data.objects if parts.MARK in obj.keys()] and not bpy.context.scene.bloom_map.file


def test_bad_files_and_maps_that_do_not_fit_are_refused_in_words(scene: bpy.types.Scene, tmp_path: Path) -> None:
    (tmp_path / "no.bloommap").write_bytes(b"not a map")
    with zipfile.ZipFile(tmp_path / "empty.bloommap", "w"):
        pass
    for name in ("no", "empty", "missing"):
        with pytest.raises(RuntimeError, match=rf"{name}\.bloommap"):
            bpy.ops.bloom.map_open(filepath=str(tmp_path / f"{name}.bloommap"))
    assert not properties.map_of(scene).file
    with pytest.raises(RuntimeError, match="no map yet"):
        bpy.ops.bloom.map_terrain()
    subject = PRESETS["cube"]
    map_files.write_map(tmp_path / "cube.bloommap", make_map(subject, overview(subject, (8, 8, 8))))
    assert bpy.ops.bloom.map_open(filepath=str(tmp_path / "cube.bloommap")) == {"FINISHED"}, "opened, and to be shown as a volume"
    with pytest.raises(RuntimeError, match="three axes"):
        bpy.ops.bloom.map_terrain()
    properties.map_of(scene).file = str(tmp_path / "gone.bloommap")
    with pytest.raises(RuntimeError, match=r"gone\.bloommap"):
        bpy.ops.bloom.map_terrain()


def test_newtons_land_shows_too(scene: bpy.types.Scene) -> None:
    newton = Newton()
    obj: Any = showing.show_terrain(scene, newton_map(newton, overview(newton, (20, 16))))  # type: ignore[arg-type]
    assert len(obj.data.vertices) == 320 and points(obj, terrain.HEIGHT)[:, 2].max() == pytest.approx(terrain.RELIEF, rel=0.02)


def test_making_tells_its_cost_before_and_keeps_tiles_when_stopped(scene: bpy.types.Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = properties.map_of(scene)
    chosen.preset, chosen.size, chosen.folder = "preview", 64, str(tmp_path)
    assert sources.cost(scene) == "4 096 trainings of 100 steps"
    assert sources.measured(*sources.experiment(scene)).startswith("4 096 trainings of 100 steps: about ")

    def stopped(job: background.Job, fraction: float) -> bool:
        job.fraction = fraction
        return fraction < 0.5

    with monkeypatch.context() as patch:
        patch.setattr(background.Job, "_progress", stopped)
        assert bpy.ops.bloom.map_make() == {"CANCELLED"}
    file = sources.new_file(scene)
    tiles = sorted(file.with_suffix(".tiles").iterdir())
    assert 0 < len(tiles) < 4 and not file.exists() and not chosen.file
    times = [tile.stat().st_mtime_ns for tile in tiles]
    assert bpy.ops.bloom.map_make() == {"FINISHED"}
    assert [tile.stat().st_mtime_ns for tile in tiles] == times, "finished tiles were taken up again"
    assert Path(bpy.path.abspath(chosen.file)) == file and chosen.shown is not None
    assert map_files.read_map(file).labels.shape == (64, 64)


def test_the_panel_knows_the_map_and_how_far_the_best_rate_is_from_the_edge(scene: bpy.types.Scene, file: Path) -> None:
    assert sources.known(scene) is not None and sources.known(scene).problem  # type: ignore[union-attr]
    bpy.ops.bloom.map_open(filepath=str(file))
    known = sources.known(scene)
    assert known is not None and known.trained and not known.volume and "24 × 24" in known.title
    assert known.best.startswith("Best here: input rate ") and known.best.endswith("inside the edge")
    file.write_bytes(b"changed")
    changed = sources.known(scene)
    assert changed is not None and "small.bloommap" in changed.problem
    sources.forget()


@pytest.mark.parametrize("name", map_files.example_maps())
def test_every_map_that_comes_along_shows(scene: bpy.types.Scene, name: str) -> None:
    assert bpy.ops.bloom.map_example(name=name) == {"FINISHED"}
    chosen = properties.map_of(scene)
    assert (chosen.shown is not None) == (len(map_files.example_map(name).view.size) == 2)
