"""Each gui_*.py beside this file, played in a real Blender window."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from . import window

HERE = Path(__file__).parent
needs_window = pytest.mark.skipif(not window.available(), reason="no Blender with a window: make test-blender sets one up")


@needs_window
@pytest.mark.parametrize("script", sorted(path.name for path in HERE.glob("gui_*.py") if path.name != "gui_session.py"))
def test_in_a_window(script: str, tmp_path: Path) -> None:
    check(window.play(tmp_path, script))


@needs_window
def test_the_artists_session_ends_alike_in_a_window_and_without(tmp_path: Path) -> None:
    import numpy as np
    from skimage.io import imread

    places = [tmp_path / name for name in ("window", "headless")]
    for place in places:
        place.mkdir()
    check(window.play(places[0], "gui_session.py"))
    script = str(window.INSIDE / "tests" / "blender" / "headless_session.py")
    check(window.run(places[1], "--background", "--factory-startup", "--python-exit-code", "3", "--python", script, window=False))
    states = [json.loads((place / "state.json").read_text()) for place in places]
    assert states[0] == states[1], "the same flower at every frame"
    takes = [sorted(path.name for path in place.glob("bloom_takes/take-*")) for place in places]
    assert takes[0] == takes[1] and takes[0], "the same take, byte for byte: its name is the hash of what its frames depend on"
    pictures = [imread(place / "picture.png").astype(int) for place in places]
    assert pictures[0].max() > 60 and np.abs(pictures[0] - pictures[1]).max() <= 2


def check(done: subprocess.CompletedProcess[str]) -> None:
    told = done.stdout + done.stderr
    assert done.returncode == 0 and "Traceback" not in told and "Error: Python" not in told, told[-6000:]
