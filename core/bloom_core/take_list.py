"""What lies in a takes folder: takes with size and date, how two differ, where moved ones are, and what nobody needs any more.

Only files that Bloom wrote are ever deleted, known by their names; a folder is removed when nothing else is in it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bloom_core.native import Cancelled, Progress
from bloom_core.take_files import PART, TakeError, link, part_name, replace, unwritable
from bloom_core.take_frames import suffix
from bloom_core.takes import ABOUT, JSON, STORE, file_name

TAKE_NAME = re.compile(r"take-[0-9a-f]{16}")
_FRAME_NAME = re.compile(r"[0-9a-f]{32}\.(vdb|ply)")
_FILE_NAME = re.compile(r"bloom_[0-9]{4,}\.(vdb|ply)")
_BUSY = 3600.0
"""A temporary file younger than this many seconds belongs to a bake that is still going on, here or on another computer."""
_DEPTH = 6
"""How many folders deep moved takes are looked for."""


@dataclass(frozen=True)
class TakeInfo:
    """A take as it lies on disk: `keys` name its frames, `size` is what its files hold in bytes, `date` its making in seconds since 1970,
    `lost` how many of its files are gone, `about` what its bake told (bloom, frame_start, seconds, blends; each may be missing)."""

    folder: Path
    kind: str
    keys: tuple[str, ...]
    settings: Mapping[str, Any]
    size: int
    date: float
    lost: int = 0
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Returns the name of its folder."""
        return self.folder.name

    def frame_start(self, otherwise: int = 1) -> int:
        """Returns the frame of the timeline where it begins."""
        start = self.about.get("frame_start")
        return start if isinstance(start, int) else otherwise


def list_takes(root: Path | str) -> list[TakeInfo]:
    """Returns the takes in a folder, the newest first; none where the folder is missing or cannot be read."""
    found = []
    with suppress(OSError):
        found = [info for path in Path(root).iterdir() if TAKE_NAME.fullmatch(path.name) and (info := read_info(path)) is not None]
    return sorted(found, key=lambda info: (-info.date, info.name))


def read_info(folder: Path) -> TakeInfo | None:
    """Returns what a take's folder holds, or None where it is no take."""
    try:
        content = json.loads((folder / JSON).read_text("utf-8"))
        keys, settings, kind = tuple(map(str, content["frames"])), dict(content["settings"]), str(content.get("kind", "volume"))
        date = (folder / JSON).stat().st_mtime
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    about: dict[str, Any] = {}
    with suppress(OSError, ValueError, TypeError):
        about = dict(json.loads((folder / ABOUT).read_text("utf-8")))
    size, lost = 0, 0
    for number in range(1, len(keys) + 1):
        try:
            size += (folder / file_name(number, kind)).stat().st_size
        except OSError:
            lost += 1
    return TakeInfo(folder, kind, keys, settings, size, date, lost, about)


def differing_frames(keys: Sequence[str], start: int, other: Sequence[str], other_start: int) -> list[int]:
    """Returns the frames of the timeline that `other` (its first at `other_start`) has and that differ from `keys`, or are not in them."""
    return [
        frame
        for frame, key in enumerate(other, other_start)
        if not 0 <= frame - start < len(keys) or keys[frame - start] != key
    ]  # fmt: skip


def spans(frames: Sequence[int]) -> str:
    """Returns rising numbers as text: 1, 3–7, 12."""
    parts: list[list[int]] = []
    for frame in frames:
        if parts and frame == parts[-1][1] + 1:
            parts[-1][1] = frame
        else:
            parts.append([frame, frame])
    return ", ".join(f"{first}" if first == last else f"{first}–{last}" for first, last in parts)


def compare(first: TakeInfo, second: TakeInfo) -> list[str]:
    """Returns, a line each, how the second take differs from the first: kind, length, settings, and which frames (with equal settings)."""
    lines = []
    if first.kind != second.kind:
        lines.append(f"kind: {first.kind}, {second.kind}")
    for name in sorted({*first.settings, *second.settings}):
        one, two = first.settings.get(name), second.settings.get(name)
        if one != two:
            lines.append(f"{name}: {_told(one)}, {_told(two)}")
    if len(first.keys) != len(second.keys):
        lines.append(f"frames: {len(first.keys)}, {len(second.keys)}")
    if first.kind == second.kind and first.settings == second.settings:
        start = second.frame_start(first.frame_start())
        changed = differing_frames(first.keys, first.frame_start(start), second.keys, start)
        if changed:
            lines.append(f"frames that differ: {spans(changed)}")
    return lines


def _told(value: object) -> str:
    if isinstance(value, Mapping):  # a box
        return " … ".join("(" + " ".join(f"{number:.3g}" for number in corner) + ")" for corner in value.values())
    return "unset" if value is None else f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else f"{value}"


def find_takes(root: Path | str, names: Collection[str], progress: Progress | None = None) -> dict[str, Path]:
    """Returns where under `root` the takes of these names are, the shallowest of each. Raises Cancelled."""
    found: dict[str, Path] = {}
    level = [Path(root)]
    for _ in range(_DEPTH):
        deeper = []
        for folder in level:
            if progress is not None and not progress(len(found) / max(len(names), 1)):
                raise Cancelled
            if folder.name in names and folder.name not in found and read_info(folder) is not None:
                found[folder.name] = folder
            elif not TAKE_NAME.fullmatch(folder.name):
                with suppress(OSError):
                    deeper += [Path(entry.path) for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False) and entry.name[0] != "."]
        level = sorted(deeper)
        if len(found) == len(names):
            break
    return found


