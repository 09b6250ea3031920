"""A sheet of candidates: of each its name, its ramp over time, and the flower in it, half open and open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bloom_core.flames.flame import Flame
from bloom_core.growth.animation import Animation
from bloom_core.images import image
from bloom_core.images.image_files import PictureError
from bloom_core.whole_file import whole_file

from .choices import Candidate
from .color_ramp import ENTRIES, Ramp

MIDDLE = 0.6
"""Where in the film the flower is shown for the first time."""

THUMBNAIL, QUALITY = 160, 80.0
STRIP = 240
_DPI = 100
_LEGEND = "The palette, bottom to top, as training goes on, left to right; the flower in it, half open and open."
_GROUND, _INK, _QUIET = "#0b0b0e", "#f2efe8", "#9a968c"


def wearing(animation: Animation, ramp: Ramp, frame: int) -> Flame:
    """Returns the flame of an animation at a frame, in the colours of a ramp."""
    flame = animation.at(frame)
    base = animation.flame.palette if ramp.base is None else ramp.base
    return replace(flame, palette=ramp.palette(base, frame))


def strip(ramp: Ramp, design_palette: NDArray[np.float64], first: int, last: int) -> NDArray[np.float64]:
    """Returns a picture (ENTRIES, STRIP, 3), sRGB, of a ramp over time: frames from left to right, the palette's end at the top."""
    base = design_palette if ramp.base is None else ramp.base
    columns = [ramp.palette(base, frame) for frame in np.linspace(first, last, STRIP)]
    rows = np.linspace(len(base) - 1, 0, ENTRIES).round().astype(int)
    return np.stack([column[rows] for column in columns], axis=1)


def write_sheet(path: Path, title: str, found: Sequence[Candidate], animation: Animation) -> None:
    """Writes a PNG that shows the candidates for a film. Raises PictureError where matplotlib is missing, NativeError, OSError."""
    try:
        from matplotlib.figure import Figure  # type: ignore[import-not-found,unused-ignore]
    except ImportError as error:
        raise PictureError("a sheet of palettes is drawn with matplotlib, which is not installed: pip install matplotlib") from error
    across = 1 if len(found) < 3 else 2
    down = -(-len(found) // across)
    width, height, head = 7.4, 1.66, 0.8
    figure = Figure(figsize=(width * across, height * down + head), dpi=_DPI, facecolor=_GROUND)
    total = height * down + head
    figure.text(0.22 / (width * across), 1.0 - 0.27 / total, title, color=_INK, fontsize=12, va="center", parse_math=False)
    figure.text(0.22 / (width * across), 1.0 - 0.5 / total, _LEGEND, color=_QUIET, fontsize=7.5, va="center")
    for number, candidate in enumerate(found):
        left, top = (number % across) * width, total - head - (number // across) * height
        _row(figure, candidate, animation, left, top, (width * across, total))
    with whole_file(path) as file:
        figure.savefig(file, format="png", facecolor=_GROUND, pil_kwargs={"optimize": True})


def _row(figure: Any, candidate: Candidate, animation: Animation, left: float, top: float, size: tuple[float, float]) -> None:
    """Draws one candidate at `left`, `top` inches of a matplotlib Figure of `size`."""

    def place(x: float, y: float, width: float, height: float) -> Any:
        corner = ((left + x) / size[0], (top - y - height) / size[1])
        axes = figure.add_axes((*corner, width / size[0], height / size[1]))
        axes.set_axis_off()
        return axes

    def text(x: float, y: float, words: str, **how: Any) -> None:
        figure.text((left + x) / size[0], (top - y) / size[1], words, va="top", **how)

    first, last = animation.frame_start, animation.frame_end
    text(0.22, 0.06, candidate.name, color=_INK, fontsize=13, family="serif")
    text(0.22, 0.36, fill(candidate.explanation, 27), color=_QUIET, fontsize=7.5, linespacing=1.35)
    shown = strip(candidate.ramp, animation.flame.palette, first, last)
    place(2.05, 0.06, 1.75, 1.5).imshow(shown, aspect="auto", interpolation="bilinear")
    for number, frame in enumerate((round(first + MIDDLE * (last - first)), last)):
        picture = thumbnail(wearing(animation, candidate.ramp, frame))
        place(3.86 + number * 1.7, 0.06, 1.64, 1.5).imshow(picture, interpolation="bilinear")


def thumbnail(flame: Flame) -> NDArray[np.float32]:
    """Returns a small picture (THUMBNAIL, w, 3) of the middle of a flame, sRGB."""
    view = flame.view
    side = min(view.size)
    framed = replace(flame, view=replace(view, size=(round(side * 1.64 / 1.5), side)), rendering=replace(flame.rendering, supersample=1))
    return np.clip(image.render(framed, quality=QUALITY, scale=THUMBNAIL / side).pixels[..., :3], 0.0, 1.0)
