"""Jobs: threads that Blender waits for without standing still, whatever becomes of the scene, of the work, or of the add-on."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import bpy
import pytest

import bloom_addon
from bloom_addon import background
from bloom_addon.background import Job, JobOperator, Work
from bloom_addon.entry import nursery, nursery_operators
from bloom_addon.garden.operators import BLOOM_OT_garden_plant
from bloom_addon.interface import FINISHED, NeedsBloom
from bloom_core import flower_children, gardens
from bloom_core.native import Cancelled, Progress

from .modal import Screen, begun, event, tick_until_done


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def endless(progress: Progress) -> None:
    for step in range(60_000):
        if not progress(step / 60_000):
            raise Cancelled
        time.sleep(0.001)


class Trying(NeedsBloom, JobOperator):
    """An operator whose work and end are the test's."""

    job_name = "trying"
    work: Work = staticmethod(endless)
    written: Any = None

    def prepare(self, _context: Any) -> Work:
        return self.work

    def apply(self, _context: Any, result: Any) -> Any:
        self.written = result() if callable(result) else result
        return FINISHED


Trying.__module__ = "bloom_addon.trying"


@pytest.fixture
def screen(scene: bpy.types.Scene, bloom: bpy.types.Object) -> Screen:
    return Screen(scene, bloom)


def test_a_job_reports_stops_and_leaves_no_thread() -> None:
    job = Job("trying", endless)
    until(lambda: job.fraction > 0.0)
    assert Job.running("trying") and Job.find("trying") is job and not Job.running("another") and 0.0 < job.fraction < 1.0
    Job.stop_all()
    assert job.finished and isinstance(job.error, Cancelled) and not Job.running("trying") and not Job._all
    quick = Job("quick", lambda progress: 3)
    quick.wait()
    assert quick.result == 3 and quick.error is None


def test_what_was_stopped_too_late_counts_as_stopped() -> None:
    go = threading.Event()
    job = Job("trying", lambda _progress: go.wait(20))
    job.stop()
    assert job.text == "Stopping" and not job.finished
    go.set()
    job.wait()
    assert isinstance(job.error, Cancelled) and job.result is True


def test_it_says_how_long_it_will_take() -> None:
    job = Job("trying", lambda progress: progress(0.25))
    job.wait()
    assert job.text == "25%"
    job._begin -= 60.0
    assert job.text == "25%, 3 min to go"


def test_an_operator_says_how_far_it_is_and_writes_at_its_end(screen: Screen) -> None:
    go = threading.Event()

    def work(progress: Progress) -> int:
        progress(0.5)
        go.wait(20)
        return 7

    operator = begun(Trying, screen, work=work)
    until(lambda: operator._job.fraction == 0.5)
    assert operator.modal(screen, event("MOUSEMOVE")) == operator.modal(screen, event("TIMER")) == {"PASS_THROUGH"}
    assert screen.told() == ["Bloom: trying Lotus. 50% (Esc to stop: nothing was changed)"]
    go.set()
    assert tick_until_done(operator, screen) == {"FINISHED"} and operator.written == 7
    assert screen.calls == ["remove timer"] and screen.status[-1] is None


def test_esc_stops_it_and_nothing_is_written(screen: Screen) -> None:
    operator = begun(Trying, screen)
    begin = time.monotonic()
    assert operator.modal(screen, event("ESC")) == {"RUNNING_MODAL"}
    assert operator.modal(screen, event("ESC")) == {"PASS_THROUGH"}  # it is another's
    assert tick_until_done(operator, screen) == {"CANCELLED"} and time.monotonic() - begin < 2.0
    assert operator.reports == [({"WARNING"}, "Stopped: nothing was changed")] and operator.written is None


def test_the_button_stops_it(screen: Screen) -> None:
    operator = begun(Trying, screen)
    assert bpy.ops.bloom.stop_job(name="trying") == {"FINISHED"} and bpy.ops.bloom.stop_job(name="nothing") == {"FINISHED"}
    assert tick_until_done(operator, screen) == {"CANCELLED"}