def copy_take(source: Path, root: Path, progress: Progress | None = None) -> Path:
    """Copies a take into another takes folder, its frames into the store there, and returns its new folder.

    Raises TakeError (files missing, disk full, not writable), Cancelled; what was copied whole stays for the next time.
    """
    info, target = read_info(source), root / source.name
    if info is None or info.lost:
        raise TakeError(f"{source}: this take is not whole. Relink it, or bake again.")
    there = read_info(target)
    if there is not None and not there.lost:
        return target
    part = part_name(root, source.name)
    try:
        (root / STORE).mkdir(parents=True, exist_ok=True)
        part.mkdir()
        for number, key in enumerate(info.keys, 1):
            if progress is not None and not progress((number - 1) / len(info.keys)):
                raise Cancelled
            frame = root / STORE / f"{key}{suffix(info.kind)}"
            if not frame.is_file():
                _copy(source / file_name(number, info.kind), frame)
            link(frame, part / file_name(number, info.kind))
        for name in (ABOUT, JSON):
            if (source / name).is_file():
                shutil.copy2(source / name, part / name)
        replace(part, target)
    except OSError as error:
        raise unwritable(root, error) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return target


def _copy(source: Path, target: Path) -> None:
    part = part_name(target.parent, target.stem)
    try:
        shutil.copyfile(source, part)
        replace(part, target)
    finally:
        part.unlink(missing_ok=True)


@dataclass(frozen=True)
class Pruning:
    """What can go: `takes` that are not kept, `frames` of the store that no kept take has; `freed` bytes. `spared`: takes that stay because
    another .blend shows them, which is then named beside."""

    root: Path
    takes: tuple[TakeInfo, ...]
    frames: tuple[Path, ...]
    freed: int
    spared: tuple[tuple[TakeInfo, str], ...] = ()


def plan_pruning(root: Path | str, kept: Collection[str], blend: str = "", exists: Callable[[str], bool] = os.path.isfile) -> Pruning:
    """Returns what can be deleted when the takes named in `kept` stay, and those that other .blend files than `blend` were seen to show.

    Raises TakeError while somebody bakes into the folder: its finished frames belong to no take yet.
    """
    folder = Path(root)
    _refuse_while_busy(folder)
    takes = list_takes(folder)
    others = {info.name: next((path for path in _blends(info) if path != blend and exists(path)), "") for info in takes}
    removed = tuple(info for info in takes if info.name not in kept and not others[info.name])
    spared = tuple((info, others[info.name]) for info in takes if info.name not in kept and others[info.name])
    stay = {f"{key}{suffix(info.kind)}" for info in takes if info not in removed for key in info.keys}
    frames: list[Path] = []
    with suppress(OSError):
        frames = sorted(path for path in (folder / STORE).iterdir() if _FRAME_NAME.fullmatch(path.name) and path.name not in stay)
    gone = [*frames, *(path for info in removed for path in _files(info.folder))]
    return Pruning(folder, removed, tuple(frames), _freed(gone), spared)


def prune(pruning: Pruning) -> int:
    """Deletes what was planned and returns how many bytes that freed. Raises TakeError naming a file that cannot be deleted."""
    _refuse_while_busy(pruning.root)
    gone = [*pruning.frames, *(path for info in pruning.takes for path in _files(info.folder))]
    freed = _freed(gone)
    try:
        for path in gone:
            path.unlink(missing_ok=True)
        for info in pruning.takes:
            with suppress(OSError):  # somebody keeps other files in it
                info.folder.rmdir()
    except OSError as error:
        raise TakeError(f"{error.filename}: cannot be deleted ({error.strerror}). Close what uses it, then prune again.") from error
    return freed


def _files(folder: Path) -> list[Path]:
    """Returns the files of Bloom's in a take's folder; the one that makes it a take comes last."""
    with suppress(OSError):
        files = sorted(path for path in folder.iterdir() if _FILE_NAME.fullmatch(path.name))
        return [*files, *(path for path in (folder / ABOUT, folder / JSON) if path.exists())]
    return []


def _freed(paths: Sequence[Path]) -> int:
    """Returns the bytes that deleting these files gives back: a file with links elsewhere gives none."""
    links: dict[tuple[int, int], list[int]] = {}
    for path in paths:
        with suppress(OSError):
            status = path.stat()
            entry = links.setdefault((status.st_dev, status.st_ino), [0, status.st_nlink, status.st_size])
            entry[0] += 1
    return sum(size for seen, count, size in links.values() if seen >= count)


def _blends(info: TakeInfo) -> list[str]:
    blends = info.about.get("blends")
    return [path for path in blends if isinstance(path, str)] if isinstance(blends, list) else []


def _refuse_while_busy(root: Path) -> None:
    for folder in (root, root / STORE):
        for path in folder.glob(f".*{PART}"):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime < _BUSY:
                    raise TakeError(f"{root}: a bake is writing here ({path.name}). Prune when it is done, or in an hour if it was killed.")
