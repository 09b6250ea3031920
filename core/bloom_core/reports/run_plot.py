"""A run as a picture: loss, update norms, cosines and learning rate over its steps, with its events marked and named. Needs matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bloom_core import events
from bloom_core.events.event_detectors import jitter_threshold
from bloom_core.events.event_explosions import network_size
from bloom_core.events.event_statistics import rolling_mean
from bloom_core.trajectories.run_files import RunError
from bloom_core.trajectories.run_model import Event, Trajectory
from bloom_core.whole_file import whole_file

GROUND, INK, QUIET, LINE = "#000000", "#f2ece4", "#8f8798", "#2a2431"
PETALS = ("#8158ff", "#ff5f8f", "#ffb347", "#d24bff", "#ff8a5c", "#f7dd72", "#4f7dff", "#ff9ad5")
"""The colours of a network's parts, in the order of its layers: those of a waterlily's petals, neighbours far apart."""

COLORS = {
    "explosion": "#ff4b3e",
    "nonfinite": "#ffffff",
    "skipped": "#b9b4c0",
    "loss_spike": "#ffb000",
    "jitter": "#7ee787",
    "lr_change": "#5cd6e0",
    "settled": "#9fb6ff",
}
MARK = "#d8c8ff"
"""The colour of marks that the user set."""

FORMATS = (".png", ".svg", ".pdf")
COLUMNS = 1500
"""Curves are drawn with so many columns; each shows the range of its steps, so that no peak is lost and a million steps are a small file."""

NAMED = 14
"""At most so many events are named below the picture, the most serious ones; all are marked."""

IN_ONE_COLUMN = 8
TITLE = 62
"""At most so many letters of a run's title fit beside its numbers."""

LAYERS = 200
"""At most so many layers get their own thin line."""


