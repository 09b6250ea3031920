"""The native library goes when it is asked to, so that its file can be replaced; but not from under what is open. Each in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

BEGIN = """
import gc, os, threading
from pathlib import Path
from bloom_core import designs, library, native
lotus = designs.design("lotus").open
def mapped():
    return Path("/proc/self/maps").exists() and library.library_path().name in Path("/proc/self/maps").read_text()
def grid():
    return native.accumulate(lotus, 10_000, native.Box((-2, -2, -2), (2, 2, 2)), 16)
"""
SCENES = {
    "it goes, and comes again": """
before = native.points(lotus, 1000).position
assert mapped() or not Path("/proc/self/maps").exists()
assert library.unload() and not mapped()
assert (native.points(lotus, 1000).position == before).all()
assert library.unload() and library.unload() and not mapped()
""",
    "it stays while a grid is open": """
held = grid()
assert not library.unload()
assert held.mask().any()
held.close(); held.close()
assert library.unload() and not mapped()
""",
    "it goes with a grid that nobody can reach": """
lost = [grid()]; lost.append(lost); del lost
assert library.unload() and not mapped()
gc.collect()
""",
    "it stays while a job runs": """
begun, end = threading.Event(), threading.Event()
def look(fraction):
    begun.set()
    return not end.is_set()
def work():
    try: native.points(lotus, 200_000_000, progress=look)
    except native.Cancelled: pass
job = threading.Thread(target=work); job.start(); begun.wait(60)
assert not library.unload()
end.set(); job.join()
assert library.unload() and not mapped()
""",
    "it goes after failures": """
import numpy
for _ in range(3):
    try: native.points(lotus, 1000, threads=1, progress=lambda _: False)
    except native.Cancelled: pass
    try: native.OpenFlame.__new__(native.OpenFlame).open(numpy.zeros(3))
    except native.NativeError: pass
from bloom_core.images import image
image.thumbnail(lotus, 16, quality=1.0)
assert library.unload() and not mapped()
""",
}


@pytest.mark.parametrize("scene", SCENES)
def test_the_library(scene: str) -> None:
    done = subprocess.run([sys.executable, "-c", BEGIN + SCENES[scene]], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
