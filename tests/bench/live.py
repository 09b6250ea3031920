"""The live view: what a frame of it costs before drawing, against the plain way; where Blender has a GPU context, the upload too."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import bloom_core
from bloom_core import growth, native
from bloom_core.designs import design
from bloom_core.flames.flame import Flame
from bloom_core.flames.flame_buffer import pack
from bloom_core.point_batches import PointBatches
from bloom_core.trajectories import trajectory

from .timing import heading, medians, table

FLOWERS = ("lotus", "peony", "waterlily")
FRAMES = 24

UPLOAD = """
import json, sys, time
sys.path.insert(0, {root!r})
sys.path.append({packages!r})  # for bloom_core; at the end, that Blender keeps its own numpy
import gpu
gpu.init()
from bloom_addon.live import uploads
from bloom_core import designs
from bloom_core.flames.flame_buffer import pack
from bloom_core.point_batches import PointBatches
player, found = PointBatches(), {{}}
for count in (100_000, 500_000):
    batch, times = player.play(pack(designs.design("lotus").open), count), []
    for _ in range(15):
        begin = time.perf_counter()
        drawable = uploads.drawable_of(batch)
        times.append(time.perf_counter() - begin)
    found[count] = sorted(times)[7]
print("UPLOAD", json.dumps(found))
"""


def frames(name: str) -> list[Flame]:
    """Returns the flames of a growth: FRAMES of them, from bud to open."""
    grown = growth.grow(trajectory.read_run(trajectory.embedded_run("digits")), design(name), frames=FRAMES)
    return [grown.at(frame) for frame in range(grown.frame_start, grown.frame_end + 1)]


def upload() -> dict[str, float]:
    """Returns the seconds of filling vertex buffers by number of points; empty where no Blender with `gpu.init` (5.2) is on the path."""
    blender = shutil.which("blender")
    if blender is None:
        return {}
    root = Path(__file__).parents[2]
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "upload.py"
        script.write_text(UPLOAD.format(root=str(root), packages=str(Path(bloom_core.__file__).parents[1])), encoding="utf-8")
        run = subprocess.run([blender, "-b", "--factory-startup", "--python", str(script)], capture_output=True, text=True)
    told = [line for line in run.stdout.splitlines() if line.startswith("UPLOAD ")]
    if not told:
        print(run.stderr[-500:], file=sys.stderr)
        return {}
    return dict(json.loads(told[0].removeprefix("UPLOAD ")))


def live(player: PointBatches, flames: list[Flame], count: int, threads: int) -> None:
    for flame in flames:
        player.play(pack(flame), count, threads=threads)


def plain(flames: list[Flame], count: int, threads: int) -> None:
    for flame in flames:
        native.points(flame, count, threads=threads)


def main() -> None:
    heading("Live view: reading a flame into points, per frame of a growth (bar: with the upload 25 ms for 500,000 points on two cores)")
    rows, filling = [], upload()
    ways: dict[str, Callable[..., None]] = {"live": partial(live, PointBatches()), "plain": plain}
    for name in FLOWERS:
        flames = frames(name)
        for count in (100_000, 500_000):
            jobs = {f"{way}{threads}": partial(play, flames, count, threads) for way, play in ways.items() for threads in (1, 2)}
            seconds = {job: total / len(flames) for job, total in medians(jobs, 3).items()}
            fill = f"{1e3 * filling[str(count)]:.1f} ms" if str(count) in filling else "no Blender 5.2 here"
            ratios = [f"{seconds[f'live{threads}'] / seconds[f'plain{threads}']:.2f}" for threads in (1, 2)]
            rows.append([name, f"{count:,}", *(f"{1e3 * seconds[f'live{threads}']:.1f} ms" for threads in (1, 2)), *ratios, fill])
    table(["flower", "points", "one thread", "two threads", "of native.points, one", "two", "filling vertex buffers"], rows)
