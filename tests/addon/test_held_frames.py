"""Frames that are copied because nothing moves before them: they are just those that look the same."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest

from bloom_addon.lessons import building
from bloom_addon.properties.lessons import FILE, lessons_of
from bloom_addon.rendering import film, held_frames
from bloom_core.lessons import lesson_files

from .short_lessons import shortened


def _firsts(scene: bpy.types.Scene, keys: list[tuple[float, float]], interpolation: str) -> list[int]:
    obj = bpy.data.objects.new("Moved", None)
    scene.collection.objects.link(obj)
    for frame, value in keys:
        obj.location.x = value
        obj.keyframe_insert("location", index=0, frame=frame)
    bag = obj.animation_data.action.layers[0].strips[0].channelbags[0]
    for key in bag.fcurves[0].keyframe_points:
        key.interpolation = interpolation
    found = held_frames.first_alike(scene)
    values = []
    for frame in found:
        scene.frame_set(frame)
        values.append(obj.location.x)
    for number, frame in enumerate(found):
        assert values[number] == values[found[frame] - scene.frame_start], f"frame {frame} is no copy of {found[frame]}"
    return list(found.values())


@pytest.mark.parametrize(
    ("interpolation", "firsts"),
    [
        ("CONSTANT", [1, 1, 1, 1, 5, 5, 5, 8, 8, 8]),
        ("LINEAR", [1, 1, 3, 4, 5, 6, 7, 8, 8, 8]),
        ("BEZIER", [1, 1, 3, 4, 5, 6, 7, 8, 8, 8]),
    ],
)
def test_a_frame_is_new_where_a_key_moves_something(scene: bpy.types.Scene, interpolation: str, firsts: list[int]) -> None:
    scene.frame_start, scene.frame_end = 1, 10
    assert _firsts(scene, [(2, 0.0), (5, 1.0), (7.5, 3.0)], interpolation) == firsts


def test_a_piece_that_swings_between_equal_keys_is_new(scene: bpy.types.Scene) -> None:
    scene.frame_start, scene.frame_end = 1, 6
    obj = bpy.data.objects.new("Moved", None)
    scene.collection.objects.link(obj)
    for frame in (2, 5):
        obj.keyframe_insert("location", index=0, frame=frame)
    curve = obj.animation_data.action.layers[0].strips[0].channelbags[0].fcurves[0]
    assert set(held_frames.first_alike(scene).values()) == {1}
    key = curve.keyframe_points[0]
    key.handle_right_type, key.handle_right = "FREE", (3.0, 2.0)
    assert list(held_frames.first_alike(scene).values()) == [1, 1, 3, 4, 5, 5]
    curve.modifiers.new("NOISE")
    assert list(held_frames.first_alike(scene).values()) == [1, 2, 3, 4, 5, 6]


def test_frames_of_a_lesson_that_are_copied_would_have_been_rendered_alike(scene: bpy.types.Scene, tmp_path: Path) -> None:
    path = tmp_path / "short.bloomlesson"
    lesson_files.write_lesson(shortened("neuron", (0, 1, 6)), path)
    settings = lessons_of(scene)
    settings.lesson, settings.file, settings.speed, settings.flower = FILE, str(path), 4.0, True
    scene.render.resolution_x, scene.render.resolution_y = 96, 60
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "short.blend"))
    building.build(bpy.context, scene, building.prepare(building.plan(scene), lambda share: True))
    scene.cycles.samples = 1
    firsts = held_frames.first_alike(scene)
    assert len(set(firsts.values())) < len(firsts) / 2
    pairs = [(first, frame) for frame, first in firsts.items() if frame != first and firsts.get(frame + 1) != first]
    pairs = [*pairs[:2], *pairs[-2:]]
    stills = film.render_stills(scene, tmp_path, None, [frame for pair in pairs for frame in pair])
    for first, last in zip(stills[::2], stills[1::2], strict=True):
        one, other = (_pixels(still) for still in (first, last))
        assert np.abs(one - other).max() <= 1.5 / 255.0, f"{first.name} and {last.name}"
    assert np.abs(_pixels(stills[0]) - _pixels(stills[-1])).max() > 0.1


def _pixels(path: Path) -> np.ndarray:
    image = bpy.data.images.load(str(path))
    try:
        return np.array(image.pixels[:], np.float32)
    finally:
        bpy.data.images.remove(image)
