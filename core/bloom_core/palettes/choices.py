"""The palettes to choose from: each by a name, with a line that says where its colours come from."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bloom_core.trajectories.run_files import RunError
from bloom_core.trajectories.run_model import Trajectory

from . import words
from .color_ramp import Ramp, spread_keys
from .design_ramp import movement, ramp
from .moods import MONOCHROMES, MOODS, SAFE_PATHS, glazed, mood_ramp
from .movers import Movers, movers, parts
from .oklab import from_polar, into_gamut, to_oklab
from .safe import safe_ramp

DoubleArray = NDArray[np.float64]

MAX_COUNT = 64


@dataclass(frozen=True)
class Candidate:
    """A palette over time. The same run, design, frames, `name` and seed give it again; `parameters`: what was drawn or derived, as plain data."""

    name: str
    method: str
    explanation: str
    ramp: Ramp
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class _Film:
    """What palettes are made of: a run, the design's palette (n, 3), the states (F,) of the frames and the first frame's number."""

    run: Trajectory
    palette: DoubleArray
    states: DoubleArray
    frame_start: int


Made = tuple[Ramp, dict[str, Any]]
Maker = Callable[[_Film, np.random.Generator, bool], Made]


@dataclass(frozen=True)
class _Kind:
    method: str
    explanation: str
    make: Maker
    varies: bool = True


def names() -> Mapping[str, str]:
    """Returns the names of all palettes, the default first, each with a line on where its colours come from."""
    return {name: kind.explanation for name, kind in _KINDS.items()}


def methods() -> tuple[str, ...]:
    """Returns the ways in which palettes are made."""
    return tuple(dict.fromkeys(kind.method for kind in _KINDS.values()))


def candidates(
    run: Trajectory, design_palette: DoubleArray, states: DoubleArray, count: int, seed: int, frame_start: int = 1, method: str | None = None
) -> tuple[Candidate, ...]:
    """Returns `count` different palettes of a film, the default first: one of each name, then variations of those that can vary ("drift 2").

    `design_palette` float64 (n, 3) sRGB; `states` float64 (F,): optimizer steps recorded before each frame, rising, from 0 to T. `method`: only that
    one of `methods()`; there may be fewer then. Raises ValueError for a count outside 1 … MAX_COUNT, or an unknown method.
    """
    film = _Film(run, design_palette, states, frame_start)
    return tuple(_candidate(film, name, seed) for name in wanted(count, method))


def candidate(run: Trajectory, design_palette: DoubleArray, states: DoubleArray, name: str, seed: int, frame_start: int = 1) -> Candidate:
    """Returns the palette `name` as `candidates` gives it for the same seed. Raises RunError that lists the names for an unknown one."""
    return _candidate(_Film(run, design_palette, states, frame_start), name, seed)


def wanted(count: int, method: str | None = None) -> tuple[str, ...]:
    """Returns the names of the palettes that `candidates` gives. Raises ValueError for a count outside 1 … MAX_COUNT, or an unknown method."""
    if not 1 <= count <= MAX_COUNT:
        raise ValueError(f"count is {count}; choose 1 … {MAX_COUNT}")
    if method is not None and method not in methods():
        raise ValueError(f"there is no method {method!r}; choose one of {', '.join(methods())}")
    found = [name for name, kind in _KINDS.items() if method in (None, kind.method)]
    varying = [name for name in found if _KINDS[name].varies]
    number = 2
    while len(found) < count and varying:
        found += [f"{name} {number}" for name in varying]
        number += 1
    return tuple(found[:count])


def chosen(run: Trajectory, design_palette: DoubleArray, states: DoubleArray, frame_start: int, name: str, seed: int) -> Ramp:
    """Returns the ramp of `candidate`."""
    return candidate(run, design_palette, states, name, seed, frame_start).ramp


def _candidate(film: _Film, name: str, seed: int) -> Candidate:
    found = re.fullmatch(r"(\w+)(?: ([2-9]|[1-9]\d{1,2}))?", name, re.ASCII)
    kind = _KINDS.get(found[1]) if found else None
    if found is None or kind is None or (found[2] and not kind.varies):
        raise RunError(f"there is no palette {name!r}. Choose one of: {', '.join(_KINDS)}; most also come as variations, such as 'drift 2'.")
    random = np.random.default_rng([seed % 2**64, zlib.crc32(found[1].encode()), int(found[2] or 1)])
    made, parameters = kind.make(film, random, found[2] is not None)
    explanation = f"Like {found[1]}, in other hues that chance chose." if found[2] else kind.explanation
    return Candidate(name, kind.method, explanation, made, {"seed number": seed, **parameters})


def _design(film: _Film, _random: np.random.Generator, _variation: bool) -> Made:
    return ramp(film.run, film.palette, film.states, film.frame_start), {}


def _sentence(film: _Film, random: np.random.Generator, _variation: bool) -> Made:
    found = movers(film.run)
    drawn = [(words.draw(found, random), words.vivid_seed(random)) for _ in range(words.DRAWS)]
    drafts = words.rgb_drafts(found, [stack for stack, _ in drawn], [seed for _, seed in drawn])
    stack, seed = drawn[int(np.argmax(words.merits(drafts, film.palette, words.VARIETY)))]
    moments, frames = words.film(film.states, film.frame_start)
    shown, temperature = words.rgb_palettes(found, stack, moments, seed)
    return words.ramp_of(shown, frames), {**stack.parameters(found), "start color": _hex(seed), "temperature": round(temperature, 3)}


def _drift(film: _Film, random: np.random.Generator, _variation: bool) -> Made:
    found = movers(film.run)
    return _in_oklab(film, found, [words.draw(found, random) for _ in range(words.DRAWS)], random)


def _strata(film: _Film, random: np.random.Generator, _variation: bool) -> Made:
    found = parts(film.run)
    return _in_oklab(film, found, [words.whole(found)] * words.DRAWS, random)


def _in_oklab(film: _Film, found: Movers, stacks: Sequence[words.Stack], random: np.random.Generator) -> Made:
    """Makes the best palette of several stacks, each with random hues."""
    drawn = [(stack, (float(random.uniform(*words.SHADOWS)), float(random.uniform(*words.GLIDE) * random.choice([-1.0, 1.0])))) for stack in stacks]
    drafts = words.oklab_drafts(found, [stack for stack, _ in drawn], [hues for _, hues in drawn], film.palette)
    stack, hues = drawn[int(np.argmax(words.merits(drafts, film.palette)))]
    moments, frames = words.film(film.states, film.frame_start)
    shown, temperature = words.oklab_palettes(found, stack, moments, hues, film.palette)
    start = [round(hue, 4) for hue in hues]
    return words.ramp_of(shown, frames), {**stack.parameters(found), "start hues": start, "temperature": round(temperature, 5)}


def _mood(anchors: DoubleArray, monochrome: bool = False) -> Maker:
    def make(film: _Film, random: np.random.Generator, variation: bool) -> Made:
        turns = random.uniform(0.35, np.pi if monochrome else 1.0, 3) * random.choice([-1.0, 1.0], 3) if variation else np.zeros(1)
        turned = [_turned(anchors, float(turn)) for turn in turns]
        colors = turned[int(np.argmax(words.merits(np.stack([glazed(film.palette, colors) for colors in turned]), film.palette)))]
        rows, moved, frames = _stirred(film, random)
        made = mood_ramp(glazed(film.palette, colors), moved, frames, monochrome=monochrome)
        return made, {"colors": [_hex(color) for color in colors], "directions": rows}

    return make


def _safe(anchors: DoubleArray) -> Maker:
    def make(film: _Film, random: np.random.Generator, _variation: bool) -> Made:
        rows, moved, frames = _stirred(film, random)
        light = to_oklab(film.palette)[:, 0]
        rising = bool(light[len(light) // 2 :].mean() >= light[: max(1, len(light) // 2)].mean())
        return safe_ramp(anchors, moved, frames, rising), {"colors": [_hex(color) for color in anchors], "directions": rows}

    return make


def _stirred(film: _Film, random: np.random.Generator) -> tuple[list[int], DoubleArray, NDArray[np.int64]]:
    """Returns which direction of the words moves hue, chroma and lightness (signed, from 1), their movement at the key frames, and these."""
    moments, frames = words.film(film.states, film.frame_start)
    moved = movement(film.run, moments)
    keys = spread_keys(moved)
    order, sign = random.permutation(3), np.where(random.random(3) < 0.5, -1.0, 1.0)
    return ((order + 1) * sign).astype(int).tolist(), moved[keys][:, :, order] * sign, frames[keys]


def _turned(anchors: DoubleArray, turn: float) -> DoubleArray:
    """Returns sRGB (n, 3) with its hue turned by radians."""
    if turn == 0.0:
        return anchors
    lab = to_oklab(anchors)
    return into_gamut(from_polar(lab[:, 0], np.hypot(lab[:, 1], lab[:, 2]), np.arctan2(lab[:, 2], lab[:, 1]) + turn))


def _hex(color: DoubleArray) -> str:
    return "#" + "".join(f"{round(255.0 * float(value)):02x}" for value in color)


_KINDS: Mapping[str, _Kind] = MappingProxyType(
    {
        "design": _Kind("design", "The flower's own colours; what there is still to learn turns their hue.", _design, varies=False),
        "drift": _Kind("words", "Words side by side (without words, parts of the network): each drifts to hues of its own as it is learnt.", _drift),
        "embers": _Kind("mood", "Wine, fire and pale gold, laid over the flower's lights and darks; learning fans it.", _mood(MOODS["embers"])),
        "lagoon": _Kind("mood", "Night blue, turquoise, foam, laid over the flower's lights and darks; learning stirs it.", _mood(MOODS["lagoon"])),
        "sentence": _Kind("sentence", "The original's way: a sentence's words, moved through red, green and blue.", _sentence),
        "dusk": _Kind("mood", "Violet, rose and apricot, laid over the flower's lights and darks; learning stirs it.", _mood(MOODS["dusk"])),
        "beacon": _Kind("safe", "Dark to light for all kinds of eyes, through rose; learning shifts it.", _safe(SAFE_PATHS["beacon"]), varies=False),
        "moon": _Kind("monochrome", "One silver blue; learning brightens and dims it.", _mood(MONOCHROMES["moon"], monochrome=True)),
        "strata": _Kind("parts", "A layer for each part of the network, which takes colour as that part learns.", _strata),
        "orchard": _Kind("mood", "Plum, russet and lime, laid over the flower's lights and darks; learning stirs it.", _mood(MOODS["orchard"])),
        "shore": _Kind("safe", "Dark to light for all kinds of eyes, through green; learning shifts it.", _safe(SAFE_PATHS["shore"]), varies=False),
        "copper": _Kind("monochrome", "One warm brown, up to cream; learning brightens and dims it.", _mood(MONOCHROMES["copper"], monochrome=True)),
    }
)
