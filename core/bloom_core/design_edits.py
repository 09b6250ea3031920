"""A design with another open pose: what becomes of its bud, and of numbers that Blender has only rounded."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .designs import Design, bounds, design_from_flame, poses
from .flames.flame import Flame, FloatArray, Variation, Xform
from .flames.flame_buffer import pack
from .palettes import linear_to_srgb, srgb_to_linear, stops

_SAME_COLOR = 4e-3  # one level of 255, sRGB


def with_open(flower: Design, flame: Flame) -> Design:
    """Returns `flower` with the open pose `flame`, or as it is where rounding is all that tells the two apart: float32's, and a Color Ramp's.

    Its bud keeps its pose while xforms and variations are the same ones, and takes `flame`'s palette and variations; else one is derived.
    Raises NativeError for a flame that diverges.
    """
    if not _alike(flower.open, flame):
        return design_from_flame(replace(flame, name=flower.name))
    flame = _unrounded(flame, flower.open)
    moved, recolored = not np.array_equal(pack(flame), pack(flower.open)), not _same_colors(flame.palette, flower.open.palette)
    if not recolored:
        flame = replace(flame, palette=flower.open.palette)
    if not (moved or recolored):
        return flower
    xforms = tuple(replace(bud, variations=xform.variations) for bud, xform in zip(flower.bud.xforms, flame.xforms, strict=True))
    final = replace(flower.bud.final, variations=flame.final.variations) if flower.bud.final is not None and flame.final is not None else None
    bud = replace(flower.bud, xforms=xforms, final=final, palette=flame.palette)
    return replace(flower, bud=bud, open=flame, box=bounds(poses(bud, flame)) if moved else flower.box)


def _same_colors(palette: FloatArray, original: FloatArray) -> bool:
    """Says whether a palette (n, 3), sRGB, is `original` (m, 3), or all that a Color Ramp with its stops shows of it."""
    if np.array_equal(palette, original):
        return True
    positions, colors = stops(original)
    across, linear = np.linspace(0.0, 1.0, len(palette)), srgb_to_linear(colors)
    shown = linear_to_srgb(np.stack([np.interp(across, positions, channel) for channel in linear.T], axis=1))
    return bool(np.abs(palette - np.clip(shown, 0.0, 1.0)).max() < _SAME_COLOR)


def _alike(one: Flame, other: Flame) -> bool:
    """Says whether two flames have the same xforms with the same variations, whatever their numbers."""

    def names(flame: Flame) -> list[list[str]]:
        return [[variation.name for variation in xform.variations] for xform in _all(flame)]

    return (one.final is None) == (other.final is None) and names(one) == names(other)


def _all(flame: Flame) -> tuple[Xform, ...]:
    return flame.xforms if flame.final is None else (*flame.xforms, flame.final)


def _unrounded(flame: Flame, original: Flame) -> Flame:
    """Returns `flame` with each number that is `original`'s, rounded to float32, in the original's full precision."""
    xforms = [_unrounded_xform(xform, its) for xform, its in zip(_all(flame), _all(original), strict=True)]
    xaos = flame.xaos if flame.xaos is None or original.xaos is None else _array(flame.xaos, original.xaos)
    return replace(flame, xforms=tuple(xforms[: len(flame.xforms)]), final=xforms[-1] if flame.final is not None else None, xaos=xaos)


def _unrounded_xform(xform: Xform, its: Xform) -> Xform:
    variations = tuple(_unrounded_variation(variation, one) for variation, one in zip(xform.variations, its.variations, strict=True))
    name = xform.name if its.name else ""  # Blender's list names those that have none
    animate = its.animate if bool(its.animate) == bool(xform.animate) else xform.animate  # a check box there
    pre, post = _array(xform.pre, its.pre), _array(xform.post, its.post)
    return replace(
        its,
        variations=variations,
        name=name,
        weight=_number(xform.weight, its.weight),
        color=_number(xform.color, its.color),
        color_speed=_number(xform.color_speed, its.color_speed),
        opacity=_number(xform.opacity, its.opacity),
        pre=pre,
        post=post,
        animate=animate,
    )


def _unrounded_variation(variation: Variation, its: Variation) -> Variation:
    parameters = {name: _number(value, its.parameters[name]) if name in its.parameters else value for name, value in variation.parameters.items()}
    return replace(variation, weight=_number(variation.weight, its.weight), parameters=parameters)


def _number(value: float, original: float) -> float:
    return original if np.float32(value) == np.float32(original) else value


def _array(values: FloatArray, original: FloatArray) -> FloatArray:
    return np.where(values.astype(np.float32) == original.astype(np.float32), original, values)
