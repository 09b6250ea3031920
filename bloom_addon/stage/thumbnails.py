"""Pictures of the stages for the panel: rendered by the project itself (docs/render_stages.py) and shipped beside this file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy.utils.previews

from ..properties.stage_presets import PRESETS

FOLDER = Path(__file__).parent / "pictures"

_previews: Any = None
_items: list[tuple[str, str, str, int, int]] = []
"""Blender keeps no copy of a dynamic enum's strings: they must live here."""


def items() -> list[tuple[str, str, str, int, int]]:
    """Returns the stages as an enum with pictures."""
    if not _items:
        for number, (name, preset) in enumerate(PRESETS.items()):
            _items.append((name, preset.title, preset.description, _icon(name), number))
    return _items


def _icon(name: str) -> int:
    global _previews
    if _previews is None:
        _previews = bpy.utils.previews.new()
    path = FOLDER / f"{name}.jpg"
    return _previews.load(name, str(path), "IMAGE").icon_id if path.is_file() else 0


def register() -> None:
    """Pictures are loaded when they are first asked for."""


def unregister() -> None:
    """Frees them."""
    global _previews
    _items.clear()
    if _previews is not None:
        bpy.utils.previews.remove(_previews)
        _previews = None
