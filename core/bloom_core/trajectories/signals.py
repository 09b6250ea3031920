"""What a run's parts had still to learn, as numbers that can move a flower."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bloom_core.trajectories.run_model import Reduction, Trajectory

DoubleArray = NDArray[np.float64]

RAW = 32
"""How many buckets of the sketch, which are random directions, stand for the PCA of a run that has none (it is still going, or was killed)."""

BLOCK = 65_536
"""Steps worked on at once, so that a run of a million takes little memory."""


@dataclass(frozen=True)
class Path:
    """Where the network (or a part of it) stands in its K reduced directions.

    `places` float64 (F, K): its distance from where training ended, c(T) − c(t), at the F states asked for (rows of `Trajectory`, from 0 before the
    first step to T); `size` float64 (T + 1,): the length of that distance, at every state.
    """

    places: DoubleArray
    size: DoubleArray


def path(run: Trajectory, states: DoubleArray, part: str | None = None) -> Path:
    """Returns the path of the whole network, or of one part. `states` (F,) need not be whole numbers: between two, the straight line.

    Raises ValueError for a part that the run does not have.
    """
    if part is not None and part not in run.parts:
        raise ValueError(f"the run has no part {part!r}; there are: {', '.join(run.parts)}")
    count = len(run.steps)
    lower = np.minimum(states.astype(np.int64), count)
    share = (states - lower)[:, None]
    wanted = np.unique(np.concatenate([lower, np.minimum(lower + 1, count)]))
    width = updates(run, part, 0, 1).shape[1]
    stands, squares = np.zeros((len(wanted), width)), np.zeros(count + 1)
    end = sum((updates(run, part, start, start + BLOCK).sum(axis=0) for start in range(0, count, BLOCK)), np.zeros(width))
    squares[0] = np.square(end).sum()
    stands[wanted == 0] = end
    at = np.zeros(width)
    for start in range(0, count, BLOCK):
        after = at + np.cumsum(updates(run, part, start, start + BLOCK), axis=0)
        at = after[-1]
        left = end - after
        squares[start + 1 : start + 1 + len(after)] = np.square(left).sum(axis=1)
        here = (wanted > start) & (wanted <= start + len(after))
        stands[here] = left[wanted[here] - start - 1]
    stands[wanted == count] = 0.0
    squares[count] = 0.0
    first, second = (np.searchsorted(wanted, index) for index in (lower, np.minimum(lower + 1, count)))
    return Path(stands[first] * (1.0 - share) + stands[second] * share, np.sqrt(squares))


def updates(run: Trajectory, part: str | None, start: int, stop: int) -> DoubleArray:
    """Returns the updates of steps start … stop − 1 in the reduced directions, float64 (n, K)."""
    fitted = _reduction(run, part)
    if fitted is not None:
        shift = fitted.basis.astype(np.float64) @ fitted.mean.astype(np.float64)
        return fitted.coordinates[start:stop].astype(np.float64) + shift
    if run.sketch is None:
        raise ValueError("the run has neither a reduction nor its sketches; read it with sketches=True")
    rows = run.sketch[start:stop].astype(np.float64)
    chosen = rows.sum(axis=1) if part is None else rows[:, run.parts.index(part)]
    return np.asarray(chosen[:, :RAW])


def _reduction(run: Trajectory, part: str | None) -> Reduction | None:
    if part is None or not run.part_reductions:
        return run.reduction if part is None or len(run.parts) == 1 else None
    return run.part_reductions[run.parts.index(part)]
