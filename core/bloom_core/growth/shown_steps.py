"""Which recorded step each frame of a growth shows, in both directions, and as a text that a .blend can keep."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ShownSteps:
    """F frames from `frame_start` on, and the row of the run, int64 (F,) never falling, that each shows; `run`: its name when it was grown.

    It tells of the growth as it was written: keys that were moved or scaled since are not followed.
    """

    frame_start: int
    rows: NDArray[np.int64]
    run: str = ""

    @property
    def frame_end(self) -> int:
        """The last frame."""
        return self.frame_start + len(self.rows) - 1

    @property
    def last_row(self) -> int:
        """The row that the last frame shows: of a growth, the run's last."""
        return int(self.rows[-1])

    def row_at(self, frame: float) -> int:
        """Returns the row that a frame shows; before the first and after the last frame the flower stands still."""
        return int(self.rows[min(max(int(frame) - self.frame_start, 0), len(self.rows) - 1)])

    def frame_of(self, row: int) -> int:
        """Returns the first frame in which the step of `row` has been made: where what it did is seen first."""
        return self.frame_start + min(int(np.searchsorted(self.rows, row)), len(self.rows) - 1)

    def text(self) -> str:
        """Returns this as a line of JSON, which `read` reads."""
        return json.dumps({"run": self.run, "frame_start": self.frame_start, "rows": self.rows.tolist()}, separators=(",", ":"))


def read(text: str) -> ShownSteps | None:
    """Returns what `ShownSteps.text` wrote, or None where the text says nothing of the kind."""
    try:
        told = json.loads(text)
        rows = np.array(told["rows"], dtype=np.int64)
        start, run = told["frame_start"], told["run"]
    except (ValueError, KeyError, TypeError, OverflowError):
        return None
    sound = rows.ndim == 1 and len(rows) > 0 and rows[0] >= 0 and bool((np.diff(rows) >= 0).all())
    return ShownSteps(start, rows, run) if sound and type(start) is int and isinstance(run, str) else None
