"""Wind: how a flower leans, sways and flutters at a moment, as plain affines laid over a flame.

The wind is a sum of sines, with the spectrum of turbulence near the ground and phases drawn from a seed. What it moves, the flower on its stem and
each petal, is a damped spring, whose answer to a sine is known: the same sine, stronger near the spring's own frequency, and later. So the motion has
inertia without any state: every moment can be computed by itself, in any order, and is the same in every version of everything.

All that moves is turned, never scaled: what a turn about a fixed point does to distances from there is nothing, so swaying takes no contraction away,
and however strong the wind, no turn passes MOST.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bloom_core.flames.flame import Flame, Xform

DoubleArray = NDArray[np.float64]

TIDES, LOWEST, HIGHEST = 16, 0.03, 3.0
"""How many sines the wind is made of, and between which frequencies, in 1/s."""

_BEND = 0.1  # below this frequency the wind has its most power; above, the power of an octave falls as of f^(-5/3)

LEAN, CROSS, TWIST = 0.12, 0.6, 0.3
"""Radians by which a wind of strength 1 bends the flower, and how much of its swaying goes across the wind and about the axis."""

PETAL, FLUTTER = 0.03, 0.012
"""Radians by which it turns a petal: with the gusts, and by the petal's own flutter."""

STEM, BLADE = (0.45, 0.2), (0.9, 0.16)
"""The springs that a flower and its petals are: frequency in 1/s, and damping (1: no swinging)."""

UNREST = 0.45
"""How much a wind without gusts still swings, where one of gusts 1 swings by 1."""

TRAVEL = 2.0
"""Seconds by which a petal of phase 2π is moved later than one of phase 0."""

MOST_ADDED = 0.25
"""How far an exaggerated trembling may take an affine from its keys: about as far as training itself displaces petals."""

MOST = 0.9, 0.3
"""The largest turns of a flower and of a petal, in radians."""


@dataclass(frozen=True)
class Breeze:
    """A wind. `strength` ≥ 0, 1 is a fresh breeze; `direction` (2,): where it blows to, of length 1, or less where it blows up or down; `gusts` in
    [0, 1]: how uneven it is; `seed`: which wind of this kind; `base`: height of the point that the flower sways about, in flame units."""

    strength: float
    direction: tuple[float, float] = (1.0, 0.0)
    gusts: float = 0.5
    seed: int = 0
    base: float = 0.0


def swayed(flame: Flame, breeze: Breeze, time: float, factors: Sequence[float], phases: Sequence[float]) -> Flame:
    """Returns the flame as the wind holds it at `time` seconds.

    The whole leans about its base: the final xform carries it, or, without one, all xforms together. Beside it each regular xform turns its own
    petal. `factors` and `phases` (radians): one an xform, the final one's last; a factor of 0 keeps still. At strength 0 it is the flame itself.
    """
    if breeze.strength == 0.0:
        return flame
    turned = [_after(xform, _petal(breeze, time, number, phases[number], factors[number])) for number, xform in enumerate(flame.xforms)]
    flame = replace(flame, xforms=tuple(turned))
    last = len(flame.xforms)
    if flame.final is None:
        return _carried(flame, lean(breeze, time))
    return replace(flame, final=_after(flame.final, lean(breeze, time - TRAVEL * phases[last] / (2.0 * np.pi), factors[last])))


def lean(breeze: Breeze, time: float, factor: float = 1.0) -> DoubleArray:
    """Returns how the wind holds the whole flower at `time` seconds, an affine (3, 4)."""
    unrest, amount = _unrest(breeze), LEAN * breeze.strength * factor
    along = float(np.hypot(*breeze.direction)) + unrest * _answer(breeze.seed, 0, STEM, time)
    across, about = CROSS * unrest * _answer(breeze.seed, 1, STEM, time), TWIST * unrest * _answer(breeze.seed, 2, STEM, time)
    return _turn(breeze, amount * np.array([along, across, about]), MOST[0])


def _petal(breeze: Breeze, time: float, number: int, phase: float, factor: float) -> DoubleArray:
    """Returns how the wind turns the petal of regular xform `number`, an affine (3, 4)."""
    unrest, later = _unrest(breeze), time - TRAVEL * phase / (2.0 * np.pi)
    gust = PETAL * _answer(breeze.seed, 0, BLADE, later)
    own = [FLUTTER * _answer(breeze.seed, 3 * number + axis, BLADE, later) for axis in (3, 4, 5)]
    return _turn(breeze, breeze.strength * factor * unrest * np.array([gust + own[0], own[1], own[2]]), MOST[1])


def _unrest(breeze: Breeze) -> float:
    return UNREST + (1.0 - UNREST) * breeze.gusts


def _after(xform: Xform, turn: DoubleArray) -> Xform:
    """Returns the xform with an affine (3, 4) after all it does."""
    return replace(xform, post=_product(turn, xform.post))


def _carried(flame: Flame, turn: DoubleArray) -> Flame:
    """Returns a flame without a final xform as a whole moved by an affine (3, 4): what each xform does is done where it now is."""
    back = np.linalg.inv(_square(turn))[:3]
    return replace(flame, xforms=tuple(replace(xform, pre=_product(xform.pre, back), post=_product(turn, xform.post)) for xform in flame.xforms))


