"""Children of flowers: one parent changed a little, or two crossed. Bud and open flower change alike, so that a child opens as its parents do.

Every child lives: it neither flies apart nor collapses, can be seen, and is about as large as its parents (`_lives`). Where a change kills it, a
gentler one is tried; the parent itself, in other colours, is the last resort.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Lock
from types import MappingProxyType

import numpy as np

from bloom_core import native
from bloom_core.designs import Design, bounds, poses
from bloom_core.flames.flame import Flame, FlameError, FloatArray, Variation, Xform
from bloom_core.growth import guard
from bloom_core.library import NativeError
from bloom_core.palettes import oklab

TRIES = 24
"""How many children are tried, each gentler than the last, before the parent is given back in other colours."""

_GENTLER = 0.85  # what each try keeps of the strength of the last
_SMALLER, _LARGER = 0.35, 2.5  # a child's size against its parents'
_CELLS = 24  # light is counted in this many cells along a side …
_LIVELIER = 6.0  # how much of a blend's lost chroma is given back: at most this factor, for where hues cancel there is none to keep
_LIT = 0.25  # … of which a child's lit ones must be at least this share of its parent's

Pair = tuple[Flame, Flame]
"""Bud and open flower."""

_SPORTING = 0.5  # how likely a change of force 1 gives petals one of these terms
_SPORTS = (
    Variation("cross", 0.08),
    Variation("spherical", 0.2),
    Variation("butterfly", 0.1),
    Variation("sinusoidal", 0.2),
    Variation("swirl", 0.05),
    Variation("waves2", 0.12, MappingProxyType({"waves2_freqx": 3.0, "waves2_freqy": 2.5, "waves2_scalex": 1.0, "waves2_scaley": 1.0})),
    Variation("curl", 0.08, MappingProxyType({"curl_c1": 0.3, "curl_c2": 0.1})),
)
"""Terms that draw petals out, ruffle or wind them, each small enough beside a linear one that what it joins stays a flower."""


def mutate(design: Design, strength: float, seed: int) -> Design:
    """Returns a child of a design, changed by `strength` in [0, 1] (0.1: a sibling, 0.5: a cousin, 1: a stranger). The same `seed`, the same child.

    Raises FlameError for a parent that does not hold together itself, ValueError for a strength out of range.
    """
    if not 0.0 <= strength <= 1.0:
        raise ValueError(f"strength is {strength}; choose 0 … 1")
    random = np.random.default_rng([seed & 0xFFFFFFFFFFFFFFFF, 1])
    name = f"{design.name}-{seed}"

    def attempt(force: float) -> Pair:
        changes = [_Change.draw(random, force, xform) for xform in _all_xforms(design.open)]
        palette = _recolored(design.open.palette, random, strength)
        bud, flower = (replace(_changed(flame, changes), palette=palette) for flame in (design.bud, design.open))
        return bud, flower

    return _first_that_lives(attempt, strength, [design], name)


def breed(first: Design, second: Design, seed: int, share: float = 0.5) -> Design:
    """Returns a child of two designs; `share` in [0, 1] is how much it takes after the second. The same `seed`, the same child.

    Xforms of like variations are blended, others taken whole from one of the parents; the palette is blended in OKLab.
    Raises FlameError for a parent that does not hold together itself, ValueError for a share out of range.
    """
    if not 0.0 <= share <= 1.0:
        raise ValueError(f"share is {share}; choose 0 … 1")
    random = np.random.default_rng([seed & 0xFFFFFFFFFFFFFFFF, 2])
    name = f"{first.name}-{second.name}-{seed}"

    def attempt(force: float) -> Pair:
        taken = _Cross.draw(random, share, first.open, second.open)
        changes = [_Change.draw(random, 0.25 * force, xform) for xform in _all_xforms(taken.of(first.open, second.open))]
        bud, flower = (_changed(taken.of(*parents), changes) for parents in ((first.bud, second.bud), (first.open, second.open)))
        palette = _blended(first.open.palette, second.open.palette, float(np.clip(share + random.normal(0.0, 0.2), 0.0, 1.0)))
        return replace(bud, palette=palette), replace(flower, palette=palette)

    return _first_that_lives(attempt, 1.0, [first, second] if share < 0.5 else [second, first], name)


def _first_that_lives(attempt: Callable[[float], Pair], strength: float, parents: list[Design], name: str) -> Design:
    measured = [_kept_look(parent) for parent in parents]
    if not all(look.sound for look in measured):
        raise FlameError(f"{parents[0].name}: it flies apart or collapses, so it has no children. Choose another flower, or move its affines.")
    for number in range(TRIES):
        pair = attempt(strength * _GENTLER**number)
        try:
            if not _stands(_Stand.of(*pair), measured):
                continue
            child = _design(name, *pair)
        except NativeError:
            continue
        if _lit_cells(child) >= _LIT * min(look.cells for look in measured):
            return child
    palette = attempt(0.0)[1].palette
    bud, flower = (replace(flame, palette=palette) for flame in (parents[0].bud, parents[0].open))
    return _design(name, bud, flower)


def _design(name: str, bud: Flame, flower: Flame) -> Design:
    title = name.replace("-", " ").capitalize()
    return Design(name, title, replace(bud, name="bud"), replace(flower, name=name), bounds(poses(bud, flower)))


@dataclass(frozen=True)
class _Stand:
    """The radii of a flower's poses from bud to open, and whether all of them hold."""

    radii: tuple[float, ...]
    sound: bool

    @staticmethod
    def of(bud: Flame, flower: Flame) -> _Stand:
        extents = [guard.extent(flame) for flame in poses(bud, flower, 3)]
        sound = all(found.bad <= guard.BAD_SHARE and guard.SMALLEST < found.radius < guard.LARGEST for found in extents)
        return _Stand(tuple(found.radius for found in extents), sound)


