"""Long work beside Blender's window: a thread that sees plain data only, and the modal operator that waits for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

import bpy

from bloom_core.native import Cancelled, Progress

from .interface import CANCELLED, EXPECTED, PASS, RUNNING, BloomOperator

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems


class Job:
    """Work in a thread of its own. Poll `fraction` and `finished`; then `result` is what the work returned, or `error` what ended it."""

    _running: ClassVar[set[Job]] = set()

    def __init__(self, name: str, work: Callable[[Progress], Any]) -> None:
        self.name, self.fraction = name, 0.0
        self.result: Any = None
        self.error: Exception | None = None
        self._cancel = threading.Event()
        self._thread = threading.Thread(target=self._work, args=(work,), name=f"Bloom: {name}", daemon=True)
        self._running.add(self)
        self._thread.start()

    @classmethod
    def running(cls, name: str) -> bool:
        """Says whether a job of this name is going on."""
        return any(job.name == name and not job.finished for job in cls._running)

    @classmethod
    def stop_all(cls) -> None:
        """Ends all jobs: Blender takes operators away with their add-on without asking them to stop."""
        for job in list(cls._running):
            job.cancel()

    @property
    def finished(self) -> bool:
        """Says whether the thread has ended."""
        return not self._thread.is_alive()

    def cancel(self) -> None:
        """Asks the work to stop, and waits the moment that takes."""
        self._cancel.set()
        self._thread.join()

    def _work(self, work: Callable[[Progress], Any]) -> None:
        try:
            self.result = work(self._progress)
        except (*EXPECTED, Cancelled) as error:
            self.error = error
        finally:
            self._running.discard(self)

    def _progress(self, fraction: float) -> bool:
        self.fraction = fraction
        return not self._cancel.is_set()


class JobOperator(BloomOperator):
    """An operator whose work runs in a `Job` while Blender stays usable, and is waited for in background mode. Esc stops it.

    Give it `job_name`, as the status bar says it ("growing"), `prepare`, which looks at the scene and returns the work, and `apply`, which writes the
    result. Nothing has changed before `apply`, so a stopped job leaves nothing to undo.
    """

    job_name = ""
    _job: Job | None = None
    _timer: Any = None

    def prepare(self, context: bpy.types.Context) -> Callable[[Progress], Any]:
        """Returns the work, as a function of plain data. Raises one of EXPECTED with what to do where it cannot be done."""
        raise NotImplementedError

    def apply(self, context: bpy.types.Context, result: Any) -> set[OperatorReturnItems]:
        """Writes the result into the scene. Raises one of EXPECTED where it does not fit any more."""
        raise NotImplementedError

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        """Does it all at once, for scripts."""
        try:
            return self.apply(context, self.prepare(context)(lambda _fraction: True))
        except EXPECTED as error:
            return self.refuse(error)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[OperatorReturnItems]:
        """Starts the job."""
        if bpy.app.background:
            return self.execute(context)
        try:
            work = self.prepare(context)
        except EXPECTED as error:
            return self.refuse(error)
        self._job = Job(self.job_name, work)
        manager = context.window_manager
        manager.progress_begin(0.0, 1.0)
        self._timer = manager.event_timer_add(0.1, window=context.window)
        manager.modal_handler_add(self)
        return RUNNING

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[OperatorReturnItems]:
        """Shows how far the job is, and ends with it."""
        job = self._job
        assert job is not None
        if event.type == "ESC":
            job.cancel()
        elif event.type != "TIMER":
            return PASS
        if not job.finished:
            context.window_manager.progress_update(job.fraction)
            context.workspace.status_text_set(f"Bloom: {self.job_name} {job.fraction:.0%} (Esc to stop)")
            return PASS
        self._end(context)
        if isinstance(job.error, Cancelled):
            self.report({"WARNING"}, "Stopped; nothing was changed")
            return CANCELLED
        if job.error is not None:
            return self.refuse(job.error)
        try:
            return self.apply(context, job.result)
        except EXPECTED as error:
            return self.refuse(error)

    def cancel(self, context: bpy.types.Context) -> None:
        """Called by Blender when another file is opened, or Blender is closed, meanwhile."""
        if self._job is not None:
            self._job.cancel()
            self._end(context)

    def _end(self, context: bpy.types.Context) -> None:
        context.window_manager.event_timer_remove(self._timer)
        context.window_manager.progress_end()
        if context.workspace is not None:
            context.workspace.status_text_set(None)


def register() -> None:
    """There is nothing to register; jobs are started by operators."""


def unregister() -> None:
    """Ends all jobs."""
    Job.stop_all()
