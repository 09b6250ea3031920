"""Work on all cores: the same as `map`, in order, and nothing goes on once nobody asks any more."""

from __future__ import annotations

import threading
import time

import pytest

from bloom_core import side_by_side as module
from bloom_core.side_by_side import side_by_side


def test_it_is_map_whatever_takes_how_long() -> None:
    def slow(number: int) -> int:
        time.sleep(0.01 if number % 3 == 0 else 0.0)
        return number * number

    assert list(side_by_side(slow, range(20))) == [number * number for number in range(20)]
    assert list(side_by_side(slow, [])) == []


def test_what_goes_wrong_is_raised_in_its_place() -> None:
    found = side_by_side(lambda number: 1 // (2 - number), range(9))
    assert [next(found), next(found)] == [0, 1]
    with pytest.raises(ZeroDivisionError):
        next(found)


def test_nothing_more_begins_once_it_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.os, "cpu_count", lambda: 3)
    begun: list[int] = []
    threads = threading.active_count()
    found = side_by_side(begun.append, range(1000))
    next(found)
    found.close()
    assert len(begun) <= 5 and threading.active_count() == threads


def test_one_core_takes_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.os, "cpu_count", lambda: 1)
    assert set(side_by_side(lambda _: threading.current_thread(), range(3))) == {threading.current_thread()}
