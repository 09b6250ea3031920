"""Blender's front door to the extension; all that it does stands in bloom_addon."""

from . import bloom_addon


def register() -> None:
    """Called by Blender when the extension is enabled."""
    bloom_addon.register()


def unregister() -> None:
    """Called by Blender when the extension is disabled or updated."""
    bloom_addon.unregister()
