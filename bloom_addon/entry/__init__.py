"""Getting in and out: Add ▸ Bloom, import, export, drag and drop, the library of flowers."""

from __future__ import annotations

from . import asset_operators, import_operators, menus, nursery, nursery_operators, operators, previews

_PARTS = (previews, nursery, operators, import_operators, nursery_operators, asset_operators, menus)


def register() -> None:
    """Registers the feature."""
    for part in _PARTS:
        part.register()


def unregister() -> None:
    """Takes it back."""
    for part in reversed(_PARTS):
        part.unregister()
