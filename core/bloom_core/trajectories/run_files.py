"""Safe reading and atomic writing of the files a run is made of: npz shards, JSON, and the zip that packs them.

A run may come from anywhere, so nothing here trusts it: every size is checked against the file that claims it and against
one budget before memory is taken, only plain numbers are read (never pickles), and a zip is read in place, never extracted.
"""

from __future__ import annotations

import ast
import io
import json
import math
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bloom_core.whole_file import whole_file

MAX_RUN_BYTES = 2 << 30
"""Bytes that reading one run may take: its files and, of a run that was not closed, once more the arrays in them."""

MAX_JSON_BYTES = 64 << 20
MAX_MEMBERS = 65_000
MAX_DIRECTORY_BYTES = 16 << 20
MAX_HEADER_BYTES = 4096
DTYPES = {"<f2": 2, "<f4": 4, "<f8": 8, "<i8": 8, "<i4": 4, "|u1": 1}
"""Array types a run may hold (`numpy` type strings) and their bytes per value. Objects and strings are not among them."""

_END_OF_ZIP = b"PK\x05\x06"
_ZIP64_LOCATOR = b"PK\x06\x07"


class RunError(ValueError):
    """A run that cannot be used. The message names the file and the place, and says what to do."""


class Budget:
    """Counts the bytes that reading a run takes, and refuses before they are taken."""

    def __init__(self, limit: int = MAX_RUN_BYTES) -> None:
        self.limit = limit
        self.taken = 0

    def take(self, count: int, place: str) -> None:
        """Reserves `count` bytes. Raises RunError when the run as a whole would pass the limit."""
        if count < 0 or self.taken + count > self.limit:
            raise RunError(f"{place}: claims {count} bytes, and a run may hold {self.limit} in all. The file is damaged or is not a Bloom run.")
        self.taken += count


class Source(Protocol):
    """Where a run's files are: a directory or a packed file. Names are relative, with `/`."""

    path: Path

    def names(self) -> frozenset[str]: ...

    def read(self, name: str, budget: Budget) -> bytes: ...


class DirectorySource:
    """A run that is a directory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        inside = [entry for entry in (*path.iterdir(), *(path / "emb").glob("*"), *(path / "columns").glob("*")) if entry.is_file()]
        self._names = frozenset(entry.relative_to(path).as_posix() for entry in inside)

    def names(self) -> frozenset[str]:
        return self._names

    def read(self, name: str, budget: Budget) -> bytes:
        """Returns the bytes of file `name`. Raises RunError."""
        place = str(self.path / name)
        try:
            with open(self.path / name, "rb") as file:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode):
                    raise RunError(f"{place}: not an ordinary file. Copy the run's own files there.")
                budget.take(status.st_size, place)
                return file.read(status.st_size)
        except OSError as error:
            raise RunError(f"{place}: cannot be read ({error.strerror}). Check the path and its permissions.") from error


class ZipSource:
    """A packed run: one zip whose members are stored or deflated."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = open(path, "rb")
        except OSError as error:
            raise RunError(f"{path}: cannot be opened ({error.strerror}). Check the path and its permissions.") from error
        try:
            self._zip = open_zip(self._file, str(path))
        except RunError:
            self._file.close()
            raise
        self._members = {info.filename: info for info in self._zip.infolist() if not info.is_dir()}

    def names(self) -> frozenset[str]:
        return frozenset(self._members)

    def read(self, name: str, budget: Budget) -> bytes:
        """Returns the unpacked bytes of member `name`. Raises RunError."""
        return read_member(self._zip, self._members[name], f"{self.path}, member {name}", budget)

    def close(self) -> None:
        """Closes the file."""
        self._zip.close()
        self._file.close()


def open_zip(file: Any, place: str) -> zipfile.ZipFile:
    """Opens a seekable binary file as a zip after checking how much memory its table of contents claims. Raises RunError."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 66_000))
    tail = file.read()
    end = tail.rfind(_END_OF_ZIP)
    if end < 0 or len(tail) - end < 22:
        raise RunError(f"{place}: not a zip, or cut off before its end. Copy or download it again.")
    if tail[max(0, end - 20) :].startswith(_ZIP64_LOCATOR):
        raise RunError(f"{place}: is a zip64, larger than any run Bloom packs. Pack the run again with `trajectory.pack_run`.")
    directory_bytes = struct.unpack_from("<I", tail, end + 12)[0]
    if directory_bytes > MAX_DIRECTORY_BYTES:
        raise RunError(f"{place}: its table of contents claims {directory_bytes} bytes. The file is damaged or hostile; do not use it.")
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError, struct.error) as error:
        raise RunError(f"{place}: a damaged zip ({error}). Copy or download it again.") from error
    seen: set[str] = set()
    for info in archive.infolist():
        _check_member(info, seen, place)
    return archive


def _check_member(info: zipfile.ZipInfo, seen: set[str], place: str) -> None:
    """Refuses names that leave the archive or come twice, links, encryption and unusual compression."""
    name = info.filename
    parts = name.rstrip("/").split("/")
    if name.startswith("/") or "\\" in name or ":" in name or "\0" in name or any(part in ("", ".", "..") for part in parts):
        raise RunError(f"{place}, member {name!r}: its name leads out of the run. The file is damaged or hostile; do not use it.")
    if name in seen or len(seen) >= MAX_MEMBERS:
        raise RunError(f"{place}, member {name!r}: comes twice, or is one of more than {MAX_MEMBERS} members. Pack the run again.")
    seen.add(name)
    if info.flag_bits & 1 or stat.S_ISLNK(info.external_attr >> 16) or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise RunError(f"{place}, member {name!r}: is encrypted, a link, or neither stored nor deflated. Pack the run again.")


def read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, place: str, budget: Budget) -> bytes:
    """Returns a member's bytes, having reserved the size it claims; its checksum is verified. Raises RunError."""
    budget.take(info.file_size, place)
    try:
        with archive.open(info) as member:
            data = member.read(info.file_size)
            complete = len(data) == info.file_size and not member.read(1)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, struct.error) as error:
        raise RunError(f"{place}: damaged ({error}). Copy or download the run again.") from error
    if not complete:
        raise RunError(f"{place}: its size is not the {info.file_size} bytes it claims. Copy or download the run again.")
    return data


