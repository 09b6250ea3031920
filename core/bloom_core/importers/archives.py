"""Parts of files that may be damaged or hostile: bytes at an offset, and the members of a zip as checkpoints use it (stored, any size)."""

from __future__ import annotations

import json
import os
import re
import stat
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO

from bloom_core.trajectories.run_files import MAX_DIRECTORY_BYTES, MAX_JSON_BYTES, MAX_MEMBERS, RunError

_LOCAL_HEADER = 30


def size_of(path: Path) -> int:
    """Returns the size of an ordinary file. Raises RunError for anything else."""
    try:
        status = path.stat()
    except OSError as error:
        raise RunError(f"{path}: cannot be read ({error.strerror}). Check the path and its permissions.") from error
    if not stat.S_ISREG(status.st_mode):
        raise RunError(f"{path}: not an ordinary file. Copy the file itself there.")
    return status.st_size


def open_file(path: Path) -> BinaryIO:
    """Opens an ordinary file for reading. Raises RunError."""
    size_of(path)
    try:
        return open(path, "rb")
    except OSError as error:
        raise RunError(f"{path}: cannot be opened ({error.strerror}). Check the path and its permissions.") from error


def read_at(file: BinaryIO, offset: int, count: int, place: str) -> bytes:
    """Returns `count` bytes from `offset` on, which must be within the file. Raises RunError."""
    size = os.fstat(file.fileno()).st_size
    if offset < 0 or count < 0 or offset + count > size:
        raise RunError(f"{place}: bytes {offset} … {offset + count} are wanted of a file of {size}. The file is cut off or damaged; copy it again.")
    try:
        file.seek(offset)
        data = file.read(count)
    except OSError as error:
        raise RunError(f"{place}: cannot be read ({error.strerror}). Check the disk.") from error
    if len(data) != count:
        raise RunError(f"{place}: ends after {offset + len(data)} bytes. The file changed while it was read; wait until it is whole.")
    return data


def read_small(path: Path, limit: int = MAX_JSON_BYTES) -> bytes:
    """Returns the bytes of a file of at most `limit` bytes. Raises RunError."""
    size = size_of(path)
    if size > limit:
        raise RunError(f"{path}: {size} bytes, more than such a file has ({limit}). Choose another file.")
    with open_file(path) as file:
        return read_at(file, 0, size, str(path))


def read_json_file(path: Path) -> Any:
    """Returns the JSON in a file; NaN and Infinity are allowed, as trainers write them. Raises RunError naming the line."""
    return parse_json(read_small(path), str(path))


def parse_json(data: bytes, place: str) -> Any:
    """Returns parsed JSON; NaN and Infinity are allowed. Raises RunError naming the line."""
    try:
        return json.loads(data.decode("utf-8"))
    except json.JSONDecodeError as error:
        raise RunError(f"{place}, line {error.lineno}: not JSON ({error.msg}). The file is cut off or damaged; copy it again.") from error
    except (ValueError, RecursionError) as error:
        raise RunError(f"{place}: not JSON ({str(error)[:200]}). The file is cut off or damaged; copy it again.") from error


