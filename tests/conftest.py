"""Fixtures that all tests share."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

# A shared machine may stall at any moment: an example that took long is no defect.
settings.register_profile("bloom", deadline=None)
settings.load_profile("bloom")

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Returns the folder of golden vectors and of the original Bloom's files, or skips: the project does not contain it."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no test data at {folder}")
    return folder
