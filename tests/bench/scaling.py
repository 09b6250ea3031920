"""Cost against work: samples, resolution, xforms, threads; each in a process of its own, with its time and its largest memory."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from importlib import resources

from bloom_core.designs import design

from .timing import heading, in_a_process, millions, table

SCRIPT = """
import json, sys, time
import numpy as np
from dataclasses import replace
from bloom_core import native
from bloom_core.flames.flame_file import read_flames
from bloom_core.native import Box
samples, resolution, xforms, threads = map(int, sys.argv[1:5])
flame = read_flames(sys.argv[5])[0][1]
box = Box(*map(tuple, json.loads(sys.argv[6])))
if xforms:
    # Its own xforms again and again, each turned a little: as many as asked for, alike in what they cost.
    def turned(number):
        xform = flame.xforms[number % len(flame.xforms)]
        angle = 0.05 * (number // len(flame.xforms))
        turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
        return replace(xform, pre=turn @ xform.pre)
    flame = replace(flame, xforms=tuple(turned(number) for number in range(xforms)), xaos=None)
native.points(flame, 1000)
before = peak()
begin = time.perf_counter()
grid = native.accumulate(flame, samples, box, resolution, filter_radius=1.0, threads=threads)
print(json.dumps({"seconds": time.perf_counter() - begin, "leaves": grid.leaf_count, "before": before}))
"""


@dataclass(frozen=True)
class Work:
    samples: int = 100_000_000
    resolution: int = 512
    xforms: int = 0  # 0: the design's own
    threads: int = 1


def works() -> dict[str, list[Work]]:
    return {
        "samples": [Work(samples=10**power) for power in (6, 7, 8, 9)],
        "grid": [Work(resolution=side) for side in (128, 256, 512, 1024, 2048)],
        "xforms": [Work(xforms=count) for count in (2, 4, 8, 16, 32)],
        "threads": [Work(threads=count) for count in sorted({1, 2, *(2**n for n in range(2, 8) if 2**n <= (os.cpu_count() or 1))})],
    }


def main() -> None:
    heading("Cost against work (the design lotus, one thread and 10⁸ samples into 512³ where nothing else is said)")
    box = design("lotus").box
    flower = (str(resources.files("bloom_core") / "flowers" / "lotus.flame"), json.dumps([box.low, box.high]))
    rows = []
    for what, list_of in works().items():
        for work in list_of:
            runs = [in_a_process(SCRIPT, work.samples, work.resolution, work.xforms, work.threads, *flower) for _ in range(3)]
            runs.sort(key=lambda run: run["seconds"])
            run = runs[1]
            told = {"samples": f"{work.samples:.0e}", "grid": f"{work.resolution}³", "xforms": str(work.xforms), "threads": str(work.threads)}[what]
            rate, seconds = millions(work.samples / run["seconds"]), f"{run['seconds']:.2f} s"
            memory, leaves = run["peak"] - run["before"], run["leaves"] * 4096
            rows.append([what, told, seconds, rate, f"{memory / 2**20:.0f} MiB", f"{leaves / 2**20:.0f} MiB"])
    table(["varied", "value", "time", "iterations", "peak memory", "of which touched leaves"], rows)
