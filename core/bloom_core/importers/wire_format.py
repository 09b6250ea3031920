"""Protocol buffers as they stand in a file: the fields of one message, without a schema or a library.

Source: Protocol Buffers Documentation, "Encoding". Fields of lengths that pass the end raise ValueError, and nothing is copied before that is known.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_DOUBLE, _FLOAT = struct.Struct("<d"), struct.Struct("<f")


def fields(data: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    """Yields (number, wire type, integer, content) of each field: a VARINT has an integer (unsigned) and no content, the other types the reverse.

    Raises ValueError for what is not a message.
    """
    at, end = 0, len(data)
    while at < end:
        key = data[at]
        if key < 0x80:
            at += 1
        else:
            key, at = varint(data, at)
        kind = key & 7
        if kind == VARINT:
            value, at = varint(data, at)
            yield key >> 3, kind, value, b""
            continue
        if kind == BYTES:
            size, at = varint(data, at)
        elif kind == FIXED64 or kind == FIXED32:
            size = 8 if kind == FIXED64 else 4
        else:
            raise ValueError(f"a field of the unknown type {kind}")
        if size > end - at:
            raise ValueError(f"a field of {size} bytes where {end - at} are left")
        yield key >> 3, kind, 0, data[at : at + size]
        at += size


def varint(data: bytes, at: int) -> tuple[int, int]:
    """Returns the number of variable length at `at`, below 2⁶⁴, and the place after it. Raises ValueError."""
    value = shift = 0
    for place in range(at, min(at + 10, len(data))):
        byte = data[place]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, place + 1
        shift += 7
    raise ValueError("a number that does not end")


def signed(value: int) -> int:
    """Returns a VARINT as the int64 it stands for."""
    return value - (1 << 64) if value >= 1 << 63 else value


def double(content: bytes) -> float:
    """Returns the double of a FIXED64 field."""
    number: float = _DOUBLE.unpack(content)[0]
    return number


def single(content: bytes) -> float:
    """Returns the float of a FIXED32 field."""
    number: float = _FLOAT.unpack(content)[0]
    return number
