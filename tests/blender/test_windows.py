"""Each gui_*.py beside this file, played in a real Blender window."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import window

HERE = Path(__file__).parent
needs_window = pytest.mark.skipif(not window.available(), reason="no Blender with a window: make test-blender sets one up")


@needs_window
@pytest.mark.parametrize("script", sorted(path.name for path in HERE.glob("gui_*.py")))
def test_in_a_window(script: str, tmp_path: Path) -> None:
    inside = window.INSIDE / "tests" / "blender"
    done = window.run(tmp_path, "--factory-startup", "--window-geometry", "0", "0", "1600", "1000", "--python", str(inside / "kit.py"), "--", str(inside / script))
    told = done.stdout + done.stderr
    assert done.returncode == 0 and "Traceback" not in told and "Error: Python" not in told, told[-6000:]
