"""The flowers as assets: a `.blend` with one object each, and its place among Blender's asset libraries."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bpy

from bloom_core import designs, thumbnails
from bloom_core.designs import Design
from bloom_core.images.image_files import write_picture

from .. import bloom_object, material
from .flowers import Flower

LIBRARY = "Bloom Flowers"
"""What Blender calls the asset library."""

_FILE, _CATALOGS = "bloom_flowers.blend", "blender_assets.cats.txt"
_CATALOG = "7f0c8a52-5d0b-4c6e-9d61-3f2a8b14e9c7"
"""Identity of the catalog that the flowers lie in; it must never change, or the assets of an older file would lie in none."""


def read(chosen: Sequence[Flower]) -> Generator[tuple[Flower, Design], None, None]:
    """Yields flowers with their designs; it needs no Blender, so that a thread can do it. Raises FlameError."""
    for flower in chosen:
        yield flower, designs.design(flower.key) if flower.key in designs.designs() else designs.read_design(flower.key)


def write(folder: Path, chosen: Iterable[tuple[Flower, Design]]) -> int:
    """Writes flowers as assets into a folder, over those that are there, and returns how many. The open file stays as it is.

    Raises OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made: list[tuple[bpy.types.Object, Flower]] = []
    with _temporary() as datablocks:
        for flower, design in chosen:
            made.append((_asset(flower, design, datablocks), flower))
            _set_preview(made[-1][0], flower, folder)
        with _named(made):
            bpy.data.libraries.write(str(folder / _FILE), {obj for obj, _ in made}, path_remap="RELATIVE_ALL", compress=True)
    lines = ["# Asset catalogs of Blender: UUID:catalog/path:simple name", "", "VERSION 1", "", f"{_CATALOG}:Bloom/Flowers:Bloom-Flowers", ""]
    (folder / _CATALOGS).write_text("\n".join(lines), "utf-8")
    return len(made)


def remove(folder: Path) -> None:
    """Deletes the files that `write` wrote; the folder as well, where nothing else is in it."""
    for name in (_FILE, f"{_FILE}1", _CATALOGS):
        (folder / name).unlink(missing_ok=True)
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def register_library(preferences: Any, folder: Path) -> None:
    """Puts the folder among Blender's asset libraries, where ours is once."""
    library = find_library(preferences)
    if library is None:
        library = preferences.filepaths.asset_libraries.new(name=LIBRARY, directory=str(folder))
    library.path = str(folder)
    preferences.is_dirty = True  # Blender saves it when it is left, if the user has it so


def unregister_library(preferences: Any) -> Path | None:
    """Takes our library from Blender's, and returns where it lay; None where there was none."""
    library = find_library(preferences)
    if library is None:
        return None
    folder = Path(library.path)
    preferences.filepaths.asset_libraries.remove(library)
    preferences.is_dirty = True
    return folder


def find_library(preferences: Any) -> Any:
    """Returns Blender's entry for our library, or None."""
    return preferences.filepaths.asset_libraries.get(LIBRARY)


def _asset(flower: Flower, design: Design, datablocks: list[Any]) -> bpy.types.Object:
    """Makes an object that is in no scene, marked as an asset; what it is made of goes into `datablocks`."""
    volume = bloom_object.new_volume(flower.title)
    datablocks.append(volume)
    glow = material.glow_material(f"{flower.title} Glow", design.open.palette)
    datablocks.append(glow)
    volume.materials.append(glow)
    obj = bpy.data.objects.new(flower.title, volume)
    datablocks.append(obj)
    bloom_object.set_design(obj, design)
    obj.asset_mark()
    told: Any = obj.asset_data
    told.description, told.author, told.license = flower.description, "Bloom", "GPL-3.0-or-later"
    told.catalog_id = _CATALOG
    for tag in ("bloom", "flower", "flame", "volume"):
        told.tags.new(tag, skip_if_exists=True)
    return obj


def _set_preview(obj: bpy.types.Object, flower: Flower, folder: Path) -> None:
    picture, own = flower.picture, folder / "preview.png"
    if not picture.is_file():
        write_picture(own, thumbnails.thumbnail(bloom_object.flower_of(obj), thumbnails.SIZE))
        picture = own
    try:
        with bpy.context.temp_override(id=obj):
            bpy.ops.ed.lib_id_load_custom_preview(filepath=str(picture))
    finally:
        own.unlink(missing_ok=True)


@contextmanager
def _temporary() -> Iterator[list[Any]]:
    """Takes datablocks that are only there to be written, and removes them at the end, whatever happens."""
    datablocks: list[Any] = []
    try:
        yield datablocks
    finally:
        bpy.data.batch_remove(datablocks)


@contextmanager
def _named(made: list[tuple[bpy.types.Object, Flower]]) -> Iterator[None]:
    """Gives assets the names of their flowers, which objects of the open file may have: these are called otherwise meanwhile."""
    own = {obj for obj, _ in made}
    aside: list[tuple[Any, str]] = []
    try:
        for obj, flower in made:
            for asset, collection, name in (
                (obj, bpy.data.objects, flower.title),
                (obj.data, bpy.data.volumes, flower.title),
                (obj.material_slots[0].material, bpy.data.materials, f"{flower.title} Glow"),
            ):
                other = next((entry for entry in collection if entry.name == name and entry.library is None and entry != asset), None)
                if other is not None and other not in own:
                    aside.append((other, name))
                    other.name = f"{name[:40]} (Bloom is writing assets)"
                asset.name = name
        yield
    finally:
        for obj, flower in made:
            for asset in (obj, obj.data, obj.material_slots[0].material):
                asset.name = f"{flower.title[:40]} (Bloom asset)"
        for other, name in aside:
            other.name = name
