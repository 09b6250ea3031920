"""Opening, saving and finding blooms in .blend files, with errors in words."""

from __future__ import annotations

from pathlib import Path

import bpy

from bloom_core import take_files
from bloom_core.designs import Design

from .. import bloom_object, properties
from . import progress


def new_scene() -> bpy.types.Scene:
    """Starts an empty file."""
    # Not the factory settings: those would switch the extension off that is running.
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    return bpy.context.scene


def open_blend(blend: Path) -> bpy.types.Scene:
    """Opens a .blend and returns its scene. Raises ValueError."""
    if not blend.is_file():
        raise ValueError(f"{blend}: there is no such .blend")
    try:
        bpy.ops.wm.open_mainfile(filepath=str(blend.resolve()))
    except RuntimeError as error:
        raise ValueError(f"{blend}: Blender cannot open it ({str(error).strip()})") from error
    return bpy.context.scene


def open_blooms(blend: Path, name: str | None = None) -> tuple[bpy.types.Scene, list[bpy.types.Object]]:
    """Opens a .blend and returns its scene and the blooms in it, at least one; with `name`, that one. Raises ValueError."""
    scene = open_blend(blend)
    found = properties.blooms(scene)
    if not found:
        raise ValueError(f"{blend}: there is no bloom in this scene. Add one with Add ▸ Bloom in Blender")
    chosen = [obj for obj in found if name in (None, obj.name)]
    if not chosen:
        raise ValueError(f"{blend}: there is no bloom {name!r}. Choose one with --bloom; there are: {', '.join(obj.name for obj in found)}")
    return scene, chosen


def one_bloom(blend: Path, name: str | None) -> tuple[bpy.types.Scene, bpy.types.Object]:
    """Opens a .blend and returns its scene and its bloom; of several the one that is named. Raises ValueError."""
    scene, chosen = open_blooms(blend, name)
    if len(chosen) != 1:
        raise ValueError(f"{blend}: choose one of its blooms with --bloom; there are: {', '.join(obj.name for obj in chosen)}")
    return scene, chosen[0]


def save(blend: Path) -> None:
    """Saves the file as `blend`, paths relative to it. Raises OSError."""
    try:
        bpy.ops.wm.save_as_mainfile(filepath=str(blend.resolve()), compress=True, relative_remap=True)
    except RuntimeError as error:
        raise OSError(f"{blend}: cannot be saved ({str(error).strip()})") from error


def save_copy(blend: Path) -> None:
    """Saves a copy of the file as `blend`, paths relative to it: whole, or not at all, for others may be reading it. Raises OSError."""
    part = take_files.part_name(blend.resolve().parent, blend.stem)
    try:
        bpy.ops.wm.save_as_mainfile(filepath=str(part), compress=True, relative_remap=True, copy=True)
        take_files.replace(part, blend)
    except RuntimeError as error:
        raise OSError(f"{blend}: cannot be saved ({str(error).strip()})") from error
    finally:
        part.unlink(missing_ok=True)


def folder(path: Path) -> Path:
    """Makes a folder where it is missing; returns its whole path. Raises OSError."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(f"{path}: this folder cannot be made ({error.strerror}). Choose another with --out") from error
    return path.resolve()


def flower(name: str) -> Design:
    """Returns a flower of the package or of a .flame file; what its file has that Bloom does not know is told."""
    design, warnings = bloom_object.read_flower(name)
    for warning in warnings:
        progress.warn(warning)
    return design
