"""Flames between key frames, and loops and edges of them: flam3 3.1.1's and Ember's interpolation of genomes.

Weighted sums of nearly every number; affines in polar form (`affine_interpolation`); palettes in HSV (`palette_interpolation`);
flames with different xforms are aligned first (`flame_alignment`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields, replace
from itertools import pairwise
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np

from bloom_core.flames import affine_interpolation, palette_interpolation
from bloom_core.flames.flame import Flame, FlameError, FloatArray, Motion, Rendering, Variation, View, Xform
from bloom_core.flames.flame_alignment import align, parameter

_Part = TypeVar("_Part", View, Rendering)
_IDENTITY_CURVE = np.array([[0.0, 0.0, 1.0], [0.0, 0.0, 1.0], [1.0, 1.0, 1.0], [1.0, 1.0, 1.0]])  # a curve's points when nobody has moved them


def interpolate(flames: Sequence[Flame], time: float, stagger: float = 0.0) -> Flame:
    """Returns the flame at `time` between key frames, which stand in the order of their `key.time`; outside them the nearest.

    A key's `interpolation` holds for the way to the next one; "smooth" is a Catmull-Rom spline through four keys, and linear in
    the first and the last segment. `stagger` in [0, 1] lets the xforms go one after the other, on linear ways. Motion elements move in
    `loop` and `edge`, not here. Raises FlameError where there is no flame or times do not rise.
    """
    if not flames:
        raise FlameError("there are no flames to interpolate")
    times = [flame.key.time for flame in flames]
    for number, (before, after) in enumerate(pairwise(times), 1):
        if not before < after:
            name = flames[number].name
            raise FlameError(f"flame {number} ({name!r}) has time={after:g}, and the flame before it {before:g}: times must rise from key to key")
    if time <= times[0] or len(flames) == 1:
        return _at(flames[0], time)
    if time >= times[-1]:
        return _at(flames[-1], time)
    first = int(np.searchsorted(times, time, side="right")) - 1
    if times[first] == time:
        return flames[first]
    share = (time - times[first]) / (times[first + 1] - times[first])
    if flames[first].key.interpolation == "smooth" and 0 < first < len(flames) - 2:
        return _at(_blend(flames[first - 1 : first + 3], _catmull_rom(share), lead=1), time)
    return _at(_blend(flames[first : first + 2], np.array([1.0 - share, share]), stagger=stagger), time)


def loop(flame: Flame, blend: float) -> Flame:
    """Returns the flame at `blend` in [0, 1] of a loop: every xform that animates is turned by this share of a turn, and motions swing."""
    moved = _moved(flame, blend)
    final = moved.final
    if final is not None and final.animate != 0.0 and flame.dialect != "flam3":
        final = _turned(final, blend)
    return replace(moved, xforms=tuple(_turned(xform, blend) if xform.animate != 0.0 else xform for xform in moved.xforms), final=final)


def edge(first: Flame, second: Flame, blend: float, stagger: float = 0.0) -> Flame:
    """Returns the flame at `blend` in [0, 1] of the way from the loop of one flame into the loop of another, while both turn once."""
    if blend <= 0.0 or blend >= 1.0:
        return loop(first if blend <= 0.0 else second, 0.0)
    aligned = align([_moved(first, blend), _moved(second, blend)])
    windings: list[FloatArray | None] = []
    for before, after in zip(aligned[0].xforms, aligned[1].xforms, strict=True):
        asymmetric = (before.animate == 0.0) != (after.animate == 0.0)
        windings.append(affine_interpolation.windings(before.pre, after.pre, first_turns=before.animate != 0.0) if asymmetric else None)
    share = _smooth_step(blend)
    return _blend([loop(flame, blend) for flame in aligned], np.array([1.0 - share, share]), stagger=stagger, windings=windings)


def motion_value(function: str, phase: float) -> float:
    """Returns a motion's function at `phase`, in swings: 0 at whole numbers, within [-1, 1]. Raises KeyError for an unknown one."""
    within = phase % 1.0
    triangle = 4.0 * within if within <= 0.25 else 2.0 - 4.0 * within if within <= 0.75 else 4.0 * within - 4.0
    sine, hill = math.sin(2.0 * math.pi * within), (1.0 - math.cos(2.0 * math.pi * within)) / 2.0
    return {"sin": sine, "triangle": triangle, "hill": hill, "saw": within}[function]


