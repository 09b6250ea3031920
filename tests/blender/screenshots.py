"""`make screenshots`: retakes the pictures of the panel and of the live viewport that the guide shows."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from . import window

PICTURES = window.PROJECT / "docs" / "pictures"
SCRIPTS = (("screenshot_sections.py", (1000, 2000)), ("screenshot_windows.py", window.SIZE))
"""What is played, and on how large a screen: a tall one has room for the longest section."""
WHOLE = 700
"""Wider pictures are of whole windows: they are kept as JPEG."""


def main() -> int:
    """Retakes the pictures; returns an exit code."""
    if not window.available():
        print("There is no Blender with a window: make test-blender sets one up", file=sys.stderr)
        return 1
    chosen = [script for script in SCRIPTS if not sys.argv[1:] or any(word in script[0] for word in sys.argv[1:])]
    for script, size in chosen:
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            done = window.play(folder, script, timeout=600.0, size=size)
            taken = sorted(folder.glob("*.png"))
            if done.returncode != 0 or not taken:
                print(done.stdout + done.stderr, file=sys.stderr)
                return 1
            for picture in taken:
                keep(picture)
        print(f"{len(taken)} pictures retaken in {PICTURES}")
    return 0


def keep(picture: Path) -> None:
    """Puts a picture among those of the guide: without the empty ground below, and small."""
    with Image.open(picture) as opened:
        image = opened.convert("RGB")
    if image.width > WHOLE:
        image.save(PICTURES / f"{picture.stem}.jpg", quality=85, optimize=True)
        return
    rows = np.flatnonzero(np.asarray(image).std(axis=(1, 2)) > 1.0)
    image.crop((0, 0, image.width, int(rows[-1]) + 6)).quantize(256).save(PICTURES / picture.name, optimize=True)


if __name__ == "__main__":
    sys.exit(main())
