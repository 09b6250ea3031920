"""The live viewport: the flower as glowing points, drawn and never written."""

from __future__ import annotations

from . import drawing, operators, section, selecting

_PARTS = (operators, selecting, section, drawing)


def register() -> None:
    """Registers the feature."""
    for part in _PARTS:
        part.register()


def unregister() -> None:
    """Takes it back."""
    for part in reversed(_PARTS):
        part.unregister()
