"""Growth: a recorded run and a flame design become an animation.

The open design is the end of training. Two things move it, and the run tells both:

- the share of its way that the network has come, as the film shows it (the distance in its reduced directions from frame to frame,
  cumulated), opens the bud, evenly to the eye (`opening`);
- what each part of the network had still to learn displaces the petals that are mapped to it around that pose (`growth_mapping`).

Both move the flower as far as the network moved: what one frame displaces more than the last is made a little longer or shorter, so that the points
of the flower travel in proportion to the update between the two (`_evenly`). A frame takes one recorded step's place, not a mean, so the film
trembles exactly as the training did; it ends, exactly, in the open design. A run in which nothing moves stays a bud.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bloom_core import palettes
from bloom_core.flames.flame import Flame, FlameError
from bloom_core.growth import bezier_keys, growth_mapping, growth_shaping, motion, opening
from bloom_core.growth.animation import AFFINES, SCALARS, Animation, Channel, Drive, read_channel, with_values
from bloom_core.growth.growth_frames import epoch_markers, given_frames, spread_frames
from bloom_core.growth.growth_mapping import PLANE
from bloom_core.growth.guard import Probe, kept_share, native_probe
from bloom_core.growth.original_mapping import grow_as_original
from bloom_core.growth.watched import Watched
from bloom_core.native import Progress
from bloom_core.side_by_side import side_by_side
from bloom_core.trajectories import signals
from bloom_core.trajectories.run_model import Trajectory

if TYPE_CHECKING:
    from bloom_core.designs import Design


DoubleArray = NDArray[np.float64]
MAPPINGS = ("parts", "whole", "original")
MAX_FRAMES = 100_000

PASSES, STRETCH = 4, 4.0
"""How often the motion is measured and corrected, and how much longer or shorter than mapped a step may become."""

GUARD_COST = 4
"""How many measurements of the motion one trial of the guard takes as long as; for the progress."""

TOLERANCE = 0.005
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
    steps: DoubleArray | None = None,
    smoothing: float = 0.0,
    scale: float | None = None,
    tolerance: float | None = TOLERANCE,
    palette: str = "design",
    probe: Probe | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Animation:
    """Returns the animation of `design` that `trajectory` tells, over `frames` frames from `frame_start`.

    `strength` ≥ 0 scales the displacement (0: only the opening). `mapping`: what moves which petal: "parts" (each part of the network its own),
    "whole" (the whole network all of them), "original" (see `original_mapping`: of what follows only `palette` and `seed`, its permutation's, concern
    it), or drives of your own. `pace`: which step a frame shows (see `growth_frames`). `steps`: in its place and that of `frames`, how many steps
    have been made when each frame is shown, float64 (F,), never falling; while it stays, the flower stands still. `smoothing`: frames (of those that
    show something new) over which displacements are smoothed, peaks excepted. `scale`: one scale for several runs (`common_scale`). `tolerance`: of
    the few Bézier keys, or None for a key on every frame. `palette`: a name of `palettes.names()`, of which `seed` chooses the draw. `probe` says
    whether a flame holds; by default the native renderer tries it out (`guard.native_probe`). `progress` is told the share done, frame by frame, from
    this thread; answering False raises Cancelled. Raises FlameError for a design that cannot grow, RunError for a run that mapping, pace or palette
    cannot use, ValueError for other arguments out of range.
    """
    if isinstance(mapping, str) and mapping not in MAPPINGS:
        raise ValueError(f"mapping is {mapping!r}; choose one of {', '.join(MAPPINGS)}")
    _check("frames", frames if steps is None else len(steps), 2, MAX_FRAMES)
    _check("strength", strength, 0.0, 100.0)
    _check("smoothing", smoothing, 0.0, 1000.0)
    if mapping == "original":
        if steps is not None:
            raise ValueError("the original mapping has frames of its own: leave `steps` away, or choose another mapping")
        return grow_as_original(trajectory, design.open, frames=frames, frame_start=frame_start, strength=strength, palette=palette, seed=seed)
    shown = spread_frames(trajectory, frames, pace) if steps is None else given_frames(trajectory, steps)
    states, again = np.unique(shown, return_inverse=True)  # what is shown again is made once
    watched = Watched(progress, (PASSES + GUARD_COST) * len(states))
    watched.skip(0)
    count = len(design.open.xforms)
    opened = opening.measure(design, watched)
    named = {"parts": growth_mapping.by_parts(trajectory, count, opened.lively), "whole": growth_mapping.whole(count)}
    drives = named[mapping] if isinstance(mapping, str) else tuple(mapping)
    channels = channels_of(design.bud, design.open)
    way = signals.path(trajectory, states)
    updates = np.linalg.norm(np.diff(way.places, axis=0), axis=1)
    share = np.concatenate([[0.0], np.cumsum(updates)]) / (updates.sum() or 1.0)
    pose = _poses(design, channels, share, opened)
    displacement = strength * growth_mapping.displacements(trajectory, way, channels, states, drives, count, scale)
    displacement = _evenly(design, channels, pose, displacement, updates, watched)
    displacement = growth_shaping.smoothed(displacement, smoothing)
    holds = probe or native_probe(design.bud, design.open)

    def flame_at(row: int, kept: float) -> Flame:
        return with_values(design.open, channels, _displace(channels, pose[row], kept * displacement[row]))

    def kept(row: int) -> float:
        return kept_share(partial(flame_at, row), holds) if np.any(displacement[row]) else 1.0

    # A caller's own probe may not bear being asked by several threads.
    rows = range(len(states))
    shares = map(kept, rows) if probe is not None else side_by_side(kept, rows)
    guard = np.array(list(watched.through(shares, GUARD_COST)))
    values = np.array([_displace(channels, pose[row], guard[row] * displacement[row]) for row in rows])[again]
    numbers = np.arange(len(shown), dtype=np.float64) + frame_start
    keys = None if tolerance is None else tuple(
        watched.asked(
            bezier_keys.fit(numbers, column, tolerance * growth_mapping.reach(channel, column))
            for channel, column in zip(channels, values.T, strict=True)
        )
    )
    colors = palettes.chosen(trajectory, design.open.palette, shown, frame_start, palette, seed)
    return Animation(
        flame=design.open if colors.base is None else replace(design.open, palette=colors.base),
        frame_start=frame_start,
        channels=channels,
        values=values if keys is None else _limited(channels, np.stack([curve.at(numbers) for curve in keys], axis=1)),
        ramp=colors,
        markers=epoch_markers(trajectory, shown, frame_start),
        steps=np.maximum(np.round(shown).astype(np.int64) - 1, 0),
        guard=guard[again],
        keys=keys,
        drives=tuple(drives),
        flutter=_flutter(channels, guard[:, None] * growth_shaping.flutter(displacement, share))[again],
    )


def _flutter(channels: tuple[Channel, ...], found: DoubleArray) -> DoubleArray:
    """Returns the flutter (F, C) of the affines alone: what is added to them can be added again, and that of factors cannot."""
    return np.where([channel.field == "pre" for channel in channels], found, 0.0)


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


def _poses(design: Design, channels: tuple[Channel, ...], share: DoubleArray, opened: opening.Opening) -> DoubleArray:
    """Returns the undisplaced parameters (F, C): from bud to open as the share rises; the last is exactly open, unless nothing opens."""
    first, last = (np.array([read_channel(flame, channel) for channel in channels]) for flame in (design.bud, design.open))
    pose = first + np.interp(share, opened.seen, opened.positions)[:, None] * (last - first)
    if share[-1] > 0.0:
        pose[-1] = last
    return np.asarray(pose)


def _evenly(
    design: Design, channels: tuple[Channel, ...], pose: DoubleArray, displacement: DoubleArray, updates: DoubleArray, watched: Watched
) -> DoubleArray:
    """Returns the displacement (F, C) with its steps made longer or shorter, from the last frame back, so that motion follows the `updates` (F − 1,).

    A network moves in more directions than a flower has parameters, so what is left of a step after the mapping varies by chance; here the motion is
    measured on the points themselves, and the chance taken out. No step changes by more than STRETCH.
    """
    steps = displacement[:-1] - displacement[1:]
    moving = (updates > 0.0) & steps.any(axis=1)
    if not moving.any():
        return displacement
    gain = np.ones(len(updates))
    for _ in range(PASSES):
        rows = zip(pose, displacement, strict=True)
        flames = (with_values(design.open, channels, _displace(channels, *row)) for row in rows)
        clouds = watched.through(side_by_side(motion.cloud, flames))
        moved = np.array([motion.distance(before, after) for before, after in pairwise(clouds)])
        known = moving & (moved > 0.0)
        if not known.any():
            return displacement
        usual = float(np.median(moved[known] / updates[known]))
        gain[known] = np.clip(gain[known] * usual * updates[known] / moved[known], 1.0 / STRETCH, STRETCH)
        displacement = np.vstack([np.cumsum((gain[:, None] * steps)[::-1], axis=0)[::-1] + displacement[-1], displacement[-1:]])
    return displacement


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
