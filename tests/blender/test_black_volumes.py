"""Debian's Blender, whose Cycles shows volumes black: a film made there shows a flower all the same."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from . import window

needs_blender = pytest.mark.skipif(not window.available(), reason="no Blender of its own: make test-blender sets one up")
HERE = "bloom_addon/volumes/probe.py"
COMMAND = """
import bloom_addon, os, sys
bloom_addon.register()
from bloom_addon.headless import headless
code = headless.main(WORDS)
bloom_addon.unregister()
sys.stdout.flush()
os._exit(code)
"""


def bloom(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Runs a command of Bloom's in the root."""
    expression = f"{window.PATHS}\n{COMMAND.replace('WORDS', repr(list(words)))}"
    return window.run(folder, "--background", "--factory-startup", "--python-expr", expression, window=False)


@pytest.fixture
def black(tmp_path: Path) -> Path:
    """The folder for a test that needs a Blender which shows volumes black."""
    probed = window.run(tmp_path, "--background", "--factory-startup", "--python", str(window.INSIDE / HERE), window=False)
    lines = probed.stdout.splitlines()
    if "volumes are shown" in lines:
        pytest.skip("this Blender's Cycles shows volumes: nothing to make up for")
    assert "volumes are black" in lines, probed.stdout + probed.stderr
    return tmp_path


@needs_blender
def test_a_film_shows_a_flower_of_points_and_says_why(black: Path) -> None:
    from skimage.io import imread

    out = str(window.WORK / "film")
    done = bloom(black, "film", "--out", out, "--frames", "2", "--size", "160x100", "--rays", "4", "--points", "0.2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr.count("The flower is baked as points instead") == 1
    opened = imread(black / "film" / "open.png")[..., :3] / 255.0
    assert opened.max() > 0.6 and opened.mean() > 0.03, "a flower"
    assert opened[:8, :8].max() < 0.1, "and black about it"
    lit = opened.max(axis=2) > 0.2
    assert 0.05 < lit.mean() < 0.6 and lit[50:, 60:100].mean() > 0.3, "with a heart"
    colors = opened[lit]
    assert (colors.max(axis=1) - colors.min(axis=1)).mean() > 0.2, "in the palette's colors"


@needs_blender
def test_a_volume_that_was_asked_for_is_black_and_that_is_said(black: Path) -> None:
    from skimage.io import imread

    words = ("--size", "64x40", "--rays", "1", "--samples", "1", "--resolution", "48")
    done = bloom(black, "still", "lotus", "--out", str(window.WORK / "lotus.png"), "--take", "volume", *words)
    assert done.returncode == 0 and "The volume that you asked for will not be seen" in done.stderr, done.stdout + done.stderr
    assert imread(black / "lotus.png")[..., :3].max() < 40, "where this fails, the warning is wrong"
