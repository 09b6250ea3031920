"""Draws the strip: loss and update norm on a dark ground, ticks of events, the playhead, and words. Draws only; nothing is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import blf
import bpy
import gpu
import numpy as np
from gpu_extras.batch import batch_for_shader
from numpy.typing import NDArray

from bloom_core import events
from bloom_core.reports.digest import Digest
from bloom_core.reports.event_words import words
from bloom_core.reports.strip import Envelope

from .. import compat
from .strip_layout import HEAD, PAD, Place

LOSS, UPDATE = (1.0, 0.86, 0.62), (0.58, 0.47, 1.0)
"""Colours of the two curves: candlelight and violet."""

_GROUND_ALPHA, _TEXT, LANES_APART = 0.82, 11.0, 4
Color = tuple[float, float, float, float]


@dataclass(frozen=True)
class Piece:
    """Something that is drawn in one go: a batch on the graphics card, its colour, and the width of its lines in pixels (0: it is filled)."""

    batch: Any
    color: Color
    width: float = 0.0


@dataclass(frozen=True)
class Curves:
    """The curves and ticks as they lie on the graphics card, for one run at one place."""

    digest: Digest
    place: Place
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Shown:
    """What the strip shows now: the row that the current frame shows, what the pointer is on, and whether frames belong to the run."""

    row: int | None
    hovered: int | None
    hint: str = ""


def prepare(digest: Digest, place: Place) -> Curves:
    """Returns what is drawn at a place whatever the frame: the loss above, the update norm below it, one column a pixel, and the ticks of events."""
    left, bottom, width, height = place.plot
    lane = 0.5 * (height - LANES_APART * place.scale)
    pieces = []
    for curve, color, floor in ((digest.update_curve, UPDATE, bottom), (digest.loss_curve, LOSS, bottom + height - lane)):
        low, high = _points(curve, left, floor, width, lane)
        ground = np.column_stack([low[:, 0], np.full(len(low), floor, np.float32)])
        pieces += [Piece(_band(ground, low), (*color, 0.16)), Piece(_band(low, high), (*color, 0.6)), Piece(_line(high), (*color, 1.0), place.scale)]
    return Curves(digest, place, tuple(pieces + _ticks(digest, place)))


def draw(curves: Curves, shown: Shown, context: bpy.types.Context) -> None:
    """Draws the strip into the context's region."""
    place, digest = curves.place, curves.digest
    look: Any = context.preferences.themes[0].user_interface.wcol_tooltip
    ground: Color = (*look.inner[:3], _GROUND_ALPHA)
    ink: Color = (*look.text[:3], 1.0)
    gpu.state.blend_set("ALPHA")
    _rectangle(place.left, place.bottom, place.width, place.height, ground)
    for piece in curves.pieces:
        _put(piece)
    if shown.hovered is not None:
        _, bottom, _, height = place.plot
        x = place.x(int(digest.rows[shown.hovered]), len(digest.steps))
        _rectangle(x - 1.25 * place.scale, bottom, 2.5 * place.scale, height, (*words(digest.events[shown.hovered].kind).color, 1.0))
    if shown.row is not None:
        _playhead(place, place.x(shown.row, len(digest.steps)), compat.playhead_color(context.preferences))
    _words(digest, place, shown, ink)
    if shown.hovered is not None:
        _bubble(digest, place, shown.hovered, ground, ink)
    gpu.state.blend_set("NONE")


