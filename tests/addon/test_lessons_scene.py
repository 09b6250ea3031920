"""The scene of a lesson: at each moment's frame it shows the numbers of the recording and no others, and nothing of it stays when it is cleared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import bpy
import numpy as np
import pytest
from numpy.typing import NDArray

from bloom_addon import compat
from bloom_addon.lessons import graph
from bloom_addon.lessons import scene as lesson_scene
from bloom_addon.lessons.scene import LessonScene
from bloom_core.lessons import lesson_files, timing
from bloom_core.lessons.lesson import Lesson
from bloom_core.lessons.timing import Timing

FASTER = 20.0


class Built:
    """A lesson, its times and its scene."""

    def __init__(self, scene: bpy.types.Scene, name: str) -> None:
        self.scene = scene
        self.lesson: Lesson = lesson_files.read_lesson(name)
        self.times: Timing = timing.time_lesson(self.lesson, speed=FASTER)
        self.made: LessonScene = lesson_scene.build_lesson(scene, self.lesson, frames=self.times.frames, last=self.times.last)

    def moments(self, every: int = 1) -> Iterator[tuple[int, int]]:
        """Sets the scene to moments one after another; yields each with its act."""
        for act, frames in enumerate(self.times.frames):
            for moment in range(0, len(frames), every):
                self.scene.frame_set(int(frames[moment]))
                yield act, moment


@pytest.fixture(params=lesson_files.lessons())
def built(scene: bpy.types.Scene, request: pytest.FixtureRequest) -> Built:
    scene.render.resolution_x, scene.render.resolution_y = 640, 400
    return Built(scene, request.param)


def evaluated(obj: bpy.types.Object) -> Any:
    return obj.evaluated_get(bpy.context.evaluated_depsgraph_get())


def vertices(obj: bpy.types.Object) -> NDArray[np.float32]:
    mesh = evaluated(obj).to_mesh()
    found = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", found)
    return found.reshape(-1, 3)


def test_every_node_and_edge_holds_the_recorded_value_at_every_moment(built: Built) -> None:
    for act, made, frames in zip(built.lesson.acts, built.made.acts, built.times.frames, strict=True):
        for objects, values in ((made.nodes, act.node_values), (made.edges, act.edge_values)):
            for obj, recorded in zip(objects, values.T, strict=True):
                assert np.array_equal(np.array(obj["recorded"]), recorded)  # to the last bit
                curve = compat.fcurve(obj, '["value"]')
                assert [curve.evaluate(int(frame)) for frame in frames] == recorded.astype(np.float32).tolist()  # what a key can hold
    for number, moment in built.moments(every=6):
        act, made = built.lesson.acts[number], built.made.acts[number]
        for objects, values in ((made.nodes, act.node_values[moment]), (made.edges, act.edge_values[moment])):
            assert [evaluated(obj)["value"] for obj in objects] == values.astype(np.float32).tolist(), (act.name, moment)


def test_lines_are_as_thick_and_as_coloured_as_their_weights_are_large(built: Built) -> None:
    thickness: dict[int, list[tuple[float, float]]] = {}
    for number, moment in built.moments(every=5):
        act, made = built.lesson.acts[number], built.made.acts[number]
        for edge, obj, value in zip(act.edges, made.edges, act.edge_values[moment], strict=True):
            if edge.kind == "flow":
                continue
            expected = graph.strength(value)
            assert evaluated(obj)["look"] == pytest.approx(expected, abs=1e-6)
            thickness.setdefault(number, []).append((float(abs(expected)), evaluated(obj).data.bevel_depth))
    for found in thickness.values():
        strengths, depths = np.array(found).T
        slope, least = np.polyfit(strengths, depths, 1)
        assert slope > 0.005 and least == pytest.approx(graph.THIN / 2, abs=1e-5)
        assert depths == pytest.approx(slope * strengths + least, abs=1e-6)


def test_captions_are_shown_from_their_moment_until_the_next(built: Built) -> None:
    objects = [(act, place, obj) for act, made in enumerate(built.made.acts) for place, obj in enumerate(made.captions)]
    curves = {path: [compat.fcurve(obj, path) for _, _, obj in objects] for path in ("hide_render", "hide_viewport")}
    for number, frames in enumerate(built.times.frames):
        for moment, frame in enumerate(frames.tolist()):
            due = max(place for place, caption in enumerate(built.lesson.acts[number].captions) if caption.moment <= moment)
            for found in curves.values():
                shown = [(act, place) for (act, place, _), curve in zip(objects, found, strict=True) if curve.evaluate(frame) == 0.0]
                assert shown == [(number, due)]


def test_an_act_is_hidden_while_another_shows(built: Built) -> None:
    for number, moment in built.moments(every=20):
        for act, made in enumerate(built.made.acts):
            hidden = {obj.hide_render for role, objects in made.objects.items() if role not in ("captions", "sequence") for obj in objects}
            assert hidden == {act != number}
        due = max(place for place, caption in enumerate(built.lesson.acts[number].captions) if caption.moment <= moment)
        assert [place for place, obj in enumerate(built.made.acts[number].captions) if not obj.hide_render] == [due]


def test_live_numbers_write_what_the_recording_says(built: Built) -> None:
    group = bpy.data.node_groups["Lesson Number"]
    for number, moment in built.moments(every=12):
        act, made = built.lesson.acts[number], built.made.acts[number]
        numbers = {obj.name.split(".")[0]: obj for obj in made.objects["graph"] if obj.name.split(".")[0].endswith(" number")}
        assert numbers or len(act.nodes) > 20
        for node, value in zip(act.nodes, act.node_values[moment], strict=True):
            column = act.node_values[:, act.nodes.index(node)]
            written = f"{value:.0f}" if np.all(column == np.round(column)) else f"{round(value, 2) + 0.0:.2f}"
            if f"{node.name} number" in numbers:  # small nodes have none
                assert_written(built.scene, numbers[f"{node.name} number"], written, group)
        for edge, value in zip(act.edges, act.edge_values[moment], strict=True):
            if f"{edge.name} number" in numbers:
                assert_written(built.scene, numbers[f"{edge.name} number"], f"{round(value, 2) + 0.0:+.2f}", group)
        step = next(obj for obj in made.objects["step"] if "number" in obj.name)
        assert_written(built.scene, step, str(int(act.steps[act.rows[moment]])), group)


def assert_written(scene: bpy.types.Scene, obj: bpy.types.Object, words: str, group: Any) -> None:
    """Asserts that a number's letters are those of `words`: as the same nodes shape them from a string."""
    probe = bpy.data.node_groups.get("Probe") or probe_of(group)
    join: Any = next(node for node in probe.nodes if node.bl_idname == "GeometryNodeStringToCurves")
    join.inputs["String"].default_value = words.replace("-", "−")
    given = {entry.name: entry.identifier for entry in group.interface.items_tree if entry.in_out == "INPUT"}
    modifier: Any = obj.modifiers[0]
    size = getattr(modifier.properties.inputs, given["Size"]).value if hasattr(modifier, "properties") else modifier[given["Size"]]
    join.inputs["Size"].default_value = size
    probing = bpy.data.objects.get("Probe") or bpy.data.objects.new("Probe", bpy.data.meshes.new("Probe"))
    if not probing.users_collection:
        scene.collection.objects.link(probing)
        made: Any = probing.modifiers.new("Probe", "NODES")
        made.node_group = probe
    probe.interface_update(bpy.context)
    scene.view_layers[0].update()
    assert np.array_equal(vertices(obj), vertices(probing)), (obj.name, words)


def probe_of(group: Any) -> Any:
    probe: Any = group.copy()
    probe.name = "Probe"
    letters = next(node for node in probe.nodes if node.bl_idname == "GeometryNodeStringToCurves")
    for name in ("String", "Size"):
        probe.links.remove(letters.inputs[name].links[0])
    return probe
