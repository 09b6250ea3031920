"""Wind and tremble: motion on top of the training's own."""

from __future__ import annotations


def register() -> None:
    """Registers the feature."""


def unregister() -> None:
    """Takes it back."""
