"""The engine against numpy, its instruction sets against each other, and float against double."""

from __future__ import annotations

import numpy as np

from bloom_core import native
from bloom_core.flames.flame import Flame, Variation, Xform

from .timing import heading, in_a_process, medians, millions, table
from .volume import FAR

SAMPLES = 32 << 20

SCRIPT = """
import json, sys, time
from bloom_core import native
from bloom_core.designs import design
d, double, t = design("lotus"), sys.argv[1] == "double", []
for _ in range(4):
    begin = time.perf_counter()
    native.accumulate(d.open, 16 << 20, d.box, 256, filter_radius=1.0, threads=1, double=double).close()
    t.append(time.perf_counter() - begin)
print(json.dumps({"seconds": sorted(t[1:])[1], "kernel": int(native.kernel_name() == sys.argv[2])}))
"""


def gasket() -> Flame:
    """Returns Sierpinski's gasket, three linear xforms: the simplest flame there is."""
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


def main() -> None:
    heading("The same game in numpy (gasket, one thread, iterating alone)")
    few = SAMPLES // 16
    seconds = medians({"numpy": lambda: numpy_game(gasket(), few), "Bloom": lambda: native.accumulate(gasket(), SAMPLES, FAR, 8, threads=1).close()})
    slow, fast = few / seconds["numpy"], SAMPLES / seconds["Bloom"]
    table(["", "iterations", ""], [["numpy", millions(slow), ""], ["Bloom", millions(fast), f"{fast / slow:.1f} times"]])

    heading("Instruction sets and precision (lotus into 256³, one thread)")
    rows: list[list[str]] = []
    names = ("v2", "v3", "v4") if native.kernel_name() != "neon" else ("neon",)
    base = 0.0
    for precision in ("float", "double"):
        for name in names:
            run = in_a_process(SCRIPT, precision, name, BLOOM_KERNEL=name)
            if not run["kernel"]:
                continue  # not on this processor
            rate = (16 << 20) / run["seconds"]
            base = base or rate
            rows.append([name, precision, millions(rate), f"{rate / base:.2f}"])
    table(["kernel", "precision", "iterations", "times the first"], rows)
