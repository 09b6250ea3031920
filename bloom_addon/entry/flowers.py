"""The flowers that one can choose: those of the package, and those that the user has saved."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from bloom_core import designs, thumbnails
from bloom_core.design_descriptions import describe

from . import previews


@dataclass(frozen=True)
class Flower:
    """A flower in the library. `key` is what `bloom_object.read_flower` reads it by; `picture` need not be there."""

    key: str
    title: str
    description: str
    picture: Path


def package() -> str:
    """Returns the name under which Blender knows the add-on, as `bl_ext.user_default.bloom`."""
    parts = __package__.split(".")
    return ".".join(parts[:3]) if parts[0] == "bl_ext" else parts[0]


def user_folder(name: str, *, create: bool = False) -> Path | None:
    """Returns a folder of the extension's own for what the user keeps, or None where Bloom does not run as an extension."""
    try:
        return Path(bpy.utils.extension_path_user(package(), path=name, create=create))
    except ValueError:
        return None


def flowers() -> tuple[Flower, ...]:
    """Returns all flowers: those of the package, then the user's own."""
    return (*_packaged(), *_saved())


def find(key: str) -> Flower | None:
    """Returns the flower of this key."""
    return next((flower for flower in flowers() if flower.key == key), None)


def saved_folder(*, create: bool = False) -> Path | None:
    """Returns where the user's own flowers lie, or None where Bloom does not run as an extension."""
    return user_folder("flowers", create=create)


def title_of(key: str) -> str:
    """Returns what a flower of this key, or file, is called."""
    return Path(key).stem.replace("-", " ").replace("_", " ").capitalize()


def _packaged() -> list[Flower]:
    return [
        Flower(name, title_of(name), describe(name), thumbnails.packaged(name))
        for name in designs.designs()
    ]


def _saved() -> list[Flower]:
    folder = saved_folder()
    found = sorted(folder.glob("*.flame")) if folder is not None and folder.is_dir() else []
    return [Flower(str(path), path.stem, "A flower that you have saved", path.with_suffix(".png")) for path in found]


_items: list[tuple[str, str, str, int, int]] = []


def items(_self: Any, _context: Any) -> list[tuple[str, str, str, int, int]]:
    """Returns the flowers as the entries of an enum, with their thumbnails."""
    global _items
    made = [
        (flower.key, flower.title, flower.description, previews.icon(flower.key, flower.picture), number) for number, flower in enumerate(flowers())
    ]
    if made != _items:
        _items = made  # Blender keeps no reference to the strings of a dynamic enum: they must outlive the call
    return _items
