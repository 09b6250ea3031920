"""From pixels to networks: which hyperparameters each pixel of a box has, and which of them can be trained in one call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bloom_core.trainability.experiment import VALUES, Experiment, MapError
from bloom_core.trainability.outcomes import Problem
from bloom_core.trainability.problem import bytes_of, make_problem
from bloom_core.trainability.views import View, values_along

_SETS_BYTES = 64 << 20
"""Memory for data sets of pixels that each have their own; more of them are trained in several calls."""

MAX_WIDTH, MAX_BATCH = 256, 65_536


@dataclass(frozen=True)
class Group:
    """Networks for one call of an engine: `indices` of theirs in the box, what they learn, and their `values` (n, 6, 2)."""

    indices: NDArray[np.intp]
    problem: Problem
    values: NDArray[np.float64]


def measures_sensitivity(experiment: Experiment) -> bool:
    """Says whether the experiment needs the sensitivity."""
    return experiment.sensitivity or experiment.score == "sensitivity"


@lru_cache(maxsize=12)
def along(experiment: Experiment, view: View, number: int) -> NDArray[np.float64]:
    """Returns the parameter's values at all pixels along an axis, (size, 2), each a number and what that lacks. Raises MapError."""
    axis = experiment.axes[number]
    with np.errstate(all="ignore"):
        values = values_along(axis, view.coordinates(number))
    if not np.isfinite(values).all():
        raise MapError(f"The view shows {axis.parameter} where it is too large a number to compute with. Zoom in or move the view.")
    if axis.parameter in ("width", "batch_size"):
        most = MAX_WIDTH if axis.parameter == "width" else MAX_BATCH
        if np.rint(values[:, 0]).max() > most:
            raise MapError(f"The view shows a {axis.parameter} of {values[:, 0].max():.0f}; the most is {most}")
        values = np.stack([np.maximum(np.rint(values[:, 0]), 1.0), np.zeros(len(values))], axis=1)
    values.setflags(write=False)
    return values


def groups(experiment: Experiment, view: View, places: Sequence[tuple[int, ...]]) -> Iterator[Group]:
    """Sorts pixels, by their indices along the view's axes, into groups of one width and one batch size. Raises MapError as `along` does."""
    indices = np.array(places, dtype=np.intp)
    values = np.empty((len(places), len(VALUES), 2))
    for number, name in enumerate(VALUES):
        values[:, number] = getattr(experiment, name), 0.0
    widths = np.full(len(places), experiment.width)
    batches = np.full(len(places), experiment.batch_size)
    for number, axis in enumerate(experiment.axes):
        here = along(experiment, view, number)[indices[:, number]]
        if axis.parameter == "width":
            widths = here[:, 0].astype(np.int64)
        elif axis.parameter == "batch_size":
            batches = here[:, 0].astype(np.int64)
        else:
            for name in ("input_rate", "output_rate") if axis.parameter == "rate" else (axis.parameter,):
                values[:, VALUES.index(name)] = here
    for width, batch in sorted(set(zip(widths.tolist(), batches.tolist(), strict=True))):
        members = np.flatnonzero((widths == width) & (batches == batch))
        if experiment.seeds == "shared":
            yield Group(members, make_problem(experiment, width, batch), values[members])
            continue
        at_once = max(1, _SETS_BYTES // bytes_of(experiment, width))
        for low in range(0, len(members), at_once):
            some = members[low : low + at_once]
            yield Group(some, make_problem(experiment, width, batch, [places[index] for index in some]), values[some])
