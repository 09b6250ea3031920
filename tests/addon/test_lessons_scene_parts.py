"""The parts of a lesson's picture move with the recording: dots on curves, valves, vessels, gauges, columns, the loss, the place that is read."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
import pytest

from bloom_addon import compat
from bloom_addon.lessons import graph, layout, look, loss_curve, sequence, shapes
from bloom_addon.lessons import scene as lesson_scene
from bloom_addon.lessons.scene import ActScene
from bloom_core.lessons import lesson_files, timing
from bloom_core.lessons.lesson import Act
from bloom_core.lessons.timing import Timing


def build(scene: bpy.types.Scene, name: str) -> list[tuple[Act, Any, ActScene]]:
    lesson = lesson_files.read_lesson(name)
    times: Timing = timing.time_lesson(lesson, speed=10.0)
    made = lesson_scene.build_lesson(scene, lesson, frames=times.frames, last=times.last)
    return list(zip(lesson.acts, times.frames, made.acts, strict=True))


def part(made: ActScene, role: str, name: str) -> Any:
    return next(obj for obj in made.objects[role] if obj.name.split(".")[0] == name)


def keyed(datablock: Any, path: str, index: int, frames: Any) -> Any:
    """Returns the values of a keyed property at frames; what has no keys does not move."""
    curve = compat.fcurve(datablock, path, index)
    return np.array([curve.evaluate(int(frame)) for frame in frames])


def correlation(one: Any, other: Any) -> float:
    return float(np.corrcoef(one, other)[0, 1])


def test_dots_travel_on_the_curves_of_their_activations(scene: bpy.types.Scene) -> None:
    for act, frames, made in build(scene, "songs"):
        for number, node in enumerate(act.nodes):
            if node.kind == "activation":
                values = act.node_values[:, number]
                dot = part(made, "graph", f"{node.name} dot")
                x, z = (keyed(dot, "location", axis, frames) for axis in (0, 2))
                slope, least = np.polyfit(values, z, 1)
                assert slope > 0.0 and z == pytest.approx(slope * values + least, abs=1e-5)  # as high as the sigmoid is
                inside = (values > 0.01) & (values < 0.99)
                sums = np.log(values / (1.0 - values))[inside]
                assert x[inside] == pytest.approx(np.polyval(np.polyfit(sums, x[inside], 1), sums), abs=1e-4)  # where its sum is


def test_gauges_are_as_long_as_the_loss_is_large(scene: bpy.types.Scene) -> None:
    for act, frames, made in build(scene, "neuron"):
        number = next(number for number, node in enumerate(act.nodes) if node.kind == "loss")
        values = act.node_values[:, number]
        lengths = keyed(part(made, "graph", f"{act.nodes[number].name} bar"), "scale", 2, frames)
        assert lengths == pytest.approx(values / values.max(), abs=1e-6)


def test_valves_open_and_vessels_fill(scene: bpy.types.Scene) -> None:
    seen = set()
    for act, frames, made in build(scene, "melody"):
        for number, node in enumerate(act.nodes):
            values = act.node_values[:, number]
            if node.kind == "gate":
                assert correlation(keyed(part(made, "graph", f"{node.name} upper leaf"), "scale", 2, frames), values) < -0.999
            elif node.kind == "memory":
                filled = keyed(part(made, "graph", f"{node.name} fill"), "scale", 2, frames)
                assert filled == pytest.approx(values / max(1.0, np.abs(values).max()), abs=1e-6)
            seen.add(node.kind)
    assert {"gate", "memory"} <= seen


@pytest.mark.parametrize("name", ["recurrent", "melody"])
def test_columns_are_as_high_as_what_is_expected(scene: bpy.types.Scene, name: str) -> None:
    for act, frames, made in build(scene, name):
        read = act.sequence
        assert read is not None
        likely = read.predicted[act.rows, act.examples]
        columns = [part(made, "sequence", f"expects {symbol!r}") for symbol in read.symbols]
        heights = np.stack([keyed(column, "scale", 2, frames) for column in columns], axis=1)
        assert heights == pytest.approx(np.maximum(likely, 0.01), abs=1e-6)
        assert np.stack([keyed(column, '["value"]', 0, frames) for column in columns], axis=1).tolist() == likely.tolist()
        marks = keyed(part(made, "sequence", "comes next"), "location", 0, frames)
        places = np.array([column.location[0] for column in columns])
        assert places[read.wanted[act.examples]] == pytest.approx(marks, abs=1e-5)


def test_what_it_writes_is_shown_from_its_step_on(scene: bpy.types.Scene) -> None:
    act, frames, made = build(scene, "recurrent")[1]
    assert act.sequence is not None
    texts = [obj for obj in made.objects["sequence"] if " writes " in obj.name]
    for moment in range(0, len(frames), 5):
        scene.frame_set(int(frames[moment]))
        due = max((row for row in act.sequence.written if row <= act.rows[: moment + 1].max()), default=None)
        shown: list[Any] = [obj.data for obj in texts if not obj.hide_render]
        assert due is not None and len(shown) == 1
        assert shown[0].body.endswith(act.sequence.written[due])


def test_the_dot_is_on_the_loss_curve(scene: bpy.types.Scene) -> None:
    for act, frames, made in build(scene, "songs"):
        dot, curve = part(made, "loss", "loss now"), part(made, "loss", "loss so far").data
        points = np.array([point.co[:3] for point in curve.splines[0].points])
        for axis in (0, 2):
            assert keyed(dot, "location", axis, frames) == pytest.approx(points[act.rows, axis], abs=1e-5)
        assert keyed(dot, '["value"]', 0, frames).tolist() == act.losses[act.rows].astype(np.float32).tolist()
        assert keyed(curve, "bevel_factor_end", 0, frames) == pytest.approx(act.rows / (len(act.steps) - 1), abs=1e-6)
    assert loss_curve.ticks(320) == [0, 10, 100, 320] and loss_curve.ticks(1000) == [0, 10, 100, 1000]


def test_a_stage_lights_what_it_dwells_on(scene: bpy.types.Scene) -> None:
    act, frames, made = build(scene, "neuron")[0]
    for stage, kinds in graph.FOCUS.items():
        for moment in [moment for moment, own in enumerate(act.stages) if own == stage][:1]:
            for node, obj in zip(act.nodes, made.nodes, strict=True):
                lit = keyed(obj, f'["{look.LIT}"]', 0, [frames[moment]])[0]
                assert lit == pytest.approx(1.0 if node.kind in kinds else graph.DIM)


def test_pulses_run_with_the_stage_and_back_with_the_update(scene: bpy.types.Scene) -> None:
    act, frames, made = build(scene, "neuron")[0]
    weight = made.edges[0]
    for stage, forward in (("sum", True), ("update", False)):
        begin = int(frames[act.stages.index(stage)])
        first, later = keyed(weight, f'["{look.PULSE}"]', 0, [begin, begin + 6])
        assert bool(later > first) is forward
        assert not 0.0 < first < 1.0  # it comes in from the end
    whole = int(frames[-1])
    assert not 0.0 < keyed(weight, f'["{look.PULSE}"]', 0, [whole])[0] < 1.0


def test_notes_have_their_pitches() -> None:
    assert [sequence.pitch(note) for note in ("C4", "A4", "F#3", "Bb2", "l", "␣")] == [48, 57, 42, 34, None, None]


def test_ways_lead_from_node_to_node() -> None:
    for start, end in (
        ((0.0, 0.0), (3.0, 1.0)),
        ((0.0, 0.0), (0.1, 2.0)),
        ((3.0, 0.0), (0.0, 2.0)),
        ((3.0, 0.0), (0.0, 0.0)),
        ((1.0, 1.0), (1.0, 1.0)),
    ):
        found = shapes.way(start, end, 0.4)
        assert found[0] == pytest.approx(start) and found[-1] == pytest.approx(end)
    assert shapes.way((1.0, 1.0), (1.0, 1.0), 0.4)[:, 1].max() > 1.8  # about the node, not within it


def test_nodes_are_as_large_as_their_place_lets_them_be() -> None:
    lesson = lesson_files.read_lesson("neuron")
    small, large = (layout.lay_out_graph(lesson.acts[0].nodes, layout.Rectangle(0.0, 0.0, wide, high)) for wide, high in ((5.0, 2.0), (10.0, 4.0)))
    assert small.size < large.size <= layout.LARGEST
