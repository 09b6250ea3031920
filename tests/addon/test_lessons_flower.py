"""The bloom beside: at each moment's frame it shows the training step of that moment, from a take that is exactly what its keys say."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest

from bloom_addon import bloom_object, point_cloud, properties, sample
from bloom_addon.baking import bake
from bloom_addon.lessons import building, flower, playback
from bloom_core import growth, takes
from bloom_core.designs import design
from bloom_core.growth import shown_steps
from bloom_core.lessons import lesson_files, timing
from bloom_core.lessons.timing import Timing
from bloom_core.trajectories import trajectory

from .short_lessons import shortened

MOMENTS = (0, 1, 5, 9, 20, 30)


@pytest.fixture
def beside(scene: bpy.types.Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Timing:
    """A short lesson of two acts with small flowers, in a saved file."""
    monkeypatch.setattr(flower, "POINTS", 2000)
    path = tmp_path / "short.bloomlesson"
    lesson_files.write_lesson(shortened("songs", MOMENTS), path)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "lesson.blend"))
    scene = bpy.context.scene
    assert bpy.ops.bloom.lesson_open(filepath=str(path)) == {"FINISHED"}
    scene.bloom_lessons.speed, scene.bloom_lessons.language = 25.0, "en"
    assert bpy.ops.bloom.lesson_build() == {"FINISHED"}
    times = playback.times_of(scene)
    assert times is not None
    return times


def test_at_each_moment_the_flower_shows_the_step_of_that_moment(beside: Timing) -> None:
    scene = bpy.context.scene
    lesson, flowers = lesson_files.read_lesson(scene.bloom_lessons.source()), flower.flowers_of(scene)
    assert sorted(flowers) == [0, 1]
    scale = growth.common_scale([trajectory.read_run(flowers[number].bloom.run) for number in (0, 1)])
    for number, act in enumerate(lesson.acts):
        obj, run = flowers[number], trajectory.read_run(flowers[number].bloom.run)
        assert len(run.steps) == act.steps[-1], "the run has every step of the training, the recording some of them"
        told = shown_steps.read(obj.bloom.frame_steps)
        assert told is not None
        for moment, row in enumerate(act.rows):
            step = int(act.steps[row])
            assert told.row_at(beside.frame_of(number, moment)) == max(0, step - 1), "row r of a run is its step r + 1"
        # The shape, too, is that which growth gives to these very steps.
        frames, last = beside.frames[number], beside.act_ends()[number]
        steps = timing.shown_steps(act, frames, last, beside.fps)
        grown = growth.grow(run, design(flower.DESIGN), steps=steps, frame_start=int(frames[0]), scale=scale, tolerance=None)
        (seen,) = sample.snapshot(scene, obj, [int(frames[3])])
        wanted = flower.as_kept(grown.at(int(frames[3])))
        for one, other in zip(seen.xforms, wanted.xforms, strict=True):
            assert np.array_equal(one.pre, other.pre) and (one.weight, one.color, one.opacity) == (other.weight, other.color, other.opacity)


def test_a_flower_stands_still_while_its_step_is_explained(beside: Timing) -> None:
    scene = bpy.context.scene
    obj = flower.flowers_of(scene)[0]
    first, second = beside.frame_of(0, 0), beside.frame_of(0, 1)
    still, moved = sample.snapshot(scene, obj, [first, (first + second) // 2]), sample.snapshot(scene, obj, [first, beside.act_ends()[0]])
    assert all(np.array_equal(one.pre, other.pre) for one, other in zip(still[0].xforms, still[1].xforms, strict=True))
    assert any(not np.allclose(one.pre, other.pre) for one, other in zip(moved[0].xforms, moved[1].xforms, strict=True))


def test_the_take_is_what_the_scene_itself_would_be_baked_to(beside: Timing) -> None:
    scene = bpy.context.scene
    for number, obj in flower.flowers_of(scene).items():
        scene.frame_set(beside.frame_of(number, 0))
        assert bloom_object.played(obj) is None
        playing = point_cloud.played(obj)
        assert playing is not None and playing[1:] == (beside.frame_of(number, 0), beside.act_ends()[number] - beside.frame_of(number, 0) + 1)
        file = Path(bpy.path.abspath(playing[0]))
        assert file.is_file() and Path(bpy.data.filepath).parent in file.parents and bloom_object.takes_folder(obj) == file.parents[1]
        job = bake.prepare(scene, obj, "points")
        assert takes.missing(job.folder, job.flames, job.settings) == []
        assert file.parent.name == takes.take_name(takes.frame_keys(job.flames, job.settings))


def test_each_flower_is_seen_in_its_act_alone_and_within_its_place(beside: Timing) -> None:
    scene = bpy.context.scene
    flowers = flower.flowers_of(scene)
    for shown in (0, 1):
        for frame in (beside.frame_of(shown, 0), beside.act_ends()[shown]):
            scene.frame_set(frame)
            points = [point_cloud.companion(flowers[number]) for number in (0, 1)]
            assert [each.hide_render for each in points] == [shown != 0, shown != 1]
            assert [each.hide_viewport for each in points] == [shown != 0, shown != 1]
    scene.frame_set(beside.last)
    evaluated = points[1].evaluated_get(bpy.context.evaluated_depsgraph_get())
    corners = np.array([tuple(evaluated.matrix_world @ v.co) for v in _positions(evaluated)])
    assert corners[:, 0].min() > 2.0 and np.quantile(corners[:, 0], 0.98) < 8.0, "it stands at the right, within the picture"


class _Place:
    def __init__(self, co: object) -> None:
        self.co = co


def _positions(evaluated: bpy.types.Object) -> list[_Place]:
    from mathutils import Vector

    geometry = evaluated.evaluated_geometry()
    cloud = geometry.pointcloud
    assert cloud is not None and len(cloud.points) == 2000
    return [_Place(Vector(point.co)) for point in cloud.points]


def test_the_run_is_opened_from_the_lesson(beside: Timing) -> None:
    scene = bpy.context.scene
    scene.frame_set(beside.frame_of(1, 2))
    assert bpy.ops.bloom.lesson_run() == {"FINISHED"}
    assert bpy.context.object == flower.flowers_of(scene)[1] and properties.bloom_of(bpy.context.object).run.endswith(".bloom")
    assert bpy.ops.bloom.lesson_remove() == {"FINISHED"}
    assert not flower.flowers_of(scene) and not properties.blooms(scene)
    for kind in ("materials", "volumes", "meshes", "node_groups", "actions"):
        assert not [datablock.name for datablock in getattr(bpy.data, kind) if datablock.users], kind


def test_without_a_place_to_save_takes_go_to_blenders_own_folder(scene: bpy.types.Scene) -> None:
    assert not bpy.data.is_saved
    assert building.FOLDER in str(building.home()) and building.home().is_dir()
