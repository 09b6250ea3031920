"""Frames as people and farms write them: "1-48,96", "1-100x10" (every tenth; Open Job Description writes "1-100:10")."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

_MOST = 1_000_000
_PART = re.compile(r"(-?\d{1,9})(?:-(-?\d{1,9})(?:[x:]([1-9]\d{0,6}))?)?")


def parse(text: str) -> tuple[int, ...]:
    """Returns the frames that `text` lists, rising, each once. Raises ValueError with an example for anything else."""
    frames: set[int] = set()
    for part in text.replace(" ", "").split(","):
        found = _PART.fullmatch(part)
        if found is None:
            raise ValueError(f"{part!r} in {text!r} is no frame and no range of frames: write them as 1-48,96 or 1-100x10")
        first, last, step = int(found[1]), int(found[2] or found[1]), int(found[3] or 1)
        if last < first:
            raise ValueError(f"{part!r} in {text!r} ends before it begins")
        if (last - first) // step + len(frames) >= _MOST:
            raise ValueError(f"{text!r} lists more than {_MOST:,} frames")
        frames.update(range(first, last + 1, step))
    return tuple(sorted(frames))


def describe(frames: Iterable[int]) -> str:
    """Returns the shortest list of single frames and ranges, as `parse` reads it; "" for no frames."""
    rising = sorted(set(frames))
    breaks = [index + 1 for index, (frame, after) in enumerate(pairwise(rising)) if after != frame + 1]
    runs = [rising[first:last] for first, last in pairwise([0, *breaks, len(rising)])] if rising else []
    return ",".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
