"""The palettes of `.flame` files: the four ways in which their colours stand there, and the one in which Bloom writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from .flame import FloatArray
from .flame_xml import Source, clip

_MAX_COLORS = 65536
_GREY = np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]])


class PaletteReader:
    """Gathers one flame's palette from its elements; `result` returns it."""

    def __init__(self, source: Source, place: str) -> None:
        self._source, self._place = source, place
        self._table: FloatArray | None = None
        self._colors: dict[int, list[float]] = {}
        self._told = False

    def palette(self, text: str, attributes: Mapping[str, str]) -> None:
        """Takes `<palette count format>` with hexadecimal colours, as flam3 and Ember write it. Raises FlameError."""
        form = attributes.get("format", "RGB").strip().upper()
        if "index0" in attributes:
            self._grey("its palette is blended from numbered palettes of flam3's (index0, index1), which are not there yet")
        elif form not in ("RGB", "RGBA"):
            self._grey(f"the palette's format {clip(form)!r} is not known")
        else:
            self._table = self._hexadecimal(text, attributes.get("count"), red=0, size=len(form))

    def colors(self, attributes: Mapping[str, str]) -> None:
        """Takes `<colors count data>`, where each colour is 00RRGGBB. Raises FlameError."""
        self._table = self._hexadecimal(attributes.get("data", ""), attributes.get("count"), red=1, size=4)

    def color(self, attributes: Mapping[str, str]) -> None:
        """Takes one `<color index rgb>`, 0 to 255 each. Raises FlameError."""
        source, place = self._source, self._place
        if "index" not in attributes or not ("rgb" in attributes or "rgba" in attributes):
            source.fail(place, "a <color> element needs index and rgb")
        index = source.number(place, "color index", attributes["index"])
        if not 0.0 <= index <= 255.0 or index != int(index):
            source.fail(place, f"the color index {index:g} is not a whole number from 0 to 255")
        if "rgb" in attributes:
            values = source.numbers(place, "color rgb", attributes["rgb"], 3)
        else:
            values = source.numbers(place, "color rgba", attributes["rgba"], 4)[:3]
        self._colors[int(index)] = [source.within(place, f"color {int(index)} rgb", value, 0.0, 255.0) for value in values]

    def result(self, number: str | None) -> FloatArray:
        """Returns the palette, float64 (n, 3) in [0, 1]; grey, with a warning, where none was given. `number`: the flame's attribute `palette`."""
        if self._table is not None:
            return self._table
        if self._colors:
            given = np.array(sorted(self._colors))
            table = np.array([self._colors[index] for index in given]) / 255.0
            return np.stack([np.interp(np.arange(256), given, table[:, channel]) for channel in range(3)], axis=1)
        if number is not None:
            self._grey(f"palette={clip(number)!r} is the number of a palette of flam3's, and these are not there yet")
        elif not self._told:
            self._grey("it has no palette")
        return _GREY.copy()

    def _grey(self, why: str) -> None:
        self._told = True
        self._source.warn(self._place, f"{why}; grey is used")

    def _hexadecimal(self, text: str, count: str | None, *, red: int, size: int) -> FloatArray:
        """Reads colours of `size` bytes each, byte `red` being the red one, as float64 (n, 3)."""
        digits = "".join(text.split())
        if not re.fullmatch(r"[0-9a-fA-F]*", digits) or len(digits) % (2 * size):
            self._source.fail(self._place, f"the palette is not a list of hexadecimal colours of {2 * size} digits; perhaps the file was cut")
        found = len(digits) // (2 * size)
        if not 2 <= found <= _MAX_COLORS:
            self._source.fail(self._place, f"the palette has {found} colours; 2 to {_MAX_COLORS} can be read")
        if count is not None and self._source.number(self._place, "palette count", count) != found:
            self._source.fail(self._place, f"the palette has {found} colours where its count says {clip(count)}; perhaps the file was cut")
        return np.frombuffer(bytes.fromhex(digits), np.uint8).reshape(found, size)[:, red : red + 3] / 255.0


def palette_lines(palette: FloatArray) -> list[str]:
    """Returns the `<palette>` element for float64 (n, 3) colours in [0, 1], rounded to the 8 bits that it holds."""
    digits = np.clip(np.rint(palette * 255.0), 0, 255).astype(np.uint8).tobytes().hex().upper()
    rows = [f"      {digits[start : start + 48]}" for start in range(0, len(digits), 48)]
    return [f'   <palette count="{len(palette)}" format="RGB">', *rows, "   </palette>"]