@dataclass(frozen=True)
class _Look(_Stand):
    """What a child is measured against: how its parent stands, and how many cells the parent's light fills."""

    cells: int


_KEPT: OrderedDict[int, tuple[Design, _Look]] = OrderedDict()
"""The looks of the last parents, by identity: a litter has the same ones."""

_KEEPING = Lock()


def _kept_look(parent: Design) -> _Look:
    with _KEEPING:  # children of the same parents are bred side by side
        found = _KEPT.get(id(parent))
        if found is None or found[0] is not parent:
            stand = _Stand.of(parent.bud, parent.open)
            found = _KEPT[id(parent)] = parent, _Look(stand.radii, stand.sound, _lit_cells(parent))
            while len(_KEPT) > 8:
                _KEPT.popitem(last=False)
        return found[1]


def _stands(child: _Stand, parents: list[_Look]) -> bool:
    least, most = min(min(parent.radii) for parent in parents), max(max(parent.radii) for parent in parents)
    return child.sound and all(_SMALLER * least <= radius <= _LARGER * most for radius in child.radii)


def _lit_cells(design: Design) -> int:
    """Returns how many cells of its box the open flower's light fills: few where it has shrunk to a line or a point."""
    cloud = native.points(design.open, 1 << 16, threads=1)
    low, high = np.array(design.box.low), np.array(design.box.high)
    place = ((cloud.position - low) / (high - low) * _CELLS).astype(np.int64)
    inside = ((place >= 0) & (place < _CELLS)).all(axis=1)
    weight = np.bincount(place[inside] @ [1, _CELLS, _CELLS**2], cloud.weight[inside], minlength=_CELLS**3)
    return int((weight > 0.05 * weight.sum() / _CELLS**3).sum()) if weight.any() else 0


def _all_xforms(flame: Flame) -> list[Xform]:
    return [*flame.xforms, *([flame.final] if flame.final is not None else [])]


