"""Which recorded step each frame of a film shows, and the epochs' markers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bloom_core.growth.animation import Marker
from bloom_core.trajectories.run_files import RunError
from bloom_core.trajectories.run_model import Trajectory

DoubleArray = NDArray[np.float64]

PACES = ("balanced", "step", "epoch", "loss", "path")
"""What frames are spread evenly over: a blend of path, step and its logarithm; steps; epochs; how far the loss has fallen; the update path."""

_BALANCED = {"path": 0.5, "log": 0.08, "step": 0.42}
_REST = 0.02
"""Share of the frames that go by steps whatever the pace, so that none is shown twice where its measure stands still."""

_WINDOW = 25
"""Steps whose median is the loss of a step: single batches are easy or hard."""

MAX_MARKERS = 24


def spread_frames(trajectory: Trajectory, frames: int, pace: str = "balanced") -> DoubleArray:
    """Returns how many steps have been made when each frame is shown, float64 (frames,): from 0 (before training) to T, rising.

    A run with at least as many steps as frames is shown at whole steps, none of them twice; a shorter one between them. Raises ValueError for an
    unknown pace, RunError for one that the run does not know.
    """
    count = len(trajectory.steps)
    state = np.arange(count + 1, dtype=np.float64)
    if pace == "balanced":
        even = _BALANCED["path"] * _path(trajectory) + _BALANCED["log"] * np.log1p(state) / np.log1p(count) + _BALANCED["step"] * state / count
    elif pace in _MEASURES:
        even = (1.0 - _REST) * _MEASURES[pace](trajectory) + _REST * state / count
    else:
        raise ValueError(f"pace is {pace!r}; choose one of {', '.join(PACES)}")
    states = np.interp(np.linspace(0.0, 1.0, frames), even / even[-1], state)
    states[-1] = count
    if count < frames:
        return states
    number = np.arange(frames)
    rising = np.maximum.accumulate(np.round(states) - number) + number
    return np.minimum(rising, count - number[::-1])


def given_frames(trajectory: Trajectory, steps: DoubleArray) -> DoubleArray:
    """Returns `steps`, how many steps have been made when each frame is shown, as `spread_frames` does. Raises ValueError for others than
    numbers from 0 to the run's T that never fall.
    """
    states, count = np.asarray(steps, dtype=np.float64), len(trajectory.steps)
    if states.ndim != 1 or not (np.diff(states) >= 0.0).all() or not (states >= 0.0).all() or not (states <= count).all():
        raise ValueError(f"the steps that frames show must be numbers from 0 to {count}, the steps of the run, that never fall")
    return states


def epoch_markers(trajectory: Trajectory, states: DoubleArray, frame_start: int) -> tuple[Marker, ...]:
    """Returns a marker at the first frame in which each epoch is complete, thinned to at most MAX_MARKERS, one a frame."""
    epoch = np.interp(states, np.arange(len(trajectory.steps) + 1), _epochs(trajectory))
    last = int(np.floor(epoch[-1] + 1e-4))
    every = max(1, -(-last // MAX_MARKERS))
    frames: dict[int, str] = {}
    for number in range(every, last + 1, every):
        frames[int(np.argmax(epoch >= number - 1e-4)) + frame_start] = f"epoch {number}"
    return tuple(Marker(frame, name) for frame, name in sorted(frames.items()))


def _epochs(trajectory: Trajectory) -> DoubleArray:
    """Returns the epoch at each state, (T + 1,); before the first step as far back as the second is after the first."""
    known = trajectory.epoch.astype(np.float64)
    before = max(0.0, 2.0 * known[0] - known[1]) if len(known) > 1 else 0.0
    return np.concatenate([[before], known])


def _path(trajectory: Trajectory) -> DoubleArray:
    share = np.concatenate([[0.0], trajectory.share_of_path()])
    return share if share[-1] > 0.0 else np.linspace(0.0, 1.0, len(share))


def _steps(trajectory: Trajectory) -> DoubleArray:
    return np.linspace(0.0, 1.0, len(trajectory.steps) + 1)


def _by_epoch(trajectory: Trajectory) -> DoubleArray:
    rising = np.maximum.accumulate(_epochs(trajectory))
    if rising[-1] <= rising[0]:
        raise RunError("the run does not know its epochs. Choose another pace, or record with log(epoch=…).")
    return np.asarray((rising - rising[0]) / (rising[-1] - rising[0]))


def _by_loss(trajectory: Trajectory) -> DoubleArray:
    """How far the logarithm of the loss has fallen: the lowest running median so far."""
    loss = trajectory.loss.astype(np.float64)
    known = np.flatnonzero(np.isfinite(loss) & (loss > 0.0))
    if len(known) < 2:
        raise RunError("the run does not know its loss. Choose another pace, or record with log(loss=…).")
    window = min(_WINDOW, len(known))
    medians = np.median(np.lib.stride_tricks.sliding_window_view(loss[known], window), axis=1)
    fallen = -np.log(np.minimum.accumulate(np.concatenate([np.full(window - 1, medians[0]), medians])))
    if fallen[-1] <= fallen[0]:
        raise RunError("the run's loss never falls. Choose another pace.")
    shares = (fallen - fallen[0]) / (fallen[-1] - fallen[0])
    return np.interp(np.arange(len(loss) + 1), known + 1, shares)


_MEASURES = {"step": _steps, "epoch": _by_epoch, "loss": _by_loss, "path": _path}
