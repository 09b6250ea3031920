"""The extension installed in a Blender's window, in a root that has nothing but Blender, without a network."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from .artist import HOME, artist, needs, package, screen, went_well

SCRIPT = Path(__file__).with_name("window_session.py")
KIT = Path(__file__).parents[1] / "blender" / "kit.py"


def test_it_installs_in_a_window_and_its_tab_opens(tmp_path: Path) -> None:
    needs("newest")  # it has the display
    user = artist("bare", tmp_path)
    for path in (package(), SCRIPT, KIT):
        shutil.copy(path, user.home)
    went_well(user.python("import bpy; bpy.context.preferences.view.show_splash = False; bpy.ops.wm.save_userpref()"))
    went_well(user.blender("--python", str(HOME / SCRIPT.name), display=True))
    shots = {name: screen(user.home / f"{name}.xwd") for name in ("before", "panel", "flower", "after")}
    for name, shot in shots.items():
        Image.fromarray(shot).save(tmp_path / f"{name}.png")
    sidebar, view = np.s_[100:700, 1000:1250], np.s_[200:600, 300:900]
    assert changed(shots["before"], shots["panel"], sidebar) > 0.02, "the tab Bloom is drawn"
    assert changed(shots["panel"], shots["flower"], view) > 0.02, "and a flower in the viewport"


def changed(one: np.ndarray, other: np.ndarray, part: tuple[slice, slice]) -> float:
    """Returns the share of a part's pixels that differ visibly."""
    return float(np.mean(np.abs(one[part].astype(int) - other[part].astype(int)).max(axis=2) > 20))
