"""The renderer's bytes are part of what names a frame: here they are pinned."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from bloom_core import takes
from bloom_core.flames.flame import Flame, Variation, Xform
from bloom_core.native import Box
from bloom_core.takes import BakeSettings

BYTES = {
    2: "ee72ad80587b41c0cc27cb763f733e89f2f63b95dc45133d54c8cbe2d8cecd11",
    3: "95350de11004d9a9e16f8e1458cf0343f8d7c96401d900e2bd4a775dbe825938",
}
"""SHA-256 of the frame below, for each `takes.RENDERING` that there was."""


def affine(scale: float, x: float, y: float, z: float) -> np.ndarray:
    return np.hstack([scale * np.eye(3), np.array([[x], [y], [z]])])


def test_a_renderer_with_other_bytes_has_another_number(tmp_path: Path) -> None:
    flame = Flame(
        (
            Xform((Variation("linear", 1.0),), weight=1.0, color=0.0, pre=affine(0.5, 0.4, 0.0, 0.1)),
            Xform((Variation("linear", 0.9), Variation("spherical", 0.1)), weight=2.0, color=1.0, opacity=0.5, pre=affine(0.6, -0.3, 0.3, -0.1)),
        ),
        Xform((Variation("linear", 1.0), Variation("zcone", 0.2))),
    )
    settings = BakeSettings(Box((-1.5, -1.5, -1.5), (1.5, 1.5, 1.5)), samples=3_000_000, resolution=48, gain=30.0)
    take = takes.bake(tmp_path, [flame], settings)
    found = hashlib.sha256(take.files[0].read_bytes()).hexdigest()
    assert BYTES.get(takes.RENDERING) == found, "the renderer gives other bytes: raise takes.RENDERING and add their hash here"
