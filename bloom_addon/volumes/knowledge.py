"""Whether this Blender's Cycles shows volumes black: found out once a session, when it begins to matter."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from functools import partial
from pathlib import Path

import bpy

from .. import background
from . import probe

_LOOKING = "looking at a volume in Cycles"
_PATIENCE = 120.0
_black: bool | None = None
_asked = False
_blender: subprocess.Popen[str] | None = None


def known() -> bool | None:
    """Returns whether volumes are black in Cycles; None while nobody has looked."""
    return _black


def find_out() -> bool:
    """Looks now, in this Blender: for work without a window, for it makes a scene and renders it."""
    global _black
    if _black is None:
        _black = probe.are_black()
    return _black


def ask() -> None:
    """Has a second Blender look, which nobody sees: scene, undo and the last render stay as they are. Cheap: may be called while drawing."""
    global _asked
    if not _asked and _black is None and not bpy.app.background:
        _asked = True
        background.read(_LOOKING, partial(_look, bpy.app.binary_path), _keep)


def _look(blender: str) -> bool | None:
    """Runs the probe in a Blender of its own; returns None where that tells nothing. Runs in a thread."""
    global _blender
    command = [blender, "--background", "--factory-startup", "--python", str(Path(probe.__file__).resolve())]
    hidden = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # Windows would show a console
    with suppress(OSError, subprocess.SubprocessError):
        _blender = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, errors="replace", creationflags=hidden)
        try:
            told = _blender.communicate(timeout=_PATIENCE)[0].splitlines()
        finally:
            _blender.kill()
        return True if probe.BLACK in told else False if probe.SHOWN in told else None
    return None


def _keep(found: bool | None) -> None:
    global _black
    _black = found


def register() -> None:
    """Nobody has looked yet."""
    global _black, _asked
    _black, _asked = None, False


def unregister() -> None:
    """Ends the second Blender, where it is still looking."""
    if _blender is not None:
        _blender.kill()