def plot(run: Trajectory, path: Path | str, found: Sequence[Event] | None = None) -> None:
    """Draws a run into a picture file; its name's ending says which kind. `found`: its events, where they are known already.

    Raises RunError when matplotlib is not installed, for an ending other than FORMATS, or when the file cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() not in FORMATS:
        raise RunError(f"{path}: is not a name for a picture. Let it end in {', '.join(FORMATS)}.")
    try:
        import matplotlib
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise RunError(f"{path}: drawing needs matplotlib. Install it: pip install matplotlib") from error
    found = events.find(run) if found is None else found
    named = _named(found)
    panels = [(2.3, _loss), (3.1, _updates), *([(1.3, _gradients)] if run.gradient_norm is not None else []), (1.5, _cosines), (1.0, _rates)]
    rows = _caption_rows(named)
    below, above = 0.62 + 0.19 * rows, 0.85
    tall = sum(height for height, _ in panels) + below + above
    left, right = 0.075, 0.855
    with matplotlib.rc_context({"font.family": "DejaVu Sans", "font.size": 9.0, "svg.hashsalt": "bloom"}):
        figure = Figure(figsize=(12.0, tall), dpi=100, facecolor=GROUND)
        FigureCanvasAgg(figure)
        frame = {"left": left, "right": right, "top": 1.0 - above / tall, "bottom": below / tall, "hspace": 0.1}
        grid = figure.add_gridspec(len(panels), 1, height_ratios=[height for height, _ in panels], **frame)
        axes: list[Any] = []
        for row, (_, draw) in enumerate(panels):
            axes.append(figure.add_subplot(grid[row], sharex=axes[0] if axes else None))
            _style(axes[-1])
            draw(axes[-1], run)
            axes[-1].tick_params(labelbottom=row == len(panels) - 1)
        axes[-1].set_xlabel("optimizer step", color=QUIET, labelpad=2)
        axes[0].set_xlim(float(run.steps[0]), float(max(run.steps[-1], run.steps[0] + 1)))
        _mark(axes, found, named)
        _name(figure, named, below, tall)
        head: dict[str, Any] = {"va": "center", "parse_math": False}
        title = str(run.meta.get("title", "a run"))
        title = title if len(title) <= TITLE else title[: TITLE - 1] + "…"
        figure.text(left, 1.0 - 0.3 / tall, title, color=INK, fontsize=15, **head)
        said = f"{len(run.steps)} steps, {len(run.layers)} layers, {sum(event.kind != 'epoch' for event in found)} events"
        figure.text(right, 1.0 - 0.3 / tall, said, color=QUIET, ha="right", **head)
        kind = path.suffix.lower()[1:]
        try:
            with whole_file(path) as file:
                figure.savefig(file, format=kind, facecolor=GROUND, metadata={"Date": None} if kind == "svg" else None)
        except OSError as error:
            raise RunError(f"{path}: cannot be written ({error.strerror}). Free some space or choose another folder.") from error


def _loss(place: Any, run: Trajectory) -> None:
    _curve(place, run.steps, run.loss, INK, "loss", faint=0.45)
    _scale(place, run.loss)
    place.set_ylabel("loss", color=QUIET)


def _updates(place: Any, run: Trajectory) -> None:
    """Draws the exact ‖Δθ‖ of each part, and thin that of its layers."""
    parts = run.part_update_size()
    for index, part in enumerate(run.parts):
        color = PETALS[index % len(PETALS)]
        inside = [number for number, layer in enumerate(run.layers) if layer.part == part]
        for layer in inside[: LAYERS // len(run.parts)] if len(inside) > 1 else ():
            _raw(place, run.steps, run.update_norm[:, layer], color, 0.2, width=0.4)
        _curve(place, run.steps, parts[:, index], color, part or "the network", faint=0.3)
    _scale(place, parts)
    place.set_ylabel("‖Δθ‖ of a step", color=QUIET)


def _gradients(place: Any, run: Trajectory) -> None:
    """Draws the gradient norm of the network as the optimizer saw it, and before clipping where that is known."""
    assert run.gradient_norm is not None
    seen = network_size(run.gradient_norm)
    _curve(place, run.steps, run.raw_gradient_norm, PETALS[4], "before clipping", faint=0.45)
    _curve(place, run.steps, seen, PETALS[3], "as the optimizer saw it", faint=0.45)
    _scale(place, np.concatenate([seen, run.raw_gradient_norm]))
    place.set_ylabel("‖gradient‖", color=QUIET)


def _cosines(place: Any, run: Trajectory) -> None:
    for lag, color, label in ((1, PETALS[0], "with two steps before"), (0, PETALS[1], "with one step before")):
        _curve(place, run.steps, run.cosine[:, lag], color, label, faint=0.3)
    if np.isfinite(run.cosine[:, 0]).any():
        place.axhline(0.0, color=LINE, linewidth=0.8, zorder=0)
        place.axhline(jitter_threshold(run), color=COLORS["jitter"], linewidth=0.8, linestyle=(0, (4, 4)), label="jitter below this", alpha=0.7)
    place.set_ylim(-1.05, 1.05)
    place.set_ylabel("cosine", color=QUIET)


def _rates(place: Any, run: Trajectory) -> None:
    for group in range(min(run.lr.shape[1], len(PETALS))):
        _raw(place, run.steps, run.lr[:, group], PETALS[(2 + group) % len(PETALS)], 1.0, width=1.2)
    _scale(place, run.lr)
    place.set_ylabel("learning rate", color=QUIET)


def _curve(place: Any, steps: NDArray[np.int64], values: NDArray[Any], color: str, label: str, *, faint: float) -> None:
    """Draws a curve faintly, and its running mean over it: of logarithms where values are above 0, so that one peak does not carry it away."""
    known = np.isfinite(values)
    if not known.any():
        return
    _raw(place, steps, values, color, faint)
    positive = known & (values > 0.0)
    logarithms = bool((values[known] >= 0.0).all() and positive.any())
    there = positive if logarithms else known
    levels = np.where(there, np.log(np.where(there, values, 1.0)) if logarithms else values, np.nan)
    mean = rolling_mean(levels, max(3, len(steps) // 60), 1)
    every = slice(None, None, max(1, len(steps) // COLUMNS))
    label = label.replace("$", r"\$")
    place.plot(steps[every], (np.exp(mean) if logarithms else mean)[every], color=color, linewidth=1.5, label=label)


def _raw(place: Any, steps: NDArray[np.int64], values: NDArray[Any], color: str, alpha: float, width: float = 0.7) -> None:
    """Draws values step by step; of a long run, the band between the least and the largest of each column."""
    known = np.isfinite(values)
    if len(steps) <= 2 * COLUMNS:
        marker = "." if int(known.sum()) == 1 else ""
        place.plot(steps, np.where(known, values, np.nan), color=color, linewidth=width, alpha=alpha, marker=marker)
        return
    starts = np.linspace(0, len(steps), COLUMNS + 1).astype(np.int64)[:-1]
    low = np.minimum.reduceat(np.where(known, values, np.inf), starts)
    high = np.maximum.reduceat(np.where(known, values, -np.inf), starts)
    there = np.isfinite(low)
    low, high = np.where(there, low, np.nan), np.where(there, high, np.nan)
    place.fill_between(steps[starts], low, high, color=color, alpha=alpha, linewidth=width)


def _scale(place: Any, values: NDArray[Any]) -> None:
    """Makes an axis logarithmic where its values span more than a decade, and says so where there are none."""
    known = values[np.isfinite(values)]
    above = known[known > 0.0]
    if not known.size:
        place.text(0.5, 0.5, "not recorded", color=QUIET, ha="center", va="center", transform=place.transAxes)
        place.set_yticks([])
    elif known.min() >= 0.0 and above.size and known.max() > 10.0 * np.quantile(above, 0.01):
        place.set_yscale("log")
        place.set_ylim(bottom=0.7 * float(max(np.quantile(above, 0.002), 1e-9 * above.max())))


def _style(place: Any) -> None:
    place.set_facecolor(GROUND)
    place.grid(True, which="major", color=LINE, linewidth=0.5, alpha=0.7)
    place.tick_params(colors=QUIET, which="both", length=3, width=0.6)
    for side, spine in place.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(LINE)


def _mark(axes: Sequence[Any], found: Sequence[Event], named: Sequence[Event]) -> None:
    """Draws a line through all curves at each event, and the number of those that are named on top."""
    top = axes[0]
    for event in found:
        color = COLORS.get(event.kind, MARK)
        for place in axes:
            if event.kind == "epoch":
                place.axvline(event.step, color=INK, linewidth=0.4, alpha=0.10, zorder=0.5)
            else:
                place.axvline(event.step, color=color, linewidth=0.8, alpha=0.55 if event in named else 0.3, zorder=0.6)
    level, last = 0, -np.inf
    start, end = top.get_xlim()
    for number, event in enumerate(named, start=1):
        level = (level + 1) % 3 if event.step - last < 0.018 * (end - start) else 0
        last = event.step
        box = {"boxstyle": "circle,pad=0.22", "facecolor": COLORS.get(event.kind, MARK), "edgecolor": "none"}
        what = {"color": GROUND, "fontsize": 7, "fontweight": "bold", "ha": "center", "va": "center", "bbox": box}
        top.text(event.step, 1.05 + 0.09 * level, str(number), transform=top.get_xaxis_transform(), **what)
    legend = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "frameon": False, "labelcolor": INK, "handlelength": 1.3, "borderaxespad": 0.0}
    for place in axes:
        if place.get_legend_handles_labels()[1]:
            place.legend(fontsize=8, **legend)


def _caption_rows(named: Sequence[Event]) -> int:
    return len(named) if len(named) <= IN_ONE_COLUMN else (len(named) + 1) // 2


def _name(figure: Any, named: Sequence[Event], below: float, tall: float) -> None:
    """Writes the captions of the named events below the curves, in one column or in two."""
    rows = _caption_rows(named)
    longest = 170 if rows == len(named) else 90
    for number, event in enumerate(named, start=1):
        column, row = divmod(number - 1, rows)
        level = (below - 0.6 - 0.19 * row) / tall
        text = events.caption(event)
        text = text if len(text) <= longest else text[: longest - 1] + "…"
        left = 0.075 + 0.475 * column
        figure.text(left, level, str(number), color=COLORS.get(event.kind, MARK), fontsize=8, fontweight="bold", ha="right")
        figure.text(left + 0.007, level, text, color=INK, fontsize=8, parse_math=False)


def _named(found: Sequence[Event]) -> list[Event]:
    """Returns the events to name, in the order of their steps: the most serious kinds first, and of a kind those with the largest values."""
    ranks = [*COLORS]
    worth = [event for event in found if event.kind != "epoch"]
    worth.sort(key=lambda event: (ranks.index(event.kind) if event.kind in COLORS else -1, -abs(event.value or 0.0)))
    return sorted(worth[:NAMED], key=lambda event: event.step)
