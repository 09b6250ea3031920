"""The flower's xforms: list, editing, handles."""

from __future__ import annotations

from . import handle_operators, operators, section, variation_operators

_PARTS = (operators, handle_operators, variation_operators, section)


def register() -> None:
    """Registers the feature."""
    for part in _PARTS:
        part.register()


def unregister() -> None:
    """Takes it back."""
    for part in reversed(_PARTS):
        part.unregister()
