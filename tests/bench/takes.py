"""Baking takes: frames a second with writing, the share that writing takes, and points beside volumes, against the bare work.

The bare work plays and writes the same frames one after another: without a take's keys, list, resuming and, for points, velocities.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from pathlib import Path
from unittest import mock

import numpy as np

from bloom_core import native, take_frames, takes
from bloom_core.designs import design, poses
from bloom_core.native import Grid
from bloom_core.take_frames import BakeSettings, PointSettings, Settings
from bloom_core.take_points import write_point_frame

from .timing import heading, table

FRAMES, REPEATS = 3, 3
LOTUS = design("lotus")
FLAMES = poses(LOTUS.bud, LOTUS.open, FRAMES)
KINDS: dict[str, Settings] = {
    "volume 192³, 5 M samples": BakeSettings(LOTUS.box, 5_000_000, 192, 30.0),
    "volume 384³, 30 M samples": BakeSettings(LOTUS.box, 30_000_000, 384, 30.0),
    "points, 0.5 M": PointSettings(500_000),
    "points, 2 M": PointSettings(2_000_000),
}


def one(settings: Settings, folder: Path) -> tuple[float, float, int]:
    """Returns the seconds of a bake of growing frames, those of them that writing took, and the bytes of its files."""
    writing = 0.0
    write_vdb, write_ply = Grid.write_vdb, take_frames.write_point_frame

    def timed(real):  # type: ignore[no-untyped-def]
        def write(*arguments, **options):  # type: ignore[no-untyped-def]
            nonlocal writing
            begin = time.perf_counter()
            real(*arguments, **options)
            writing += time.perf_counter() - begin

        return write

    with mock.patch.object(Grid, "write_vdb", timed(write_vdb)), mock.patch.object(take_frames, "write_point_frame", timed(write_ply)):
        begin = time.perf_counter()
        take = takes.bake(folder, FLAMES, settings)
        seconds = time.perf_counter() - begin
    return seconds, writing, sum(path.stat().st_size for path in take.files)


def bare(settings: Settings, folder: Path) -> float:
    """Returns the seconds of the same frames without a take."""
    begin = time.perf_counter()
    for number, flame in enumerate(FLAMES):
        if isinstance(settings, PointSettings):
            cloud = native.points(flame, settings.count, seed=settings.seed)
            write_point_frame(folder / f"{number}.ply", cloud, np.zeros_like(cloud.position))
            continue
        with native.accumulate(
            flame, settings.samples, settings.box, settings.resolution, filter_radius=settings.filter_radius, fade=settings.fade, seed=settings.seed
        ) as grid:
            if settings.estimator:
                grid.estimate(settings.estimator)
            grid.write_vdb(folder / f"{number}.vdb", gain=settings.gain, half=settings.half)
    return time.perf_counter() - begin


def main() -> None:
    """Prints the table."""
    heading(f"Baking a take ({FRAMES} frames of a growing lotus, all cores; medians of {REPEATS}; again: nothing changed)")
    rows = []
    for name, settings in KINDS.items():
        runs, plain = [], []
        with tempfile.TemporaryDirectory() as root:
            for _ in range(REPEATS):
                shutil.rmtree(Path(root) / "takes", ignore_errors=True)
                runs.append(one(settings, Path(root) / "takes"))
                plain.append(bare(settings, Path(root)))
            again = one(settings, Path(root) / "takes")[0]
        seconds, writing, size = sorted(runs)[REPEATS // 2]
        ratio = seconds / statistics.median(plain)
        rows.append([name, f"{FRAMES / seconds:.2f}", f"{ratio:.2f}", f"{writing / seconds:.0%}", f"{size / FRAMES / 1e6:.1f} MB", f"{again:.3f} s"])
    table(["", "frames a second", "time, of the bare work's", "of it writing", "a frame", "again"], rows)


if __name__ == "__main__":
    main()
