"""Gardens: several runs in one scene, on one scale."""

from __future__ import annotations


def register() -> None:
    """Registers the feature."""


def unregister() -> None:
    """Takes it back."""
