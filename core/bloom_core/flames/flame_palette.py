"""The palettes of `.flame` files: the ways in which their colours stand there, and the two in which Bloom writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from bloom_core.flames import palette_library
from bloom_core.flames.color_hsv import to_hsv, to_rgb
from bloom_core.flames.flame import FlameError, FloatArray
from bloom_core.flames.flame_xml import Source, clip

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
        """Takes `<palette>` with hexadecimal colours, as flam3 and Ember write it, or blended of two numbered ones. Raises FlameError."""
        form = attributes.get("format", "RGB").strip().upper()
        if "index0" in attributes or "index1" in attributes:
            self._table = self._blended(attributes)
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
            alpha = source.number(place, "color a", attributes["a"]) if "a" in attributes else 255.0
        else:
            *values, alpha = source.numbers(place, "color rgba", attributes["rgba"], 4)
        self._opaque(alpha == 255.0)
        self._colors[int(index)] = [source.within(place, f"color {int(index)} rgb", value, 0.0, 255.0) for value in values]

    def result(self, attributes: dict[str, str]) -> FloatArray:
        """Returns the palette, float64 (n, 3) in [0, 1]; grey, with a warning, where none was given or found.

        Colours in the file go before `palette`, the number of one of flam3's palettes, turned by `hue`, among the flame's
        `attributes`; a number that was looked up is taken out of them, for the colours stand in the flame from then on.
        """
        if self._table is not None:
            return self._table
        if self._colors:
            given = np.array(sorted(self._colors))
            table = np.array([self._colors[index] for index in given]) / 255.0
            # flam3 fills gaps along a circle: after the last colour comes the first
            return np.stack([np.interp(np.arange(256), given, table[:, channel], period=256) for channel in range(3)], axis=1)
        number = attributes.get("palette", "-1")
        if number.strip() != "-1":
            found = self._numbered(number, attributes.get("hue", "0"))
            if found is not None:
                attributes.pop("palette")
                attributes.pop("hue", None)
                return found
        elif not self._told:
            self._grey("it has no palette")
        return _GREY.copy()

    def _numbered(self, number: str, hue: str) -> FloatArray | None:
        """Returns a palette of flam3's by its number, its hues turned by `hue` (1: once around), or None with a warning."""
        value = self._source.number(self._place, "palette", number)
        turn = self._source.number(self._place, "hue", hue)
        try:
            table = palette_library.palette(value, self._source.path)
        except FlameError as error:
            self._grey(str(error))
            return None
        return to_rgb(to_hsv(table) + np.array([6.0 * turn, 0.0, 0.0])) if turn else table

    def _blended(self, attributes: Mapping[str, str]) -> FloatArray | None:
        """Blends two numbered palettes entry by entry in HSV, as flam3's first versions wrote what lies between key frames."""
        blend = self._source.number(self._place, "palette blend", attributes.get("blend", "0.5"))
        ends = [self._numbered(attributes.get(f"index{end}", "0"), attributes.get(f"hue{end}", "0")) for end in range(2)]
        if ends[0] is None or ends[1] is None:
            return None
        return np.clip(to_rgb((1.0 - blend) * to_hsv(ends[0]) + blend * to_hsv(ends[1])), 0.0, 1.0)

    def _opaque(self, opaque: bool) -> None:
        if not opaque and not self._told:
            self._told = True
            self._source.warn(self._place, "colours of its palette are transparent; Bloom takes them as opaque")

    def _grey(self, why: str) -> None:
        if not self._told:
            self._source.warn(self._place, f"{why}; grey is used")
        self._told = True

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
        bytes_ = np.frombuffer(bytes.fromhex(digits), np.uint8).reshape(found, size)
        self._opaque(not (size == 4 and red == 0) or bool((bytes_[:, 3] == 255).all()))
        return bytes_[:, red : red + 3] / 255.0


def palette_lines(palette: FloatArray) -> list[str]:
    """Returns the elements for float64 (n, 3) colours in [0, 1].

    256 colours between the 8 bits of `<palette>` are written as `<color>` elements, to 12 digits; every other palette as one
    `<palette>`, rounded to 8 bits.
    """
    rounded = np.clip(np.rint(palette * 255.0), 0, 255)
    if len(palette) == 256 and not np.allclose(palette * 255.0, rounded, rtol=0.0, atol=1e-9):
        values = np.clip(palette * 255.0, 0.0, 255.0)
        return [f'   <color index="{index}" rgb="{red:.12g} {green:.12g} {blue:.12g}"/>' for index, (red, green, blue) in enumerate(values)]
    digits = rounded.astype(np.uint8).tobytes().hex().upper()
    rows = [f"      {digits[start : start + 48]}" for start in range(0, len(digits), 48)]
    return [f'   <palette count="{len(palette)}" format="RGB">', *rows, "   </palette>"]
