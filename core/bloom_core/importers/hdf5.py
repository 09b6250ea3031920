"""Reads the HDF5 files that Keras writes, with numpy alone: groups as symbol tables, numbers in one piece. Nothing else is followed.

HDF5's own library is not used because it loops for ever on some damaged files, and follows links to other files. Layout as in the "HDF5 File Format
Specification", version 3.0, of which this is the part that h5py uses by default: superblock 0 or 1, object headers 1, B-trees 1, local heaps,
contiguous or compact data.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from bloom_core.importers.archives import read_at
from bloom_core.trajectories.run_files import RunError

SIGNATURE = b"\x89HDF\r\n\x1a\n"
MAX_OBJECTS = 200_000
_MAX_DEPTH = 64
_MAX_NAME = 4096
_SPACE, _NEW_LINKS, _TYPE, _ELSEWHERE, _LAYOUT, _CONTINUATION, _TABLE = 0x01, (0x02, 0x06, 0x0A), 0x03, 0x07, 0x08, 0x10, 0x11
_SOFT_LINK = 2
_FLOATS = {(2, 5, 10): "f2", (4, 8, 23): "f4", (8, 11, 52): "f8"}
_REFERENCE, _VARIABLE = 7, 9


@dataclass(frozen=True)
class Dataset:
    """Numbers in the file: `kind` is a type of NumPy ("<f4"), "" for what is neither whole number nor float; `count` of them from `address` on."""

    kind: str
    shape: tuple[int, ...]
    address: int
    count: int


class Hdf5:
    """An HDF5 file, at `start` in `file`, `size` bytes long: `datasets` by their path. `file` stays the caller's to close."""

    def __init__(self, file: BinaryIO, start: int, size: int, place: str) -> None:
        """Reads the tree of groups. Raises RunError naming the group, for damage, links, and forms that Keras does not write."""
        self._file, self._start, self._size, self.place = file, start, size, place
        self._objects = 0
        self._allowed = 8 * size + (1 << 20)
        self._entered: set[int] = set()
        self.datasets: dict[str, Dataset] = {}
        head = self._read(0, min(size, 100), place)
        if head[:8] != SIGNATURE:
            raise RunError(f"{place}: not an HDF5 file. Choose a file that model.save or model.save_weights wrote.")
        if len(head) < 100 or head[8] > 1 or head[13:15] != b"\x08\x08":
            raise self._unusual(place)
        base = 24 + 4 * head[8]
        if struct.unpack_from("<Q", head, base)[0] != 0:
            raise self._unusual(place)
        self._object(struct.unpack_from("<Q", head, base + 40)[0], "", 0)
        if sum(entry.count * np.dtype(entry.kind).itemsize for entry in self.datasets.values() if entry.kind) > 4 * size + 4096:
            raise RunError(f"{place}: its datasets claim many times the bytes that the file has. It is damaged or hostile; do not use it.")

    def read(self, name: str) -> NDArray[Any]:
        """Returns a dataset's numbers (n,). Raises RunError."""
        entry = self.datasets[name]
        kind = np.dtype(entry.kind)
        # That it lies within the file was checked when it was found.
        return np.frombuffer(read_at(self._file, self._start + entry.address, entry.count * kind.itemsize, f"{self.place}, {name}"), kind)

    def _read(self, address: int, count: int, place: str) -> bytes:
        """Returns bytes of the tree; all in all not many times the file, however its blocks overlap."""
        self._allowed -= count
        if address + count > self._size or self._allowed < 0:
            raise self._damaged(place)
        return read_at(self._file, self._start + address, count, place)

    def _damaged(self, place: str) -> RunError:
        return RunError(f"{place}: a damaged HDF5 file, or one that is cut off. Copy it again.")

    def _unusual(self, place: str) -> RunError:
        return RunError(f"{place}: an HDF5 file in a form that Keras does not write. Load the weights with Keras and save them again.")

    def _object(self, address: int, name: str, depth: int) -> None:
        """Enters a group, or notes a dataset."""
        place = f"{self.place}, {name}" if name else self.place
        self._objects += 1
        if self._objects > MAX_OBJECTS or depth > _MAX_DEPTH:
            raise RunError(f"{place}: more entries, or deeper, than a network has. The file is damaged or hostile; do not use it.")
        messages = dict(self._messages(address, place))
        if any(kind in messages for kind in _NEW_LINKS):
            raise RunError(f"{place}: holds links, which Keras does not write, and which may lead to other files. Do not use this file.")
        if _TABLE in messages:
            if address not in self._entered:
                self._entered.add(address)
                tree, heap = self._numbers("<QQ", messages[_TABLE], place)
                self._group(tree, heap, name, depth)
        elif _LAYOUT in messages:
            self.datasets[name] = self._dataset(messages, place)

    def _numbers(self, form: str, data: bytes, place: str, offset: int = 0) -> tuple[int, ...]:
        if offset + struct.calcsize(form) > len(data):
            raise self._damaged(place)
        return struct.unpack_from(form, data, offset)

    def _messages(self, address: int, place: str) -> Iterator[tuple[int, bytes]]:
        """Gives the messages of an object's header with their types; where data are in the header itself, with their address before them."""
        version, count, size = self._numbers("<BxHxxxxI", self._read(address, 16, place), place)
        if version != 1:
            raise self._unusual(place)
        blocks = [(address + 16, size)]
        seen = {address + 16}
        for block, length in blocks:
            data, offset = self._read(block, length, place), 0
            while offset + 8 <= length and count > 0:
                kind, wide, flags = self._numbers("<HHB", data, place, offset)
                body = data[offset + 8 : offset + 8 + wide]
                if len(body) != wide or (flags & 2 and kind in (_SPACE, _TYPE, _LAYOUT)):
                    raise self._damaged(place)
                if kind == _CONTINUATION:
                    further = self._numbers("<QQ", body, place)
                    if further[0] in seen:
                        raise self._damaged(place)
                    seen.add(further[0])
                    blocks.append((further[0], further[1]))
                yield kind, (struct.pack("<Q", block + offset + 8) + body if kind == _LAYOUT else body)
                offset += 8 + wide
                count -= 1

    def _group(self, tree: int, heap: int, name: str, depth: int) -> None:
        place = f"{self.place}, {name}" if name else self.place
        head = self._read(heap, 32, place)
        size, address = self._numbers("<QxxxxxxxxQ", head, place, 8)
        if head[:4] != b"HEAP":
            raise self._damaged(place)
        names = self._read(address, size, place)
        for entry in self._entries(tree, place):
            offset, target, cached = self._numbers("<QQI", entry, place)
            end = names.find(b"\0", offset, offset + _MAX_NAME)
            if end <= offset:
                raise self._damaged(place)
            inner = names[offset:end].decode("utf-8", "replace")
            if cached == _SOFT_LINK:
                raise RunError(f"{place}/{inner}: a link, which Keras does not write, and which may lead anywhere. Do not use this file.")
            self._object(target, f"{name}/{inner}" if name else inner, depth + 1)

    def _entries(self, tree: int, place: str) -> Iterator[bytes]:
        """Gives the entries (40 bytes each) of a group from its B-tree, in order."""
        waiting, seen = [tree], {tree}
        while waiting:
            address = waiting.pop()
            head = self._read(address, 24, place)
            if head[:4] == b"SNOD":
                (count,) = self._numbers("<H", head, place, 6)
                data = self._read(address + 8, 40 * count, place)
                yield from (data[at : at + 40] for at in range(0, 40 * count, 40))
            elif head[:5] == b"TREE\0":
                (count,) = self._numbers("<H", head, place, 6)
                keys = self._numbers(f"<{2 * count + 1}Q", self._read(address + 24, 16 * count + 8, place), place)
                children = keys[1::2]
                if seen.intersection(children) or len(set(children)) < count or len(seen) > MAX_OBJECTS:
                    raise self._damaged(place)
                seen.update(children)
                waiting += reversed(children)
            else:
                raise self._damaged(place)

    def _dataset(self, messages: dict[int, bytes], place: str) -> Dataset:
        if _ELSEWHERE in messages:
            raise RunError(f"{place}: its values are in another file, which Keras does not write. Do not use this file.")
        if _SPACE not in messages or _TYPE not in messages:
            raise self._damaged(place)
        shape, kind = self._shape(messages[_SPACE], place), self._kind(messages[_TYPE], place)
        layout = messages[_LAYOUT]
        where, version, form = self._numbers("<QBB", layout, place)
        if version != 3 or form not in (0, 1):
            raise RunError(f"{place}: its values are packed or in pieces, as Keras does not write them. Save the weights again with Keras.")
        address, size = (where + 4, self._numbers("<H", layout, place, 10)[0]) if form == 0 else self._numbers("<QQ", layout, place, 10)
        count = int(np.prod(shape, dtype=object)) if shape else 1
        if kind and count and (count * np.dtype(kind).itemsize > size or address + size > self._size):
            raise self._damaged(place)
        return Dataset(kind, shape, address if count else 0, count)

    def _shape(self, data: bytes, place: str) -> tuple[int, ...]:
        version, rank = self._numbers("<BB", data, place)
        if version not in (1, 2) or rank > 32:
            raise self._damaged(place)
        return self._numbers(f"<{rank}Q", data, place, 8 if version == 1 else 4)

    def _kind(self, data: bytes, place: str) -> str:
        described, bits, size = self._numbers("<BBxxI", data, place)
        family, order = described & 15, ">" if bits & 1 else "<"
        if family in (_REFERENCE, _VARIABLE):
            raise RunError(f"{place}: holds objects instead of numbers, which Keras' weights do not. Do not use this file.")
        if family == 0 and size in (1, 2, 4, 8):
            return f"{order}{'i' if bits & 8 else 'u'}{size}"
        if family == 1:
            exponent, mantissa = self._numbers("<BxB", data, place, 13)
            return order + _FLOATS[size, exponent, mantissa] if (size, exponent, mantissa) in _FLOATS and not bits & 64 else ""
        return ""
