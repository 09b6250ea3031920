"""What the tests of `.flame` files share: reading pieces of XML, comparing flames, and flam3's own tools."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bloom_core.flames.flame import Flame
from bloom_core.flames.flame_file import read_flames

ORIGINALS = ("brick", "fireflies", "hearts", "kindling", "soft_ghost", "wavy", "willowisp")
PALETTE = '<palette count="2" format="RGB">000000FFFFFF</palette>'
XFORM = '<xform weight="1" linear="1" coefs="1 0 0 1 0 0"/>'


def read(folder: Path, text: str | bytes, dialect: str | None = None) -> tuple[list[Flame], list[str]]:
    path = folder / "test.flame"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_flames(path, dialect)


def read_one(folder: Path, inside: str = XFORM, attributes: str = 'version="EMBER-LNX-1.0.0.14"') -> Flame:
    flames, warnings = read(folder, f"<flame {attributes}>{inside}{PALETTE}</flame>")
    assert warnings == []
    return flames[0]


def one_warning(folder: Path, inside: str = XFORM, attributes: str = 'name="rose"', palette: str = PALETTE) -> str:
    flames, warnings = read(folder, f"<flame {attributes}>{inside}{palette}</flame>")
    assert len(flames) == len(warnings) == 1, warnings
    assert "test.flame" in warnings[0] and "flame 0" in warnings[0]
    return warnings[0]


def assert_same(found: Any, expected: Any, tolerance: float = 0.0, place: str = "flame") -> None:
    """Fails, naming the field, where two flames or parts of them differ in more than `tolerance` (absolute, or relative to values above 1)."""
    if is_dataclass(expected):
        assert type(found) is type(expected), place
        for entry in fields(expected):
            assert_same(getattr(found, entry.name), getattr(expected, entry.name), tolerance, f"{place}.{entry.name}")
    elif isinstance(expected, Mapping):
        assert dict(found).keys() == dict(expected).keys(), f"{place}: {dict(found)} {dict(expected)}"
        for key, value in expected.items():
            assert_same(found[key], value, tolerance, f"{place}[{key}]")
    elif isinstance(expected, tuple):
        assert len(found) == len(expected), place
        for number, (left, right) in enumerate(zip(found, expected, strict=True)):
            assert_same(left, right, tolerance, f"{place}[{number}]")
    elif isinstance(expected, (float, np.ndarray)):
        assert found is not None, place
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance, err_msg=place)
    else:
        assert found == expected, place


def genome(folder: Path, **environment: str) -> Path:
    """Runs `flam3-genome` with settings in its environment; returns the file of its output. Skips where flam3 is not installed."""
    if shutil.which("flam3-genome") is None:
        pytest.skip("flam3-genome is not installed (Debian: apt-get install flam3-utils flam3-palette)")
    run = subprocess.run(["flam3-genome"], env=os.environ | environment, capture_output=True, cwd=folder)
    assert run.returncode == 0, run.stderr
    path = folder / "genome.flam3"
    path.write_bytes(run.stdout)
    return path
