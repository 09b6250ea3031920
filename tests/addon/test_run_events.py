"""Steps and frames, and going to events: jump, previous and next, batch ids, timeline markers."""

from __future__ import annotations

import shutil
from pathlib import Path

import bpy
import pytest

from bloom_addon.run import event_operators, reading, showing
from bloom_core.growth import shown_steps
from bloom_core.trajectories import trajectory

from .run_views import FRAMES, RUN, grown_bloom

EXPLOSION = 64
"""The step at which the run explodes."""


@pytest.fixture
def obj(scene: bpy.types.Scene) -> bpy.types.Object:
    return grown_bloom()


def number_of(kind: str) -> int:
    return [event.kind for event in reading.read_now(RUN).events].index(kind)


def test_the_growth_says_which_step_each_frame_shows(scene: bpy.types.Scene, tmp_path: Path) -> None:
    obj = grown_bloom(frame_start=101)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "flower.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "flower.blend"))
    obj = bpy.data.objects["Lotus"]
    steps = showing.steps_of(obj.bloom, reading.read_now(RUN))
    assert steps is not None and (steps.frame_start, steps.frame_end, steps.last_row) == (101, 100 + FRAMES, 1349)
    frame = showing.frame_of(obj.bloom, reading.read_now(RUN), number_of("explosion"))
    assert steps.row_at(frame - 1) < EXPLOSION - 1 <= steps.row_at(frame)


def test_jump_goes_to_the_frame_where_the_flower_is_thrown(obj: bpy.types.Object) -> None:
    scene, wanted = bpy.context.scene, showing.frame_of(obj.bloom, reading.read_now(RUN), number_of("explosion"))
    scene.frame_set(1)
    assert bpy.ops.bloom.jump_to_event(index=number_of("explosion")) == {"FINISHED"}
    assert scene.frame_current == wanted > 1 and obj.bloom.active_event == number_of("explosion")
    scene.frame_set(FRAMES)
    obj.bloom.active_event = 0  # an end of an epoch, which the list does not show: the most serious event stands for it
    assert bpy.ops.bloom.jump_to_event() == {"FINISHED"} and scene.frame_current == wanted


def test_previous_and_next_stop_at_every_listed_event(obj: bpy.types.Object) -> None:
    scene, digest = bpy.context.scene, reading.read_now(RUN)
    listed = showing.listed(scene, digest)
    assert [digest.events[number].kind for number in listed] == ["explosion", "loss_spike", "jitter"]
    scene.frame_set(1)
    stops = []
    for _ in listed:
        assert bpy.ops.bloom.next_event() == {"FINISHED"}
        stops.append(obj.bloom.active_event)
    assert stops == listed and scene.frame_current == showing.frame_of(obj.bloom, digest, listed[-1])
    with pytest.raises(RuntimeError, match="No listed event after"):
        bpy.ops.bloom.next_event()
    for number in reversed(listed[:-1]):
        assert bpy.ops.bloom.previous_event() == {"FINISHED"} and obj.bloom.active_event == number
    with pytest.raises(RuntimeError, match="No listed event before"):
        bpy.ops.bloom.previous_event()
    scene.frame_set(scene.frame_end)
    bpy.ops.bloom.previous_event()
    assert obj.bloom.active_event == listed[-1]


def test_the_filter_shows_and_hides_kinds(obj: bpy.types.Object) -> None:
    scene, digest = bpy.context.scene, reading.read_now(RUN)
    for kind in ("explosion", "epoch"):
        bpy.ops.bloom.show_events(kind=kind)
    kinds = {digest.events[number].kind for number in showing.listed(scene, digest)}
    assert kinds == {"loss_spike", "jitter", "epoch"}
    for kind in kinds:
        bpy.ops.bloom.show_events(kind=kind)
    assert showing.listed(scene, digest) == [] and showing.active(scene, obj.bloom, digest) is None
    with pytest.raises(RuntimeError, match="no such event"):
        bpy.ops.bloom.jump_to_event()


