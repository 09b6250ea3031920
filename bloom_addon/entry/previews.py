"""Thumbnails as Blender's icons. They are loaded when they are first drawn, and given back when the add-on is switched off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

_loaded: Any = None


def has_icons() -> bool:
    """Says whether this Blender draws icons: it has a window."""
    return not bpy.app.background


def icon(name: str, picture: Path) -> int:
    """Returns the icon of a picture in a file, under a name of its own; 0, which draws none, without a window or where there is no such file."""
    if not has_icons():
        return 0
    collection = _collection()
    found = collection.get(name)
    if found is None:
        if not picture.is_file():
            return 0
        found = collection.load(name, str(picture), "IMAGE")
        _ = found.image_size[:], found.icon_size[:]  # asked for, it is read at once (3 ms); left to Blender, menus show an hourglass
    return int(found.icon_id)


def icon_of_pixels(name: str, pixels: NDArray[np.float32]) -> int:
    """Returns the icon of pixels (height, width, 4), sRGB, the top row first, under a name of its own; 0 without a window."""
    if not has_icons():
        return 0
    collection = _collection()
    found = collection.get(name) or collection.new(name)
    height, width = pixels.shape[:2]
    flat = np.ascontiguousarray(pixels[::-1], np.float32).ravel()
    found.image_size = found.icon_size = (width, height)
    found.image_pixels_float.foreach_set(flat)
    found.icon_pixels_float.foreach_set(flat)
    return int(found.icon_id)


def forget(name: str) -> None:
    """Takes an icon back; its file has changed, or it is not needed any more."""
    if _loaded is not None:
        _loaded.pop(name, None)


def _collection() -> Any:
    global _loaded
    if _loaded is None:
        _loaded = bpy.utils.previews.new()
    return _loaded


def register() -> None:
    """There is nothing to do before the first thumbnail is drawn."""


def unregister() -> None:
    """Gives all icons back."""
    global _loaded
    if _loaded is not None:
        bpy.utils.previews.remove(_loaded)
        _loaded = None
