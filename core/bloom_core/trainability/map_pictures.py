"""Maps as pictures: PNG with a frame that says what is seen, OpenEXR with the numbers as channels. Drawing the frame needs matplotlib."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bloom_core import __version__
from bloom_core.images import png_metadata
from bloom_core.images.image_files import Pixels, check_place, write_picture
from bloom_core.trainability import coloring, map_files, map_labels
from bloom_core.trainability.experiment import Experiment, MapError
from bloom_core.trainability.maps import Map
from bloom_core.trainability.newton import Newton
from bloom_core.trainability.outcomes import COLUMNS
from bloom_core.trainability.views import View

GROUND, INK, QUIET, LINE = "#000000", "#f2ece4", "#a39bab", "#4a4452"

LEAST_SIDE = 512
"""A framed map is at least so many pixels wide: the words need them. Of a smaller one each network is a square of pixels."""

KEYWORD = "Bloom map"
"""Under this name the whole configuration stands in PNG and EXR files, as JSON."""

_LEFT, _RIGHT, _TOP, _AXIS, _ROW, _BELOW = 78, 26, 46, 50, 19, 16
_MOST_READ = 1 << 20  # of a picture: the configuration stands before its pixels
_THUMBNAIL, _SPACE = 192, 6
_SMALL, _TITLE = 8.6, 12.5
_UNIT = 720.0  # pictures wider than this have larger words
_LETTER = 6.6  # the width of a small letter of DejaVu Sans, about, in pixels of a frame of scale 1


@dataclass(frozen=True)
class Words:
    """What stands around a picture: its `title`, lines of `facts` below it, each some phrases, labels of both axes or None, and a colour key or None.

    The key is its colours (n, 3) and what stands at its low end, in its middle and at its high end.
    """

    title: str
    facts: tuple[tuple[str, ...], ...]
    axes: tuple[map_labels.AxisLabels, map_labels.AxisLabels] | None = None
    key: tuple[Pixels, str, str, str] | None = None


def picture(found: Map, colormap: str = "spectral", layer: str = "score", *, plain: bool = False) -> Pixels:
    """Returns a map's picture as `write_picture` takes it, float32 (height, width, 4), the highest y on top; of three axes the middle slice.

    Where not `plain`, with a frame around it. Raises MapError (no such colour map or layer, matplotlib missing).
    """
    flat, cut = map_labels.middle_slice(found) if len(found.view.size) == 3 else (found, "")
    shown = coloring.colors(flat, colormap, layer)[::-1]
    if plain:
        return opaque(shown)
    times = enlargement(shown.shape[1])
    return framed(shown.repeat(times, axis=0).repeat(times, axis=1), words(flat, colormap, layer, cut))


def write(found: Map, path: Path, colormap: str = "spectral", layer: str = "score", *, plain: bool = False) -> None:
    """Writes a map as a picture: .png with a frame unless `plain`, .exr without, with score, label and sensitivity as channels of their own.

    Both name the whole configuration in their metadata. Raises MapError, PictureError, OSError.
    """
    check_place(path, (".png", ".exr"))
    texts = {"Software": "Bloom", KEYWORD: described(found, colormap, layer)}
    if path.suffix.lower() != ".exr":
        write_picture(path, picture(found, colormap, layer, plain=plain), texts=texts)
        return
    flat = map_labels.middle_slice(found)[0] if len(found.view.size) == 3 else found
    layers: dict[str, NDArray[Any]] = {"score.V": flat.score, "label.V": flat.labels}
    if flat.outcomes is not None:
        exponents = flat.outcomes[..., COLUMNS.index("sensitivity")]
        layers |= {} if np.isnan(exponents).all() else {"sensitivity.V": exponents}
    channels = {name: _single(values[::-1]) for name, values in layers.items()}
    write_picture(path, picture(flat, colormap, layer, plain=True), texts=texts, layers=channels)


def write_sheet(rows: Sequence[Sequence[Map]], path: Path, colormap: str = "spectral") -> None:
    """Writes small plain pictures of maps beside each other, a row for each sequence, as a .png. Raises MapError, PictureError, OSError."""
    check_place(path, (".png",))
    columns = max(map(len, rows))
    sheet = np.zeros((len(rows) * (_THUMBNAIL + _SPACE) + _SPACE, columns * (_THUMBNAIL + _SPACE) + _SPACE, 3), np.float32)
    for number, row in enumerate(rows):
        for column, found in enumerate(row):
            shown = coloring.colors(found, colormap)[::-1]
            places = [np.arange(_THUMBNAIL) * side // _THUMBNAIL for side in shown.shape[:2]]
            top, left = _SPACE + number * (_THUMBNAIL + _SPACE), _SPACE + column * (_THUMBNAIL + _SPACE)
            sheet[top : top + _THUMBNAIL, left : left + _THUMBNAIL] = shown[np.ix_(*places)]
    write_picture(path, opaque(sheet), texts={"Software": "Bloom", KEYWORD: json.dumps([described(row[-1], colormap, "score") for row in rows])})


def opaque(shown: NDArray[np.float32]) -> Pixels:
    """Returns colours (height, width, 3) with an alpha of 1."""
    return np.concatenate([shown, np.ones_like(shown[..., :1])], axis=2)


def words(found: Map, colormap: str, layer: str, cut: str = "") -> Words:
    """Returns what stands around a map of two axes."""
    view = found.view
    axes = [map_labels.axis_labels(found.subject.axes[number], view.center[number], view.span[number]) for number in (0, 1)]
    where = [*map_labels.where(found), *([cut] if cut else [])]
    facts = (tuple(map_labels.what(found)), tuple(where), tuple(map_labels.how(found, colormap, layer)))
    return Words(found.subject.title, facts, (axes[0], axes[1]), key(found, colormap, layer))


def key(found: Map, colormap: str, layer: str) -> tuple[Pixels, str, str, str]:
    """Returns the colour key of a map, as `Words` has it."""
    row = coloring.key_colors(found, colormap, layer, 512)
    if not isinstance(found.subject, Experiment):
        return row, "few steps", "", "many"
    if layer == "sensitivity" or found.subject.score == "sensitivity":
        ends = coloring.equalization(found, layer)
        marks = {level: f"{float(np.interp(level, ends.levels, ends.values)):+.2g}".replace("-", "−") for level in (-1.0, coloring.CONVERGED, 1.0)}
        middle = f"0   chaos to {marks[coloring.CONVERGED]}"
        return row, f"contracts, {marks[-1.0]} a step", middle, f"failing, to {marks[1.0]}"
    if coloring.colormap_named(colormap).glows:
        return row, "converges, at the boundary", "far from it", "fails, at the boundary"
    slow, fast = ("slowly", "fast") if found.subject.score in ("sum", "threshold") else ("to a high loss", "to a low one")
    return row, f"converges {slow}", f"{fast}  |  fails at once", "fails late"


def framed(shown: NDArray[np.float32], said: Words, rows_kept: int = 0) -> Pixels:
    """Returns colours (height, width, 3) with a frame that says `said`, in even numbers of pixels; there is room for at least `rows_kept` rows.

    Raises MapError where matplotlib is missing.
    """
    height, width, _ = shown.shape
    unit = max(1.0, width / _UNIT)
    left = round((_LEFT if said.axes else _RIGHT) * unit)
    right, top = round(_RIGHT * unit), round(_TOP * unit)
    rows = rows_of(said, width)
    below = round(((_AXIS if said.axes else 8) + (38 if said.key else 6) + _ROW * max(len(rows), rows_kept) + _BELOW) * unit)
    whole = (height + top + below + 1) // 2 * 2, (width + left + right + 1) // 2 * 2
    sheet = _Sheet(whole, unit)
    sheet.text(left, 0.58 * top, said.title, _TITLE, INK)
    bottom = top + height
    if said.axes:
        for share, text in said.axes[0].ticks:
            sheet.line((left + share * width,) * 2, (bottom, bottom + 5 * unit))
            sheet.text(left + share * width, bottom + 14 * unit, text, _SMALL, QUIET, "center")
        for share, text in said.axes[1].ticks:
            sheet.line((left - 5 * unit, left), (bottom - share * height,) * 2)
            sheet.text(left - 9 * unit, bottom - share * height, text, _SMALL, QUIET, "right")
        sheet.text(left + width / 2, bottom + 33 * unit, said.axes[0].title, _SMALL, INK, "center")
        sheet.text(14 * unit, top + height / 2, said.axes[1].title, _SMALL, INK, "center", upright=True)
    at = bottom + (_AXIS if said.axes else 8) * unit
    bar: tuple[int, int, int, int] | None = None
    if said.key:
        bar = (round(at + 4 * unit), round(at + 14 * unit), left, left + width)
        for place, text, side in ((0.0, said.key[1], "left"), (0.5, said.key[2], "center"), (1.0, said.key[3], "right")):
            sheet.text(left + place * width, at + 24 * unit, text, _SMALL, QUIET, side)
        at += 38 * unit
    for number, row in enumerate(rows):
        sheet.text(left, at + (_ROW * (number + 0.6)) * unit, row, _SMALL, QUIET)
    pixels = sheet.pixels()
    pixels[top:bottom, left : left + width] = shown
    if bar and said.key:
        colors = said.key[0][np.arange(width) * len(said.key[0]) // width]
        pixels[bar[0] : bar[1], bar[2] : bar[3]] = colors[None]
    return opaque(pixels)


def rows_of(said: Words, width: int) -> list[str]:
    """Returns the facts in rows that fit below a picture `width` pixels wide."""
    letters = int(width / (_LETTER * max(1.0, width / _UNIT)))
    return [row for fact in said.facts for row in _wrapped(fact, letters)]


def _wrapped(phrases: Sequence[str], letters: int) -> list[str]:
    """Returns phrases in rows of at most `letters`, parted by dots; a phrase is never broken."""
    rows = [phrases[0]]
    for phrase in phrases[1:]:
        joined = f"{rows[-1]}  ·  {phrase}"
        if len(joined) <= letters:
            rows[-1] = joined
        else:
            rows.append(phrase)
    return rows


def enlargement(width: int) -> int:
    """Returns how many pixels of a picture a pixel of a small map takes along each side, so that the picture is at least LEAST_SIDE wide."""
    return -(-LEAST_SIDE // width)


def _single(values: NDArray[Any]) -> Pixels:
    limit = np.finfo(np.float32).max
    return np.ascontiguousarray(np.clip(values, -limit, limit), np.float32)


class _Sheet:
    """A black sheet of (height, width) pixels to write on; places are pixels from its upper left corner."""

    def __init__(self, size: tuple[int, int], unit: float) -> None:
        try:
            from matplotlib.backends.backend_agg import FigureCanvasAgg
            from matplotlib.figure import Figure
        except ImportError as error:
            raise MapError(
                "The frame around a map needs matplotlib: pip install 'bloom-core[plot]'. Or ask for the plain picture, with --plain"
            ) from error
        self._height, self._width = size
        self._unit = unit
        self._figure = Figure(figsize=(size[1] / 100.0, size[0] / 100.0), dpi=100, facecolor=GROUND)
        self._canvas = FigureCanvasAgg(self._figure)

    def text(self, x: float, y: float, text: str, size: float, color: str, side: str = "left", *, upright: bool = False) -> None:
        how: dict[str, Any] = {"ha": side, "va": "center", "rotation": 90 if upright else 0, "rotation_mode": "default", "parse_math": False}
        place = x / self._width, 1.0 - y / self._height
        self._figure.text(*place, text, color=color, fontsize=size * self._unit, fontfamily="DejaVu Sans", **how)

    def line(self, across: tuple[float, float], down: tuple[float, float]) -> None:
        from matplotlib.lines import Line2D

        heights = [1.0 - y / self._height for y in down]
        self._figure.add_artist(Line2D([x / self._width for x in across], heights, color=LINE, linewidth=0.8 * self._unit))

    def pixels(self) -> NDArray[np.float32]:
        """Draws it. Returns sRGB, float32 (height, width, 3)."""
        self._canvas.draw()
        drawn = np.asarray(self._canvas.buffer_rgba())[: self._height, : self._width, :3]
        return drawn.astype(np.float32) / np.float32(255.0)


def read_configuration(path: Path) -> tuple[Experiment | Newton, View]:
    """Returns of what and where the map is that a PNG of `write` shows. Raises MapError where it says nothing of that, OSError."""
    with path.open("rb") as file:
        text = png_metadata.text_of(file.read(_MOST_READ), KEYWORD)
    if text is None:
        raise MapError(f"{path}: does not say of which map it is. Only a .png that `bloom map` wrote does, as long as no other program saved it")
    return map_files.read_description(text, path)


def described(found: Map, colormap: str, layer: str) -> str:
    """Returns the whole configuration of a map and of its colours as ASCII JSON, from which the same picture can be made again."""
    return json.dumps(map_files.described(found) | {"colors": colormap, "layer": layer, "bloom": __version__})
