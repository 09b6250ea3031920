"""What the farm's tests share: a `blender` to put on a worker's PATH, workers that know nothing of each other, a scene to bake, bytes to compare."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import bloom_core

PROJECT = Path(__file__).parents[2]
CORE = Path(bloom_core.__file__).parents[1]
"""Where bloom_core is imported from: where it is installed."""
FARM = PROJECT / "farm"
FRAMES = 6
SMALL = ("--frames", str(FRAMES), "--samples", "0.5", "--resolution", "48", "--size", "96x60", "--rays", "2", "--stage", "turntable")
THOROUGH = os.environ.get("BLOOM_FARM") == "thorough"
thorough = pytest.mark.skipif(not THOROUGH, reason="takes minutes: make test-farm")

BLENDER = f"""#!/bin/sh
# Stands for `blender --command bloom …`: the same commands, in Blender as a Python module.
[ "$1" = --threads ] && shift 2
[ "$1 $2" = "--command bloom" ] && shift 2 || exit 2
exec {sys.executable} -m bloom_addon "$@"
"""


def openjd() -> str:
    """Returns the command of openjd-cli that belongs to this Python."""
    return str(Path(sysconfig.get_path("scripts")) / "openjd")


@dataclass
class Worker:
    """A machine of a farm: a home of its own, and a `blender` on its PATH. What it shares with others is named in its commands."""

    home: Path
    variables: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if os.name == "nt":
            pytest.skip("the workers of these tests are shell scripts: Linux and macOS")
        command = self.home / "bin" / "blender"
        command.parent.mkdir(parents=True)
        command.write_text(BLENDER)
        command.chmod(0o755)

    @property
    def environment(self) -> dict[str, str]:
        """Returns the environment of its processes."""
        paths = {"PATH": f"{self.home / 'bin'}:{os.environ['PATH']}", "PYTHONPATH": f"{CORE}:{PROJECT}", "HOME": str(self.home)}
        return {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **paths, **self.variables}

    def start(self, *command: object) -> subprocess.Popen[str]:
        """Starts a command in a process group of its own."""
        return subprocess.Popen(
            [str(word) for word in command], env=self.environment, cwd=self.home, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip

    def run(self, *command: object, code: int = 0) -> str:
        """Runs a command to its end, which must be `code`; returns what it wrote."""
        process = self.start(*command)
        told, _ = process.communicate(timeout=600)
        assert process.returncode == code, told
        return told

    def bloom(self, *words: object, code: int = 0) -> str:
        """Runs `blender --command bloom …`."""
        return self.run("blender", "--command", "bloom", *words, code=code)


def new_workers(folder: Path, count: int) -> list[Worker]:
    """Returns machines whose homes are in `folder`."""
    return [Worker(folder / f"machine{number}") for number in range(count)]


def copied(blend: Path, folder: Path) -> Path:
    """Returns a copy of a .blend alone in a new folder."""
    folder.mkdir(parents=True)
    return Path(shutil.copy(blend, folder / blend.name))


def digests(folder: Path, pattern: str) -> dict[str, str]:
    """Returns a hash of each file's bytes, by its name."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.glob(pattern))}


def unfinished(folder: Path) -> list[Path]:
    """Returns what a bake or a render keeps hidden while it writes, and anything that looks like a lock."""
    return [path for path in folder.rglob("*") if path.name.startswith(".") or "lock" in path.name.lower()]
