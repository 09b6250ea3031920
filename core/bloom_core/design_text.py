"""Designs as text: what a `.blend` keeps of a flower that is in no file of the package."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from bloom_core.designs import Design, read_design, write_design


def to_text(design: Design) -> str:
    """Returns a design as the text of a `.flame` file. Raises FlameError where a temporary file cannot be written."""
    with tempfile.TemporaryDirectory(prefix="bloom-") as folder:
        path = Path(folder) / "flower.flame"
        write_design(path, design)
        return path.read_text("utf-8")


def from_text(text: str, name: str) -> Design:
    """Returns the design, called `name`, that `to_text` made `text` of. Raises FlameError as `read_design` does, OSError."""
    with tempfile.TemporaryDirectory(prefix="bloom-") as folder:
        path = Path(folder) / "flower.flame"
        path.write_text(text, "utf-8")
        design = read_design(path)
    return replace(design, name=name, title=name, open=replace(design.open, name=name))
