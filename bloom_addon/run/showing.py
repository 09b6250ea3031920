"""A bloom's run on the timeline: which frame shows which step, and which events are listed. Reads, and writes nothing."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import bpy

from bloom_core.events import KINDS
from bloom_core.growth import shown_steps
from bloom_core.growth.shown_steps import ShownSteps
from bloom_core.reports.digest import Digest

from .. import properties
from ..properties import run_view
from . import reading

_read_steps = lru_cache(maxsize=16)(shown_steps.read)


def shown_bloom(context: bpy.types.Context) -> bpy.types.Object | None:
    """Returns the bloom whose run is shown: the active object, or what it hangs on (a petal's handle hangs on its bloom)."""
    obj = context.object
    while obj is not None and properties.bloom_of(obj) is None:
        obj = obj.parent
    return obj


def steps_of(bloom: Any, digest: Digest) -> ShownSteps | None:
    """Returns which step each frame shows, None where the bloom was not grown, or from another run than `digest`."""
    steps = _read_steps(bloom.frame_steps) if bloom.frame_steps else None
    if steps is None or steps.last_row >= len(digest.steps):
        return None
    return steps if steps.run == bloom.run or _source(steps.run) == _source(bloom.run) else None


def frame_of(bloom: Any, digest: Digest, index: int) -> int | None:
    """Returns the frame that shows an event, None where no frame does."""
    steps = steps_of(bloom, digest)
    return None if steps is None else steps.frame_of(int(digest.rows[index]))


def kind_of(kind: str) -> str:
    """Returns the kind that stands for an event's kind in the list's filter."""
    return kind if kind in KINDS else run_view.OTHER


def listed(scene: bpy.types.Scene, digest: Digest) -> list[int]:
    """Returns the numbers of the events that the filter lets through, in the order of their steps."""
    kinds = run_view.view_of(scene).kinds
    return [number for number, event in enumerate(digest.events[: reading.MOST_ROWS]) if kind_of(event.kind) in kinds]


def active(scene: bpy.types.Scene, bloom: Any, digest: Digest) -> int | None:
    """Returns the number of the active event: the one chosen, or where the filter hides it the most serious that is listed; None where none is."""
    numbers = listed(scene, digest)
    if bloom.active_event in numbers:
        return int(bloom.active_event)
    return max(numbers, key=lambda number: (int(digest.weights[number]), -number), default=None)


def _source(name: str) -> Path | None:
    return reading.source(name) if name else None