def test_another_file_takes_it_away_without_waiting(screen: Screen) -> None:
    operator = begun(Trying, screen)
    operator.cancel(screen)
    assert screen.calls == ["remove timer"] and operator._job.stopping
    operator._job.wait()


def fails(_progress: Any) -> None:
    raise ZeroDivisionError("of the work")


def test_an_unforeseen_error_of_the_work_is_shown_and_logged(screen: Screen, caplog: pytest.LogCaptureFixture) -> None:
    operator = begun(Trying, screen, work=fails)
    assert tick_until_done(operator, screen) == {"CANCELLED"}
    assert operator.reports == [({"ERROR"}, "Bloom failed at trying Lotus (ZeroDivisionError: of the work). Blender's console says where")]
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.exc_info is not None and record.exc_info[0] is ZeroDivisionError and "in fails" in caplog.text


def test_an_unforeseen_error_of_the_end_ends_it_too(screen: Screen, caplog: pytest.LogCaptureFixture) -> None:
    operator = begun(Trying, screen, work=lambda _progress: lambda: 1 // 0)
    assert tick_until_done(operator, screen) == {"CANCELLED"}
    assert operator.reports[-1][0] == {"ERROR"} and "ZeroDivisionError" in operator.reports[-1][1] and "Traceback" in caplog.text
    assert screen.calls == ["remove timer"]


def test_what_a_user_can_cause_is_a_line(screen: Screen, caplog: pytest.LogCaptureFixture) -> None:
    def refuses(_progress: Any) -> None:
        raise ValueError("Choose another run")

    operator = begun(Trying, screen, work=refuses)
    assert tick_until_done(operator, screen) == {"CANCELLED"} and operator.reports == [({"ERROR"}, "Choose another run")]
    assert not caplog.records


def test_children_fill_in_and_stay_when_stopped(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    go, litter = threading.Event(), flower_children.litter

    def slow(*arguments: Any) -> Any:
        for number, child in enumerate(litter(*arguments)):
            if number == 2:
                go.wait(20)
            yield child

    monkeypatch.setattr(flower_children, "litter", slow)
    operator = begun(nursery_operators.BLOOM_OT_mutate, screen, seed=3)
    until(lambda: operator._job.fraction == 0.25)
    operator.modal(screen, event("TIMER"))
    assert len(nursery.children()) == 2 and "growing children of Lotus. 25%" in screen.told()[-1]
    operator.modal(screen, event("ESC"))
    go.set()
    assert tick_until_done(operator, screen) == {"CANCELLED"}
    assert len(nursery.children()) == 3 and "the children so far stay" in operator.reports[-1][1]


def test_a_garden_is_planted_where_it_was_begun(scene: bpy.types.Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    bpy.ops.bloom.garden_optimizers()
    monkeypatch.setattr(gardens, "grow", lambda *_: [])
    screen = Screen(scene, None)
    operator = begun(BLOOM_OT_garden_plant, screen)
    operator._scene += 1_000_000
    assert tick_until_done(operator, screen) == {"CANCELLED"} and "The garden's scene is gone" in operator.reports[-1][1]


def test_what_is_read_is_handed_over_in_the_main_thread(scene: bpy.types.Scene, caplog: pytest.LogCaptureFixture) -> None:
    got: list[Any] = []
    background.read("a book", lambda: threading.current_thread().name, lambda name: got.append((name, threading.current_thread().name)))
    background.read("a riddle", lambda: 1 // 0, got.append)
    assert background.reading("a book") and not background.reading("a letter")
    until(lambda: all(job.finished for job, _ in background._reads))
    assert got == [] and background._deliver() is None
    assert got == [("Bloom: a book", threading.main_thread().name)] and not background.reading("a book") and "ZeroDivisionError" in caplog.text


def test_nothing_is_left_when_the_add_on_goes(scene: bpy.types.Scene) -> None:
    before = threading.active_count()
    jobs = [Job("trying", endless), Job("trying more", endless)]
    background.read("a book", lambda: time.sleep(0.2), lambda _: None)
    bloom_addon.unregister()
    try:
        assert all(job.finished for job in jobs) and threading.active_count() == before
        assert not background._reads and not bpy.app.timers.is_registered(background._deliver)
    finally:
        bloom_addon.register()
