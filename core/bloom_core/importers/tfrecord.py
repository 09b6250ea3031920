"""TFRecord files: records one after another, each with a checksum of its length and one of its bytes.

    uint64 length, uint32 masked crc32c(length), bytes[length], uint32 masked crc32c(bytes)          (little-endian)

Source: TensorFlow's documentation, "TFRecord"; crc32c is the cyclic redundancy check with the Castagnoli polynomial (RFC 3720, appendix B.4).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bloom_core.importers.archives import open_file, size_of

MAX_RECORD_BYTES = 64 << 20
"""Longer records (films, graphs) are passed over unread."""

_BATCH_RECORDS = 4096
_BATCH_BYTES = 1 << 20
_SHORT = 512
_HEADER = struct.Struct("<QI")

Words = NDArray[np.uint32]


def _table() -> Words:
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, (table >> 1) ^ np.uint32(0x82F63B78), table >> 1)
    return table


_TABLE = _table()
_ENTRIES: list[int] = _TABLE.tolist()


@dataclass(frozen=True)
class Record:
    """One record: the offset of its header in the file, and its bytes."""

    offset: int
    data: bytes


@dataclass(frozen=True)
class Damage:
    """A place at which the file is not as it should be. `cut`: it just ends there, as the file of a job that is running does."""

    offset: int
    what: str
    cut: bool = False


def records(path: Path) -> Iterator[Record | Damage]:
    """Yields the records whose checksums are right, in order, and what is damaged.

    After a damaged length nothing can be found any more; a record with damaged bytes is left out, and the next one follows. Raises RunError for what
    cannot be opened.
    """
    end = size_of(path)
    with open_file(path) as file:
        at, held, batch = 0, 0, list[tuple[int, bytes, int]]()
        damage: Damage | None = None
        while at < end and damage is None:
            header = file.read(12)
            if len(header) < 12:
                damage = Damage(at, "ends within a record", cut=True)
                break
            length, check = _HEADER.unpack(header)
            if _masked(_crc_of_few(header[:8])) != check:
                damage = Damage(at, "the checksum of a record's length is wrong")
            elif length > end - at - 16:
                damage = Damage(at, "ends within a record", cut=True)
            elif length > MAX_RECORD_BYTES:
                yield Damage(at, f"a record of {length} bytes was passed over")
                file.seek(length + 4, 1)
            else:
                body = file.read(length + 4)
                if len(body) < length + 4:
                    damage = Damage(at, "ends within a record", cut=True)
                    break
                batch.append((at, body[:length], int.from_bytes(body[length:], "little")))
                held += length
                if len(batch) >= _BATCH_RECORDS or held >= _BATCH_BYTES:
                    yield from _checked(batch)
                    batch, held = [], 0
            at += 16 + length
        yield from _checked(batch)
        if damage is not None:
            yield damage


def _checked(batch: Sequence[tuple[int, bytes, int]]) -> Iterator[Record | Damage]:
    checks = crc32c([data for _, data, _ in batch])
    for (offset, data, check), found in zip(batch, checks.tolist(), strict=True):
        yield Record(offset, data) if _masked(found) == check else Damage(offset, "the checksum of a record is wrong; it was left out")


def crc32c(texts: Sequence[bytes]) -> Words:
    """Returns the checksums uint32 (n,) of n byte strings.

    Strings are worked on side by side, a byte of each at a time: with the register at 0, zeros before a string change nothing, so that they can be
    made equally long; what the register should hold at the start is added to the string's first four bytes instead.
    """
    found = np.zeros(len(texts), dtype=np.uint32)
    short = [index for index, text in enumerate(texts) if 4 <= len(text) <= _SHORT]
    if short:
        width = max(len(texts[index]) for index in short)
        rows = np.zeros((len(short), width), dtype=np.uint8)
        for row, index in enumerate(short):
            rows[row, width - len(texts[index]) :] = np.frombuffer(_started(texts[index]), dtype=np.uint8)
        found[short] = _run(rows, np.zeros(len(short), dtype=np.uint32))
    for index, text in enumerate(texts):
        if len(text) > _SHORT:
            found[index] = _crc_of_many(text)
        elif len(text) < 4:
            found[index] = _crc_of_few(text) ^ 0xFFFFFFFF
    return ~found


def _started(text: bytes) -> bytes:
    return bytes(255 - byte for byte in text[:4]) + text[4:]


def _run(rows: NDArray[np.uint8], register: Words) -> Words:
    """Returns the registers (n,) after the bytes of each row (n, width)."""
    for column in np.ascontiguousarray(rows.T):
        register = _TABLE[(register ^ column) & 0xFF] ^ (register >> np.uint32(8))
    return register


def _crc_of_many(text: bytes) -> int:
    """Returns the register after one long string: its pieces side by side, then joined.

    With the register at 0, a piece adds its own register to that of the bytes before it, moved on by as many zeros as the piece is long; to move is
    linear, so 32 further rows of zeros, which begin with one bit each, tell what becomes of every bit.
    """
    width = int(len(text) ** 0.5) + 1
    pieces = -(-len(text) // width)
    rows = np.zeros((pieces + 32, width), dtype=np.uint8)
    rows[:pieces].reshape(-1)[pieces * width - len(text) :] = np.frombuffer(_started(text), dtype=np.uint8)
    bits = np.uint32(1) << np.arange(32, dtype=np.uint32)
    register = _run(rows, np.concatenate([np.zeros(pieces, dtype=np.uint32), bits]))
    moved: list[int] = register[pieces:].tolist()
    joined = 0
    for own in register[:pieces].tolist():
        after = own
        bit = 0
        while joined:
            if joined & 1:
                after ^= moved[bit]
            joined >>= 1
            bit += 1
        joined = after
    return joined


def _crc_of_few(text: bytes) -> int:
    """Returns the checksum of a few bytes."""
    register = 0xFFFFFFFF
    for byte in text:
        register = _ENTRIES[(register ^ byte) & 0xFF] ^ (register >> 8)
    return register ^ 0xFFFFFFFF


def _masked(check: int) -> int:
    """Returns a checksum as TFRecord files hold it."""
    return (((check >> 15) | (check << 17)) + 0xA282EAD8) & 0xFFFFFFFF
