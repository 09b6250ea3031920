"""The children that the breeding grid shows. They live in the session: one that is put into a bloom, or saved, stays."""

from __future__ import annotations

from bloom_core.flower_children import Child

from . import previews

GROWING = "growing children of"
"""The name of the job."""

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


def register() -> None:
    """There is nothing to do: the grid is empty at first."""


def unregister() -> None:
    """Forgets all children."""
    clear()
