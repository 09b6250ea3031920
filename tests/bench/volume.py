"""Volumes: accumulating against iterating alone, and writing VDB against OpenVDB's own Python module with the same voxels."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import numpy as np

from bloom_core import native
from bloom_core.designs import bounds, design
from bloom_core.flame import Flame
from bloom_core.flame_file import read_flames
from bloom_core.native import Box

from .timing import heading, medians, millions, table

ORIGINALS = Path(__file__).parents[3] / "shared" / "data" / "original-bloom" / "flames"
SAMPLES = 64 << 20

WRITER = """
import sys, time
import numpy as np
try:
    import openvdb as vdb
except ImportError:
    import pyopenvdb as vdb
source, out = sys.argv[1:]
stored = np.load(source)
low, shape = stored["low"], stored["shape"]
copied = []
for name in ("density", "palette"):
    dense = np.zeros(shape, np.float32)
    dense[tuple((stored["ijk"] - low).T)] = stored[name]
    start = time.perf_counter()
    grid = vdb.FloatGrid()
    grid.copyFromArray(dense, ijk=tuple(map(int, low)))
    grid.name, grid.saveFloatAsHalf = name, True
    copied.append((grid, time.perf_counter() - start))
start = time.perf_counter()
vdb.write(out, grids=[grid for grid, _ in copied])
print(sum(seconds for _, seconds in copied), time.perf_counter() - start)
"""


@cache
def python_with_openvdb() -> str | None:
    for name in (sys.executable, "/usr/bin/python3", shutil.which("python3")):
        check = "import numpy\ntry:\n    import openvdb\nexcept ImportError:\n    import pyopenvdb"
        if name and subprocess.run([name, "-c", check], capture_output=True).returncode == 0:
            return name
    return None


def flames() -> dict[str, tuple[Flame, Box]]:
    """Returns the flames that are measured: the original Bloom's seven where they are at hand, or the package's designs."""
    found = {}
    if ORIGINALS.is_dir():
        for path in sorted(ORIGINALS.glob("*.flame")):
            flame = read_flames(path)[0][0]
            found[path.stem] = (flame, bounds((flame,)))
    for name in () if found else ("lotus", "peony", "waterlily"):
        found[name] = (design(name).open, design(name).box)
    return found


def accumulation() -> None:
    heading("Accumulating in three dimensions, one thread (bar: 40 M/s at 512³, and no more than twice the time of iterating)")
    rows = []
    for name, (flame, box) in flames().items():
        # Iterating alone: every hit falls outside, where it is dropped.
        far = Box((1e6, 1e6, 1e6), (1e6 + 1, 1e6 + 1, 1e6 + 1))
        jobs = {
            "alone": lambda flame=flame: native.accumulate(flame, SAMPLES, far, 8, threads=1).close(),
            "512": lambda flame=flame, box=box: native.accumulate(flame, SAMPLES, box, 512, filter_radius=1.0, threads=1).close(),
            "two": lambda flame=flame, box=box: native.accumulate(flame, 2 * SAMPLES, box, 512, filter_radius=1.0, threads=2).close(),
        }
        seconds = medians(jobs, 3)
        scaling = 2 * seconds["512"] / seconds["two"]
        rows.append([name, millions(SAMPLES / seconds["alone"]), millions(SAMPLES / seconds["512"]), f"{seconds['512'] / seconds['alone']:.2f}", f"{scaling:.2f}"])
    table(["flame", "iterating", "into 512³", "time, of iterating", f"two threads ({os.cpu_count()} cores)"], rows)


def writing() -> None:
    heading("Writing a sparse VDB at 1024³ (lotus, 10⁸ samples; half precision, `density` and `palette`)")
    python = python_with_openvdb()
    with tempfile.TemporaryDirectory() as folder, native.accumulate(design("lotus").open, 100_000_000, design("lotus").box, 1024) as grid:
        out = Path(folder) / "out.vdb"
        seconds = medians(
            {
                "Bloom": lambda: grid.write_vdb(out, gain=30.0),
                "Bloom, compressed": lambda: grid.write_vdb(Path(folder) / "compressed.vdb", gain=30.0, compressed=True),
            },
            3,
        )
        rows = [[name, f"{time:.2f} s", "", f"{(out if name == 'Bloom' else Path(folder) / 'compressed.vdb').stat().st_size / 1e6:.0f} MB"] for name, time in seconds.items()]
        if python is None:
            rows.append(["python-openvdb", "not here (Debian: python3-openvdb)", "", ""])
        else:
            leaf, *inner = np.nonzero(grid.mask())
            ijk = grid.origins()[leaf] + np.stack(inner, axis=1).astype(np.int32)
            index = (leaf, *inner)
            stored = Path(folder) / "voxels.npz"
            np.savez(stored, ijk=ijk, low=ijk.min(axis=0), shape=np.ptp(ijk, axis=0) + 1, density=grid.density(30.0)[index], palette=grid.palette()[index])
            del leaf, inner, ijk, index
            runs = []
            for _ in range(3):
                run = subprocess.run([python, "-c", WRITER, str(stored), str(Path(folder) / "peer.vdb")], capture_output=True, text=True, check=True)
                runs.append(tuple(map(float, run.stdout.split())))
            copy, write = sorted(runs, key=sum)[1]
            size = (Path(folder) / "peer.vdb").stat().st_size
            rows.append(["python-openvdb: dense array to grid, and writing", f"{copy:.2f} + {write:.2f} s", f"{(copy + write) / seconds['Bloom']:.1f} times Bloom's", f"{size / 1e6:.0f} MB"])
    table(["", "time", "", "file"], rows)
