"""Palettes: candidates, the keyed Color Ramp, locked stops."""

from __future__ import annotations

from . import candidates, editing, operators, section

_PARTS = (operators, editing, section)


def register() -> None:
    """Registers the feature."""
    for part in _PARTS:
        part.register()


def unregister() -> None:
    """Takes it back."""
    candidates.end()
    for part in reversed(_PARTS):
        part.unregister()
