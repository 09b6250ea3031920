"""How much memory the computer has, as its own tools say."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

import pytest

from bloom_core import machine_memory, native


@pytest.mark.skipif(sys.platform != "linux", reason="/proc/meminfo is Linux's")
def test_it_is_what_linux_says() -> None:
    told = next(line for line in Path("/proc/meminfo").read_text("ascii").splitlines() if line.startswith("MemTotal"))
    assert machine_memory.installed() == int(told.split()[1]) * 1024


def test_a_grid_may_take_half_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine_memory, "installed", lambda: 6 << 30)
    assert native.memory_limit() == 3 << 30
    monkeypatch.setattr(machine_memory, "installed", lambda: None)
    assert native.memory_limit() == 8 << 30


def test_windows_answer_is_as_large_as_windows_wants_it() -> None:
    assert ctypes.sizeof(machine_memory._MemoryStatus) == 64 and machine_memory._MemoryStatus.total.offset == 8
