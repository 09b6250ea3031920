"""Writing takes so that nothing is ever half there: temporary names, links, renames that wait for a locked file."""

from __future__ import annotations

import errno
import json
import os
import shutil
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

PART = ".part"
_ABANDONED = 86400.0
"""Seconds after which another computer's unfinished file is nobody's: no frame takes a day."""
_PATIENCE = (0.1, 0.2, 0.4, 0.8, 1.6)
"""Seconds between tries to rename a file that another program holds open: cloud drives and virus scanners look at every new file."""


class TakeError(RuntimeError):
    """A bake that cannot go on: names the folder or file, says why and what to do."""


def _machine() -> str:
    name = socket.gethostname()
    with suppress(OSError):  # Linux alone has these: computers may share a name, and containers have each their own process numbers
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii")[:8]
        name += f"~{boot}{os.stat('/proc/self/ns/pid').st_ino:x}"
    return name


MACHINE = _machine()
"""What tells this computer, and this container on it, from all others that may write into the same folder."""


def part_name(folder: Path, name: str) -> Path:
    """Returns the name under which this thread writes what will be called `name`."""
    return folder / f".{name}-{threading.get_ident()}.{MACHINE}.{os.getpid()}{PART}"


def replace(source: Path, target: Path) -> None:
    """Renames a file or folder over `target`, again for some seconds where another program holds it. Raises OSError."""
    for seconds in _PATIENCE:
        try:
            os.replace(source, target)
            return
        except PermissionError:
            time.sleep(seconds)
    os.replace(source, target)


def link(source: Path, target: Path) -> None:
    """Hard-links, or copies where the file system cannot. Raises OSError where the disk is full or the folder cannot be written."""
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise
        shutil.copyfile(source, target)


def write_json(path: Path, content: Mapping[str, object]) -> None:
    """Writes a JSON file, on the disk when this returns. Raises OSError."""
    with path.open("w", encoding="utf-8") as file:
        file.write(json.dumps(content, indent=1))
        file.flush()
        os.fsync(file.fileno())


def remove_leftovers(folder: Path) -> None:
    """Removes the unfinished files of work that died on this computer, and another computer's (on Windows, all) when they are a day old."""
    for path in folder.glob(f".*{PART}"):
        whose, _, pid = path.name.removesuffix(PART).rpartition(".")
        own = whose.endswith(f".{MACHINE}") and pid.isdigit() and os.name != "nt"  # there, no process can be asked for without ending it
        if (int(pid) != os.getpid() and not _alive(int(pid))) if own else _age(path) > _ABANDONED:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def _age(path: Path) -> float:
    """Returns the seconds since a file was written, by the clock of the disk it is on: a server's may differ from this computer's."""
    now = part_name(path.parent, "now")
    try:
        now.touch()
        return now.stat().st_mtime - path.stat().st_mtime
    except OSError:
        return 0.0
    finally:
        with suppress(OSError):
            now.unlink(missing_ok=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def free_bytes(folder: Path) -> int | None:
    """Returns what is free on the disk that `folder` is on, or will be; None where that cannot be told."""
    for place in (folder, *folder.parents):
        with suppress(OSError):
            return shutil.disk_usage(place).free
    return None


def advice(folder: Path) -> str:
    """Returns what to do about an error when its cause may be the disk, else nothing."""
    free = free_bytes(folder)
    if free is None or free >= 256e6:
        return ""
    return f" ({free / 1e6:.0f} MB are free in {folder}: make room or choose another folder, then bake again)"


def unwritable(folder: Path, error: OSError) -> TakeError:
    """Returns the error that tells a user why `folder` could not be written."""
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return TakeError(f"{folder}: the disk is full. Make room or choose another folder, then bake again: finished frames are kept.")
    if isinstance(error, PermissionError) and os.access(folder, os.W_OK):
        held = Path(error.filename).name if isinstance(error.filename, str) else "a file"
        return TakeError(
            f"{folder}: another program holds {held} (a cloud drive, a virus scanner, another Blender?). "
            "Pause it or choose a folder it does not watch, then bake again: finished frames are kept."
        )
    return TakeError(f"{folder}: cannot be written ({error.strerror or error}). Choose another folder for takes.")