class Archive:
    """A zip whose members are read in place. `file` stays the caller's to close.

    Checkpoints are written without packing and may be large, so members must be stored, and zip64 is allowed.
    """

    def __init__(self, file: BinaryIO, place: str) -> None:
        """Reads the table of contents, whose size is checked first. Raises RunError."""
        self.file = file
        self.place = place
        size = file.seek(0, os.SEEK_END)
        _check_directory(file, size, place)
        try:
            self.zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError, struct.error) as error:
            raise RunError(f"{place}: a damaged zip ({str(error)[:200]}). Copy or download it again.") from error
        self.members: dict[str, zipfile.ZipInfo] = {}
        for info in self.zip.infolist():
            self._check(info)
            self.members[info.filename] = info
        if sum(info.compress_size for info in self.members.values()) > size:
            raise RunError(f"{place}: its members claim more bytes than the file has. It is damaged or hostile; do not use it.")

    def _check(self, info: zipfile.ZipInfo) -> None:
        name = info.filename
        if name.startswith("/") or "\\" in name or "\0" in name or ".." in name.split("/") or re.match("[A-Za-z]:", name):
            raise RunError(f"{self.place}, member {name[:200]!r}: its name leads out of the archive. The file is damaged or hostile; do not use it.")
        if name in self.members or len(self.members) >= MAX_MEMBERS:
            raise RunError(f"{self.place}, member {name[:200]!r}: comes twice, or is one of more than {MAX_MEMBERS}. The file is damaged or hostile.")

    def member(self, name: str) -> zipfile.ZipInfo:
        """Returns what the table of contents says of a member. Raises RunError when it is not there, or not stored."""
        if name not in self.members:
            raise RunError(f"{self.place}: has no member {name[:200]!r}. The file is cut off or damaged; copy it again.")
        info = self.members[name]
        if info.flag_bits & 1 or info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
            raise RunError(f"{self.place}, member {name[:200]!r}: is packed or encrypted, as checkpoints are not. Save the checkpoint again.")
        return info

    def read(self, name: str, limit: int) -> bytes:
        """Returns a whole member of at most `limit` bytes. Raises RunError."""
        size = self.member(name).file_size
        if size > limit:
            raise RunError(f"{self.place}, member {name[:200]}: {size} bytes, more than such a file has ({limit}). It is damaged or hostile.")
        return self.read_range(name, 0, size)

    def read_range(self, name: str, start: int, stop: int) -> bytes:
        """Returns bytes `start` … `stop` of a member; of a whole one the checksum is verified, where the file has one. Raises RunError."""
        place = f"{self.place}, member {name[:200]}"
        offset, size = self.span(name)
        if not 0 <= start <= stop <= size:
            raise RunError(f"{place}: bytes {start} … {stop} are wanted of {size}. The file is damaged; copy it again.")
        data = read_at(self.file, offset + start, stop - start, place)
        # torch.save can be told to leave checksums out, and then writes 0.
        checksum = self.members[name].CRC
        if len(data) == size and checksum and zlib.crc32(data) != checksum:
            raise RunError(f"{place}: its checksum is wrong. The file is damaged; copy it again.")
        return data

    def span(self, name: str) -> tuple[int, int]:
        """Returns where in the file a member's bytes begin, and how many they are. Raises RunError."""
        info, place = self.member(name), f"{self.place}, member {name[:200]}"
        header = read_at(self.file, info.header_offset, _LOCAL_HEADER, place)
        if header[:4] != b"PK\x03\x04":
            raise RunError(f"{place}: does not begin where the table of contents says. The file is damaged; copy it again.")
        lengths = struct.unpack_from("<HH", header, 26)
        return info.header_offset + _LOCAL_HEADER + sum(lengths), info.file_size


def _check_directory(file: BinaryIO, size: int, place: str) -> None:
    """Refuses a zip whose table of contents, as its end record tells it, would take too much memory."""
    start = max(0, size - 66_000)
    file.seek(start)
    tail = file.read(66_000)
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or len(tail) - end < 22:
        raise RunError(f"{place}: not a zip, or cut off before its end. Copy or download it again.")
    claimed: int = struct.unpack_from("<I", tail, end + 12)[0]
    if tail[max(0, end - 20) : end].startswith(b"PK\x06\x07"):
        offset = struct.unpack_from("<Q", tail, end - 12)[0]
        file.seek(min(offset, size))
        record = file.read(56)
        if len(record) < 56 or record[:4] != b"PK\x06\x06":
            raise RunError(f"{place}: a damaged zip64. Copy or download it again.")
        claimed = struct.unpack_from("<Q", record, 40)[0]
    if claimed > MAX_DIRECTORY_BYTES:
        raise RunError(f"{place}: its table of contents claims {claimed} bytes. The file is damaged or hostile; do not use it.")