def _at(flame: Flame, time: float) -> Flame:
    return flame if flame.key.time == time else replace(flame, key=replace(flame.key, time=time))


def _catmull_rom(t: float) -> FloatArray:
    """Returns the weights of four keys at `t` between the second and the third."""
    square, cube = t * t, t * t * t
    return np.array([2.0 * square - cube - t, 3.0 * cube - 5.0 * square + 2.0, 4.0 * square - 3.0 * cube + t, cube - square]) / 2.0


def _smooth_step(t: float) -> float:
    return t * t * (3.0 - 2.0 * t)


def _staggered(weights: FloatArray, stagger: float, count: int, index: int) -> FloatArray:
    """Returns the weights of two keys for regular xform `index` of `count`: each goes within a time of its own, the first one first."""
    if stagger <= 0.0 or len(weights) != 2 or count < 2:
        return weights
    spread = stagger * (count - 1) / count
    start = spread * (count - 1 - index) / (count - 1)
    first = _smooth_step(min(max((weights[0] - start) / (1.0 - spread), 0.0), 1.0))
    return np.array([first, 1.0 - first])


def _blend(
    flames: Sequence[Flame], weights: FloatArray, *, lead: int = 0, stagger: float = 0.0, windings: Sequence[FloatArray | None] | None = None
) -> Flame:
    """Returns the weighted sum of flames; what cannot be summed is that of flame `lead`."""
    flames = align(flames)
    leader = flames[lead]
    log = leader.key.interpolation_type == "log"
    count = len(leader.xforms)
    xforms = []
    for index in range(count):
        own = _staggered(weights, stagger, count, index)
        winding = windings[index] if windings is not None else None
        xforms.append(_blend_xforms([flame.xforms[index] for flame in flames], own, leader, lead, log=log, winding=winding))
    finals = [flame.final for flame in flames if flame.final is not None]
    final = _blend_xforms(finals, weights, leader, lead, log=log) if finals else None
    tables = [flame.xaos for flame in flames if flame.xaos is not None]
    xaos = np.maximum(np.tensordot(weights, np.stack(tables), axes=1), 0.0) if tables else None
    pair = slice(lead, lead + 2) if leader.key.palette_interpolation == "sweep" else slice(None)
    shares = weights[pair] / weights[pair].sum() if leader.key.palette_interpolation == "sweep" else weights
    palette = palette_interpolation.blend(
        [flame.palette for flame in flames[pair]], shares, leader.key.palette_interpolation, leader.key.hsv_rgb_palette_blend
    )
    view = _blend_settings(leader.view, [flame.view for flame in flames], weights)
    if leader.key.interpolation_type not in ("old", "older"):
        rotate = np.unwrap([flame.view.rotate for flame in flames], period=360.0)
        view = replace(view, rotate=float(weights @ rotate))
    rendering = _blend_settings(leader.rendering, [flame.rendering for flame in flames], weights)
    if any(flame.rendering.curves is not None for flame in flames):
        curves = [np.stack([_IDENTITY_CURVE] * 4) if flame.rendering.curves is None else flame.rendering.curves for flame in flames]
        rendering = replace(rendering, curves=np.tensordot(weights, np.stack(curves), axes=1))
    extra = {key: text for key, text in leader.extra.items() if key not in ("palette", "hue")}
    return replace(leader, xforms=tuple(xforms), final=final, palette=palette, xaos=xaos, view=view, rendering=rendering, extra=extra)


