"""`make bench`: how fast the renderer is, as ratios against other ways of doing the same, medians of one run."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

from bloom_core import native
from bloom_core.designs import design
from bloom_core.flame import Flame, Variation, Xform
from bloom_core.native import Box

REPEATS = 5


def median_seconds(job: Callable[[], object]) -> float:
    """Returns the median of REPEATS runs, after one that does not count."""
    job()
    times = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        job()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def sierpinski() -> Flame:
    """Returns the gasket of three linear xforms, the simplest flame there is."""
    offsets = ((0.0, 0.0), (0.5, 0.0), (0.25, 0.43))
    pre = [np.array([[0.5, 0, 0, x], [0, 0.5, 0, y], [0, 0, 1, 0]]) for x, y in offsets]
    return Flame(tuple(Xform((Variation("linear", 1.0),), pre=matrix) for matrix in pre))


def numpy_game(flame: Flame, samples: int) -> None:
    """The same chaos game for linear xforms in numpy: a pool of points, one draw of an xform each per step."""
    random = np.random.default_rng(0)
    pool = 1 << 16
    matrices = np.stack([xform.pre[:2, [0, 1, 3]] for xform in flame.xforms]).astype(np.float32)
    position = random.random((pool, 2), np.float32)
    for _ in range(samples // pool):
        chosen = matrices[random.integers(0, len(matrices), pool)]
        position = np.einsum("nij,nj->ni", chosen[:, :, :2], position) + chosen[:, :, 2]


def row(name: str, value: str, against: str = "") -> None:
    print(f"{name:<58}{value:>14}  {against}", flush=True)


def rate(samples: int, seconds: float) -> str:
    return f"{samples / seconds / 1e6:.1f} M/s"


def grid_seconds(flame: Flame, box: Box, samples: int, resolution: int, threads: int = 1) -> float:
    return median_seconds(lambda: native.accumulate(flame, samples, box, resolution, threads=threads).close())


def engine() -> None:
    gasket, lotus = sierpinski(), design("lotus").open
    unit, box, samples = Box((0, 0, -0.1), (1, 1, 0.1)), design("lotus").box, 8 << 20
    slow = samples / 16 / median_seconds(lambda: numpy_game(gasket, samples // 16))
    fast = samples / grid_seconds(gasket, unit, samples, 8)
    row("gasket, numpy, iterating only", f"{slow / 1e6:.1f} M/s")
    row("gasket, native, one thread, into a tiny grid", f"{fast / 1e6:.1f} M/s", f"{fast / slow:.0f} times numpy")
    for name, flame, where in (("gasket", gasket, unit), ("lotus", lotus, box)):
        tiny = grid_seconds(flame, where, samples, 8)
        row(f"{name}, one thread, grid 8^3 (hardly a scatter)", rate(samples, tiny))
        for resolution in (128, 256, 512):
            full = grid_seconds(flame, where, samples, resolution)
            row(f"{name}, one thread, grid {resolution}^3", rate(samples, full), f"{full / tiny:.2f} times the time of iterating")
    one, two = (grid_seconds(lotus, box, samples * 2, 256, threads) for threads in (1, 2))
    row("lotus, two threads, grid 256^3", rate(samples * 2, two), f"{one / two:.2f} times one thread, on {os.cpu_count()} cores")


def kernels() -> None:
    """Each instruction set in a process of its own: the choice is made when the library loads."""
    script = (
        "import time; from bloom_core import native; from bloom_core.designs import design; d = design('lotus'); t = []\n"
        "for _ in range(6):\n"
        " b = time.perf_counter(); native.accumulate(d.open, 8 << 20, d.box, 256, threads=1).close(); t.append(time.perf_counter() - b)\n"
        "print(native.kernel_name(), sorted(t[1:])[2])"
    )
    base = 0.0
    for kernel in ("v2", "v3", "v4"):
        out = subprocess.run([sys.executable, "-c", script], env=os.environ | {"BLOOM_KERNEL": kernel}, capture_output=True, text=True, check=True)
        name, seconds = out.stdout.split()
        if name == kernel:
            base = base or float(seconds)
            row(f"lotus, one thread, grid 256^3, x86-64-{kernel}", rate(8 << 20, float(seconds)), f"{base / float(seconds):.2f} times x86-64-v2")


if __name__ == "__main__":
    print(f"kernel {native.kernel_name()}, medians of {REPEATS} runs\n")
    engine()
    if native.kernel_name() != "neon":
        kernels()
