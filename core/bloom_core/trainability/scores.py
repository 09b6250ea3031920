"""From outcomes to what is seen: whether a training converged, and the number that is coloured."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bloom_core.trainability.experiment import SCORES, MapError
from bloom_core.trainability.outcomes import COLUMNS

_LEAST, _MOST = 1e-30, 1e30
"""What scores are limited to in size, so that each has a sign and none is infinite."""


def labels_of(outcomes: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Returns 1 where the training converged, the mean of its last losses being below the first, else 0. Outcomes are (…, 8)."""
    return (_column(outcomes, "tail") < 1.0).astype(np.uint8)


def score_of(outcomes: NDArray[np.float64], score: str, steps: int) -> NDArray[np.float64]:
    """Returns `score` (one of SCORES), finite, below 0 where the training converged and above 0 where it did not.

    With v the loss over the first loss: `sum`: −Σv, +Σ1/v (the notebook of arXiv 2402.06184). `final`, `minimum`: −v, +1/v of the last v or the
    least. `threshold`: minus the steps until v was below the threshold, all of them and one where it never was; +Σ1/v. `sensitivity`: the factor f by
    which a small difference grows in a step, as −1/f and +f. Raises MapError for a score that is not known or was not measured.
    """
    if score == "sum":
        below, above = _column(outcomes, "total"), _column(outcomes, "inverse")
    elif score in ("final", "minimum"):
        below = _column(outcomes, score)
        above = 1.0 / np.maximum(below, _LEAST)
    elif score == "threshold":
        reached = _column(outcomes, "reached")
        below, above = np.where(reached < 0, steps, reached) + 1.0, _column(outcomes, "inverse")
    elif score == "sensitivity":
        exponent = _column(outcomes, "sensitivity")
        if np.isnan(exponent).all():
            raise MapError("This map has no sensitivity: make it with sensitivity = true")
        above = np.exp(np.clip(np.nan_to_num(exponent, nan=np.inf), -60.0, 60.0))  # a training that ended at once: as unstable as can be
        below = 1.0 / above
    else:
        raise MapError(f"There is no score {score!r}; choose from {', '.join(SCORES)}")
    size = np.where(labels_of(outcomes) == 1, -np.clip(below, _LEAST, _MOST), np.clip(above, _LEAST, _MOST))
    return np.asarray(size, dtype=np.float64)


def _column(outcomes: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    return outcomes[..., COLUMNS.index(name)]
