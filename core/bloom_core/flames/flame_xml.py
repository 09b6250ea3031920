"""Reading XML from strangers: a streaming parser that refuses whatever a flame file has no use for, and checked numbers.

Entities and document types are refused (they are how a small file becomes a huge one, or reads another file), sizes are
checked before memory is taken, and every complaint names the file and the place.
"""

from __future__ import annotations

import gzip
import math
import os
import re
import stat
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, NoReturn, Protocol, cast
from xml.parsers import expat
from xml.sax.saxutils import escape as escape
from xml.sax.saxutils import quoteattr

import numpy as np

from bloom_core.flames.flame import FlameError

MAX_FILE_BYTES = 64 << 20
"""The largest file that is opened. The published 900-frame animation has 4 MB."""

MAX_TOKEN_BYTES = 1 << 20
"""The longest single tag or comment; expat must hold it in memory as a whole."""

MAX_DEPTH = 1000
"""Elements within elements. Flames need three; the `edit` history of an old flame nests once per ancestor."""

MAX_WARNINGS = 500
"""Warnings that are kept of one file; one more tells how many were left out."""

_CHUNK_BYTES = 1 << 16
_GZIP = b"\x1f\x8b"
_LARGEST = float(np.finfo(np.float32).max)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


class Source:
    """A file being read: where the reader is, what it has to warn of, and the numbers it finds."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.line = 0
        self._warnings: list[str] = []
        self._dropped = 0

    def warnings(self) -> list[str]:
        """Returns the warnings so far, each naming the file and a place in it."""
        return self._warnings + ([f"{self.path}: and {self._dropped} more warnings"] if self._dropped else [])

    def warn(self, place: str, what: str) -> None:
        if len(self._warnings) < MAX_WARNINGS:
            self._warnings.append(f"{self.path}, {place}: {what}")
        else:
            self._dropped += 1

    def fail(self, place: str, what: str) -> NoReturn:
        raise FlameError(f"{self.path}, line {self.line}, {place}: {what}")

    def number(self, place: str, key: str, text: str) -> float:
        """Returns the number that `text` spells. Raises FlameError for anything else, NaN, infinities and what a float cannot hold."""
        text = text.strip()
        value = float(text) if len(text) <= 100 and _NUMBER.fullmatch(text) else math.nan
        if not abs(value) <= _LARGEST:
            self.fail(place, f"{key}={clip(text)!r} is not a number that can be used")
        return value

    def numbers(self, place: str, key: str, text: str, count: int) -> list[float]:
        """Returns exactly `count` numbers. Raises FlameError."""
        parts = text.split()
        if len(parts) != count:
            self.fail(place, f"{key} has {len(parts)} numbers; {count} are needed")
        return [self.number(place, key, part) for part in parts]

    def within(self, place: str, key: str, value: float, low: float, high: float = math.inf) -> float:
        """Returns `value` limited to [low, high], with a warning where that changes it."""
        if low <= value <= high:
            return value
        limited = min(max(value, low), high)
        self.warn(place, f"{key}={value:g} is out of range; {limited:g} is used")
        return limited


def clip(text: str) -> str:
    """Returns `text`, shortened for a message."""
    return text if len(text) <= 40 else text[:40] + "…"


def element_start(name: str, attributes: Mapping[str, object]) -> str:
    """Returns an element's tag up to its end, as in `<xform weight="1"`; numbers in the shortest form that reads back as the same double.

    A tuple is written with spaces between its entries; characters that XML has no place for are replaced.
    """

    def text(value: object) -> str:
        if isinstance(value, tuple):
            return " ".join(map(text, value))
        if isinstance(value, str):
            return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", value)
        return repr(float(value)).removesuffix(".0")  # type: ignore[arg-type]

    return f"<{name}" + "".join(f" {key}={quoteattr(text(value))}" for key, value in attributes.items())


class Handler(Protocol):
    """What is told about the document, in its order. Names are lower-case; lines count from 1."""

    def start(self, name: str, attributes: Mapping[str, str], line: int) -> None: ...

    def text(self, text: str, line: int) -> None: ...

    def end(self, name: str, line: int) -> None: ...


def parse(path: Path, handler: Handler) -> None:
    """Streams the XML file `path`, gzipped or not, through `handler`. What the handler raises passes through and ends the reading.

    Raises FlameError for a file that cannot be read, is too big, is truncated or not well-formed, or declares a document type or an entity.
    """
    parser = expat.ParserCreate()
    depth = 0
    last_event = 0  # bytes

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, last_event
        last_event = parser.CurrentByteIndex
        depth += 1
        if depth > MAX_DEPTH:
            _refuse(path, parser.CurrentLineNumber, f"elements are nested more than {MAX_DEPTH} deep; this is not a flame file")
        handler.start(name.lower(), attributes, parser.CurrentLineNumber)

    def end(name: str) -> None:
        nonlocal depth, last_event
        last_event = parser.CurrentByteIndex
        depth -= 1
        handler.end(name.lower(), parser.CurrentLineNumber)

    def text(data: str) -> None:
        nonlocal last_event
        last_event = parser.CurrentByteIndex
        handler.text(data, parser.CurrentLineNumber)

    def comment(_data: str) -> None:
        nonlocal last_event
        last_event = parser.CurrentByteIndex

    def declaration(*_: object) -> NoReturn:
        _refuse(
            path,
            parser.CurrentLineNumber,
            "the file declares a document type or entities, which flames never need and which can be used to attack a reader; "
            "delete the <!DOCTYPE …> part if you trust the file",
        )

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.CommentHandler = comment
    parser.StartDoctypeDeclHandler = declaration
    parser.EntityDeclHandler = declaration
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise FlameError(f"{path}: not an ordinary file")
            if status.st_size > MAX_FILE_BYTES:
                raise FlameError(f"{path}: the file has {status.st_size >> 20} MiB; more than {MAX_FILE_BYTES >> 20} MiB is not read as a flame")
            fed = 0
            text_file = file if file.peek(2)[:2] != _GZIP else cast(BinaryIO, gzip.GzipFile(fileobj=file))
            while chunk := text_file.read(_CHUNK_BYTES):
                fed += len(chunk)
                if fed > MAX_FILE_BYTES:  # it grew while it was read
                    raise FlameError(f"{path}: the file has more than {MAX_FILE_BYTES >> 20} MiB")
                parser.Parse(chunk, False)
                if fed - last_event > MAX_TOKEN_BYTES:
                    _refuse(path, parser.CurrentLineNumber, f"one tag has more than {MAX_TOKEN_BYTES >> 10} KiB; this is not a flame file")
            parser.Parse(b"", True)
    except expat.ExpatError as error:
        _refuse(path, error.lineno, f"not well-formed XML, perhaps cut off ({expat.ErrorString(error.code)})")
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        _refuse(path, parser.CurrentLineNumber, f"the gzipped file is damaged or cut off ({error})")
    except OSError as error:
        raise FlameError(f"{path}: cannot be read ({error.strerror or error})") from error
    except (ValueError, LookupError) as error:  # an XML declaration with an encoding that Python does not have or that expat cannot use
        if isinstance(error, FlameError):
            raise
        _refuse(path, parser.CurrentLineNumber, f"the text encoding it declares cannot be used ({error}); save the file as UTF-8")


def _refuse(path: Path, line: int, what: str) -> NoReturn:
    raise FlameError(f"{path}, line {line}: {what}")
