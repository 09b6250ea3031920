"""A run drawn in the terminal: loss, update norms, cosine and learning rate as rows of blocks, with the events below them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bloom_core import events
from bloom_core.trajectories.run_model import DoubleArray, Event, Trajectory

BLOCKS = " ▁▂▃▄▅▆▇█"
PLAIN_BLOCKS = " .:-=+*%#"
"""Eight heights and nothing; the second where the terminal has no block characters."""

MARKS = {"explosion": "!", "nonfinite": "X", "loss_spike": "^", "skipped": "s", "jitter": "~", "lr_change": "/", "settled": "_"}
"""What stands below the step of an event; other kinds are "*"; the ends of epochs are not drawn."""

LEAST_WIDTH = 40
LABEL = 22
RANGE = 24
GROUPS = 4
"""At most so many parameter groups have their learning rates drawn."""

_DECADE = 10.0


@dataclass(frozen=True)
class _Row:
    """One curve: a name, its values per step, how many lines it is high, and its fixed range if it has one."""

    name: str
    values: NDArray[np.floating[Any]]
    height: int = 1
    span: tuple[float, float] | None = None
    peaks: bool = True


def drawing(run: Trajectory, found: Sequence[Event], width: int = 100, *, plain: bool = False) -> list[str]:
    """Returns the lines of a drawing `width` characters wide; with `plain`, in ASCII.

    A column stands for several steps, and shows the largest loss or norm of them: peaks are what one looks for. Curves whose values span more than
    a decade are drawn in logarithms. Columns without a value are empty.
    """
    columns = max(LEAST_WIDTH, width) - LABEL - RANGE
    columns = min(max(8, columns), len(run.steps))
    rows = [_Row("loss", run.loss, 3), _Row("update norm", run.update_size(), 3)]
    if len(run.parts) > 1:
        rows += [_Row(f"  {part}", values) for part, values in zip(run.parts, run.part_update_size().T, strict=True)]
    rows += [_Row("cosine", run.cosine[:, 0], 1, (-1.0, 1.0), False)]
    groups = [""] if run.lr.shape[1] == 1 else [f" {group}" for group in range(run.lr.shape[1])]
    rows += [_Row(f"learning rate{name}", run.lr[:, group], 1, None, False) for group, name in enumerate(groups[:GROUPS])]
    edges = np.linspace(0, len(run.steps), columns + 1).astype(np.int64)
    lines = [line for row in rows for line in _row_lines(row, edges, PLAIN_BLOCKS if plain else BLOCKS)]
    return [*lines, *_event_lines(run, found, edges, max(LEAST_WIDTH, width)), _axis(run, columns)]


def _row_lines(row: _Row, edges: NDArray[np.int64], blocks: str) -> list[str]:
    values = _binned(row.values, edges, row.peaks)
    known = values[np.isfinite(values)]
    if not known.size:
        return [f"{_fit(row.name, LABEL)}(not recorded)"]
    low, high = row.span or (float(known.min()), float(known.max()))
    above = known[known > 0.0]
    logarithmic = row.span is None and low >= 0.0 and above.size > 0 and high > _DECADE * float(above.min())
    if logarithmic:
        low = float(above.min())
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.maximum(0.0, (np.log(values) - math.log(low)) / (math.log(high) - math.log(low)))
    else:
        share = (values - low) / (high - low) if high > low else np.where(np.isfinite(values), 0.5, np.nan)
    steps = len(blocks) - 1
    # A value that is there shows at least the lowest block.
    level = np.where(np.isfinite(share), 1.0 + np.clip(np.nan_to_num(share), 0.0, 1.0) * (row.height * steps - 1), 0.0)
    text = []
    for line in range(row.height - 1, -1, -1):
        filled = np.clip(np.rint(level - line * steps), 0, steps).astype(int)
        label = row.name if line == row.height - 1 else ""
        edge = high if line == row.height - 1 else low if line == 0 else None
        said = "" if edge is None else f" {edge:.3g}"
        if row.height == 1:
            said = f" {low:.3g} … {high:.3g}" if high > low else f" {low:.3g}"
        scale = " (log)" if logarithmic and line == row.height - 1 else ""
        text.append(_fit(label, LABEL) + "".join(blocks[index] for index in filled) + said + scale)
    return text if blocks is BLOCKS else [line.replace("…", "to") for line in text]


def _binned(values: NDArray[np.floating[Any]], edges: NDArray[np.int64], peaks: bool) -> DoubleArray:
    """Returns the largest (or the mean) of the finite values in each column, NaN where there are none."""
    finite = np.isfinite(values)
    starts = edges[:-1]
    number = np.add.reduceat(finite.astype(np.int64), starts)
    if peaks:
        taken = np.maximum.reduceat(np.where(finite, values, -np.inf).astype(np.float64), starts)
    else:
        taken = np.add.reduceat(np.where(finite, values, 0.0).astype(np.float64), starts) / np.maximum(number, 1)
    return np.where(number > 0, taken, np.nan)


def _event_lines(run: Trajectory, found: Sequence[Event], edges: NDArray[np.int64], width: int) -> list[str]:
    """Returns the line of marks, and what those in it mean; where two share a column, the more serious one stands."""
    columns = len(edges) - 1
    marks, seen = [" "] * columns, []
    ranks = list(MARKS)
    for event in sorted(found, key=lambda event: ranks.index(event.kind) if event.kind in MARKS else len(ranks), reverse=True):
        if event.kind == "epoch":
            continue
        row = int(np.clip(np.searchsorted(run.steps, event.step), 0, len(run.steps) - 1))
        marks[int(np.searchsorted(edges, row, side="right")) - 1] = MARKS.get(event.kind, "*")
        seen.append(event.kind)
    if not seen:
        return []
    named = [f"{MARKS[kind]} {events.TITLES[kind]}" for kind in MARKS if kind in seen]
    named += ["* marks of yours"] if any(kind not in MARKS for kind in seen) else []
    lines = [_fit("events", LABEL) + "".join(marks).rstrip(), " " * LABEL + named[0]]
    for entry in named[1:]:
        if len(lines[-1]) + 3 + len(entry) <= width:
            lines[-1] += "   " + entry
        else:
            lines.append(" " * LABEL + entry)
    return lines


def _axis(run: Trajectory, columns: int) -> str:
    first, last = f"step {run.steps[0]}", str(run.steps[-1])
    return " " * LABEL + first + last.rjust(max(len(last) + 1, columns - len(first)))


def _fit(text: str, width: int) -> str:
    """Returns a text cut and padded to a width, with room after it."""
    return (text if len(text) < width else text[: width - 2] + "~").ljust(width)
