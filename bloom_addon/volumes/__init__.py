"""Blenders whose Cycles shows volumes black: noticing it, saying so, and the ways out."""

from __future__ import annotations

from . import knowledge, operators

_PARTS = (knowledge, operators)


def register() -> None:
    """Registers the feature."""
    for part in _PARTS:
        part.register()


def unregister() -> None:
    """Takes it back."""
    for part in reversed(_PARTS):
        part.unregister()
