"""The data and first weights of an experiment, from its seed: the same numbers in every numpy.

numpy promises that the streams of its old generator, RandomState, never change (NEP 19), which it does not of the newer ones.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bloom_core.trainability.experiment import Experiment
from bloom_core.trainability.outcomes import Problem

_DRAWN, _BATCHES = 0, 1
"""Streams of one seed: data and weights, and the minibatches."""


def points_of(experiment: Experiment, width: int) -> int:
    """Returns the size of the data set of networks of `width` neurons."""
    return experiment.points or width * width + width


def make_problem(experiment: Experiment, width: int, batch_size: int, places: Sequence[tuple[int, ...]] | None = None) -> Problem:
    """Returns what networks of `width` neurons learn. Every width has numbers of its own.

    `batch_size` 0 is the whole set. A smaller minibatch is the beginning of a larger one, so that a map along the batch size has neighbours.
    `places`: the pixels that draw their own numbers (an experiment with seeds "pixel"), each its indices along the view's axes; else None.
    """
    points = points_of(experiment, width)
    streams = [()] if places is None else [(1, *place) for place in places]
    inputs = np.empty((len(streams), points, width))
    targets = np.empty((len(streams), points))
    first, second = np.empty((len(streams), width, width)), np.empty((len(streams), width))
    for number, place in enumerate(streams):
        random = np.random.RandomState([experiment.seed, width, _DRAWN, *place])
        inputs[number] = random.standard_normal((points, width))
        targets[number] = random.standard_normal(points)
        first[number] = random.standard_normal((width, width))
        second[number] = random.standard_normal(width)
    return Problem(inputs, targets, first, second, _batches(experiment, width, points, batch_size) if batch_size else None)


def bytes_of(experiment: Experiment, width: int) -> int:
    """Returns the memory that one set of data and weights takes."""
    points = points_of(experiment, width)
    return 8 * (points * (width + 1) + width * (width + 1))


def _batches(experiment: Experiment, width: int, points: int, batch_size: int) -> NDArray[np.int32]:
    random = np.random.RandomState([experiment.seed, width, _BATCHES])
    drawn = random.randint(0, points, (batch_size, experiment.steps), dtype=np.int32)
    return np.ascontiguousarray(drawn.T)
