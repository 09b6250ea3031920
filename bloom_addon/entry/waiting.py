"""Work that takes seconds: a thread does it, which sees plain data alone, and the interface stays free, with progress and Esc."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import bpy

from ..interface import CANCELLED, EXPECTED, PASS, RUNNING, BloomOperator

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import OperatorReturnItems

Made = TypeVar("Made")


class Job(Generic[Made]):
    """Draws from an iterator in a thread; `take` gives what is ready. `what` names the `total` things that it makes."""

    def __init__(self, things: Iterator[Made], total: int, what: str) -> None:
        self.problem, self.count, self.total, self.what = "", 0, total, what
        self._ready: list[Made] = []
        self._stop = False
        self._thread = threading.Thread(target=self._work, args=(things,), name=f"Bloom {what}", daemon=True)
        self._thread.start()

    def _work(self, things: Iterator[Made]) -> None:
        try:
            for thing in things:
                if self._stop:
                    return
                self._ready.append(thing)
                self.count += 1
        except EXPECTED as error:
            self.problem = str(error)

    def take(self) -> list[Made]:
        """Returns what has become ready since the last time."""
        return [self._ready.pop(0) for _ in range(len(self._ready))]

    def running(self) -> bool:
        """Says whether there is more to come."""
        return self._thread.is_alive()

    def join(self) -> None:
        """Waits for the end."""
        self._thread.join()

    def stop(self) -> None:
        """Ends the thread after the thing that it is at."""
        self._stop = True


class WaitingOperator(BloomOperator):
    """An operator that waits for a job. Without a window it just waits."""

    _job: Job[Any]
    _timer: bpy.types.Timer

    def begin(self, context: bpy.types.Context) -> Job[Any]:
        """Starts the job. Raises any of EXPECTED."""
        raise NotImplementedError

    def keep(self, made: list[Any]) -> None:
        """Is given, in the main thread, what has become ready."""
        raise NotImplementedError

    def finish(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        """Ends the operator when all is there. Raises any of EXPECTED."""
        raise NotImplementedError

    def execute(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        try:
            self._job = self.begin(context)
        except EXPECTED as error:
            return self.refuse(error)
        self._job.join()
        return self._end(context)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[OperatorReturnItems]:
        if bpy.app.background or context.window is None:
            return self.execute(context)
        try:
            self._job = self.begin(context)
        except EXPECTED as error:
            return self.refuse(error)
        manager = context.window_manager
        self._timer = manager.event_timer_add(0.1, window=context.window)
        manager.modal_handler_add(self)
        manager.progress_begin(0, self._job.total)
        return RUNNING

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[OperatorReturnItems]:
        job = self._job
        if event.type == "ESC":
            job.stop()
            self._tidy(context)
            return CANCELLED
        if event.type != "TIMER":
            return PASS
        running = job.running()  # asked first: what comes between is there afterwards
        self.keep(job.take())
        context.window_manager.progress_update(job.count)
        context.workspace.status_text_set(f"Bloom: {job.count} of {job.total} {job.what} (Esc to stop)")
        redraw(context)
        if running:
            return RUNNING
        self._tidy(context)
        return self._end(context)

    def _end(self, context: bpy.types.Context) -> set[OperatorReturnItems]:
        self.keep(self._job.take())
        if self._job.problem:
            return self.refuse(self._job.problem)
        try:
            return self.finish(context)
        except EXPECTED as error:
            return self.refuse(error)

    def _tidy(self, context: bpy.types.Context) -> None:
        context.window_manager.event_timer_remove(self._timer)
        context.window_manager.progress_end()
        context.workspace.status_text_set(None)
        redraw(context)


def redraw(context: bpy.types.Context) -> None:
    """Draws all 3D viewports anew, and with them the sidebar."""
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                area.tag_redraw()