@dataclass(frozen=True)
class _Change:
    """A change of one xform, made alike in bud and open flower: `turn` multiplies its pre-affine from the left, `shift` is added to it."""

    turn: FloatArray
    shift: FloatArray
    weight: float
    color: float
    variations: tuple[Variation, ...]

    @staticmethod
    def draw(random: np.random.Generator, force: float, xform: Xform) -> _Change:
        angle, size = random.normal(0.0, 0.6 * force), math.exp(random.normal(0.0, 0.12 * force))
        stretch = math.exp(random.normal(0.0, 0.1 * force))
        turn = np.eye(3)
        turn[:2, :2] = size * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]) @ np.diag([stretch, 1.0 / stretch])
        shift = np.append(random.normal(0.0, 0.15 * force, 2), 0.0)
        weight, color = math.exp(random.normal(0.0, 0.3 * force)), random.normal(0.0, 0.08 * force)
        variations = [_varied(random, force, variation) for variation in xform.variations]
        names = {variation.name for variation in variations}
        if "linear" in names and random.random() < _SPORTING * force:
            variations += [sport for sport in [_SPORTS[int(random.integers(len(_SPORTS)))]] if sport.name not in names]
        return _Change(turn, shift, weight, color, tuple(variations))

    def of(self, xform: Xform) -> Xform:
        pre = self.turn @ xform.pre
        pre[:, 3] += self.shift
        color = float(np.clip(xform.color + self.color, 0.0, 1.0))
        return replace(xform, pre=pre, weight=xform.weight * self.weight, color=color, variations=self.variations)


def _varied(random: np.random.Generator, force: float, variation: Variation) -> Variation:
    """Returns a variation of which the weight and the parameters differ a little; whole numbers now and then by one, and never to 0."""
    known = native.variations().get(variation.name.lower().removeprefix("pre_").removeprefix("post_"))
    kinds = {} if known is None else {parameter.name.lower(): parameter.kind for parameter in known.parameters}
    changed = {}
    for key, value in variation.parameters.items():
        if kinds.get(key.lower().removeprefix("pre_").removeprefix("post_"), "real").startswith("integer"):
            step = int(random.random() < 0.4 * force) * int(random.choice([-1, 1]))
            changed[key] = value + step if abs(value + step) >= 2.0 and value * (value + step) > 0.0 else value
        else:
            changed[key] = value * math.exp(random.normal(0.0, 0.15 * force))
    weight = variation.weight * math.exp(random.normal(0.0, (0.06 if variation.name == "linear" else 0.2) * force))
    return Variation(variation.name, weight, MappingProxyType(changed))


def _changed(flame: Flame, changes: list[_Change]) -> Flame:
    made = [change.of(xform) for change, xform in zip(changes, _all_xforms(flame), strict=True)]
    return replace(flame, xforms=tuple(made[: len(flame.xforms)]), final=made[-1] if flame.final is not None else None)


@dataclass(frozen=True)
class _Cross:
    """What a child has of which parent: for each xform, and for the final one, its places in both parents and the second's share (0 or 1: whole)."""

    places: tuple[tuple[int | None, int | None, float], ...]
    final: float

    @staticmethod
    def draw(random: np.random.Generator, share: float, first: Flame, second: Flame) -> _Cross:
        """Pairs the xforms by number, the richer parent's last ones being taken or left, and lots which has which."""
        places: list[tuple[int | None, int | None, float]] = []
        for number in range(max(len(first.xforms), len(second.xforms))):
            mine, others = (number if number < len(flame.xforms) else None for flame in (first, second))
            if mine is None or others is None:
                if random.random() < (share if mine is None else 1.0 - share):
                    places.append((mine, others, 0.0 if others is None else 1.0))
            elif _kinds(first.xforms[mine]) == _kinds(second.xforms[others]):
                places.append((mine, others, float(np.clip(random.normal(share, 0.2), 0.0, 1.0))))
            else:
                places.append((mine, others, float(random.random() < share)))
        alike = first.final is not None and second.final is not None and _kinds(first.final) == _kinds(second.final)
        return _Cross(tuple(places), share if alike else float(random.random() < share))

    def of(self, first: Flame, second: Flame) -> Flame:
        """Returns the child of two flames: buds, or open flowers, of the same two designs."""
        made = [
            _between(None if mine is None else first.xforms[mine], None if others is None else second.xforms[others], part)
            for mine, others, part in self.places
        ]
        base = first if self.final < 0.5 else second
        if first.final is not None and second.final is not None:
            return replace(base, xforms=tuple(made), final=_between(first.final, second.final, self.final), xaos=None)
        return replace(base, xforms=tuple(made), xaos=None)


