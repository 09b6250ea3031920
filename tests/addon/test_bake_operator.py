"""The bake as the window runs it: one at a time, stopped when Blender goes away beneath it."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import bpy
import pytest

from bloom_addon.baking import bake, operators
from bloom_core.native import Cancelled


class Screen:
    """The part of Blender's context that a modal operator uses; says what was called."""

    def __init__(self, scene: bpy.types.Scene, obj: bpy.types.Object) -> None:
        self.scene, self.object, self.window = scene, obj, None
        self.calls: list[str] = []
        self.status: list[str | None] = []
        self.window_manager = SimpleNamespace(
            progress_begin=lambda low, high: self.calls.append("begin"),
            progress_update=lambda value: None,
            progress_end=lambda: self.calls.append("end"),
            event_timer_add=lambda step, window: "timer",
            event_timer_remove=lambda timer: self.calls.append(f"remove {timer}"),
            modal_handler_add=lambda operator: self.calls.append("modal"),
        )
        self.workspace = SimpleNamespace(status_text_set=self.status.append)


class Operator:
    """`bloom.bake` without Blender's own half, which only a window can make."""

    _worker: Any = None
    _show = operators.BLOOM_OT_bake._show
    _end = operators.BLOOM_OT_bake._end
    modal, cancel, refuse = operators.BLOOM_OT_bake.modal, operators.BLOOM_OT_bake.cancel, operators.BLOOM_OT_bake.refuse

    def __init__(self, job: bake.BakeJob, target: str) -> None:
        self._worker, self._timer, self._target = bake.BakeWorker(job), "timer", target
        self.reports: list[tuple[set[str], str]] = []

    def report(self, kind: set[str], text: str) -> None:
        self.reports.append((kind, text))


def event(kind: str) -> Any:
    return SimpleNamespace(type=kind)


def tick_until_done(operator: Operator, screen: Screen) -> set[str]:
    deadline = time.monotonic() + 60
    while (answer := operator.modal(screen, event("TIMER"))) == {"PASS_THROUGH"}:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return set(answer)


@pytest.fixture
def screen(scene: bpy.types.Scene, bloom: bpy.types.Object) -> Screen:
    return Screen(scene, bloom)


def test_it_ends_by_showing_its_take(screen: Screen) -> None:
    operator = Operator(bake.prepare(screen.scene, screen.object), screen.object.name)
    assert tick_until_done(operator, screen) == {"FINISHED"}
    assert screen.object.data.filepath.endswith("bloom_0001.vdb") and operator.reports[-1][0] == {"INFO"}
    assert screen.calls == ["remove timer", "end"] and screen.status[-1] is None


def test_esc_stops_it(screen: Screen) -> None:
    screen.object.bloom.samples = 3000.0
    operator = Operator(bake.prepare(screen.scene, screen.object), screen.object.name)
    assert operator.modal(screen, event("MOUSEMOVE")) == {"PASS_THROUGH"}
    begin = time.monotonic()
    assert operator.modal(screen, event("ESC")) == {"CANCELLED"}
    assert time.monotonic() - begin < 5.0
    assert "Finished frames are kept" in operator.reports[-1][1] and screen.object.data.filepath == ""
    assert screen.calls == ["remove timer", "end"]


def test_another_file_opened_meanwhile_stops_it(screen: Screen) -> None:
    screen.object.bloom.samples = 3000.0
    operator = Operator(bake.prepare(screen.scene, screen.object), screen.object.name)
    operator.cancel(screen)
    assert operator._worker.finished and isinstance(operator._worker.result, Cancelled)
    assert screen.calls == ["remove timer", "end"]


def test_a_bloom_removed_meanwhile_is_told(screen: Screen) -> None:
    operator = Operator(bake.prepare(screen.scene, screen.object), screen.object.name)
    bpy.data.objects.remove(screen.object)
    assert tick_until_done(operator, screen) == {"CANCELLED"}
    assert "its take is in" in operator.reports[-1][1]


def test_two_bakes_at_once_are_refused(screen: Screen) -> None:
    screen.object.bloom.samples = 3000.0
    worker = bake.BakeWorker(bake.prepare(screen.scene, screen.object))
    with pytest.raises(RuntimeError, match="A bake is running"):
        bpy.ops.bloom.bake()
    worker.cancel()
    screen.object.bloom.samples = 0.2
    assert bpy.ops.bloom.bake() == {"FINISHED"}