def _points(curve: Envelope, left: float, bottom: float, width: float, height: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Returns the lowest and the highest points of each column, float32 (w, 2), NaN where nothing is known."""
    low, high = curve.columns(int(width))
    x = left + width * (np.arange(len(low), dtype=np.float32) + 0.5) / len(low)
    return np.column_stack([x, bottom + height * low]), np.column_stack([x, bottom + height * high])


def _band(low: NDArray[np.float32], high: NDArray[np.float32]) -> Any:
    """Returns triangles between two curves, wherever both are known at two neighbours."""
    known = np.isfinite(low[:, 1]) & np.isfinite(high[:, 1])
    both = np.flatnonzero(known[:-1] & known[1:])
    corners = np.stack([low[both], high[both], low[both + 1], low[both + 1], high[both], high[both + 1]], axis=1).reshape(-1, 2)
    return _batch("UNIFORM_COLOR", "TRIS", corners)


def _line(points: NDArray[np.float32]) -> Any:
    """Returns the pieces of a curve, a short dash where a value stands alone."""
    known = np.isfinite(points[:, 1])
    both = np.flatnonzero(known[:-1] & known[1:])
    alone = np.flatnonzero(known & ~np.append(False, known[:-1]) & ~np.append(known[1:], False))
    dash = np.array([1.0, 0.0], dtype=np.float32)
    pieces = [np.stack([points[both], points[both + 1]], axis=1), np.stack([points[alone] - dash, points[alone] + dash], axis=1)]
    return _batch("POLYLINE_UNIFORM_COLOR", "LINES", np.concatenate(pieces).reshape(-1, 2))


def _batch(shader: Any, kind: Any, points: NDArray[np.float32]) -> Any:
    if not len(points):
        return None
    flat = np.column_stack([points, np.zeros(len(points))]).astype(np.float32) if shader.startswith("POLYLINE") else points.astype(np.float32)
    content: Any = {"pos": flat}
    return batch_for_shader(gpu.shader.from_builtin(shader), kind, content)


def _put(piece: Piece) -> None:
    if piece.batch is None:
        return
    shader = gpu.shader.from_builtin("POLYLINE_UNIFORM_COLOR" if piece.width else "UNIFORM_COLOR")
    if piece.width:
        shader.uniform_float("viewportSize", gpu.state.viewport_get()[2:])
        shader.uniform_float("lineWidth", piece.width)
    shader.uniform_float("color", piece.color)
    piece.batch.draw(shader)


def _rectangle(left: float, bottom: float, width: float, height: float, color: Color) -> None:
    corners = np.array([[left, bottom], [left + width, bottom], [left, bottom + height], [left + width, bottom + height]], dtype=np.float32)
    _put(Piece(_batch("UNIFORM_COLOR", "TRI_STRIP", corners), color))


def _ticks(digest: Digest, place: Place) -> list[Piece]:
    """Returns a thin line through the curves at each event, with a foot; the ends of epochs are only short strokes at the bottom."""
    _, bottom, _, height = place.plot
    lines: dict[str, list[tuple[float, float]]] = {}
    feet: dict[str, list[tuple[float, float]]] = {}
    unit = place.scale
    for event, row, weight in zip(digest.events, digest.rows, digest.weights, strict=True):
        x = place.x(int(row), len(digest.steps))
        if weight == 0:
            lines.setdefault(event.kind, []).extend([(x, bottom - 7 * unit), (x, bottom - 4 * unit)])
        else:
            lines.setdefault(event.kind, []).extend([(x, bottom), (x, bottom + height)])
            feet.setdefault(event.kind, []).extend([(x - 4 * unit, bottom - 8 * unit), (x + 4 * unit, bottom - 8 * unit), (x, bottom - unit)])
    pieces = []
    for kind in sorted(lines, key=lambda kind: words(kind).weight):  # the most serious on top
        color = words(kind).color
        pieces.append(Piece(_batch("POLYLINE_UNIFORM_COLOR", "LINES", np.array(lines[kind], np.float32)), (*color, 0.75), unit))
        pieces.append(Piece(_batch("UNIFORM_COLOR", "TRIS", np.array(feet.get(kind, []), np.float32).reshape(-1, 2)), (*color, 1.0)))
    return pieces


def _playhead(place: Place, x: float, color: Color) -> None:
    unit, (_, bottom, _, height) = place.scale, place.plot
    top = bottom + height
    _rectangle(x - 0.75 * unit, bottom - 2 * unit, 1.5 * unit, height + 2 * unit, color)
    head = np.array([(x - 4 * unit, top + 6 * unit), (x + 4 * unit, top + 6 * unit), (x, top - unit)], np.float32)
    _put(Piece(_batch("UNIFORM_COLOR", "TRIS", head), color))


def _words(digest: Digest, place: Place, shown: Shown, ink: Color) -> None:
    """Writes what the curves are, and where the training stands at the current frame."""
    unit = place.scale
    line = place.bottom + place.height - (HEAD - 9) * unit
    x = place.left + PAD * unit
    for name, curve, color in (("loss", digest.loss_curve, LOSS), ("update norm", digest.update_curve, UPDATE)):
        if np.isfinite(curve.top):
            span = f"{name} {events.number(curve.bottom)} … {events.number(curve.top)}" + (" log" if curve.logarithmic else "")
            x += _write(span, x, line, (*color, 1.0), unit) + 16 * unit
    told = shown.hint if shown.row is None else digest.standing(shown.row)
    width = _width(told, unit)
    right = place.left + place.width - PAD * unit - width
    if right > x:
        _write(told, right, line, ink, unit)


def _bubble(digest: Digest, place: Place, index: int, ground: Color, ink: Color) -> None:
    """Writes the caption of an event above its tick."""
    unit, text = place.scale, digest.captions[index]
    text = _fitted(text, place.width - 34 * unit, unit)
    width, height = _width(text, unit) + 30 * unit, 22 * unit
    x = place.x(int(digest.rows[index]), len(digest.steps)) - 0.5 * width
    x = min(max(x, place.left), place.left + place.width - width)
    bottom = place.bottom + place.height + 4 * unit
    _rectangle(x, bottom, width, height, ground)
    _rectangle(x + 8 * unit, bottom + 7 * unit, 8 * unit, 8 * unit, (*words(digest.events[index].kind).color, 1.0))
    _write(text, x + 22 * unit, bottom + 7 * unit, ink, unit)


def _fitted(text: str, room: float, unit: float) -> str:
    """Returns text cut to a width."""
    while len(text) > 8 and _width(text, unit) > room:
        text = text[: -2 - len(text) // 20].rstrip(" ,:…") + "…"
    return text


def _write(text: str, x: float, y: float, color: Color, unit: float) -> float:
    width = _width(text, unit)
    blf.color(0, *color)
    blf.position(0, round(x), round(y), 0.0)
    blf.draw(0, text)
    return width


def _width(text: str, unit: float) -> float:
    blf.size(0, _TEXT * unit)
    return float(blf.dimensions(0, text)[0])
