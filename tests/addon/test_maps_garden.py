"""Flowers on the map: they stand at their hyperparameters on the land, tremble near the edge, and burst beyond it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from bloom_addon import compat, properties
from bloom_addon.maps import parts, places, terrain
from bloom_core import designs
from bloom_core.trainability import bursting, map_files, standing
from bloom_core.trainability.making import make_map
from bloom_core.trainability.maps import Map
from bloom_core.trainability.presets import PRESETS
from bloom_core.trainability.views import overview
from bloom_core.trajectories import trajectory


@pytest.fixture(scope="module")
def made() -> Map:
    subject = PRESETS["preview"]
    return make_map(subject, overview(subject, (48, 48)))


@pytest.fixture
def land(scene: bpy.types.Scene, made: Map, tmp_path: Path) -> Any:
    map_files.write_map(tmp_path / "small.bloommap", made)
    bpy.ops.bloom.map_open(filepath=str(tmp_path / "small.bloommap"))
    chosen: Any = properties.map_of(scene)
    chosen.folder, chosen.flowers = str(tmp_path / "maps"), 4
    getattr(scene, "bloom_growth").frames = 4  # noqa: B009
    return chosen.shown


def labels_of(scene: bpy.types.Scene) -> dict[str, str]:
    return {obj.name: obj.data.body for obj in parts.collection(scene).objects if obj.get(parts.MARK) == "flower label"}  # type: ignore[attr-defined]


def test_flowers_stand_on_the_land_at_their_hyperparameters(scene: bpy.types.Scene, land: Any, made: Map) -> None:
    assert bpy.ops.bloom.map_grow() == {"FINISHED"}
    blooms: list[Any] = properties.blooms(scene)
    assert len(blooms) == 4
    for obj in blooms:
        run = trajectory.read_run(obj.bloom.run)
        where = standing.stand_run(made, run)
        point = land.data.shape_keys.key_blocks[terrain.HEIGHT].data[terrain.point_at(made, where.position)].co
        spot = places.place(made, where.position)
        foot = obj.matrix_world.translation
        assert tuple(foot)[:2] == pytest.approx(spot, abs=1e-4) and tuple(point)[:2] == pytest.approx(spot, abs=1e-4)
        assert foot.z + obj.scale[2] * obj.bloom.box_low[2] == pytest.approx(point.z, abs=0.05), "its foot is on the ground"
        assert compat.fcurves(obj), "it grew"
    apart = [(one.matrix_world.translation - other.matrix_world.translation).length for one in blooms for other in blooms if one is not other]
    assert min(apart) > 0.5 * 2.0 * blooms[0].scale[0], "they do not stand in one another"
    heights = [obj.matrix_world.translation.z for obj in blooms]
    terrain.height_key(land).value = 0.0
    bpy.context.view_layer.update()
    flat = [obj.matrix_world.translation.z for obj in blooms]
    assert not np.allclose(heights, flat) and np.ptp(flat) < 1e-4, "they go down with the land"


def test_labels_say_what_they_are_and_how_far_from_the_edge(scene: bpy.types.Scene, land: Any) -> None:
    bpy.ops.bloom.map_grow()
    texts = labels_of(scene)
    inside = [text for text in texts.values() if "inside the edge" in text]
    beyond = [text for text in texts.values() if "beyond the edge" in text]
    assert len(inside) == 2 and len(beyond) == 2 and all("input rate" in text and "output rate" in text for text in texts.values())
    assert any("explodes" in text for text in beyond) and not any("explodes" in text for text in inside)
    for obj in properties.blooms(scene):
        gain = properties.bloom_of(obj).wind.tremble
        assert (f"×{gain:g}" in texts[f"{obj.name} Label"]) == (gain != 1.0), "what is exaggerated is said"
    gains = sorted(properties.bloom_of(obj).wind.tremble for obj in properties.blooms(scene))
    assert gains[0] == 1.0 and gains[-1] > 2.0


def test_one_that_explodes_ends_thrown_apart_and_the_others_open(scene: bpy.types.Scene, land: Any) -> None:
    bpy.ops.bloom.map_grow()
    for obj in properties.blooms(scene):
        bloom = properties.bloom_of(obj)
        run = trajectory.read_run(bloom.run)
        poses = []
        for frame in (scene.frame_start, scene.frame_end):
            scene.frame_set(frame)
            poses.append(np.array([list(xform.pre) for xform in bloom.xforms]))
        opened = np.array([np.asarray(xform.pre).ravel() for xform in designs.design("lotus").open.xforms])
        first, last = (np.abs(pose[: len(opened)] - opened).max() for pose in poses)
        assert (first < 1e-3 < last) if bursting.explodes(run) else (last < 1e-3 < first)
        swells = [curve for curve in compat.fcurves(obj) if curve.data_path == "scale"]
        assert len(swells) == (3 if bursting.explodes(run) else 0)
        for curve in swells:
            assert curve.keyframe_points[-1].co.y == pytest.approx(bursting.SWELL * curve.keyframe_points[0].co.y, rel=1e-4)


def test_the_cursor_chooses_a_place_and_planting_again_replaces(scene: bpy.types.Scene, land: Any, made: Map) -> None:
    bpy.ops.bloom.map_grow()
    land.location = (1.0, 2.0, 3.0)
    bpy.context.view_layer.update()
    chosen = properties.map_of(scene)
    chosen.at_cursor = True
    scene.cursor.location = (1.0 + 0.5, 2.0 - 1.0, 3.0)
    assert bpy.ops.bloom.map_grow() == {"FINISHED"}
    (obj,) = properties.blooms(scene)
    assert tuple(obj.matrix_world.translation)[:2] == pytest.approx((1.5, 1.0), abs=places.SIDE / 48)
    assert len(labels_of(scene)) == 1
    scene.cursor.location = (30.0, 0.0, 0.0)
    with pytest.raises(RuntimeError, match="not on the map"):
        bpy.ops.bloom.map_grow()
    assert len(properties.blooms(scene)) == 1


def test_a_users_run_stands_there_and_one_that_tells_too_little_is_refused(scene: bpy.types.Scene, land: Any, tmp_path: Path) -> None:
    assert bpy.ops.bloom.map_stand(filepath=str(trajectory.embedded_run("digits-sgd"))) == {"FINISHED"}
    (text,) = labels_of(scene).values()
    assert "input rate 0.1, output rate 0.1" in text and "another network than the map's" in text
    with pytest.raises(RuntimeError, match=r"lost\.bloom"):
        bpy.ops.bloom.map_stand(filepath=str(tmp_path / "lost.bloom"))


def test_without_a_land_there_is_no_garden(scene: bpy.types.Scene) -> None:
    with pytest.raises(RuntimeError, match="show one first"):
        bpy.ops.bloom.map_grow()
