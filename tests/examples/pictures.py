"""Pictures of the guide beside those that the tests render: whether both show the same thing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.examples.pages import ROOT

PICTURES = ROOT / "docs" / "pictures"


def look(path: Path) -> NDArray[np.float64]:
    """Returns a picture's levels, 0 to 255, in 45 rows of 72 cells: its look, without grain. Skips where Pillow is not installed."""
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    with image.open(path) as picture:
        return np.asarray(picture.convert("RGB").resize((72, 45), image.Resampling.BOX), np.float64)


def likeness(first: Path, second: Path) -> float:
    """Returns the correlation of two pictures' looks: 1 for the same."""
    return float(np.corrcoef(look(first).ravel(), look(second).ravel())[0, 1])


def shown(page: str, name: str) -> Path:
    """Returns a picture of docs/pictures, which the page must show."""
    assert f"](pictures/{name})" in (ROOT / "docs" / page).read_text("utf-8")
    return PICTURES / name
