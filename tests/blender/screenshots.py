"""`make screenshots`: retakes the pictures of the panel and of the live viewport that the guide shows."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from . import window

PICTURES = window.PROJECT / "docs" / "pictures"


def main() -> int:
    """Retakes the pictures; returns an exit code."""
    if not window.available():
        print("There is no Blender with a window: make test-blender sets one up", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        done = window.play(folder, "screenshot_steps.py", timeout=600.0)
        taken = sorted(folder.glob("*.png"))
        if done.returncode != 0 or not taken:
            print(done.stdout + done.stderr, file=sys.stderr)
            return 1
        for picture in taken:
            shutil.copyfile(picture, PICTURES / picture.name)
    print(f"{len(taken)} pictures retaken in {PICTURES}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