def _blend_settings(leader: _Part, parts: Sequence[_Part], weights: FloatArray) -> _Part:
    """Returns the weighted sum of the numbers in `parts`, whole ones rounded; texts, switches and arrays are those of `leader`."""

    def mixed(values: Sequence[Any]) -> Any:
        if isinstance(values[0], tuple):
            return tuple(mixed(entries) for entries in zip(*values, strict=True))
        total = float(weights @ np.array(values, np.float64))
        return max(round(total), 1) if isinstance(values[0], int) else total

    columns = {entry.name: [getattr(part, entry.name) for part in parts] for entry in fields(leader)}
    summed = {name: values for name, values in columns.items() if not isinstance(values[0], (str, bool, np.ndarray)) and None not in values}
    return replace(leader, **{name: mixed(values) for name, values in summed.items()})


def _blend_xforms(xforms: Sequence[Xform], weights: FloatArray, flame: Flame, lead: int, *, log: bool, winding: FloatArray | None = None) -> Xform:
    """Returns the weighted sum of aligned xforms."""

    def mixed(name: str, low: float = -math.inf, high: float = math.inf) -> float:
        return min(max(float(weights @ np.array([getattr(xform, name) for xform in xforms])), low), high)

    columns = zip(*(xform.variations for xform in xforms), strict=True)
    return replace(
        xforms[lead],
        variations=tuple(_blend_variations(column, weights) for column in columns),
        weight=mixed("weight", 0.0),
        color=mixed("color", 0.0, 1.0),
        color_speed=mixed("color_speed", 0.0 if flame.dialect == "flam3" else -1.0, 1.0),
        opacity=mixed("opacity", 0.0, 1.0),
        animate=mixed("animate"),
        var_color=mixed("var_color"),
        pre=affine_interpolation.blend(np.stack([xform.pre for xform in xforms]), weights, log=log, winding=winding),
        post=affine_interpolation.blend(np.stack([xform.post for xform in xforms]), weights, log=log),
    )


def _blend_variations(column: Sequence[Variation], weights: FloatArray) -> Variation:
    weight = float(weights @ np.array([term.weight for term in column]))
    names = column[0].parameters
    values = {name: float(weights @ np.array([term.parameters[name] for term in column])) for name in names}
    return Variation(column[0].name, weight, MappingProxyType(values))


def _turned(xform: Xform, share: float) -> Xform:
    return replace(xform, pre=affine_interpolation.turn(xform.pre, share))


def _moved(flame: Flame, blend: float) -> Flame:
    """Returns the flame with its motions at `blend` of a loop put into its xforms."""

    def moved(xform: Xform) -> Xform:
        for motion in xform.motions:
            xform = _swung(flame, xform, motion, motion_value(motion.function, motion.frequency * (blend + motion.offset)))
        return replace(xform, motions=())

    return replace(flame, xforms=tuple(map(moved, flame.xforms)), final=moved(flame.final) if flame.final is not None else None)


def _swung(flame: Flame, xform: Xform, motion: Motion, value: float) -> Xform:
    """Returns an xform with `value` times a motion's amplitude added to its numbers."""
    by = motion.amplitude
    terms = {term.name: term for term in xform.variations}
    for term in by.variations:
        base = terms.get(term.name, Variation(term.name, 0.0))
        values = {**base.parameters, **{name: parameter(flame, base, name) + value * step for name, step in term.parameters.items()}}
        terms[term.name] = Variation(term.name, base.weight + value * term.weight, MappingProxyType(values))
    numbers: dict[str, Any] = {name: getattr(xform, name) + value * getattr(by, name) for name in ("animate", "var_color", "pre", "post")}
    limits = {"weight": (0.0, math.inf), "color": (0.0, 1.0), "color_speed": (-1.0, 1.0), "opacity": (0.0, 1.0)}
    numbers |= {name: min(max(getattr(xform, name) + value * getattr(by, name), low), high) for name, (low, high) in limits.items()}
    return replace(xform, variations=tuple(terms.values()), **numbers)
