"""The live viewport: the flower as glowing points, drawn and never written."""

from __future__ import annotations


def register() -> None:
    """Registers the feature."""


def unregister() -> None:
    """Takes it back."""
