"""A person with a Blender in a Debian root: a home folder of their own, a display if they want one, and no network."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from release import manifest

from ..blender.entering import enter
from ..blender.setup_root import PROJECT, ROOTS

HOME = Path("/home/artist")
"""The home, in the root."""
SIZE = "1600x1000"
"""The display, in pixels."""
MODULE = "bl_ext.user_default.bloom"
_HARMLESS = "Could not get a list of mounted file-systems"
"""What Blender says in a root that has no /etc/mtab."""


@dataclass(frozen=True)
class Artist:
    """Somebody whose home is the folder `home`, with the Blender of the root called `root`."""

    root: str
    home: Path

    def blender(self, *arguments: str, timeout: float = 900.0, display: bool = False, hidden: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Runs Blender at home, without a network; `hidden` is a folder of the root that is to seem empty."""
        places = {HOME: self.home}
        if hidden is not None:
            places[hidden] = self.folder("empty", beside=True)
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(HOME), "LANG": "C.UTF-8", "LIBGL_ALWAYS_SOFTWARE": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        if display:
            arguments = ("--window-geometry", "0", "0", *SIZE.split("x"), *arguments)
        done = enter(
            ROOTS[self.root].path, ["sh", "-c", f'cd {HOME}; exec blender "$@"', "sh", *arguments], environment, places,
            timeout=timeout, network=False, screen=(ROOTS["newest"].path, SIZE) if display else None,
        )  # fmt: skip
        return subprocess.CompletedProcess(done.args, done.returncode, _without_noise(done.stdout), _without_noise(done.stderr))

    def python(self, script: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Runs a script in a Blender without a window; exit code 3 where it raises."""
        return self.blender("--background", "--python-exit-code", "3", "--python-expr", script, **options)

    def install(self, package: Path, **options: Any) -> subprocess.CompletedProcess[str]:
        """Copies a zip home, as a download would lie there, and installs it from the command line."""
        shutil.copy(package, self.home)
        return self.blender("--command", "extension", "install-file", "-r", "user_default", "-e", package.name, **options)

    def folder(self, name: str, *, beside: bool = False) -> Path:
        """Returns a folder of the home, or beside it, making it where it is missing."""
        found = (self.home.parent if beside else self.home) / name
        found.mkdir(parents=True, exist_ok=True)
        return found

    def left(self) -> list[str]:
        """Returns everything below the home's hidden folders that has Bloom in its name, or tells of it; thumbnails are of the user's own files."""
        found = [path for place in self.home.glob(".*") for path in place.rglob("*") if "thumbnails" not in path.parts]
        return [str(path) for path in found if "bloom" in path.name.lower() or (path.is_file() and b"bloom" in path.read_bytes().lower())]


def needs(root: str) -> None:
    """Skips the test where a root is missing."""
    if not ROOTS[root].ready():
        pytest.skip(f"no root {ROOTS[root].path.name}: python -m tests.blender.setup_root {root} makes it (on Debian, as root)")


def artist(root: str, folder: Path) -> Artist:
    """Returns somebody new with the Blender of a root, and a home in a folder; skips the test where the root is missing."""
    needs(root)
    found = Artist(root, folder / "home")
    found.home.mkdir()
    return found


def said(done: subprocess.CompletedProcess[str]) -> str:
    """Returns all that a program said."""
    return done.stdout + done.stderr


def went_well(done: subprocess.CompletedProcess[str]) -> str:
    """Returns all that a program said, once it is sure that it had nothing to complain about."""
    told = said(done)
    assert done.returncode == 0 and not any(word in told for word in ("Traceback", "Error", "ERROR", "Exception")), told[-4000:]
    return told


def package(platform: str = "") -> Path:
    """Returns the zip for a platform, as in its name, or the one for all. Raises AssertionError where `make zip` did not make it."""
    found = PROJECT / "dist" / f"bloom-{manifest.version()}{'-' if platform else ''}{platform}.zip"
    assert found.is_file(), f"{found} is missing: run make zip"
    return found


def flower_in(path: Path) -> float:
    """Returns how much brighter the middle of a picture is than its border, in 255ths of white."""
    with Image.open(path) as opened:
        light = np.asarray(opened.convert("RGB")).max(axis=2).astype(float)
    height, width = light.shape
    middle = light[height // 4 : -height // 4, width // 3 : -width // 3]
    border = np.concatenate([light[: height // 12].ravel(), light[:, : width // 12].ravel(), light[:, -width // 12 :].ravel()])
    return float(middle.mean() - border.mean())


def screen(path: Path) -> Any:
    """Reads a picture of a display, a file in XWD, as uint8 (height, width, 3)."""
    content = path.read_bytes()
    head = np.frombuffer(content, ">u4", 25)
    height, row, start = int(head[5]), int(head[12]), int(head[0]) + 12 * int(head[19])
    rows = np.frombuffer(content, np.uint8, height * row, start).reshape(height, row // 4, 4)
    return rows[:, : int(head[4]), 2::-1].copy()


def _without_noise(text: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if _HARMLESS.lower() not in line.lower())