def _kinds(xform: Xform) -> list[tuple[str, tuple[str, ...]]]:
    return [(variation.name, tuple(sorted(variation.parameters))) for variation in xform.variations]


def _between(first: Xform | None, second: Xform | None, share: float) -> Xform:
    """Returns one of two xforms, or, of like variations, what lies between: affines entry by entry, weights and opacities by their logarithm."""
    if first is None or second is None or _kinds(first) != _kinds(second):
        taken = second if first is None or (second is not None and share >= 0.5) else first
        assert taken is not None
        return taken

    def mixed(low: float, high: float) -> float:
        return low + (high - low) * share

    def variation(low: Variation, high: Variation) -> Variation:
        whole = high if share >= 0.5 else low
        real = {
            key: mixed(low.parameters[key], high.parameters[key]) if not float(whole.parameters[key]).is_integer() else whole.parameters[key]
            for key in whole.parameters
        }
        return Variation(low.name, mixed(low.weight, high.weight), MappingProxyType(real))

    def positive(low: float, high: float) -> float:
        return math.exp(mixed(math.log(low), math.log(high))) if low > 0.0 and high > 0.0 else mixed(low, high)

    return replace(
        second if share >= 0.5 else first,
        variations=tuple(variation(low, high) for low, high in zip(first.variations, second.variations, strict=True)),
        weight=positive(first.weight, second.weight),
        opacity=positive(first.opacity, second.opacity),
        color=mixed(first.color, second.color),
        color_speed=mixed(first.color_speed, second.color_speed),
        pre=first.pre + (second.pre - first.pre) * share,
        post=first.post + (second.post - first.post) * share,
    )


def _recolored(palette: FloatArray, random: np.random.Generator, strength: float) -> FloatArray:
    """Returns a palette turned in hue, in OKLab, by up to half a circle, and a little more or less colourful."""
    lab = oklab.to_oklab(palette)
    angle, chroma = random.normal(0.0, 1.2 * strength), math.exp(random.normal(0.0, 0.15 * strength))
    turned = chroma * lab[:, 1:] @ np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    return oklab.into_gamut(np.column_stack([lab[:, 0], turned]))


def _blended(first: FloatArray, second: FloatArray, share: float) -> FloatArray:
    """Returns a palette between two, as long as the longer of them, blended in OKLab; chroma is blended by itself, so that opposite hues do not
    meet in grey."""
    at = np.linspace(0.0, 1.0, max(len(first), len(second)))
    low, high = (oklab.to_oklab(_resampled(palette, at)) for palette in (first, second))
    lab = low + (high - low) * share
    chroma = [np.hypot(own[:, 1], own[:, 2]) for own in (low, high, lab)]
    wanted = chroma[0] + (chroma[1] - chroma[0]) * share
    lab[:, 1:] *= np.minimum(wanted / np.maximum(chroma[2], 1e-6), _LIVELIER)[:, None]
    return oklab.into_gamut(lab)


def _resampled(palette: FloatArray, at: FloatArray) -> FloatArray:
    """Returns the colours of a palette at places in [0, 1]."""
    own = np.linspace(0.0, 1.0, len(palette))
    return np.column_stack([np.interp(at, own, band) for band in palette.T])
