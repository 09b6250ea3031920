"""The loss over the training as a curve, with a dot that travels on it."""

from __future__ import annotations

import numpy as np

from bloom_core.flames.flame import FloatArray
from bloom_core.lessons.lesson import Act

from . import look, shapes
from .layout import Rectangle
from .objects import IntArray, Workshop, eased
from .translations import say

WORDS, TICKS = 0.30, 0.24


def build(workshop: Workshop, act: Act, frames: IntArray, place: Rectangle) -> None:
    """Builds an act's loss curve in its place. Steps stand along it by their logarithm, for the first few teach the most."""
    field = place.inset(0.62, 0.50, 0.25, 0.55)
    most = float(act.losses.max())
    ceiling = most if most > 0.0 else 1.0
    across = _along(act.steps.astype(np.float64), float(act.steps[-1]))
    points = np.column_stack([field.left + across * field.width, field.bottom + act.losses / ceiling * field.height])
    axes = np.array([(field.left, field.top), (field.left, field.bottom), (field.right, field.bottom)])
    workshop.line("loss", "loss axes", axes, 0.02, "Line")
    ahead = workshop.line("loss", "loss ahead", points, 0.022, "Line", depth=0.05)
    ahead["lit"] = 0.55
    behind = workshop.line("loss", "loss so far", points, 0.055, "Gold", depth=0.1)
    curve = behind.data
    curve.bevel_factor_mapping_end = "RESOLUTION"
    rows = act.rows / max(1, len(points) - 1)
    eased(curve, "bevel_factor_end", 0, "So Far", frames, rows)
    dot = workshop.mesh("loss", "loss now", *shapes.ball(0.11, 20, 10), [look.material("Gold")], (0.0, 0.0), depth=0.2, smooth=True)
    for axis, column in ((0, 0), (2, 1)):
        eased(dot, "location", axis, "Now", frames, points[act.rows, column])
    workshop.value(dot, frames, act.losses[act.rows])
    words = workshop.text("loss", "loss words", say("mean loss"), WORDS, (field.left - 0.5, place.top - 0.18), align="LEFT")
    words["lit"] = 0.8
    workshop.number("loss", "loss number", 0.36, (field.right - 0.5, place.top - 0.18), frames, act.losses[act.rows], decimals=3)
    workshop.text("loss", "loss most", f"{ceiling:.2g}", TICKS, (field.left - 0.32, field.top))
    workshop.text("loss", "loss least", "0", TICKS, (field.left - 0.32, field.bottom))
    for step in ticks(int(act.steps[-1])):
        x = field.left + float(_along(np.array([float(step)]), float(act.steps[-1]))[0]) * field.width
        workshop.line("loss", "loss tick", np.array([(x, field.bottom), (x, field.bottom - 0.08)]), 0.02, "Line")
        workshop.text("loss", "loss step", f"{step:,}".replace(",", " "), TICKS, (x, field.bottom - 0.27))


def ticks(last: int) -> list[int]:
    """Returns the steps that have a tick: 0, powers of ten, and the last where none is close."""
    powers = [10**power for power in range(1, 10) if 10**power <= last]
    found = [0, *powers]
    return found if found[-1] > last / 3 else [*found, last]


def _along(steps: FloatArray, last: float) -> FloatArray:
    return np.asarray(np.log1p(steps / 3.0) / max(1e-9, np.log1p(last / 3.0)))
