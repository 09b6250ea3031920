"""flam3's numbered palettes, read from the file `flam3-palettes.xml` that comes with flam3."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np

from bloom_core.flames import flame_xml
from bloom_core.flames.flame import FlameError, FloatArray

NAME = "flam3-palettes.xml"
_SYSTEM = tuple(Path(folder) / "share" / "flam3" / NAME for folder in ("/usr", "/usr/local", "/opt/homebrew"))
_ENTRIES = 256


def palette(number: float, beside: Path) -> FloatArray:
    """Returns palette `number`, float64 (256, 3), sRGB in [0, 1], for a flame in the file `beside`.

    The library is the file that the environment variable `flam3_palettes` names, else the one beside the flame, else the
    system's. Raises FlameError that says what to do where there is none, or no such palette in it.
    """
    path = _find(beside)
    if path is None:
        raise FlameError(
            f"palette {number:g} is one of flam3's, and there is no {NAME}: install flam3's palettes (Debian: apt-get install flam3-palette), "
            f"put {NAME} beside the flame, or name it in the environment variable flam3_palettes"
        )
    table = _read(path, path.stat().st_mtime_ns).get(int(number)) if number == int(number) else None
    if table is None:
        raise FlameError(f"{path} has no palette {number:g}")
    return table


def _find(beside: Path) -> Path | None:
    named = os.environ.get("flam3_palettes")
    candidates = [Path(named)] if named else [beside.parent / NAME, *_SYSTEM]
    return next((path for path in candidates if path.is_file()), None)


@lru_cache(maxsize=4)
def _read(path: Path, _changed: int) -> Mapping[int, FloatArray]:
    """Returns all palettes of a library by number. Raises FlameError where it is broken."""
    library = _Library(path)
    flame_xml.parse(path, library)
    return library.palettes


class _Library:
    """Collects the `<palette number data>` elements of a library (a `flame_xml.Handler`)."""

    def __init__(self, path: Path) -> None:
        self.palettes: dict[int, FloatArray] = {}
        self._path = path

    def start(self, name: str, attributes: Mapping[str, str], line: int) -> None:
        if name != "palette":
            return
        number, digits = attributes.get("number", ""), "".join(attributes.get("data", "").split())
        if not re.fullmatch(r"\d{1,9}", number, re.ASCII) or not re.fullmatch(r"(00[0-9a-fA-F]{6}){2,65536}", digits):
            raise FlameError(f"{self._path}, line {line}: a palette without a number, or whose data are not colours as 00RRGGBB")
        colors = np.frombuffer(bytes.fromhex(digits), np.uint8).reshape(-1, 4)[:, 1:] / 255.0
        table = colors[np.arange(_ENTRIES) * len(colors) // _ENTRIES]
        table.setflags(write=False)
        self.palettes[int(number)] = table

    def text(self, text: str, line: int) -> None:
        pass

    def end(self, name: str, line: int) -> None:
        pass
