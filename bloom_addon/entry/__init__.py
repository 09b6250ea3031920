"""Getting in and out: Add ▸ Bloom, import, export, drag and drop, the library of flowers."""

from __future__ import annotations

from . import menus, operators

_PARTS = (operators, menus)


def register() -> None:
    """Registers the feature."""
    for part in _PARTS:
        part.register()


def unregister() -> None:
    """Takes it back."""
    for part in reversed(_PARTS):
        part.unregister()
