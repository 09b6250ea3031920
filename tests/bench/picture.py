"""Pictures: iterations per second on one thread, their accumulation into the picture included, against flam3-render."""

from __future__ import annotations

import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from bloom_core.flames.flame import Flame
from bloom_core.flames.flame_file import read_flames
from bloom_core.images import image

from . import flam3
from .timing import heading, millions, table

QUALITIES = (100.0, 900.0)  # samples per pixel: a slope, as flam3 is measured


def rate(flame: Flame) -> float:
    """Returns Bloom's iterations per second on one thread, by the slope between two qualities."""
    seconds, iterations = [], []
    for quality in QUALITIES:
        begin = time.perf_counter()
        picture = image.render(flame, quality=quality, threads=1)
        seconds.append(time.perf_counter() - begin)
        iterations.append(picture.statistics.iterations)
    return (iterations[1] - iterations[0]) / (seconds[1] - seconds[0])


def main() -> None:
    heading("Against flam3-render 3.1.1, one thread, the same flames at 400 × 400 (bar: 10 times in the median, 4 times on each)")
    if why_not := flam3.install():
        print(why_not)
        return
    rows, ratios = [], []
    with tempfile.TemporaryDirectory() as folder:
        for name, path in flam3.classic_flames(Path(folder)).items():
            flame = read_flames(path)[0][0]
            flame = replace(flame, rendering=replace(flame.rendering, estimator_radius=0.0))
            # In turn, so that what else the machine does meets both.
            pairs = [(rate(flame), flam3.measure_flam3(path, repeats=1)) for _ in range(5)]
            ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
            ratios.append(statistics.median(a / b for a, b in pairs))
            rows.append([name, millions(ours), millions(theirs), f"{ratios[-1]:.1f}"])
    table(["flame", "Bloom", "flam3-render", "times"], [*rows, ["**median**", "", "", f"**{statistics.median(ratios):.1f}**"]])
