"""A growth under way: a thread that sees only plain data, watched by a modal operator. One at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable

from bloom_core.growth.animation import Animation
from bloom_core.native import Cancelled, Progress

Work = Callable[[Progress], Animation]


class Job:
    """Runs `work` in a thread; `fraction` is how far it is, and once it is `over` there is a `result`, an `error`, or neither: it was stopped."""

    def __init__(self, work: Work) -> None:
        self.fraction, self.stopping = 0.0, False
        self.result: Animation | None = None
        self.error: Exception | None = None
        self._work = work
        self._thread = threading.Thread(target=self._run, name="Bloom growth", daemon=True)
        self._thread.start()

    @property
    def over(self) -> bool:
        """Whether the thread has ended."""
        return not self._thread.is_alive()

    def stop(self) -> None:
        """Asks the thread to end; it does so after the frame that it is at."""
        self.stopping = True

    def wait(self) -> None:
        """Waits for the thread to end."""
        self._thread.join()

    def _run(self) -> None:
        try:
            result = self._work(self._told)
            self.result = None if self.stopping else result
        except Cancelled:
            pass
        except Exception as error:
            self.error = error

    def _told(self, fraction: float) -> bool:
        self.fraction = fraction
        return not self.stopping


_current: list[Job] = []


def start(work: Work) -> Job:
    """Starts a growth. Raises ValueError while another one is under way."""
    if running() is not None:
        raise ValueError("A flower is growing already: wait until it has, or press Esc to cancel it")
    _current[:] = [Job(work)]
    return _current[0]


def running() -> Job | None:
    """Returns the growth that is under way, or None."""
    return _current[0] if _current and not _current[0].over else None


def register() -> None:
    """Nothing runs yet."""


def unregister() -> None:
    """Ends what is under way."""
    for each in _current:
        each.stop()
        each.wait()
    _current.clear()
