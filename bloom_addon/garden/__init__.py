"""Gardens: several runs in one scene, on one scale."""

from __future__ import annotations

from . import operators, section

_PARTS = (operators, section)


def register() -> None:
    """Registers the feature."""
    for part in _PARTS:
        part.register()


def unregister() -> None:
    """Takes it back."""
    for part in reversed(_PARTS):
        part.unregister()
