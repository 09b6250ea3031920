"""Lists of frames, as a command line or a farm gives them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bloom_core.frame_ranges import describe, parse


def test_lists_ranges_and_steps() -> None:
    assert parse("96") == (96,)
    assert parse("1-4,96, 3") == (1, 2, 3, 4, 96)
    assert parse("1-10x4") == (1, 5, 9)
    assert parse("-3--1,2") == (-3, -2, -1, 2)


@pytest.mark.parametrize("text", ["", "1,", "a", "1-", "5-1", "1-2x0", "1..4", "1-9999999999", "1-99999999", "²"])
def test_anything_else_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match=r"write them as|ends before|more than 1,000,000"):
        parse(text)


@given(st.sets(st.integers(-500, 5000), min_size=1, max_size=60))
def test_describing_and_parsing_are_inverse(frames: set[int]) -> None:
    text = describe(frames)
    assert parse(text) == tuple(sorted(frames))
    assert not any(f"{frame}," in f"{text}," and f",{frame + 1}," in f",{text}," for frame in frames), "neighbours are joined"


def test_no_frames_are_an_empty_text() -> None:
    assert describe([]) == ""
