"""A thread that works off jobs in order, with a bounded queue; the first job that fails is its last."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

Job = Callable[[], None]


class Background:
    """Runs jobs one after the other in a thread of its own. Once one has raised, `failure` holds its exception and the others are dropped."""

    def __init__(self, capacity: int) -> None:
        self.failure: Exception | None = None
        self._jobs: queue.Queue[Job | None] = queue.Queue(capacity)
        self._thread = threading.Thread(target=self._work, name="bloom-recorder", daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> bool:
        """Hands over a job without waiting; returns False where the queue is full."""
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            return False
        return True

    def close(self, last: Job | None = None, *, patience: float | None = None) -> bool:
        """Runs what is queued and then `last`; returns whether that ended within `patience` seconds (None: however long it takes)."""
        try:
            for job in (last, None) if last is not None else (None,):
                self._jobs.put(job, timeout=patience)
        except queue.Full:
            return False
        self._thread.join(patience)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            if self.failure is None:
                try:
                    job()
                except Exception as error:
                    self.failure = error
            del job  # it holds a block
