"""Progress of a growth: how far it has come, told between frames, and the wish to stop."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, nullcontext
from typing import TypeVar

from bloom_core.native import Cancelled, Progress

Item = TypeVar("Item")


class Watched:
    """Tells `progress` (None: nobody) the share done of all `steps`, as they are gone through; raises Cancelled where it answers False."""

    def __init__(self, progress: Progress | None, steps: int) -> None:
        self._progress, self._steps, self._done = progress, max(1, steps), 0

    def through(self, items: Iterable[Item], steps: int = 1) -> Iterator[Item]:
        """Yields the items; each counts as so many steps once the next is asked for."""
        with closing(iter(items)) if isinstance(items, Generator) else nullcontext(items) as given:  # cancelled, it must not go on
            for item in given:
                yield item
                self.skip(steps)

    def skip(self, steps: int) -> None:
        """Counts steps that are done, or need not be."""
        self._done += steps
        if self._progress is not None and not self._progress(min(1.0, self._done / self._steps)):
            raise Cancelled

    def asked(self, items: Iterable[Item]) -> Iterator[Item]:
        """Yields the items, which are no steps, and asks after each whether to go on."""
        return self.through(items, 0)


UNWATCHED = Watched(None, 1)
