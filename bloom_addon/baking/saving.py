"""Paths that Blender does not keep when a .blend is saved in another folder: that of a take of points is a node's text.

Blender does the same for a volume's path; here too it happens while saving, and is taken back after Save a Copy.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
from bpy.app.handlers import persistent

from .. import point_cloud

_before: dict[str, str] = {}


@persistent  # type: ignore[untyped-decorator]
def _about_to_save(path: str, *_: object) -> None:
    _before.clear()
    old, new = _folder(bpy.data.filepath), _folder(path)
    if old is None or new is None or old == new:
        return
    for tree, node in _takes():
        if node.string.startswith("//"):
            _before[tree.name] = node.string
            whole = bpy.path.abspath(node.string)
            node.string = bpy.path.relpath(whole, start=str(new)) if Path(whole).drive == new.drive else whole


@persistent  # type: ignore[untyped-decorator]
def _saved(path: str, *_: object) -> None:
    if _before and _folder(bpy.data.filepath) != _folder(path):  # a copy: this file stays where it is
        for tree, node in _takes():
            node.string = _before.get(tree.name, node.string)
    _before.clear()


def _folder(path: object) -> Path | None:
    return Path(path).absolute().parent if isinstance(path, str) and path else None


def _takes() -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    for tree in bpy.data.node_groups:
        node: Any = tree.nodes.get(point_cloud.TAKE)
        if node is not None and hasattr(node, "string") and tree.library is None:
            found.append((tree, node))
    return found


def register() -> None:
    """Begins to watch saving."""
    bpy.app.handlers.save_pre.append(_about_to_save)
    bpy.app.handlers.save_post.append(_saved)


def unregister() -> None:
    """Leaves nothing behind."""
    for handlers, function in ((bpy.app.handlers.save_pre, _about_to_save), (bpy.app.handlers.save_post, _saved)):
        if function in handlers:
            handlers.remove(function)
