"""Paragraphs in panels, which know only single lines."""

from __future__ import annotations

import textwrap
from functools import lru_cache
from typing import Any

import blf
import bpy

_MARGIN = 66
"""What a panel, a box and their borders take of a region's width, in units of the interface."""

_SAMPLE = "the flower opens, and rests"


def paragraph(layout: Any, context: bpy.types.Context, text: str, *, icon: str = "NONE", quiet: bool = False) -> None:
    """Draws text in as many lines as the region's width asks for."""
    column = layout.column(align=True)
    column.active = not quiet
    column.scale_y = 0.8
    for number, line in enumerate(_lines(context, text, 20 if icon != "NONE" else 0)):
        column.label(text=line, icon=icon if number == 0 else "BLANK1" if icon != "NONE" else "NONE")


@lru_cache(maxsize=256)
def _wrapped(text: str, letters: int) -> list[str]:
    return textwrap.wrap(text, letters)


@lru_cache(maxsize=1024)
def _shortened(text: str, letters: int) -> str:
    if len(text) <= letters:
        return text
    whole, comma, _ = text[: letters + 1].rpartition(", ")
    return whole if comma else textwrap.shorten(text, letters, placeholder=" …")


def fitted(context: bpy.types.Context, text: str, taken: int) -> str:
    """Returns text cut at a comma where it is longer than a line, of which `taken` units of the interface are something else's.

    Blender itself cuts in the middle, where captions say what matters.
    """
    return _shortened(text, _letters(context, taken))


def _lines(context: bpy.types.Context, text: str, taken: int) -> list[str]:
    return _wrapped(text, _letters(context, taken))


def _letters(context: bpy.types.Context, taken: int) -> int:
    """Returns how many letters a line of the region holds."""
    scale = context.preferences.system.ui_scale or 1.0  # a Blender without a window has none
    room = (context.region.width if context.region is not None else 300) / scale - _MARGIN - taken
    blf.size(0, context.preferences.ui_styles[0].widget.points)
    letter = blf.dimensions(0, _SAMPLE)[0] / len(_SAMPLE)
    return max(16, int(room / max(letter, 1.0)))
