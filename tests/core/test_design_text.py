"""Designs as text: what a .blend keeps of a flower must be the same flower again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bloom_core import design_text, designs
from bloom_core.flames.flame import FlameError
from bloom_core.flames.flame_buffer import pack


def test_there_and_back_is_the_same_flower(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    flower = designs.design("lotus")
    again = design_text.from_text(design_text.to_text(flower), "My Lotus / 1")
    assert (again.name, again.title, again.open.name) == ("My Lotus / 1",) * 3
    np.testing.assert_array_equal(pack(again.bud), pack(flower.bud))
    np.testing.assert_array_equal(pack(again.open), pack(flower.open))
    assert again.open.view == flower.open.view and again.box == flower.box
    assert list(tmp_path.iterdir()) == []


def test_a_broken_text_is_refused() -> None:
    with pytest.raises(FlameError):
        design_text.from_text("<flame", "broken")
