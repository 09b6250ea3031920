"""Takes on disk as last read: by a thread, never while the panel is drawn, and kept as plain data."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass, field
from pathlib import Path

import bpy

from bloom_core import take_estimates, take_files, take_list
from bloom_core.take_list import TakeInfo

from .. import background, bloom_object, point_cloud, properties
from ..properties.baking import takes_of


@dataclass
class _Read:
    """What was read of the disk: takes by their folder, free bytes by takes folder."""

    takes: dict[str, TakeInfo] = field(default_factory=dict)
    free: dict[str, int | None] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)


_read = _Read()
_LISTING = "listing takes"
_asked: tuple[str, tuple[str, ...]] | None = None


def folder_of(obj: bpy.types.Object) -> Path | None:
    """Returns a bloom's takes folder, or None where there is no place for takes yet."""
    try:
        return Path(os.path.normpath(bloom_object.takes_folder(obj)))
    except ValueError:
        return None


def shown(obj: bpy.types.Object) -> dict[str, tuple[Path, int, int]]:
    """Returns the folder of the take that a bloom shows, the frame where it begins and its length, for volume and points. Reads no disk."""
    played = {"volume": bloom_object.played(obj), "points": point_cloud.played(obj)}
    return {kind: (_folder(found[0]), found[1], found[2]) for kind, found in played.items() if found is not None}


def _folder(first: str) -> Path:
    return Path(os.path.normpath(bpy.path.abspath(first))).parent  # without the .. of paths that are relative to the .blend


def every_shown() -> set[str]:
    """Returns the names of the takes that anything in this file shows, blooms or not."""
    paths = [volume.filepath for volume in bpy.data.volumes]
    paths += [node.string for tree in bpy.data.node_groups for node in tree.nodes if node.name == point_cloud.TAKE and hasattr(node, "string")]
    return {found[0] for path in paths if (found := re.search(take_list.TAKE_NAME.pattern, path))}


def info(folder: Path) -> TakeInfo | None:
    """Returns what is known of a take, or None."""
    return _read.takes.get(str(folder))


def is_absent(folder: Path) -> bool:
    """Says whether a take was looked for and not found."""
    return str(folder) in _read.absent


def free_bytes(folder: Path | None) -> int | None:
    """Returns what was free on a folder's disk when it was last read."""
    return _read.free.get(str(folder))


def takes_in(folder: Path | None) -> list[TakeInfo]:
    """Returns the takes that are known in a folder, the newest first."""
    return sorted((info for info in _read.takes.values() if info.folder.parent == folder), key=lambda info: -info.date)


def refresh(obj: bpy.types.Object | None) -> None:
    """Reads the disk now, and fills the list."""
    job = _job(obj)
    if job is not None:
        _keep(job, _look(*job))


def look_at_shown(obj: bpy.types.Object) -> None:
    """Reads what lies on disk of the takes that a bloom shows. Writes nothing that is Blender's."""
    paths = tuple(str(path) for path, _, _ in shown(obj).values())
    found = _look("", paths)
    _read.absent.difference_update(paths)
    _read.takes.update(found.takes)
    _read.absent.update(found.absent)


def ask(obj: bpy.types.Object | None) -> None:
    """Has the disk read in a thread; the panel is drawn again when that is done. Cheap: may be called while drawing."""
    global _asked
    job = _job(obj)
    if job is not None and not bpy.app.background and not background.reading(_LISTING):
        _asked = job
        background.read(_LISTING, lambda: _look(*job), lambda found: _keep(job, found))


def ask_if_new(obj: bpy.types.Object) -> None:
    """Has the disk read where this bloom's takes were not yet."""
    if _job(obj) != _asked:
        ask(obj)


def forget() -> None:
    """Forgets what was read: another file is open, or paths have moved."""
    global _asked
    _asked = None
    _read.takes.clear()
    _read.absent.clear()
    _read.free.clear()


def _job(obj: bpy.types.Object | None) -> tuple[str, tuple[str, ...]] | None:
    if properties.bloom_of(obj) is None or obj is None:
        return None
    folder = folder_of(obj)
    return ("" if folder is None else str(folder)), tuple(sorted(str(path) for path, _, _ in shown(obj).values()))


def _look(folder: str, others: tuple[str, ...]) -> _Read:
    """Reads the disk; sees no bpy."""
    found = _Read()
    for each in take_list.list_takes(folder) if folder else ():
        found.takes[str(each.folder)] = each
    for path in others:
        if path not in found.takes:
            one = take_list.read_info(Path(path))
            if one is not None:
                found.takes[path] = one
            else:
                found.absent.add(path)
    if folder:
        found.free[folder] = take_files.free_bytes(Path(folder))
    return found


def _keep(job: tuple[str, tuple[str, ...]], found: _Read) -> None:
    """Takes over what was read of a folder, and fills the list with its takes."""
    global _asked
    folder, others = job
    _asked = job
    for path in [path for path in _read.takes if str(Path(path).parent) == folder]:
        del _read.takes[path]
    _read.absent.difference_update({*others, *found.takes})
    _read.takes.update(found.takes)
    _read.absent.update(found.absent)
    _read.free.update(found.free)
    rows = takes_of(bpy.context.window_manager)
    active = rows.entries[rows.active].name if 0 <= rows.active < len(rows.entries) else ""
    rows.folder = folder
    rows.entries.clear()
    for number, take in enumerate(takes_in(Path(folder)) if folder else ()):
        row = rows.entries.add()
        row.name, row.kind, row.lost = take.name, take.kind, take.lost
        row.bloom, row.title, row.details = str(take.about.get("bloom", "")), _date(take), details(take)
        if take.name == active:
            rows.active = number
    rows.active = min(max(rows.active, 0), max(len(rows.entries) - 1, 0))


def title(take: TakeInfo) -> str:
    """Returns a take's name to people: whose it is, and when it was baked."""
    return f"{take.about.get('bloom', 'Take')}  {_date(take)}"


def _date(take: TakeInfo) -> str:
    now, made = time.localtime(), time.localtime(take.date)
    day = "" if now[:3] == made[:3] else time.strftime("%d %b " if now[0] == made[0] else "%d %b %Y ", made)
    return f"{day}{time.strftime('%H:%M', made)}"


def details(take: TakeInfo) -> str:
    """Returns a take's frames, fineness and size."""
    fine = f"{take.settings.get('count', 0) / 1e6:.2g} M" if take.kind == "points" else f"{take.settings.get('resolution', 0)}³"
    frames = len(take.keys)
    return f"{frames} × {fine}  {take_estimates.size(take.size)}" if not take.lost else f"{take.lost} of {frames} files lost"


def register() -> None:
    """Nothing is known yet."""
    forget()


def unregister() -> None:
    """Forgets what was read."""
    forget()
