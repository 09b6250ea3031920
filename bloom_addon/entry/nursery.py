"""The children that the breeding grid shows. They live in the session: one that is put into a bloom, or saved, stays."""

from __future__ import annotations

import threading

from bloom_core import flower_children
from bloom_core.designs import Design
from bloom_core.flower_children import Child

from ..interface import EXPECTED
from . import previews

_children: list[Child] = []


def children() -> list[Child]:
    """Returns the children so far."""
    return list(_children)


def icon(index: int) -> int:
    """Returns the icon of a child; 0 without a window."""
    return previews.icon_of_pixels(_icon_name(index), _children[index].picture)


def clear() -> None:
    """Forgets all children."""
    for index in range(len(_children)):
        previews.forget(_icon_name(index))
    _children.clear()


def add(child: Child) -> None:
    """Puts a child into the grid."""
    _children.append(child)


def _icon_name(index: int) -> str:
    return f"child {index}"


class Growing:
    """Makes children in a thread, which sees plain data alone; `collect` puts those that are ready into the grid."""

    def __init__(self, first: Design, second: Design | None, strength: float, seed: int) -> None:
        self.problem = ""
        self._ready: list[Child] = []
        self._stop = False
        self._thread = threading.Thread(target=self._work, args=(first, second, strength, seed), name="Bloom children", daemon=True)
        self._thread.start()

    def _work(self, first: Design, second: Design | None, strength: float, seed: int) -> None:
        try:
            for child in flower_children.litter(first, second, strength, seed):
                if self._stop:
                    return
                self._ready.append(child)
        except EXPECTED as error:
            self.problem = str(error)

    def collect(self) -> bool:
        """Puts what is ready into the grid; says whether there is more to come."""
        running = self._thread.is_alive()
        while self._ready:
            add(self._ready.pop(0))
        return running

    def join(self) -> None:
        """Waits until all children are there."""
        self._thread.join()

    def stop(self) -> None:
        """Ends the thread after the child that it is at."""
        self._stop = True


def register() -> None:
    """There is nothing to do: the grid is empty at first."""


def unregister() -> None:
    """Forgets all children."""
    clear()
