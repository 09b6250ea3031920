"""Takes: baking, what it costs, listing, finding again, telling what is stale."""

from __future__ import annotations

from . import catalogue, costs, operators, saving, section, staleness, take_operators

_PARTS = (catalogue, costs, operators, take_operators, section, saving, staleness)


def register() -> None:
    """Registers the feature."""
    for part in _PARTS:
        part.register()


def unregister() -> None:
    """Takes it back."""
    for part in reversed(_PARTS):
        part.unregister()
