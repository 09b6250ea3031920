"""Growth: a recorded run and a flame design become an animation.

The open design is the end of training. Two things move it, and the run tells both:

- the share of its way that the network has come, as the film shows it (the distance in its reduced directions from frame to frame,
  cumulated), opens the bud, evenly to the eye (`opening`);
- what each part of the network had still to learn displaces the petals that are mapped to it around that pose (`growth_mapping`).

Both move the picture as far as the network moved, so successive frames differ by what was learned between them. A frame takes one recorded
step's place, not a mean, so the film trembles exactly as the training did; it ends, exactly, in the open design. A run in which nothing moves
stays a bud.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bloom_core import bezier_keys, growth_mapping, growth_shaping, opening, signals
from bloom_core.animation import AFFINES, SCALARS, Animation, Channel, Drive, Marker, read_channel, with_values
from bloom_core.flame import Flame, FlameError
from bloom_core.growth_frames import PACES, epoch_markers, spread_frames
from bloom_core.growth_mapping import PLANE, common_scale
from bloom_core.guard import Probe, kept_share, native_probe
from bloom_core.original_mapping import grow_as_original
from bloom_core.palettes import ramp
from bloom_core.run_model import Trajectory

if TYPE_CHECKING:
    from bloom_core.designs import Design

__all__ = ["MAPPINGS", "PACES", "TOLERANCE", "Animation", "Channel", "Drive", "Marker", "common_scale", "grow", "spread_frames"]

DoubleArray = NDArray[np.float64]
MAPPINGS = ("parts", "whole", "original")
MAX_FRAMES = 100_000

TOLERANCE = 0.03
"""How far a simplified curve may leave the samples: this times what r = 1 moves (weight, opacity: in their logarithm)."""


def grow(
    trajectory: Trajectory,
    design: Design,
    *,
    frames: int = 96,
    frame_start: int = 1,
    strength: float = 1.0,
    mapping: str | Sequence[Drive] = "parts",
    pace: str = "balanced",
    smoothing: float = 0.0,
    tremble: float = 1.0,
    scale: float | None = None,
    tolerance: float | None = TOLERANCE,
    probe: Probe | None = None,
    seed: int = 0,
) -> Animation:
    """Returns the animation of `design` that `trajectory` tells, over `frames` frames from `frame_start`.

    `strength` ≥ 0 scales the displacement (0: only the opening). `mapping`: what moves which petal: "parts" (each part of the network its own),
    "whole" (the whole network all of them), "original" (see `original_mapping`; `seed` is its permutation's), or drives of your own. `pace`: which
    step a frame shows (see `growth_frames`). `smoothing`: frames over which displacements are smoothed, peaks excepted. `tremble`: gain of the late
    trembling. `scale`: one scale for several runs (`common_scale`). `tolerance`: of the few Bézier keys, or None for a key on every frame. `probe`
    says whether a flame holds; by default the native renderer tries it out (`guard.native_probe`). Raises FlameError for a design that cannot grow,
    RunError for a run that mapping or pace cannot use, ValueError for other arguments out of range.
    """
    if isinstance(mapping, str) and mapping not in MAPPINGS:
        raise ValueError(f"mapping is {mapping!r}; choose one of {', '.join(MAPPINGS)}")
    _check("frames", frames, 2, MAX_FRAMES)
    _check("strength", strength, 0.0, 100.0)
    _check("smoothing", smoothing, 0.0, 1000.0)
    _check("tremble", tremble, 0.0, 100.0)
    if mapping == "original":
        return grow_as_original(trajectory, design.open, frames=frames, frame_start=frame_start, strength=strength, seed=seed)
    count = len(design.open.xforms)
    named = {"parts": growth_mapping.by_parts(trajectory, count), "whole": growth_mapping.whole(count)}
    drives = named[mapping] if isinstance(mapping, str) else tuple(mapping)
    channels = channels_of(design.bud, design.open)
    states = spread_frames(trajectory, frames, pace)
    share = _share_of_way(trajectory, states)
    pose = _poses(design, channels, share)
    displacement = strength * growth_mapping.displacements(trajectory, channels, states, drives, count, scale)
    displacement = growth_shaping.with_tremble(growth_shaping.smoothed(displacement, smoothing), share, tremble)
    holds = probe or native_probe(design.bud, design.open)

    def flame_at(row: int, kept: float) -> Flame:
        return with_values(design.open, channels, _displace(channels, pose[row], kept * displacement[row]))

    guard = np.array([kept_share(partial(flame_at, row), holds) if np.any(displacement[row]) else 1.0 for row in range(frames)])
    values = np.array([_displace(channels, pose[row], guard[row] * displacement[row]) for row in range(frames)])
    numbers = np.arange(frames, dtype=np.float64) + frame_start
    keys = None if tolerance is None else tuple(
        bezier_keys.fit(numbers, column, tolerance * growth_mapping.reach(channel, column))
        for channel, column in zip(channels, values.T, strict=True)
    )
    return Animation(
        flame=design.open,
        frame_start=frame_start,
        channels=channels,
        values=values if keys is None else _limited(channels, np.stack([curve.at(numbers) for curve in keys], axis=1)),
        ramp=ramp(trajectory, design.open.palette, states, frame_start),
        markers=epoch_markers(trajectory, states, frame_start),
        steps=np.maximum(np.round(states).astype(np.int64) - 1, 0),
        guard=guard,
        keys=keys,
        drives=tuple(drives),
    )


def _check(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise ValueError(f"{name} is {value}; choose {low:g} … {high:g}")


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


def _share_of_way(trajectory: Trajectory, states: DoubleArray) -> DoubleArray:
    """Returns the share of its way that the network has come at each frame, float64 (F,), rising from 0 to 1; all 0 if it never moved."""
    places = signals.path(trajectory, states).places
    way = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(places, axis=0), axis=1))])
    return np.asarray(way / way[-1]) if way[-1] > 0.0 else way


def _poses(design: Design, channels: tuple[Channel, ...], share: DoubleArray) -> DoubleArray:
    """Returns the undisplaced parameters (F, C): from bud to open as the share rises; the last is exactly open, unless nothing opens."""
    closed, opened = (np.array([read_channel(flame, channel) for channel in channels]) for flame in (design.bud, design.open))
    positions, seen = opening.shares(design)
    pose = closed + np.interp(share, seen, positions)[:, None] * (opened - closed)
    if share[-1] > 0.0:
        pose[-1] = opened
    return np.asarray(pose)


def _displace(channels: tuple[Channel, ...], pose: DoubleArray, displacement: DoubleArray) -> DoubleArray:
    """Returns the parameters (C,) of a displaced pose: weight and opacity by a factor, all else by a sum; opacity and colour kept in [0, 1]."""
    fields = np.array([channel.field for channel in channels])
    factors, shares = (fields == "weight") | (fields == "opacity"), (fields == "opacity") | (fields == "color")
    values = np.where(factors, np.maximum(pose, 0.0) * np.exp(np.clip(displacement, -20.0, 20.0)), pose + displacement)
    return np.where(shares, np.clip(values, 0.0, 1.0), values)


def _limited(channels: tuple[Channel, ...], values: DoubleArray) -> DoubleArray:
    """Returns values (F, C) with what a fitted curve may overshoot cut off: weights from 0 on, opacity and colour in [0, 1]."""
    fields = np.array([channel.field for channel in channels])
    values = np.where(fields == "weight", np.maximum(values, 0.0), values)
    return np.where((fields == "opacity") | (fields == "color"), np.clip(values, 0.0, 1.0), values)
