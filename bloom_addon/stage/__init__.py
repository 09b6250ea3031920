"""The stage: camera, world, look, compositing, render settings."""

from __future__ import annotations

from . import operators, section, thumbnails

_PARTS = (thumbnails, operators, section)


def register() -> None:
    """Registers the feature."""
    for part in _PARTS:
        part.register()


def unregister() -> None:
    """Takes it back."""
    for part in reversed(_PARTS):
        part.unregister()
