"""What lets a linked bloom be changed and keyed in another file: every property of a bloom is declared with it."""

from __future__ import annotations

from typing import Any

OVERRIDE: Any = {"LIBRARY_OVERRIDABLE"}
"""Items of collections are found again by their names, so these are unique, and stay as the library has them."""
