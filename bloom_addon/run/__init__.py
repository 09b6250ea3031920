"""The recorded run: what it holds, its strip of loss and updates, its events."""

from __future__ import annotations

from . import event_icons, event_list, event_operators, operators, reading, section, strip_gizmo

_PARTS = (reading, event_icons, operators, event_operators, event_list, section, strip_gizmo)


def register() -> None:
    """Registers the feature."""
    for part in _PARTS:
        part.register()


def unregister() -> None:
    """Takes it back."""
    for part in reversed(_PARTS):
        part.unregister()
