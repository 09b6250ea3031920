"""Growth: from the run to keys."""

from __future__ import annotations

from . import menus, operators, section

_PARTS = (operators, menus, section)


def register() -> None:
    """Registers the feature."""
    for part in _PARTS:
        part.register()


def unregister() -> None:
    """Takes it back."""
    for part in reversed(_PARTS):
        part.unregister()
