"""`blender --command bloom …`."""

from __future__ import annotations

from typing import Any

import bpy

from . import headless

_command: Any = None


def register() -> None:
    """Registers the command."""
    global _command
    _command = bpy.utils.register_cli_command("bloom", headless.main)


def unregister() -> None:
    """Takes it back."""
    bpy.utils.unregister_cli_command(_command)
