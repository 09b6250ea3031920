"""Long work beside Blender's window: jobs, which are threads that see plain data only; the operator that waits for one, and the bar that shows it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator
from contextlib import closing
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import bpy
from bpy.props import StringProperty

from bloom_core import take_estimates
from bloom_core.native import Cancelled, Progress

from .interface import CANCELLED, EXPECTED, FINISHED, PASS, RUNNING, BloomOperator, NeedsBloom

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems

Work = Callable[[Progress], Any]
Made = TypeVar("Made")

_POLL = 0.1
_PATIENCE = 20.0
"""Seconds that Blender waits for a thread when the add-on goes: a disk that does not answer must not keep it from closing."""
_log = logging.getLogger(__name__)


class Job:
    """Work in a thread of its own. Poll `fraction` and `finished`; then `result` is what the work returned, or `error` what ended it.

    `name` says what is done ("growing"), `subject` what it is done to ("Lotus").
    """

    _all: ClassVar[list[Job]] = []

    def __init__(self, name: str, work: Work, subject: str = "") -> None:
        self.name, self.title, self.fraction = name, f"{name} {subject}".strip(), 0.0
        self.result: Any = None
        self.error: Exception | None = None
        self._begin = time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(work,), name=f"Bloom: {self.title}", daemon=True)
        Job._all[:] = [job for job in Job._all if not job.finished]
        Job._all.append(self)
        self._thread.start()

    @staticmethod
    def find(name: str) -> Job | None:
        """Returns the job of this name that is going on, or None."""
        return next((job for job in Job._all if job.name == name and not job.finished), None)

    @staticmethod
    def running(name: str) -> bool:
        """Says whether a job of this name is going on."""
        return Job.find(name) is not None

    @staticmethod
    def stop_all() -> None:
        """Ends all jobs: Blender takes operators away with their add-on without asking them to stop."""
        for job in Job._all:
            job.stop()
        for job in Job._all:
            job.wait(_PATIENCE)
        Job._all.clear()

    @property
    def finished(self) -> bool:
        """Says whether the thread has ended."""
        return not self._thread.is_alive()

    @property
    def stopping(self) -> bool:
        """Says whether it was asked to stop."""
        return self._stop.is_set()

    @property
    def detail(self) -> str:
        """Returns how far it is: 34%."""
        return f"{self.fraction:.0%}"

    @property
    def text(self) -> str:
        """Returns how far it is, and how long it will take: 34%, 2 min 10 s to go."""
        if self.stopping:
            return "Stopping"
        left = take_estimates.time_left(self.fraction, time.monotonic() - self._begin)
        return self.detail + (f", {take_estimates.duration(left)} to go" if left is not None else "")

    @property
    def problem(self) -> str:
        """Returns what ended it, for people."""
        if isinstance(self.error, EXPECTED):
            return str(self.error)
        return f"Bloom failed at {self.title} ({type(self.error).__name__}: {self.error}). Blender's console says where"

    def stop(self) -> None:
        """Asks the work to stop, which takes a moment."""
        self._stop.set()

    def wait(self, patience: float | None = None) -> None:
        """Waits for the end, at most so many seconds."""
        self._thread.join(patience)

    def cancel(self) -> None:
        """Asks the work to stop, and waits the moment that takes."""
        self.stop()
        self.wait()

    def _run(self, work: Work) -> None:
        try:
            self.result = work(self._progress)
            if self.stopping:
                raise Cancelled
        except Exception as error:
            self.error = error
            if not isinstance(error, (*EXPECTED, Cancelled)):
                _log.exception("Bloom failed at %s", self.title)

    def _progress(self, fraction: float) -> bool:
        self.fraction = fraction
        return not self.stopping


class JobOperator(BloomOperator):
    """An operator whose work runs in a `Job` while Blender stays usable, and is waited for by scripts and in background mode. Esc stops it.

    Give it `job_name`, as the status bar says it ("growing"); `prepare`, which looks at the scene and returns the work; and `apply`, which writes
    the result. Nothing has changed before `apply`, so a stopped job leaves nothing to undo. One job of a name runs at a time.
    Meanwhile anything may be deleted, renamed or undone: keep a datablock's `session_uid`, and look it up with `still_there`.
    """

    bl_options = {"UNDO"}  # no redo panel: it would do it again, and block, at every touch
    job_name = ""
    when_stopped = "nothing was changed"
    _job: Job
    _timer: Any = None
    _told = ""

    def prepare(self, context: bpy.types.Context) -> Work:
        """Returns the work, as a function of plain data. Raises one of EXPECTED with what to do where it cannot be done."""
        raise NotImplementedError

    def apply(self, context: bpy.types.Context, result: Any) -> set[OperatorReturnItems]:
        """Writes the result into the scene. Raises one of EXPECTED where it does not fit any more."""
        raise NotImplementedError

    def arrived(self, context: bpy.types.Context) -> None:
        """Takes over what is ready, in the main thread: now and then while the job runs, and when it has ended."""

    def start(self, context: bpy.types.Context) -> Job:
        """Starts the job."""
        return Job(self.job_name, self.prepare(context), context.object.name if isinstance(self, NeedsBloom) else "")

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        """Does it: all at once for scripts, beside the window where it was invoked, if only to choose a file first."""
        beside = self.options.is_invoke and not bpy.app.background and context.window is not None
        try:
            other = Job.find(self.job_name)
            if other is not None:
                raise ValueError(f"Bloom is {other.title} already: wait until that is done, or stop it with Esc")
            if beside:
                context.window.cursor_modal_set("WAIT")  # a long run is read, or a long range sampled
            self._job = self.start(context)
        except EXPECTED as error:
            return self.refuse(error)
        finally:
            if beside:
                context.window.cursor_modal_restore()
        if beside:
            self._timer = context.window_manager.event_timer_add(_POLL, window=context.window)
            context.window_manager.modal_handler_add(self)
            return RUNNING
        try:
            self._job.wait()
        finally:
            self._job.stop()  # Ctrl C in a terminal
        return self.finish(context)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[OperatorReturnItems]:
        """Starts the job; to be overridden where something is asked first."""
        return self.execute(context)

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[OperatorReturnItems]:
        """Shows how far the job is, and ends with it."""
        if event.type == "ESC" and event.value == "PRESS" and not self._job.stopping:
            self._job.stop()
            self._tell(context)
            return RUNNING
        if event.type != "TIMER":
            return PASS
        if not self._job.finished:
            self.arrived(context)
            self._tell(context)
            return PASS
        self._end(context)
        try:
            return self.finish(context)
        except Exception as error:  # Blender would go on asking an operator that raised
            _log.exception("Bloom failed after %s", self._job.title)
            return self.refuse(f"Bloom failed after {self._job.title} ({type(error).__name__}: {error}). Blender's console says where")

    def finish(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        """Ends the operator, with the job's result or its error."""
        self.arrived(context)
        if isinstance(self._job.error, Cancelled):
            self.report({"WARNING"}, f"Stopped: {self.when_stopped}")
            return CANCELLED
        if self._job.error is not None:
            return self.refuse(self._job.problem)
        try:
            return self.apply(context, self._job.result)
        except EXPECTED as error:
            return self.refuse(error)

    def cancel(self, context: bpy.types.Context) -> None:
        """Called by Blender when another file is opened, or Blender is closed, meanwhile."""
        self._job.stop()
        self._end(context)

    def _tell(self, context: bpy.types.Context) -> None:
        text = f"Bloom: {self._job.title}. {self._job.text} (Esc to stop: {self.when_stopped})"
        if text != self._told:
            self._told = text
            context.workspace.status_text_set(text)
            redraw()

    def _end(self, context: bpy.types.Context) -> None:
        context.window_manager.event_timer_remove(self._timer)
        if context.workspace is not None:
            context.workspace.status_text_set(None)
        redraw()


