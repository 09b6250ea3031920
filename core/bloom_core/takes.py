"""Takes: baked sequences of OpenVDB files on disk, named by their content.

Under the folder the user chose:

    frames/KEY.vdb            one file per distinct frame, KEY being a hash of all that its bytes depend on
    take-HASH/bloom_0001.vdb  a take: hard links (or copies) to its frames, numbered from 1, in the order of the timeline
    take-HASH/take.json       what the take was made of; written last, so a folder without it is no take

A changed frame has another key and an unchanged one is never baked again. Every file is written under a temporary name and
renamed when it is whole: a bake killed at any time leaves only whole frames behind, and the next one goes on from them.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import socket
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from bloom_core import native
from bloom_core.flames.flame import Flame
from bloom_core.flames.flame_buffer import pack
from bloom_core.native import Box, Cancelled, NativeError, Progress

FORMAT = 1
RENDERING = 3
"""Goes up whenever the renderer gives other bytes for the same flame and settings (tests/core/test_rendering.py notices), so that frames of
an older renderer are not taken for its own."""

_PART = ".part"


class TakeError(RuntimeError):
    """A bake that cannot go on: names the folder or file, says why and what to do."""


@dataclass(frozen=True)
class BakeSettings:
    """What a frame is baked with, besides its flame: `samples` iterations into `resolution` voxels along the box's longest side.

    `gain`, `filter_radius` (voxels), `fade` (share of the box) and `estimator` (radius of density estimation in voxels, 0 for none) as
    in `native`.
    """

    box: Box
    samples: int
    resolution: int
    gain: float
    filter_radius: float = 1.0
    fade: float = 0.1
    estimator: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class Take:
    """A baked sequence: `files[i]` is the i-th frame of the timeline; `baked` of them were made by this bake, the rest was there."""

    folder: Path
    files: tuple[Path, ...]
    baked: int


def frame_key(flame: Flame, settings: BakeSettings) -> str:
    """Returns the hash of all that a frame's bytes depend on. The palette is not among it: colours never need a bake. Raises FlameError."""
    digest = hashlib.sha256(f"bloom frame {FORMAT} {RENDERING} {json.dumps(asdict(settings), sort_keys=True)}".encode())
    digest.update(np.ascontiguousarray(pack(flame), "<f8").tobytes())
    return digest.hexdigest()[:32]


def take_name(keys: Sequence[str]) -> str:
    """Returns the folder name of the take that has these frames."""
    return f"take-{hashlib.sha256(' '.join(keys).encode()).hexdigest()[:16]}"


def bake(folder: Path | str, flames: Sequence[Flame], settings: BakeSettings, *, threads: int = 0, progress: Progress | None = None) -> Take:
    """Bakes the flames, one per frame of the timeline, into a take under `folder`; what is already there is used again.

    `threads` 0 uses every core; the bytes do not depend on it. Raises TakeError (folder not writable, disk full), NativeError or
    FlameError naming the frame (a flame that diverges), Cancelled; frames that are finished stay for the next bake.
    """
    root = Path(folder)
    if not flames:
        raise TakeError("there is nothing to bake: the range has no frames")
    keys = []
    for number, flame in enumerate(flames, 1):
        try:
            keys.append(frame_key(flame, settings))
        except ValueError as error:
            raise TakeError(f"frame {number} of the range: {error}") from error
    store = root / "frames"
    try:
        store.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(store)
        _remove_leftovers(root)
    except OSError as error:
        raise _unwritable(root, error) from error
    missing = [number for number, key in enumerate(keys) if not (store / f"{key}.vdb").is_file()]
    missing = [number for place, number in enumerate(missing) if keys[number] not in {keys[other] for other in missing[:place]}]
    for done, number in enumerate(missing):
        _bake_frame(store, keys[number], flames[number], settings, number + 1, threads, _part_of(progress, done, len(missing)))
    take = _publish(root, keys, settings)
    files = tuple(take / file_name(number) for number in range(1, len(keys) + 1))
    return Take(take, files, len(missing))


def file_name(number: int) -> str:
    """Returns the name of the take's n-th file, from 1; Blender reads the number from its end."""
    return f"bloom_{number:04d}.vdb"


