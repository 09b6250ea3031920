"""A map that was made, as plain data. `map_files` reads and writes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bloom_core.trainability.experiment import Experiment
from bloom_core.trainability.views import View

if TYPE_CHECKING:
    from bloom_core.trainability.newton import Newton


@dataclass(frozen=True)
class Making:
    """How a map was made: by which engine, in which precision, how many seconds it took, and how many network·steps were really played."""

    engine: str
    precision: str
    seconds: float
    steps_played: int


@dataclass(frozen=True)
class Map:
    """A map over the pixels of `view`, arrays of `view.shape`.

    `labels` uint8: of an experiment 1 where the training converged, else 0; of Newton's method the number of the root, 255 for none. Where neighbours
    differ is the boundary. `score` float64: what is coloured and what terrain rises by; of an experiment below 0 where it converged and above where
    not, as the chosen score has it; of Newton's method the (smooth) count of steps. `outcomes` float64 (…, 8): `outcomes.COLUMNS`, or None.
    """

    subject: Experiment | Newton
    view: View
    labels: NDArray[np.uint8]
    score: NDArray[np.float64]
    outcomes: NDArray[np.float64] | None
    made: Making
