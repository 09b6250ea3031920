"""The script for Slurm and for one machine: its parts are all the frames, each once, and make what one machine makes."""

from __future__ import annotations

from pathlib import Path

import pytest

from bloom_addon.headless import arguments, headless

from . import farming
from .conftest import Alone
from .farming import Worker

SCRIPT = farming.FARM / "bloom.slurm"


@pytest.mark.parametrize(("frames", "parts"), [((1, 84), 7), ((1, 84), 9), ((101, 105), 8)])
def test_the_parts_are_all_frames_once(tmp_path: Path, frames: tuple[int, int], parts: int) -> None:
    worker = Worker(tmp_path / "machine")
    (tmp_path / "machine" / "bin" / "blender").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    found: list[int] = []
    for part in range(1, parts + 1):
        worker.variables = {"SLURM_ARRAY_TASK_ID": str(part), "SLURM_CPUS_PER_TASK": "3"}
        told = worker.run(SCRIPT, "bake", "lotus.blend", "takes", "film", f"{frames[0]}-{frames[1]}", parts).splitlines()
        if told:
            assert told[:4] == ["--threads", "3", "--command", "bloom"]
            options = arguments.parser(headless.COMMANDS).parse_args(told[4:])
            assert options.threads == 3
            found += options.frames
    assert found == list(range(frames[0], frames[1] + 1))


def test_what_is_wrong_is_told(tmp_path: Path) -> None:
    worker = Worker(tmp_path / "machine", {"SLURM_ARRAY_TASK_ID": ""})
    assert "usage:" in worker.run(SCRIPT, "bake", code=2)
    assert "no step fly" in worker.run(SCRIPT, "fly", "a", "b", "c", "1-2", 1, code=2)
    assert "--array=1-3" in worker.run(SCRIPT, "bake", "a", "b", "c", "1-6", 3, code=1)


@farming.thorough
def test_an_array_makes_what_one_machine_makes(blend: Path, alone: Alone, tmp_path: Path) -> None:
    worker = Worker(tmp_path / "machine")
    takes, film = tmp_path / "takes", tmp_path / "film"
    for step, parts in (("bake", (2, 3, 1)), ("take", (1,)), ("render", (2, 1)), ("film", (1,))):
        for part in parts:
            worker.variables = {"SLURM_ARRAY_TASK_ID": str(part)}
            worker.run(SCRIPT, step, blend, takes, film, f"1-{farming.FRAMES}", len(parts))
    assert farming.digests(takes, "take-*/*.vdb") == alone.take and farming.digests(film / "frames", "*.png") == alone.pictures
    assert (film / "bloom.mp4").is_file()
