"""Growth: a recorded run and a flame design become an animation.

The open design is the end of training. Two things move it, and the run tells both:

- the share s of the whole update path travelled so far (exact ‖Δθ‖, cumulated) opens the bud: pose = bud + ease(s) · (open − bud);
- what was still to be learned in reduced direction k, r_k = (c_k(T) − c_k(t)) / Q, displaces the parameters around that pose.

c is where the network stands in the run's PCA directions. Q is one scale for all directions, the QUANTILE over the run of the root mean square of
c_k(T) − c_k(t) over k: a robust size of the path (the original Bloom divided by the net displacement, which can be almost nothing), and common,
so that a direction that carries little moves little. r is bounded by 2 tanh(r / 2). A frame takes one recorded step's coordinates, not a mean,
so the film trembles exactly as the training did; it ends, exactly, in the open design.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bloom_core import signals
from bloom_core.animation import AFFINES, SCALARS, Animation, Channel, Marker, read_channel, with_values
from bloom_core.flame import Flame, FlameError
from bloom_core.guard import Probe, kept_share, native_probe
from bloom_core.original_mapping import grow_as_original
from bloom_core.palettes import ramp
from bloom_core.run_model import Trajectory

if TYPE_CHECKING:
    from bloom_core.designs import Design

__all__ = ["MAPPINGS", "Animation", "Channel", "Marker", "grow", "spread_frames"]

DoubleArray = NDArray[np.float64]
MAPPINGS = ("path", "original")
MAX_FRAMES = 100_000
QUANTILE = 0.9

SCALES = {"weight": 0.3, "opacity": 0.25, "color": 0.04}
"""How far r = 1 moves a scalar: weight and opacity by this in their logarithm (so they stay positive, and what a bud hides stays hidden), colour
by this much. Opacity and colour are then kept in [0, 1]."""

LINEAR, TRANSLATION, LIFT, FINAL = 0.2, 0.3, 0.15, 0.1
"""How far r = 1 moves an affine's entry: scale and shear in the plane, translation in the plane, translation in z; in a final xform, any of them."""

PLANE = (0, 1, 3, 4, 5, 7)
"""The in-plane entries of a row-major (3, 4) affine: x and y rows, columns x, y and translation."""

SHARES = (0.8, 0.6)
"""Every channel follows two directions, with these weights (their squares add up to 1)."""

FRAMES_BY = {"path": 0.5, "log": 0.08, "steps": 0.42}
"""How frames are spread over the steps: evenly in a blend of the path travelled, the logarithm of the step, and the step."""

MAX_MARKERS = 24


def grow(
    trajectory: Trajectory,
    design: Design,
    *,
    frames: int = 96,
    frame_start: int = 1,
    strength: float = 1.0,
    mapping: str = "path",
    probe: Probe | None = None,
    seed: int = 0,
) -> Animation:
    """Returns the animation of `design` that `trajectory` tells, over `frames` frames from `frame_start`.

    `strength` ≥ 0 scales the displacement (0: only the opening). `mapping`: "path" as above, or "original" (see `original_mapping`; `seed` is
    its permutation's). `probe` says whether a flame holds; by default the native renderer tries it out (`guard.native_probe`). Raises FlameError for
    a design that cannot grow, RunError for a run the mapping cannot use, ValueError for other arguments out of range.
    """
    if mapping not in MAPPINGS:
        raise ValueError(f"mapping is {mapping!r}; choose one of {', '.join(MAPPINGS)}")
    if not 2 <= frames <= MAX_FRAMES:
        raise ValueError(f"frames is {frames}; choose 2 … {MAX_FRAMES}")
    if not 0.0 <= strength <= 100.0:
        raise ValueError(f"strength is {strength}; choose 0 … 100")
    if mapping == "original":
        return grow_as_original(trajectory, design.open, frames=frames, frame_start=frame_start, strength=strength, seed=seed)
    channels = channels_of(design.bud, design.open)
    states = spread_frames(trajectory, frames)
    pose = _poses(design, channels, _at_states(np.concatenate([[0.0], trajectory.share_of_path()])[:, None], states)[:, 0])
    displacement = strength * _displacements(trajectory, channels, states, len(design.open.xforms))
    holds = probe or native_probe(design.bud, design.open)

    def flame_at(row: int, share: float) -> Flame:
        return with_values(design.open, channels, _displace(channels, pose[row], share * displacement[row]))

    guard = np.array([kept_share(partial(flame_at, row), holds) if np.any(displacement[row]) else 1.0 for row in range(frames)])
    values = np.array([_displace(channels, pose[row], guard[row] * displacement[row]) for row in range(frames)])
    return Animation(
        flame=design.open,
        frame_start=frame_start,
        channels=channels,
        values=values,
        ramp=ramp(trajectory, design.open.palette, states, frame_start),
        markers=epoch_markers(trajectory, states, frame_start),
        steps=np.maximum(np.round(states).astype(np.int64) - 1, 0),
        guard=guard,
    )


