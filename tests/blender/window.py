"""Runs a script in a Blender window: in the root that `setup_root` made, on a screen that only exists in memory."""

from __future__ import annotations

import json
import subprocess
import zipfile
from pathlib import Path

from .entering import enter
from .setup_root import PROJECT, ROOTS

INSIDE = Path("/bloom")
"""Where the project lies in the root."""
WORK = Path("/work-of-tests")
"""Where the test's own folder lies in the root."""
SIZE = (1600, 1000)
"""The screen, in pixels."""

SCREEN = """
for number in $(seq 90 190); do
    [ -e /tmp/.X11-unix/X$number ] && continue
    Xvfb :$number -screen 0 ${SIZE}x24 +extension GLX >/dev/null 2>&1 &
    X=$!
    for _ in $(seq 50); do [ -e /tmp/.X11-unix/X$number ] && break; sleep 0.1; done
    kill -0 $X 2>/dev/null && break
done
trap "kill $X" EXIT
export DISPLAY=:$number
"$@"
"""


def available() -> bool:
    """Says whether the root is there, and may be entered."""
    return ROOTS["newest"].ready()


def packages(folder: Path) -> Path:
    """Unpacks the wheel of bloom_core into `folder`, as Blender's extensions would have it; returns where it can be imported from."""
    target = folder / "packages"
    if not target.is_dir():
        (wheel,) = (PROJECT / "wheels").glob("bloom_core-*manylinux*_x86_64.whl")
        zipfile.ZipFile(wheel).extractall(target)
    return target


def run(
    folder: Path, *arguments: str, window: bool = True, timeout: float = 600.0, size: tuple[int, int] = SIZE
) -> subprocess.CompletedProcess[str]:
    """Runs Blender with `arguments` in the root; `folder` is at `WORK` there. With `window`, on a screen of this size."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(WORK / "home"),
        "LANG": "C.UTF-8",
        "SIZE": f"{size[0]}x{size[1]}",
        "LIBGL_ALWAYS_SOFTWARE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "BLOOM_TEST_PATHS": json.dumps([str(INSIDE), str(WORK / packages(folder).name), str(INSIDE / "tests" / "blender")]),
        "BLOOM_TEST_FOLDER": str(WORK),
    }
    (folder / "home").mkdir(exist_ok=True)
    screen = ["bash", "-c", SCREEN, "screen"] if window else []
    return enter(ROOTS["newest"].path, [*screen, "blender", *arguments], environment, {INSIDE: PROJECT, WORK: folder}, timeout=timeout)


def play(folder: Path, script: str, timeout: float = 600.0, size: tuple[int, int] = SIZE) -> subprocess.CompletedProcess[str]:
    """Plays the steps of a script beside this file in a window as large as its screen."""
    geometry = ("--factory-startup", "--window-geometry", "0", "0", *map(str, size))
    path = str(INSIDE / "tests" / "blender" / script)
    return run(folder, *geometry, "--python-expr", f"{PATHS}; import kit; kit.play_file({path!r})", timeout=timeout, size=size)


PATHS = 'import json, os, sys; sys.path[:0] = json.loads(os.environ["BLOOM_TEST_PATHS"])'
