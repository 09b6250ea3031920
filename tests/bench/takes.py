"""Baking takes: frames a second with writing, the share that writing takes, and points beside volumes."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from unittest import mock

from bloom_core import take_frames, takes
from bloom_core.designs import design, poses
from bloom_core.native import Grid
from bloom_core.take_frames import BakeSettings, PointSettings, Settings

from .timing import heading, table

FRAMES = 4
LOTUS = design("lotus")
KINDS: dict[str, Settings] = {
    "volume 192³, 5 M samples": BakeSettings(LOTUS.box, 5_000_000, 192, 30.0),
    "volume 384³, 50 M samples": BakeSettings(LOTUS.box, 50_000_000, 384, 30.0),
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
        take = takes.bake(folder, poses(LOTUS.bud, LOTUS.open, FRAMES), settings)
        seconds = time.perf_counter() - begin
    return seconds, writing, sum(path.stat().st_size for path in take.files)


def main() -> None:
    heading(f"Baking a take ({FRAMES} frames of a growing lotus, all cores; median of three; again: nothing changed)")
    rows = []
    for name, settings in KINDS.items():
        runs = []
        with tempfile.TemporaryDirectory() as root:
            for _ in range(3):
                shutil.rmtree(Path(root) / "takes", ignore_errors=True)
                runs.append(one(settings, Path(root) / "takes"))
            again = one(settings, Path(root) / "takes")[0]
        seconds, writing, size = sorted(runs)[1]
        rows.append([name, f"{FRAMES / seconds:.2f}", f"{writing / seconds:.0%}", f"{size / FRAMES / 1e6:.1f} MB", f"{again:.2f} s"])
    table(["", "frames a second", "of it writing", "a frame", "again"], rows)


if __name__ == "__main__":
    main()
