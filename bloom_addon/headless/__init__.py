"""Bloom without a window: `python -m bloom_addon …` and `blender --command bloom …`."""

from __future__ import annotations

from . import command

_PARTS = (command,)


def register() -> None:
    """Registers the feature."""
    for part in _PARTS:
        part.register()


def unregister() -> None:
    """Takes it back."""
    for part in reversed(_PARTS):
        part.unregister()