def read_npz(data: bytes, place: str, budget: Budget) -> dict[str, NDArray[Any]]:
    """Returns the arrays of an npz file held in `data`, by name. Raises RunError; never unpickles."""
    arrays: dict[str, NDArray[Any]] = {}
    with open_zip(io.BytesIO(data), place) as archive:
        for info in archive.infolist():
            name = info.filename.removesuffix(".npy")
            where = f"{place}, array {name}"
            arrays[name] = read_npy(read_member(archive, info, where, budget), where)
    return arrays


def read_npy(data: bytes, place: str) -> NDArray[Any]:
    """Returns the array of an npy file held in `data`, as a read-only view of it (NumPy's "npy format", versions 1 and 2). Raises RunError."""
    kind, order, shape, start = npy_header(data, place)
    if kind not in DTYPES:
        raise RunError(f"{place}: has the type {kind!r}, and a run holds plain numbers only ({', '.join(DTYPES)}). Nothing was read from it.")
    if math.prod(shape) * DTYPES[kind] != len(data) - start:
        raise RunError(f"{place}: its header claims shape {shape}, but {len(data) - start} bytes follow. Copy or download the run again.")
    return np.frombuffer(data, dtype=kind, offset=start).reshape(shape, order="F" if order else "C")


def npy_header(data: bytes, place: str) -> tuple[str, bool, tuple[int, ...], int]:
    """Returns what an npy file says of itself in its first MAX_HEADER_BYTES + 12 bytes: its type, whether columns come first, its shape, and
    where its values begin. The type may be any, and the values may be missing. Raises RunError."""
    damaged = f"{place}: a damaged npy header. Copy or download the run again."
    if len(data) < 12 or data[:6] != b"\x93NUMPY" or data[6] not in (1, 2):
        raise RunError(damaged)
    start = 10 if data[6] == 1 else 12
    length = int.from_bytes(data[8:start], "little")
    if length > MAX_HEADER_BYTES or start + length > len(data):
        raise RunError(damaged)
    try:
        header = ast.literal_eval(data[start : start + length].decode("latin-1").strip())
        kind, order, shape = header["descr"], header["fortran_order"], header["shape"]
    except (ValueError, SyntaxError, KeyError, TypeError, RecursionError, MemoryError) as error:
        raise RunError(damaged) from error
    if not isinstance(shape, tuple) or len(shape) > 32 or not all(type(side) is int and side >= 0 for side in shape) or type(order) is not bool:
        raise RunError(damaged)
    return str(kind), order, shape, start + length


def read_json(data: bytes, place: str) -> Any:
    """Returns parsed JSON (no NaN, no Infinity, at most MAX_JSON_BYTES). Raises RunError naming the line."""
    if len(data) > MAX_JSON_BYTES:
        raise RunError(f"{place}: {len(data)} bytes of JSON, more than a run has ({MAX_JSON_BYTES}). The file is damaged.")

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not allowed")

    try:
        return json.loads(data.decode("utf-8"), parse_constant=refuse)
    except json.JSONDecodeError as error:
        raise RunError(f"{place}, line {error.lineno}: not JSON ({error.msg}). Copy the run again.") from error
    except (ValueError, RecursionError) as error:
        raise RunError(f"{place}: not JSON ({error}). Copy the run again.") from error


def npz_bytes(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Returns an uncompressed npz file of `arrays` (types as in DTYPES)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), npy_bytes(array))
    return buffer.getvalue()


def npy_bytes(array: NDArray[Any]) -> bytes:
    """Returns an npy file of `array` (types as in DTYPES)."""
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(array), allow_pickle=False)
    return buffer.getvalue()


def write_atomic(path: Path, data: bytes) -> None:
    """Writes `data` to `path` so that the file is either whole or not there. Raises RunError when the disk refuses."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as file:
            file.write(data)
    except OSError as error:
        raise RunError(f"{path}: cannot be written ({error.strerror}). Free some space or choose another folder.") from error