def test_the_batch_is_copied(obj: bpy.types.Object, monkeypatch: pytest.MonkeyPatch) -> None:
    obj.bloom.active_event = number_of("explosion")
    assert bpy.ops.bloom.copy_batch() == {"FINISHED"}
    if not bpy.app.background:  # a background Blender has no clipboard
        assert bpy.context.window_manager.clipboard == "18"
    copied = []

    class Context:
        scene = bpy.context.scene

        class window_manager:
            def __setattr__(self, name: str, value: str) -> None:
                copied.append((name, value))

        window_manager = window_manager()  # type: ignore[assignment]

    class Operator:
        def report(self, _kind: set[str], said: str) -> None:
            copied.append(("said", said))

    event_operators.BLOOM_OT_copy_batch.act(Operator(), Context(), obj.bloom, reading.read_now(RUN))
    assert copied == [("clipboard", "18"), ("said", "Batch 18 copied")]


def test_markers_are_set_in_place_of_old_ones_and_taken_away(obj: bpy.types.Object) -> None:
    scene = bpy.context.scene
    own = scene.timeline_markers.new("my explosion, batch 3", frame=5)
    others = {marker.name for marker in scene.timeline_markers}
    for _ in range(2):
        assert bpy.ops.bloom.mark_events() == {"FINISHED"}
        names = {marker.name: marker.frame for marker in scene.timeline_markers}
        assert set(names) - others == {"explosion, batch 18", "loss spike, batch 18", "jitter, batch 10"}
        assert len(names) == len(scene.timeline_markers)
    assert names["explosion, batch 18"] == showing.frame_of(obj.bloom, reading.read_now(RUN), number_of("explosion"))
    bpy.ops.bloom.mark_events(remove=True)
    assert {marker.name for marker in scene.timeline_markers} == others and own.name in others


def test_frames_of_another_run_lead_nowhere(obj: bpy.types.Object) -> None:
    obj.bloom.run = "digits-sgd"  # as many steps, and another run
    assert showing.steps_of(obj.bloom, reading.read_now("digits-sgd")) is None
    before = bpy.context.scene.frame_current
    for name in ("jump_to_event", "next_event", "previous_event", "mark_events"):
        with pytest.raises(RuntimeError, match="press Grow"):
            getattr(bpy.ops.bloom, name)()
    assert bpy.context.scene.frame_current == before
    obj.bloom.frame_steps = "{ broken"
    assert showing.steps_of(obj.bloom, reading.read_now("digits-sgd")) is None


def test_a_moved_run_is_relinked_and_another_one_told(obj: bpy.types.Object, tmp_path: Path) -> None:
    moved = shutil.copy(trajectory.embedded_run(RUN), tmp_path / "moved.bloom")
    obj.bloom.run = str(tmp_path / "gone.bloom")
    with pytest.raises(RuntimeError, match="gone"):
        bpy.ops.bloom.next_event()
    assert bpy.ops.bloom.relink_run(filepath=str(moved)) == {"FINISHED"}
    assert obj.bloom.run == str(moved) and showing.steps_of(obj.bloom, reading.read_now(str(moved))) is not None
    assert bpy.ops.bloom.next_event() == {"FINISHED"}
    kept = shown_steps.read(obj.bloom.frame_steps)
    bpy.ops.bloom.relink_run(filepath=str(trajectory.embedded_run("digits")))
    assert shown_steps.read(obj.bloom.frame_steps).run == kept.run and showing.steps_of(obj.bloom, reading.read_now(obj.bloom.run)) is None
    with pytest.raises(RuntimeError, match="not found"):
        bpy.ops.bloom.relink_run(filepath=str(tmp_path / "nothing.bloom"))


def test_a_run_that_is_still_recorded_is_chosen_by_its_json(obj: bpy.types.Object, tmp_path: Path) -> None:
    run = trajectory.read_run(trajectory.embedded_run("digits"), sketches=True)
    trajectory.write_run(run, tmp_path / "folder")
    bpy.ops.bloom.import_run(filepath=str(tmp_path / "folder" / "run.json"))
    assert obj.bloom.run == str(tmp_path / "folder") and obj.bloom.active_event == 0
    bpy.ops.bloom.use_run(run="translation")
    assert obj.bloom.run == "translation"
    bpy.ops.bloom.use_run()
    assert obj.bloom.run == "digits"


def test_a_handle_shows_the_run_of_its_bloom(obj: bpy.types.Object) -> None:
    handle = bpy.data.objects.new("Handle", None)
    bpy.context.collection.objects.link(handle)
    bpy.context.view_layer.objects.active = handle
    assert showing.shown_bloom(bpy.context) is None and not bpy.ops.bloom.next_event.poll()
    handle.parent = obj
    bpy.context.scene.frame_set(1)
    assert showing.shown_bloom(bpy.context) == obj and bpy.ops.bloom.next_event() == {"FINISHED"}
