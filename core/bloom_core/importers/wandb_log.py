"""The transaction log that W&B writes beside a run, `run-ID.wandb`: its history rows, read without W&B.

After 7 bytes (":W&B", 0xBEE1, version 0) the file is a log as LevelDB's ("log_format.md"): blocks of 32 KiB, in them pieces of records, each with a
CRC-32 of its type and bytes, its length, its type (whole, first, middle, last). A record is a protocol buffer; Record.history (2) has items (1) with
a key (1) or a nested key (2), and the value as JSON (16). Source of the field numbers: wandb_internal.proto.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from bloom_core.importers import wire_format
from bloom_core.importers.archives import open_file, read_at, size_of
from bloom_core.importers.wire_format import BYTES
from bloom_core.trajectories.run_files import RunError

MAGIC = b":W&B\xe1\xbe"
MAX_RECORD_BYTES = 64 << 20
_BLOCK = 32_768
_PIECE = struct.Struct("<IHB")
_WHOLE, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
_CUT = "ends within a record; the job was still running, or was killed."
_SEEDS = {kind: zlib.crc32(bytes([kind])) for kind in (_WHOLE, _FIRST, _MIDDLE, _LAST)}


def rows(path: Path, warnings: list[str]) -> Iterator[list[tuple[str, bytes]]]:
    """Yields the items of each history row: its name (nested ones joined by "."), and the JSON of its value.

    Where the file ends within a record, or is damaged, the rows before it are given and `warnings` is told. Raises RunError for other files.
    """
    for offset, data in _records(path, warnings):
        try:
            for number, kind, _, content in wire_format.fields(data):
                if number == 2 and kind == BYTES:
                    yield [_item(item) for inner, inner_kind, _, item in wire_format.fields(content) if inner == 1 and inner_kind == BYTES]
        except ValueError as error:
            warnings.append(f"{path}, byte {offset}: no record of W&B ({error}); it was left out.")


def _item(data: bytes) -> tuple[str, bytes]:
    names, value = [], b""
    for number, kind, _, content in wire_format.fields(data):
        if kind == BYTES and number in (1, 2):
            names.append(content.decode("utf-8", "replace"))
        elif kind == BYTES and number == 16:
            value = content
    return ".".join(name for name in names if name), value


def _records(path: Path, warnings: list[str]) -> Iterator[tuple[int, bytes]]:
    """Yields the offset and the bytes of each whole record."""
    end = size_of(path)
    with open_file(path) as file:
        if end < 7 or read_at(file, 0, 7, str(path))[:6] != MAGIC:
            raise RunError(f"{path}: not a log of W&B. Choose the file run-ID.wandb in the run's folder.")
        record, begun, size = list[bytes](), -1, 0
        for start in range(0, end, _BLOCK):
            block = read_at(file, start, min(_BLOCK, end - start), str(path))
            at = 7 if start == 0 else 0
            while at + _PIECE.size <= len(block):
                check, length, kind = _PIECE.unpack_from(block, at)
                if check == length == kind == 0:
                    break  # the block's padding
                place = f"{path}, byte {start + at}"
                data = block[at + 7 : at + 7 + length]
                if len(data) < length:
                    cut = start + len(block) == end
                    warnings.append(f"{place}: {_CUT if cut else 'a damaged record; what follows was left out.'}")
                    return
                if kind not in _SEEDS or zlib.crc32(data, _SEEDS[kind]) != check or (kind in (_MIDDLE, _LAST)) != bool(record):
                    warnings.append(f"{place}: a damaged record; what follows was left out.")
                    return
                begun = begun if record else start + at
                at += 7 + length
                size += length
                if size > MAX_RECORD_BYTES:
                    raise RunError(f"{place}: a record of more than {MAX_RECORD_BYTES} bytes. The file is damaged or hostile; do not use it.")
                record.append(data)
                if kind in (_WHOLE, _LAST):
                    yield begun, b"".join(record)
                    record, size = [], 0
        if record:
            warnings.append(f"{path}, byte {begun}: {_CUT}")
