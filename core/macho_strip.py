"""Strips a library for macOS: takes its local symbols out, and signs it again. zig's linker strips only debug information there.

The symbols, the table of indirect symbols, their names and the signature are the last four things in such a file. dyld reads none of the first
three to bind this library; the signature must cover every byte before it, or Apple silicon refuses to load the file.
"""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

_SYMTAB, _DYSYMTAB, _SEGMENT, _SIGNATURE = 0x2, 0xB, 0x19, 0x1D
_NOT_A_SYMBOL = 0x40000000
"""From here on an indirect symbol is none: it is local or absolute."""
_LOCAL = 0x80000000
_PAGE = 0x4000
_ADHOC_BY_LINKER = 0x20002
_ENTRY = 16


class MachoError(ValueError):
    """A file for macOS is laid out as this module does not expect; the message names it."""


def strip(path: Path) -> None:
    """Strips the library at `path` in place, and signs it anew if it was signed. Raises MachoError for a file that zig's linker did not make so."""
    data = bytearray(path.read_bytes())
    commands = _commands(path, data)
    symtab, dysymtab = commands[_SYMTAB][0], commands[_DYSYMTAB][0]
    linkedit = next(at for at in commands[_SEGMENT] if data[at + 8 : at + 24].rstrip(b"\0") == b"__LINKEDIT")
    symbols, count, names = struct.unpack_from("<3I", data, symtab + 8)
    first_local, locals_count = struct.unpack_from("<2I", data, dysymtab + 8)
    indirect, indirect_count = struct.unpack_from("<2I", data, dysymtab + 56)
    if first_local != 0 or not symbols < indirect < names or symbols + count * _ENTRY > indirect:
        raise MachoError(f"{path}: its symbols are not laid out as zig's linker does")
    signature = commands.get(_SIGNATURE, [0])[0]
    identity = _identity(data, signature) if signature else b""

    table, text = bytearray(), bytearray(b"\0")
    for number in range(locals_count, count):
        name_at, *rest = struct.unpack_from("<IBBHQ", data, symbols + number * _ENTRY)
        name = data[names + name_at : data.index(0, names + name_at) + 1]
        table += struct.pack("<IBBHQ", len(text), *rest)
        text += name
    indices = [_renumbered(value, locals_count) for value in struct.unpack_from(f"<{indirect_count}I", data, indirect)]

    new_indirect = symbols + len(table)
    new_names = new_indirect + 4 * indirect_count
    end = -(-(new_names + len(text)) // 16) * 16
    data[symbols:] = table + struct.pack(f"<{indirect_count}I", *indices) + text + bytes(end - new_names - len(text))
    struct.pack_into("<4I", data, symtab + 8, symbols, count - locals_count, new_names, end - new_names)
    ranges = list(struct.unpack_from("<6I", data, dysymtab + 8))
    ranges[1], ranges[2], ranges[4] = 0, ranges[2] - locals_count, ranges[4] - locals_count
    struct.pack_into("<6I", data, dysymtab + 8, *ranges)
    struct.pack_into("<2I", data, dysymtab + 56, new_indirect, indirect_count)

    size = len(_signature(data, identity, (0, 0))) if signature else 0
    address, _, start, _ = struct.unpack_from("<4Q", data, linkedit + 24)
    struct.pack_into("<4Q", data, linkedit + 24, address, -(-(end + size - start) // _PAGE) * _PAGE, start, end + size - start)
    if signature:
        struct.pack_into("<2I", data, signature + 8, end, size)
        text_segment = struct.unpack_from("<4Q", data, commands[_SEGMENT][0] + 24)
        data += _signature(data, identity, (text_segment[2], text_segment[3]))
    path.write_bytes(data)


def _commands(path: Path, data: bytearray) -> dict[int, list[int]]:
    """Returns the places of the load commands by their kind."""
    if data[:4] != b"\xcf\xfa\xed\xfe":
        raise MachoError(f"{path} is not a library for macOS of 64 bits")
    found: dict[int, list[int]] = {}
    at = 32
    for _ in range(struct.unpack_from("<I", data, 16)[0]):
        kind, size = struct.unpack_from("<2I", data, at)
        found.setdefault(kind, []).append(at)
        at += size
    return found


def _renumbered(index: int, removed: int) -> int:
    if index >= _NOT_A_SYMBOL:
        return index
    return index - removed if index >= removed else _LOCAL


def _identity(data: bytearray, command: int) -> bytes:
    """Returns the name in a signature, with its closing zero."""
    at = struct.unpack_from("<I", data, command + 8)[0]
    directory = at + struct.unpack_from(">I", data, at + 16)[0]
    name = directory + struct.unpack_from(">I", data, directory + 20)[0]
    return bytes(data[name : data.index(0, name) + 1])


def _signature(data: bytearray, identity: bytes, executable: tuple[int, int]) -> bytes:
    """Returns an ad-hoc signature of `data`: a directory of the SHA-256 of its pages. `executable`: start and length of the code's segment."""
    pages = [hashlib.sha256(data[at : at + _PAGE]).digest() for at in range(0, len(data), _PAGE)]
    head = 88  # bytes before the name, in version 2.4 of a directory
    hashes = head + len(identity)
    length = hashes + 32 * len(pages)
    directory = struct.pack(">9I", 0xFADE0C02, length, 0x20400, _ADHOC_BY_LINKER, hashes, head, 0, len(pages), len(data))
    directory += struct.pack(">4BI", 32, 2, 0, _PAGE.bit_length() - 1, 0)
    directory += bytes(20) + struct.pack(">3Q", *executable, 0)
    directory += identity + b"".join(pages)
    return struct.pack(">5I", 0xFADE0CC0, 20 + length, 1, 0, 20) + directory
