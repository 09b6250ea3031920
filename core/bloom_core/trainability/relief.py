"""How high each place of a map rises as a landscape: by the levels that colour it, so that height and colour tell the same.

Converged trainings lie below 0, from −1 (slowest) up to a shore; the others above, from a plain of those that fail first to ridges of 1, of those
that almost held. Levels are ranks; a power keeps the far plain low and the ridges sharp.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bloom_core.trainability import coloring
from bloom_core.trainability.experiment import Experiment
from bloom_core.trainability.maps import Map

SHORE = 0.06
"""How far below and above 0 the two sides end at least, so that the boundary is a step everywhere."""

BASIN, RIDGE = 1.0, 1.7
"""Powers of the levels' shares below and above 0."""


def heights(found: Map, layer: str = "score") -> NDArray[np.float64]:
    """Returns heights of the map's shape in [−1, 1], rising with the score; 0 where nothing is known. Raises MapError as `coloring.levels` does."""
    levels = coloring.levels(found, layer).astype(np.float64)
    known = np.nan_to_num(levels)
    if layer == "sensitivity":
        return known
    share = np.clip((np.abs(known) - coloring.GAP) / (1.0 - coloring.GAP), 0.0, 1.0)
    below, above = SHORE + (1.0 - SHORE) * share**BASIN, SHORE + (1.0 - SHORE) * share**RIDGE
    if not isinstance(found.subject, Experiment):
        return np.where(np.isnan(levels), 0.0, above)
    return np.where(np.isnan(levels), 0.0, np.where(known < 0.0, -below, above))
