"""The extension in a Blender of its own, without a window: installed from the zip, used as a command, and removed."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from . import window

needs_window = pytest.mark.skipif(not window.available(), reason="no Blender of its own: make test-blender sets one up")


def blender(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return window.run(folder, *arguments, window=False)


@needs_window
def test_the_command_grows_stages_bakes_and_renders(tmp_path: Path) -> None:
    package = max((window.PROJECT / "dist").glob("bloom-*.zip"))
    installed = blender(tmp_path, "--command", "extension", "install-file", "-r", "user_default", "-e", str(window.INSIDE / "dist" / package.name))
    assert installed.returncode == 0, installed.stdout + installed.stderr
    blend, out = str(window.WORK / "flower.blend"), str(window.WORK / "film")
    small = ("--samples", "0.5", "--resolution", "48", "--size", "96x60", "--rays", "1")
    for words in (
        ("grow", blend, "--run", "digits-adam", "--design", "dahlia", "--frames", "4", *small),
        ("stage", blend, "--stage", "turntable", "--engine", "eevee"),
        ("bake", blend, "--frames", "1-2"),
        ("--json", "bake", blend, "--frames", "3-4"),
        ("bake", blend),
        ("render", blend, "--out", out, "--frames", "1-4"),
    ):
        done = blender(tmp_path, "--command", "bloom", *words)
        assert done.returncode == 0 and "Traceback" not in done.stderr, done.stdout + done.stderr
        if words[0] == "--json":
            lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
            assert lines[-1]["event"] in ("made", "message") and any(line["event"] == "progress" for line in lines)
    assert len(list((tmp_path / "film" / "frames").glob("*.png"))) == 4 and (tmp_path / "film" / "bloom.mp4").stat().st_size > 0
    assert blender(tmp_path, "--command", "bloom", "bake", str(window.WORK / "none.blend")).returncode == 1
    assert blender(tmp_path, "--command", "bloom", "fly").returncode == 2
    assert blender(tmp_path, "--command", "extension", "remove", "bloom").returncode == 0
    assert not list((tmp_path / "home").rglob("bloom_core"))