def channels_of(bud: Flame, opened: Flame) -> tuple[Channel, ...]:
    """Returns the channels that growth moves: those it displaces, and others in which the poses differ. Raises FlameError if they do not match."""
    if len(bud.xforms) != len(opened.xforms) or (bud.final is None) != (opened.final is None):
        raise FlameError(f"{opened.name or 'the design'}: bud and open flower must have the same xforms. Make one from the other.")
    channels: list[Channel] = []
    for xform in range(len(opened.xforms) + (opened.final is not None)):
        final = xform == len(opened.xforms)
        moved = {("pre", index) for index in PLANE} | (set() if final else {("pre", 11), *((field, 0) for field in SCALARS)})
        for field, index in [*((field, 0) for field in SCALARS), *((field, index) for field in AFFINES for index in range(12))]:
            channel = Channel(xform, field, index)
            if (field, index) in moved or read_channel(bud, channel) != read_channel(opened, channel):
                channels.append(channel)
    return tuple(channels)


def spread_frames(trajectory: Trajectory, frames: int) -> DoubleArray:
    """Returns how many steps have been made when each frame is shown, float64 (F,): from 0 (before training) to T, rising.

    Frames are even in the blend FRAMES_BY, so the wild beginning gets the frames it needs and the late trembling keeps enough. A run with
    at least as many steps as frames is shown at whole steps; a shorter one between them.
    """
    count = len(trajectory.steps)
    state = np.arange(count + 1, dtype=np.float64)
    share = np.concatenate([[0.0], trajectory.share_of_path()])
    blend = FRAMES_BY["path"] * share + FRAMES_BY["log"] * np.log1p(state) / np.log1p(count) + FRAMES_BY["steps"] * state / count
    states = np.interp(np.linspace(0.0, 1.0, frames), blend / blend[-1], state)
    states[-1] = count
    return np.round(states) if count >= frames else states


def epoch_markers(trajectory: Trajectory, states: DoubleArray, frame_start: int) -> tuple[Marker, ...]:
    """Returns a marker at the first frame in which each epoch is complete, thinned to at most MAX_MARKERS, one a frame."""
    known = trajectory.epoch.astype(np.float64)
    before = max(0.0, 2.0 * known[0] - known[1]) if len(known) > 1 else 0.0
    epoch = _at_states(np.concatenate([[before], known])[:, None], states)[:, 0]
    last = int(np.floor(epoch[-1] + 1e-4))
    every = max(1, -(-last // MAX_MARKERS))
    frames: dict[int, str] = {}
    for number in range(every, last + 1, every):
        frames[int(np.argmax(epoch >= number - 1e-4)) + frame_start] = f"epoch {number}"
    return tuple(Marker(frame, name) for frame, name in sorted(frames.items()))


def _at_states(values: DoubleArray, states: DoubleArray) -> DoubleArray:
    """Returns rows of `values` (T + 1, n) at the states (F,), between rows where a state is."""
    lower = np.minimum(states.astype(np.int64), len(values) - 1)
    upper = np.minimum(lower + 1, len(values) - 1)
    share = (states - lower)[:, None]
    return np.asarray(values[lower] * (1.0 - share) + values[upper] * share)


def _poses(design: Design, channels: tuple[Channel, ...], share: DoubleArray) -> DoubleArray:
    """Returns the undisplaced parameters (F, C): from bud to open with the eased share (3s² − 2s³) of the path; the last is exactly open."""
    closed, opened = (np.array([read_channel(flame, channel) for channel in channels]) for flame in (design.bud, design.open))
    eased = (share * share * (3.0 - 2.0 * share))[:, None]
    pose = closed + eased * (opened - closed)
    pose[-1] = opened
    return np.asarray(pose)


def _displacements(trajectory: Trajectory, channels: tuple[Channel, ...], states: DoubleArray, final: int) -> DoubleArray:
    """Returns scale · Σ r over each channel's two directions, (F, C); exactly 0 in the last frame."""
    left = signals.path(trajectory, states)
    size = float(np.quantile(left.size, QUANTILE))
    if size <= 0.0 or not np.isfinite(size):
        return np.zeros((len(states), len(channels)))
    residual = 2.0 * np.tanh(left.places / size / 2.0)
    count = residual.shape[1]
    numbers = np.arange(len(channels))
    first = residual[:, numbers % count]
    second = residual[:, (7 * numbers + 3 + numbers // count) % count]
    scale = np.array([_scale(channel, final) for channel in channels])
    return np.asarray(scale * (SHARES[0] * first + SHARES[1] * second))


def _scale(channel: Channel, final: int) -> float:
    """Returns how far r = 1 moves a channel; 0 for those that only follow the opening."""
    if channel.field == "post" or (channel.field == "pre" and channel.index not in (*PLANE, 11)):
        return 0.0
    if channel.xform == final:
        return FINAL if channel.field == "pre" and channel.index in PLANE else 0.0
    if channel.field in SCALES:
        return SCALES[channel.field]
    return {3: TRANSLATION, 7: TRANSLATION, 11: LIFT}.get(channel.index, LINEAR)


def _displace(channels: tuple[Channel, ...], pose: DoubleArray, displacement: DoubleArray) -> DoubleArray:
    """Returns the parameters (C,) of a displaced pose: weight and opacity by a factor, all else by a sum; opacity and colour kept in [0, 1]."""
    fields = np.array([channel.field for channel in channels])
    factors, shares = (fields == "weight") | (fields == "opacity"), (fields == "opacity") | (fields == "color")
    values = np.where(factors, np.maximum(pose, 0.0) * np.exp(np.clip(displacement, -20.0, 20.0)), pose + displacement)
    return np.where(shares, np.clip(values, 0.0, 1.0), values)
