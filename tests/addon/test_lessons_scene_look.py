"""What a lesson's picture shows: the recorded surfaces, places that do not overlap, words as they are spoken; and how it is taken away."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from bloom_addon.lessons import graph, look, plane
from bloom_addon.lessons import scene as lesson_scene
from bloom_addon.lessons.scene import LessonScene
from bloom_addon.lessons.translations import ENGLISH, say, speaking
from bloom_core.lessons import lesson_files, timing
from bloom_core.lessons.lesson import Lesson
from bloom_core.lessons.timing import Timing

Box = tuple[float, float, float, float]
KEPT = ("all_ids", "fonts", "screens", "workspaces")  # Blender's own
SIZES = ((640, 400), (960, 540))


def build(scene: bpy.types.Scene, name: str, size: tuple[int, int] = SIZES[0], language: str = ENGLISH) -> tuple[Lesson, Timing, LessonScene]:
    scene.render.resolution_x, scene.render.resolution_y = size
    lesson = lesson_files.read_lesson(name)
    times = timing.time_lesson(lesson, speed=20.0)
    with speaking(language):
        return lesson, times, lesson_scene.build_lesson(scene, lesson, frames=times.frames, last=times.last)


@pytest.mark.parametrize("name", ["neuron", "songs"])
def test_the_plane_shows_the_recorded_surface_and_no_other(scene: bpy.types.Scene, name: str) -> None:
    lesson, times, made = build(scene, name)
    for act, frames, objects in zip(lesson.acts, times.frames, made.acts, strict=True):
        assert act.plane is not None
        sheet: Any = next(obj for obj in objects.objects["plane"] if obj.name.startswith(f"{act.name} plane"))
        points: Any = next(obj for obj in objects.objects["plane"] if obj.name.split(".")[0] == "points")
        image: Any = bpy.data.images[f"{act.name} surface"]
        pixels = np.array(image.pixels[:], np.float32).reshape(image.size[1], image.size[0], 4)[..., 0]
        side = act.plane.surface.shape[1]
        uv = np.array([corner.uv[:] for corner in sheet.data.uv_layers[0].data])
        # The plane's corners lie on the middles of the outermost pixels of one surface.
        assert uv.min(axis=0) * image.size == pytest.approx([0.5, 0.5], abs=1e-3)
        assert uv.max(axis=0) * image.size == pytest.approx([side - 0.5, side - 0.5], abs=1e-3)
        for moment in range(0, len(frames), 4):
            scene.frame_set(int(frames[moment]))
            for obj, slot in ((sheet, 0), (points, 1)):
                chosen = obj.material_slots[slot].material.node_tree.nodes[plane.STEP]
                x, y = (round(chosen.inputs[axis].default_value * image.size[axis]) for axis in range(2))
                assert np.array_equal(pixels[y : y + side, x : x + side], act.plane.surface[act.rows[moment]])


def test_the_rendered_line_lies_where_the_output_is_one_half(scene: bpy.types.Scene) -> None:
    lesson, times, made = build(scene, "neuron")
    act = lesson.acts[0]
    assert act.plane is not None
    for obj in made.collection.objects:
        if obj.type != "CAMERA" and not obj.name.startswith("neuron plane"):
            obj.animation_data_clear()
            obj.hide_render = True
    sheet: Any = next(obj for obj in made.collection.objects if obj.name.startswith("neuron plane"))
    moment = len(times.frames[0]) - 1
    scene.frame_set(int(times.frames[0][moment]))
    bright = rendered(scene).max(axis=2) > 0.75
    left, bottom, right, top = seen(scene, [sheet])
    rows, columns = np.nonzero(bright)
    x, y = (columns + 0.5) / bright.shape[1], (rows + 0.5) / bright.shape[0]
    assert len(x) > 100
    surface = act.plane.surface[act.rows[moment]]
    side = surface.shape[0] - 1
    across, up = (x - left) / (right - left) * side, (y - bottom) / (top - bottom) * side
    column, row = np.clip(across.astype(int), 0, side - 1), np.clip(up.astype(int), 0, side - 1)
    u, v = across - column, up - row
    values = (surface[row, column] * (1 - u) + surface[row, column + 1] * u) * (1 - v) + (
        surface[row + 1, column] * (1 - u) + surface[row + 1, column + 1] * u
    ) * v
    assert np.median(np.abs(values - 0.5)) < 0.05


def rendered(scene: Any) -> Any:
    """Returns the scene's picture (H, W, 3), row 0 lowest."""
    path = Path(bpy.app.tempdir) / "lesson.png"
    scene.render.filepath = str(path)
    scene.cycles.samples = 4
    bpy.ops.render.render(write_still=True)
    image: Any = bpy.data.images.load(str(path))
    pixels = np.array(image.pixels[:], np.float32).reshape(image.size[1], image.size[0], 4)
    bpy.data.images.remove(image)
    path.unlink()
    return pixels[..., :3]


