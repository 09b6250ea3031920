"""Which step each frame shows: there and back, and as a text in a .blend."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from bloom_core.growth import shown_steps
from bloom_core.growth.shown_steps import ShownSteps

ROWS = some.lists(some.integers(0, 10**9), min_size=1, max_size=60).map(sorted)


@given(ROWS, some.integers(-10_000, 10_000), some.text(max_size=20))
def test_the_text_reads_back(rows: list[int], start: int, run: str) -> None:
    steps = ShownSteps(start, np.array(rows, np.int64), run)
    again = shown_steps.read(steps.text())
    assert again is not None and (again.frame_start, again.rows.tolist(), again.run) == (start, rows, run)


@given(ROWS, some.integers(-100, 100))
def test_an_event_is_seen_first_in_the_first_frame_that_has_made_its_step(rows: list[int], start: int) -> None:
    steps = ShownSteps(start, np.array(rows, np.int64))
    for row in range(max(0, rows[0] - 1), min(rows[-1] + 3, rows[0] + 200)):
        frame = steps.frame_of(row)
        assert start <= frame <= steps.frame_end == start + len(rows) - 1
        assert steps.row_at(frame) >= min(row, steps.last_row)
        assert frame == start or steps.row_at(frame - 1) < row
    assert steps.row_at(start - 5) == rows[0] and steps.row_at(steps.frame_end + 5) == rows[-1]


GOOD = {"run": "digits", "frame_start": 1, "rows": [0, 3]}


@pytest.mark.parametrize(
    "text",
    ["", "nothing", "[1]", "{}", *(json.dumps(GOOD | wrong) for wrong in (
        {"rows": []}, {"rows": [3, 0]}, {"rows": [-1]}, {"rows": [[1]]}, {"rows": "x"}, {"rows": [10**30]}, {"frame_start": 1.5}, {"run": 3},
    ))],
)  # fmt: skip
def test_other_texts_say_nothing(text: str) -> None:
    assert shown_steps.read(json.dumps(GOOD)) is not None
    assert shown_steps.read(text) is None