class BLOOM_OT_stop_job(BloomOperator):
    """Stop this work; the same as Esc"""

    bl_idname, bl_label, bl_options = "bloom.stop_job", "Stop", {"INTERNAL"}
    name: StringProperty(name="Job", description="What is to stop, such as baking", options={"SKIP_SAVE"})  # type: ignore[valid-type]

    def execute(self, _context: bpy.types.Context) -> set[OperatorReturnItems]:
        job = Job.find(self.name)
        if job is not None:
            job.stop()
        return FINISHED


def draw_job(layout: Any, name: str, scale: float = 1.0) -> bool:
    """Draws how far the job of this name is, with a button that stops it; to be drawn where its own button is. Returns whether there is one."""
    job = Job.find(name)
    if job is not None:
        row = layout.row(align=True)
        row.scale_y = scale
        row.progress(factor=job.fraction, text=job.text)
        row.operator("bloom.stop_job", text="", icon="CANCEL").name = name
    return job is not None


def collect(things: Generator[Made, None, None], total: int, into: list[Made]) -> Work:
    """Returns work that draws all of a generator into a list, from which they can be taken meanwhile; stopped, it ends what it had begun."""

    def work(progress: Progress) -> None:
        with closing(things):
            for number, thing in enumerate(things, 1):
                into.append(thing)
                if not progress(number / total):
                    raise Cancelled

    return work


def still_there(datablocks: Any, uid: int, name: str) -> Any:
    """Returns the datablock of this `session_uid`, which undo and renaming leave as it is. Raises ValueError where it is gone."""
    found = next((each for each in datablocks if each.session_uid == uid), None)
    if found is None:
        raise ValueError(f"{name} is gone: it was deleted, or another file was opened, meanwhile. Nothing was changed")
    return found


_reads: list[tuple[Job, Callable[[Any], None]]] = []


def read(name: str, look: Callable[[], Made], done: Callable[[Made], None]) -> None:
    """Has something read in a thread, without an operator, as panels need it; then gives it to `done` in the main thread, and shows it."""
    _reads.append((Job(name, lambda _: look()), done))
    if not bpy.app.timers.is_registered(_deliver):
        bpy.app.timers.register(_deliver, first_interval=_POLL, persistent=True)


def reading(name: str) -> bool:
    """Says whether something of this name is being read."""
    return any(job.name == name for job, _ in _reads)


def _deliver() -> float | None:
    for each in [each for each in _reads if each[0].finished]:
        _reads.remove(each)
        job, done = each
        if job.error is None:
            try:
                done(job.result)
            except Exception:  # the others are delivered still
                _log.exception("Bloom failed after %s", job.title)
            redraw()
    return _POLL if _reads else None


def redraw(regions: tuple[str, ...] = ("UI",)) -> None:
    """Has the sidebars of all 3D viewports drawn again, or other regions of them."""
    manager = bpy.context.window_manager
    for window in manager.windows if manager is not None else ():
        for area in window.screen.areas:
            for region in area.regions if area.type == "VIEW_3D" else ():
                if region.type in regions:
                    region.tag_redraw()


_register, _unregister = bpy.utils.register_classes_factory((BLOOM_OT_stop_job,))


def register() -> None:
    """Registers the button that stops a job."""
    _register()


def unregister() -> None:
    """Ends all jobs, and forgets what is being read."""
    _reads.clear()
    if bpy.app.timers.is_registered(_deliver):
        bpy.app.timers.unregister(_deliver)
    Job.stop_all()
    _unregister()
