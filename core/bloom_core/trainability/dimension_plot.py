"""The picture that a dimension never comes without: boxes counted, the slope at every scale, what was fitted, the verdict. Needs matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bloom_core.trainability import dimension
from bloom_core.trainability.dimension import BoxCounts, Fit
from bloom_core.trainability.experiment import MapError
from bloom_core.trainability.maps import Map
from bloom_core.whole_file import whole_file

GROUND, INK, QUIET, LINE = "#000000", "#f2ece4", "#8f8798", "#2a2431"
COUNTED, FITTED, PAPER = "#ffb347", "#8158ff", "#5cd6e0"
FORMATS = (".png", ".svg", ".pdf")


def plot_dimension(made: Map, path: Path | str) -> Fit:
    """Draws counts and slopes of a map's boundary into a picture, and returns the fit: what `bloom map CONFIG --dimension PLOT.png` does.

    Left, how many boxes hold boundary against their size; right, the local slope of that against the same, with the fitted range shaded, the fitted
    dimension in its interval, and the paper's median as a dashed line; below, the verdict in words. The ending of `path` is one of FORMATS.
    Raises MapError where matplotlib is missing, for another ending, a map too small, or a file that cannot be written.
    """
    counts = dimension.box_counts(made.labels)
    fit = dimension.fit(counts)
    plot_counts(counts, fit, path, f"{made.subject.title}: its boundary in boxes", told_of(made))
    return fit


def plot_counts(counts: BoxCounts, fit: Fit, path: Path | str, title: str, said: str = "") -> None:
    """Draws counts and slopes as `plot_dimension` does, of anything that was counted. `said` stands small, top right. Raises MapError."""

    def draw(figure: Any) -> None:
        left, right = figure.subplots(1, 2)
        figure.subplots_adjust(left=0.08, right=0.975, top=0.84, bottom=0.25, wspace=0.2)
        for place in (left, right):
            _style(place, counts)
            if fit.sizes.size and np.isfinite(fit.dimension):
                place.axvspan(float(fit.sizes[0]), float(fit.sizes[-1]), color=FITTED, alpha=0.28 if fit.trusted else 0.12, linewidth=0)
        _draw_counts(left, counts, fit)
        _draw_slopes(right, counts, fit)
        figure.text(0.08, 0.925, title, color=INK, fontsize=14, va="center", parse_math=False)
        figure.text(0.975, 0.925, said, color=QUIET, ha="right", va="center", parse_math=False)
        figure.text(0.08, 0.075, _lines(str(fit)), color=INK if fit.trusted else COUNTED, fontsize=10, va="center", parse_math=False)

    _save(path, draw, (12.0, 5.2))


def plot_levels(maps: Sequence[Map], path: Path | str) -> list[Fit]:
    """Draws the dimension of each level of a zoom, the widest view first, with its interval, and the slopes that each was read from.

    Returns the fits. Levels without a plateau have their interval and a hollow mark; those without any number, none. Raises MapError.
    """
    if not maps:
        raise MapError("There are no levels to compare: make at least one map")
    found = dimension.dimensions(maps)

    def draw(figure: Any) -> None:
        left, right = figure.subplots(1, 2)
        figure.subplots_adjust(left=0.08, right=0.975, top=0.84, bottom=0.2, wspace=0.2)
        for place in (left, right):
            _style(place, found[0][0])
        left.set_xscale("linear")
        left.grid(False, axis="x")
        zooms = [float(np.log2(float(maps[0].view.span[0] / made.view.span[0]))) for made in maps]
        colors = _shades(len(maps))
        for zoom, color, (counts, fit) in zip(zooms, colors, found, strict=True):
            if np.isfinite(fit.dimension):
                face = color if fit.trusted else GROUND
                left.plot([zoom, zoom], [fit.low, fit.high], color=color, linewidth=2.2, alpha=0.8, solid_capstyle="butt")
                left.plot([zoom], [fit.dimension], "o", color=color, markerfacecolor=face, markersize=8)
            right.plot(counts.scales, counts.slopes, color=color, linewidth=1.4)
            steady = (counts.scales >= fit.sizes[0]) & (counts.scales <= fit.sizes[-1]) if fit.trusted else np.zeros(len(counts.scales), bool)
            right.plot(counts.scales[steady], counts.slopes[steady], color=color, linewidth=4.0, alpha=0.55, solid_capstyle="butt")
        left.plot(zooms, [counts.median for counts, _ in found], "_", color=PAPER, markersize=14, markeredgewidth=1.6, label="the paper's median")
        left.plot([], [], "o", color=INK, markersize=7, label="fitted on a plateau")
        left.plot([], [], "o", color=INK, markerfacecolor=GROUND, markersize=7, label="no plateau")
        # As many axes as the map has are the most that a boundary can fill.
        for place in (left, right):
            place.set_ylim(min(0.9, *(fit.low for _, fit in found if np.isfinite(fit.low)), 0.9) - 0.05, len(found[0][0].cells) + 0.1)
        left.set_xlim(min(zooms) - 0.6, max(zooms) + 0.6)
        left.xaxis.get_major_locator().set_params(integer=True)
        left.set_xlabel("doublings of the zoom", color=QUIET)
        left.set_ylabel("dimension", color=QUIET)
        right.set_xlabel("side of a box, pixels", color=QUIET)
        right.set_ylabel("local slope", color=QUIET)
        left.legend(loc="lower center", bbox_to_anchor=(0.5, -0.3), ncol=3, frameon=False, labelcolor=INK, fontsize=8)
        figure.text(0.08, 0.925, f"{maps[0].subject.title}: the dimension at each level", color=INK, fontsize=14, va="center", parse_math=False)
        trusted = sum(fit.trusted for _, fit in found)
        said = f"{len(maps)} levels, {trusted} with a plateau · {' × '.join(map(str, maps[0].view.size))} pixels"
        figure.text(0.975, 0.925, said, color=QUIET, ha="right", va="center", parse_math=False)

    _save(path, draw, (12.0, 5.2))
    return [fit for _, fit in found]


def told_of(made: Map) -> str:
    """Returns what was counted, for a corner of the picture: pixels, pitch and precision."""
    size = " × ".join(map(str, made.view.size))
    return f"{size} pixels, pitch {made.view.pitch:.1e} · {made.made.precision} · {made.made.engine}"


def _draw_counts(place: Any, counts: BoxCounts, fit: Fit) -> None:
    place.set_yscale("log")
    hit = counts.shares > 0.0
    place.plot(counts.sizes[hit], counts.counts[hit], "o", color=COUNTED, markersize=4.5)
    if np.isfinite(fit.dimension):
        inside = np.isin(counts.sizes, fit.sizes)
        middle = np.exp(np.log(counts.counts[inside]).mean()), np.exp(np.log(fit.sizes).mean())
        ends = np.array([counts.sizes[0], counts.sizes[-1]], np.float64)
        line = middle[0] * (ends / middle[1]) ** -fit.dimension
        place.plot(ends, line, color=INK, linewidth=1.0, linestyle="-" if fit.trusted else (0, (2, 3)), zorder=1.5)
    place.set_xlabel("side of a box, pixels", color=QUIET)
    place.set_ylabel("boxes that hold boundary", color=QUIET)


def _draw_slopes(place: Any, counts: BoxCounts, fit: Fit) -> None:
    if np.isfinite(fit.dimension):
        ends = [float(fit.sizes[0]), float(fit.sizes[-1])]
        place.fill_between(ends, fit.low, fit.high, color=FITTED, alpha=0.55, linewidth=0, label=f"interval {fit.low:.2f} to {fit.high:.2f}")
        name = f"fitted {fit.dimension:.2f}" if fit.trusted else f"a line through all: {fit.dimension:.2f}"
        place.plot(ends, [fit.dimension] * 2, color=INK, linewidth=1.2, linestyle="-" if fit.trusted else (0, (2, 3)), label=name)
    if np.isfinite(counts.median):
        place.axhline(counts.median, color=PAPER, linewidth=0.9, linestyle=(0, (5, 4)), label=f"the paper's median {counts.median:.2f}")
    place.plot(counts.scales, counts.slopes, "o-", color=COUNTED, markersize=4.5, linewidth=1.2, label="slope over an octave")
    place.set_ylim(0.0 if np.nanmin(counts.slopes, initial=1.0) < 0.85 else 0.85, len(counts.cells) + 0.1)
    place.set_xlabel("side of a box, pixels", color=QUIET)
    place.set_ylabel("local slope", color=QUIET)
    place.legend(loc="best", frameon=False, labelcolor=INK, fontsize=8)


def _style(place: Any, counts: BoxCounts) -> None:
    place.set_facecolor(GROUND)
    place.set_xscale("log")
    place.set_xlim(0.85 * counts.sizes[0], 1.18 * counts.sizes[-1])
    place.xaxis.set_major_formatter("{x:g}")
    place.grid(True, which="major", color=LINE, linewidth=0.5, alpha=0.8)
    place.tick_params(colors=QUIET, which="both", length=3, width=0.6)
    for side, spine in place.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(LINE)


def _shades(count: int) -> list[tuple[float, ...]]:
    """Returns a colour for each level: from the violet of wide views to the amber of deep ones."""
    first, last = np.array([0.51, 0.35, 1.0]), np.array([1.0, 0.70, 0.28])
    middle = np.array([1.0, 0.37, 0.56])
    along = np.linspace(0.0, 1.0, max(count, 2))[:count]
    return [tuple(np.where(t < 0.5, first + 2 * t * (middle - first), middle + (2 * t - 1) * (last - middle))) for t in along]


def _lines(text: str, width: int = 140) -> str:
    """Returns a text broken into lines between words."""
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) > width:
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
    return "\n".join(lines)


def _save(path: Path | str, draw: Any, size: tuple[float, float]) -> None:
    path = Path(path)
    if path.suffix.lower() not in FORMATS:
        raise MapError(f"{path}: is not a name for a picture. Let it end in {', '.join(FORMATS)}")
    try:
        import matplotlib
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MapError(f"{path}: drawing needs matplotlib. Install it: pip install 'bloom-core[plot]'") from error
    with matplotlib.rc_context({"font.family": "DejaVu Sans", "font.size": 9.0, "svg.hashsalt": "bloom"}):
        figure = Figure(figsize=size, dpi=100, facecolor=GROUND)
        FigureCanvasAgg(figure)
        draw(figure)
        kind = path.suffix.lower()[1:]
        try:
            with whole_file(path) as file:
                figure.savefig(file, format=kind, facecolor=GROUND, metadata={"Date": None} if kind == "svg" else None)
        except OSError as error:
            raise MapError(f"{path}: cannot be written ({error.strerror}). Free some space or choose another folder") from error