def seen(scene: Any, objects: list[bpy.types.Object]) -> Box:
    """Returns the least rectangle of the picture, 0 to 1, that has all of the objects."""
    now = bpy.context.evaluated_depsgraph_get()
    matrix = np.array(
        scene.camera.calc_matrix_camera(now, x=scene.render.resolution_x, y=scene.render.resolution_y) @ scene.camera.matrix_world.inverted()
    )
    low, high = np.full(2, np.inf), np.full(2, -np.inf)
    for obj in objects:
        own = obj.evaluated_get(now)
        mesh: Any = own.to_mesh()
        points = np.empty(3 * len(mesh.vertices), np.float32)
        mesh.vertices.foreach_get("co", points)
        own.to_mesh_clear()
        if len(points):
            homogeneous = np.column_stack([points.reshape(-1, 3), np.ones(len(points) // 3)]) @ (matrix @ np.array(own.matrix_world)).T
            places = homogeneous[:, :2] / homogeneous[:, 3:] / 2 + 0.5
            low, high = np.minimum(low, places.min(axis=0)), np.maximum(high, places.max(axis=0))
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def overlap(one: Box, other: Box, room: float = 0.0) -> bool:
    return all(one[axis] < other[axis + 2] - room and other[axis] < one[axis + 2] - room for axis in range(2))


@pytest.mark.parametrize(("size", "language"), [(SIZES[0], ENGLISH), (SIZES[1], "es")])
@pytest.mark.parametrize("name", lesson_files.lessons())
def test_nothing_overlaps_and_everything_is_in_the_picture(scene: bpy.types.Scene, name: str, size: tuple[int, int], language: str) -> None:
    _, times, made = build(scene, name, size, language)
    height = 16.0 * size[1] / size[0]
    free = made.flower
    flower = (free.left / 16 + 0.5, free.bottom / height + 0.5, free.right / 16 + 0.5, free.top / height + 0.5)
    for frames, act in zip(times.frames, made.acts, strict=True):
        for moment in (0, len(frames) // 2, len(frames) - 1):
            scene.frame_set(int(frames[moment]))
            shown = {role: [obj for obj in objects if not obj.hide_render] for role, objects in act.objects.items()}
            boxes = {role: seen(scene, objects) for role, objects in shown.items() if objects} | {"flower": flower}
            for role, box in boxes.items():
                assert min(box) > 0.0 and max(box) < 1.0, (role, box)
            for (one, first), (other, second) in combinations(boxes.items(), 2):
                assert not overlap(first, second, 1e-3), (one, first, other, second)


@pytest.mark.parametrize("name", lesson_files.lessons())
def test_words_and_numbers_of_a_graph_stand_apart(scene: bpy.types.Scene, name: str) -> None:
    _, times, made = build(scene, name)
    for frames, act in zip(times.frames, made.acts, strict=True):
        scene.frame_set(int(frames[-1]))
        words = {obj.name: seen(scene, [obj]) for obj in act.objects["graph"] if obj.type == "FONT" or obj.name.split(".")[0].endswith("number")}
        for (one, first), (other, second) in combinations(words.items(), 2):
            assert not overlap(first, second, 2e-3), (act.first, one, other)


@pytest.mark.parametrize("name", lesson_files.lessons())
def test_every_caption_fits_its_place(scene: bpy.types.Scene, name: str) -> None:
    lesson, times, made = build(scene, name, language="es")
    for act, objects, frames in zip(lesson.acts, made.acts, times.frames, strict=True):
        longest = sorted(range(len(act.captions)), key=lambda number: -len(act.captions[number].text))[:5]
        for number, (caption, obj) in enumerate(zip(act.captions, objects.captions, strict=True)):
            words: Any = obj.data
            with speaking("es"):
                assert words.body == say(caption.text, caption.values)
            if number in longest:
                scene.frame_set(int(frames[caption.moment]))
                left, bottom, right, top = seen(scene, [obj])
                assert 0.0 < left and right < 1.0 and 0.0 < bottom and 0.1 < top < 0.2, caption.text


def test_clearing_leaves_nothing_behind(scene: bpy.types.Scene) -> None:
    own_camera = bpy.data.objects.new("Own", bpy.data.cameras.new("Own"))
    own_world = bpy.data.worlds.new("Own")
    scene.collection.objects.link(own_camera)
    scene.camera, scene.world = own_camera, own_world
    before = datablocks()
    for name in ("songs", "recurrent", "songs"):  # each in place of the one before
        build(scene, name)
    lesson_scene.clear_lesson(scene)
    assert datablocks() == before
    assert scene.camera == own_camera and scene.world == own_world
    assert lesson_scene.find_lesson(scene) is None
    lesson_scene.clear_lesson(scene)  # there is none: nothing happens


def datablocks() -> set[tuple[str, str]]:
    kinds = [entry.identifier for entry in bpy.data.bl_rna.properties if entry.type == "COLLECTION"]
    return {(kind, datablock.name) for kind in kinds for datablock in getattr(bpy.data, kind) if kind not in KEPT and datablock.name != "Viewer Node"}


def test_what_the_artist_made_stays(scene: bpy.types.Scene) -> None:
    _, _, made = build(scene, "neuron")
    own = bpy.data.objects.new("Own", None)
    made.collection.objects.link(own)
    lesson_scene.clear_lesson(scene)
    assert [obj.name for obj in scene.objects] == ["Own"]
    assert lesson_scene.find_lesson(scene) is None


def test_a_lesson_is_found_by_its_mark_and_small(scene: bpy.types.Scene) -> None:
    for name in lesson_files.lessons():
        _, _, made = build(scene, name)
        found = lesson_scene.find_lesson(scene)
        assert found == made.collection and found[look.MARK] == name
        assert scene.camera == made.camera
        for act in made.acts:
            assert sum(len(objects) for objects in act.objects.values()) < 400


def test_frames_that_do_not_fit_the_lesson_are_refused(scene: bpy.types.Scene) -> None:
    lesson = lesson_files.read_lesson("neuron")
    frames = np.arange(1, 1 + len(lesson.acts[0].rows), dtype=np.int64)
    with pytest.raises(ValueError, match="other moments"):
        lesson_scene.build_lesson(scene, lesson, frames=[frames[1:]], last=1000)
    with pytest.raises(ValueError, match="must rise"):
        lesson_scene.build_lesson(scene, lesson, frames=[frames[::-1].copy()], last=1000)
    with pytest.raises(ValueError, match="must rise"):
        lesson_scene.build_lesson(scene, lesson, frames=[frames], last=5)
    assert lesson_scene.find_lesson(scene) is None


def test_one_frame_a_moment_is_enough(scene: bpy.types.Scene) -> None:
    lesson = lesson_files.read_lesson("neuron")
    frames = np.arange(1, 1 + len(lesson.acts[0].rows), dtype=np.int64)
    made = lesson_scene.build_lesson(scene, lesson, frames=[frames], last=int(frames[-1]))
    for moment in (0, 5, len(frames) - 1):
        scene.frame_set(int(frames[moment]))
        now = bpy.context.evaluated_depsgraph_get()
        looks = [obj.evaluated_get(now)["look"] for obj in made.acts[0].edges[:3]]
        assert looks == pytest.approx(graph.strength(lesson.acts[0].edge_values[moment, :3]).tolist(), abs=1e-6)


def test_a_saved_lesson_has_all_that_it_shows(scene: bpy.types.Scene, tmp_path: Path) -> None:
    build(scene, "neuron")
    path = tmp_path / "lesson.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    assert path.stat().st_size < 6_000_000
    image: Any = bpy.data.images["neuron surface"]
    before = np.array(image.pixels[:], np.float32)
    bpy.ops.wm.open_mainfile(filepath=str(path))
    image = bpy.data.images["neuron surface"]
    assert image.packed_file is not None
    assert np.array_equal(np.array(image.pixels[:], np.float32), before)