def _turn(breeze: Breeze, angles: DoubleArray, most: float) -> DoubleArray:
    """Returns the turn about the base by `angles` (3,), along the wind, across it and about the axis, together never more than `most`."""
    size = float(np.linalg.norm(angles))
    if size > 0.0:
        angles = angles * (most * np.tanh(size / most) / size)
    length = float(np.hypot(*breeze.direction))
    x, y = (breeze.direction[0] / length, breeze.direction[1] / length) if length > 1e-9 else (1.0, 0.0)
    # To lean along the wind is to turn about what lies across it, and the other way round.
    turn = _rotation(np.array([-y * angles[0] + x * angles[1], x * angles[0] + y * angles[1], angles[2]]))
    base = np.array([0.0, 0.0, breeze.base])
    return np.column_stack([turn, base - turn @ base])


def _rotation(vector: DoubleArray) -> DoubleArray:
    """Returns the rotation (3, 3) about a vector (3,) by its length in radians (Rodrigues' formula)."""
    angle = float(np.linalg.norm(vector))
    x, y, z = vector
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.asarray(np.eye(3) + np.sinc(angle / np.pi) * cross + 0.5 * np.sinc(0.5 * angle / np.pi) ** 2 * cross @ cross)


def _product(second: DoubleArray, first: DoubleArray) -> DoubleArray:
    """Returns the affine (3, 4) that does `first` and then `second`."""
    return np.asarray(second[:, :3] @ first + np.column_stack([np.zeros((3, 3)), second[:, 3]]))


def _square(affine: DoubleArray) -> DoubleArray:
    return np.vstack([affine, [0.0, 0.0, 0.0, 1.0]])


def _answer(seed: int, stream: int, spring: tuple[float, float], time: float) -> float:
    """Returns how far a spring (frequency, damping) stands from rest at `time`, of which a steady wind as strong as its gusts usually are makes 1."""
    pace, size, late = _tides(seed, stream, spring)
    return float(size @ np.sin(pace * time + late))


@cache
def _tides(seed: int, stream: int, spring: tuple[float, float]) -> tuple[DoubleArray, DoubleArray, DoubleArray]:
    """Returns the angular frequencies, sizes and phases (TIDES,) of a spring's answer to the wind."""
    places, phases = _drawn(seed, 2 * stream), 2.0 * np.pi * _drawn(seed, 2 * stream + 1)
    frequency = LOWEST * (HIGHEST / LOWEST) ** ((np.arange(TIDES) + places) / TIDES)
    power = frequency / (1.0 + frequency / _BEND) ** (5.0 / 3.0)
    size = np.sqrt(2.0 * power / power.sum())
    ratio = frequency / spring[0]
    answer = 1.0 / (1.0 - ratio**2 + 2j * spring[1] * ratio)
    return 2.0 * np.pi * frequency, size * np.abs(answer), phases + np.angle(answer)


def _drawn(seed: int, stream: int) -> DoubleArray:
    """Returns TIDES numbers in [0, 1): of splitmix64 (Steele, Lea and Flood 2014), so that no library's generator decides what the wind is."""
    state, found = (seed * 0x9E3779B97F4A7C15 + stream * 0xD1B54A32D192ED03) % 2**64, []
    for _ in range(TIDES):
        state = (state + 0x9E3779B97F4A7C15) % 2**64
        mixed = ((state ^ state >> 30) * 0xBF58476D1CE4E5B9) % 2**64
        mixed = ((mixed ^ mixed >> 27) * 0x94D049BB133111EB) % 2**64
        found.append((mixed ^ mixed >> 31) / 2**64)
    return np.array(found)


def elapsed(rate_at: Callable[[float], float], knots: Sequence[float], start: float, end: float) -> float:
    """Returns how much time goes by from `start` to `end` where it runs at `rate_at(moment)`: so a change of pace never jumps.

    `knots`: moments, rising, between which the rate is smooth; before the first and after the last it stands still. Each piece is integrated by
    Gauss's rule of 8 points. `end` may lie before `start`: the time is negative then.
    """
    low, high = min(start, end), max(start, end)
    edges = np.unique([low, *(knot for knot in knots if low < knot < high), high])
    total = 0.0
    for first, last in pairwise(edges):
        middle, half = 0.5 * (first + last), 0.5 * (last - first)
        if not knots or last <= knots[0] or first >= knots[-1]:
            total += 2.0 * half * rate_at(float(middle))
        else:
            total += half * sum(float(weight) * rate_at(float(middle + half * place)) for place, weight in zip(*_GAUSS, strict=True))
    return total if end >= start else -total


_GAUSS = np.polynomial.legendre.leggauss(8)  # type: ignore[no-untyped-call,unused-ignore]


def bounded(added: DoubleArray) -> DoubleArray:
    """Returns what is to be added to an affine (3, 4), made smaller where the norm of its linear part or its shift passes MOST_ADDED."""
    most = max(float(np.linalg.norm(added[:, :3])), float(np.linalg.norm(added[:, 3])))
    return added * (MOST_ADDED / most) if most > MOST_ADDED else added


def looped(moment: float, first: float, last: float, loop: float) -> float:
    """Returns where in [first, last] a recording is at `moment`: after its end its last `loop` go back and forth, so that it never jumps."""
    if moment <= last or loop <= 0.0:
        return float(np.clip(moment, first, last))
    over = (moment - last) % (2.0 * loop)
    return last - (over if over <= loop else 2.0 * loop - over)