def read_take(folder: Path | str) -> Take:
    """Opens a finished take. Raises TakeError where the folder is none, or lost files."""
    root = Path(folder)
    try:
        text = json.loads((root / "take.json").read_text("utf-8"))
        count = len(text["frames"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TakeError(f"{root}: this is not a finished take ({error}). Bake again.") from error
    files = tuple(root / file_name(number) for number in range(1, count + 1))
    lost = [path.name for path in files if not path.is_file()]
    if lost:
        raise TakeError(f"{root}: {len(lost)} of {count} files are missing, {lost[0]} first. Bake again.")
    return Take(root, files, 0)


def _part_of(progress: Progress | None, done: int, count: int) -> Progress | None:
    if progress is None:
        return None
    return lambda fraction: progress((done + fraction) / count)


def _bake_frame(store: Path, key: str, flame: Flame, settings: BakeSettings, number: int, threads: int, progress: Progress | None) -> None:
    part = _part_name(store, key)
    try:
        with native.accumulate(
            flame,
            settings.samples,
            settings.box,
            settings.resolution,
            filter_radius=settings.filter_radius,
            fade=settings.fade,
            seed=settings.seed,
            threads=threads,
            progress=progress,
        ) as grid:
            if _is_a_point(grid):
                raise TakeError(f"frame {number} of the range: the flame collapses to a point. Change its affines, or grow it anew.")
            if settings.estimator:
                grid.estimate(settings.estimator, threads=threads)
            grid.write_vdb(part, gain=settings.gain)
        os.replace(part, store / f"{key}.vdb")
    except OSError as error:
        raise _unwritable(store, error) from error
    except NativeError as error:
        raise TakeError(f"frame {number} of the range: {error}{_advice(store)}") from error
    finally:
        part.unlink(missing_ok=True)


def _is_a_point(grid: native.Grid) -> bool:
    """Says whether all hits lie in one voxel, or in its neighbours, into which the filter spreads them."""
    if not 1 <= grid.leaf_count <= 8:
        return False
    leaf, x, y, z = np.nonzero(grid.mask())
    return bool((np.ptp(grid.origins()[leaf] + np.stack([x, y, z], axis=1), axis=0) <= 2).all())


def _advice(folder: Path) -> str:
    """Returns what to do about it when the cause may be the disk."""
    free = shutil.disk_usage(folder).free
    return f" ({free / 1e6:.0f} MB are free in {folder}: make room or choose another folder, then bake again)" if free < 256e6 else ""


def _publish(root: Path, keys: Sequence[str], settings: BakeSettings) -> Path:
    """Makes the take's folder whole under a temporary name, then gives it its own."""
    take = root / take_name(keys)
    if _is_whole(take):
        return take
    part = _part_name(root, take.name)
    try:
        part.mkdir()
        for number, key in enumerate(keys, 1):
            _link(root / "frames" / f"{key}.vdb", part / file_name(number))
        text = json.dumps({"format": FORMAT, "frames": list(keys), "settings": asdict(settings)}, indent=1)
        with (part / "take.json").open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.replace(part, take)
        except OSError:
            if not take.exists():
                raise
            # Another bake has just published the same, or it is a take that lost files.
            if not _is_whole(take):
                shutil.rmtree(take)
                os.replace(part, take)
    except OSError as error:
        raise _unwritable(root, error) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return take


def _is_whole(folder: Path) -> bool:
    try:
        read_take(folder)
    except TakeError:
        return False
    return True


def _link(source: Path, target: Path) -> None:
    """Hard-links, or copies where the file system cannot."""
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise
        shutil.copyfile(source, target)


def _part_name(folder: Path, name: str) -> Path:
    return folder / f".{name}-{threading.get_ident()}.{socket.gethostname()}.{os.getpid()}{_PART}"


def _remove_leftovers(folder: Path) -> None:
    """Removes the unfinished files of bakes that died on this computer; another computer's may still be running."""
    for path in folder.glob(f".*.{socket.gethostname()}.*{_PART}"):
        pid = path.name.removesuffix(_PART).rpartition(".")[2]
        if pid.isdigit() and int(pid) != os.getpid() and not _alive(int(pid)):
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def _alive(pid: int) -> bool:
    if os.name == "nt":  # there, kill(pid, 0) would end the process
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _unwritable(folder: Path, error: OSError) -> TakeError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT if hasattr(errno, "EDQUOT") else errno.ENOSPC):
        return TakeError(f"{folder}: the disk is full. Make room or choose another folder, then bake again: finished frames are kept.")
    return TakeError(f"{folder}: cannot be written ({error.strerror or error}). Choose another folder for takes.")


__all__ = ["BakeSettings", "Cancelled", "Take", "TakeError", "bake", "file_name", "frame_key", "read_take", "take_name"]
