"""Runs in brief, each read once: in a thread that sees only a path, so that a large run never halts the interface.

A run is known by its path, time and size: one that was recorded further, or replaced, is read again. What was read is forgotten
when a file is loaded and when the add-on goes.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import bpy
from bpy.app.handlers import persistent

from bloom_core.reports import digest
from bloom_core.reports.digest import Digest
from bloom_core.trajectories import trajectory

from .. import background
from ..interface import EXPECTED
from ..properties import run_view

MOST_RUNS = 8
"""So many runs are kept."""

MOST_ROWS = 10_000
"""So many events are listed at most."""

LOOK_EVERY = 1.0
"""Seconds between two looks at a file's time and size: it may lie on a slow disk, and panels are drawn often."""

_Stamp = tuple[int, int]


@dataclass(eq=False)
class Reading:
    """What is known of a run now: `digest` (of an earlier state while it is read again), `problem` (what is wrong, ""), `pending` (being read)."""

    path: Path
    stamp: _Stamp | None = None
    looked: float = 0.0
    digest: Digest | None = None
    problem: str = ""
    pending: bool = False


_readings: dict[str, Reading] = {}


def source(name: str) -> Path:
    """Returns the file or folder of the run that a bloom's `run` names."""
    return _examples().get(name) or Path(bpy.path.abspath(name))


def look(name: str) -> Reading:
    """Returns what is known of a run, and begins to read it where that is not known; quick enough for every redraw."""
    reading = _reading(name)
    if not reading.pending and time.monotonic() - reading.looked > LOOK_EVERY:
        _look_again(reading)
    return reading


def read_now(name: str) -> Digest:
    """Returns a run in brief, reading it here and now where it is not known. Raises RunError, OSError."""
    reading = _reading(name)
    stamp = _stamp(reading.path)
    if reading.digest is None or reading.stamp != stamp:
        reading.digest = digest.digest(trajectory.read_run(reading.path))
        reading.stamp, reading.problem, reading.looked = stamp, "", time.monotonic()
    make_rows(len(reading.digest.events))
    return reading.digest


def forget() -> None:
    """Forgets all runs; what is being read is thrown away when it comes."""
    _readings.clear()


def make_rows(count: int) -> None:
    """Gives the event list at least `count` rows, at most MOST_ROWS."""
    rows = run_view.event_rows(bpy.context.window_manager).rows
    for _ in range(min(count, MOST_ROWS) - len(rows)):
        rows.add()


def want_rows() -> None:
    """Lets the event list get its rows as soon as the redraw is over: a redraw itself may not write."""
    if not bpy.app.timers.is_registered(_deliver):
        bpy.app.timers.register(_deliver, first_interval=0.0)


@cache
def _examples() -> dict[str, Path]:
    """Returns the files of the runs that come with the package: looked up once, for a redraw asks for them."""
    return {name: trajectory.embedded_run(name) for name in trajectory.embedded_runs()}


def _reading(name: str) -> Reading:
    path = source(name)
    key = str(path)
    reading = _readings.pop(key, None) or Reading(path)
    _readings[key] = reading  # the last used comes last
    while len(_readings) > MOST_RUNS:
        del _readings[next(iter(_readings))]
    return reading


def _stamp(path: Path) -> _Stamp | None:
    """Returns time and size of a run, None where there is none. Of a folder they are those of the files that change while it grows."""
    try:
        entries = [path, *path.glob("steps-*.npz"), *path.glob("run.json")] if path.is_dir() else [path]
        states = [entry.stat() for entry in entries]
    except OSError:
        return None
    return max(state.st_mtime_ns for state in states), sum(state.st_size for state in states)


def _look_again(reading: Reading) -> None:
    reading.looked = time.monotonic()
    stamp = _stamp(reading.path)
    if stamp is None:
        reading.stamp, reading.digest = None, None
        reading.problem = f"{reading.path.name or 'The run'} is not there any more: it was moved, renamed or deleted"
    elif stamp != reading.stamp:
        reading.stamp, reading.pending = stamp, True
        background.read(f"reading {reading.path.name}", lambda: _read(reading), lambda _: _deliver())


def _read(reading: Reading) -> None:
    """Works in a thread of its own; touches no Blender data."""
    found, problem = None, "The run could not be read; Blender's console says why"
    try:
        found, problem = digest.digest(trajectory.read_run(reading.path)), ""
    except (*EXPECTED, MemoryError) as error:
        problem = str(error) or type(error).__name__
    finally:
        reading.digest, reading.problem, reading.pending = found, problem, False


def _deliver() -> None:
    """Gives the list its rows, and shows what came."""
    make_rows(max((len(reading.digest.events) for reading in _readings.values() if reading.digest is not None), default=0))
    background.redraw(("UI", "WINDOW"))


@persistent  # type: ignore[untyped-decorator]
def _forget_at_load(*_: Any) -> None:
    forget()


def register() -> None:
    """Lets a loaded file begin anew."""
    bpy.app.handlers.load_post.append(_forget_at_load)


def unregister() -> None:
    """Leaves no handler, no timer and no run behind."""
    bpy.app.handlers.load_post.remove(_forget_at_load)
    if bpy.app.timers.is_registered(_deliver):
        bpy.app.timers.unregister(_deliver)
    forget()
