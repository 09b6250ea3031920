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
from bloom_core.flames.flame import Flame
from bloom_core.flames.flame_file import read_flames
from bloom_core.native import Box

from .timing import heading, medians, millions, table

ORIGINALS = Path(__file__).parents[3] / "shared" / "data" / "original-bloom" / "flames"
SAMPLES = 128 << 20
FAR = Box((1e6, 1e6, 1e6), (1e6 + 1, 1e6 + 1, 1e6 + 1))
"""A box that no flame reaches: every hit is dropped there, and what is left is iterating."""

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
    heading("Accumulating in three dimensions, 134 M samples, one thread (bar: 40 M/s at 512³, no more than twice the time of iterating)")
    rows = []
    for name, (flame, box) in flames().items():
        jobs = {
            "alone": lambda flame=flame: native.accumulate(flame, SAMPLES // 4, FAR, 8, threads=1).close(),
            "512": lambda flame=flame, box=box: native.accumulate(flame, SAMPLES, box, 512, filter_radius=1.0, threads=1).close(),
            "two": lambda flame=flame, box=box: native.accumulate(flame, SAMPLES, box, 512, filter_radius=1.0, threads=2).close(),
        }
        seconds = medians(jobs, 3)
        alone, full, two = 4 * seconds["alone"], seconds["512"], seconds["two"]
        rows.append([name, millions(SAMPLES / alone), millions(SAMPLES / full), f"{full / alone:.2f}", f"{full / two:.2f}"])
    table(["flame", "iterating", "into 512³", "time, of iterating", f"two threads ({os.cpu_count()} cores)"], rows)


def megabytes(path: Path) -> str:
    return f"{path.stat().st_size / 1e6:.0f} MB"


def peer(python: str, grid: native.Grid, folder: Path) -> tuple[float, float]:
    """Returns the seconds that python-openvdb takes to make grids of the same voxels and to write them; a median of three runs."""
    leaf, *inner = np.nonzero(grid.mask())
    ijk = grid.origins()[leaf] + np.stack(inner, axis=1).astype(np.int32)
    index = (leaf, *inner)
    stored = folder / "voxels.npz"
    values = {"density": grid.density(30.0)[index], "palette": grid.palette()[index]}
    np.savez(stored, ijk=ijk, low=ijk.min(axis=0), shape=np.ptp(ijk, axis=0) + 1, **values)
    runs = []
    for _ in range(3):
        run = subprocess.run([python, "-c", WRITER, str(stored), str(folder / "peer.vdb")], capture_output=True, text=True, check=True)
        copy, write = map(float, run.stdout.split())
        runs.append((copy, write))
    return sorted(runs, key=sum)[1]


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
        files = {"Bloom": out, "Bloom, compressed": Path(folder) / "compressed.vdb"}
        rows = [[name, f"{time:.2f} s", "", megabytes(files[name])] for name, time in seconds.items()]
        if python is None:
            rows.append(["python-openvdb", "not here (Debian: python3-openvdb)", "", ""])
        else:
            copy, write = peer(python, grid, Path(folder))
            times = f"{(copy + write) / seconds['Bloom']:.1f} times Bloom's"
            rows.append(["python-openvdb, from dense arrays", f"{copy:.2f} + {write:.2f} s", times, megabytes(Path(folder) / "peer.vdb")])
    table(["", "time", "", "file"], rows)


def main() -> None:
    accumulation()
    writing()
