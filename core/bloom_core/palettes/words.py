"""Palettes made of words, as the Bloom of CMU made them: a sentence is sampled, and its words' ways through training become its colours.

The words of a sentence lie side by side in the palette. Within a word's stretch time goes by: the colour at a moment is

    colour = seed + temperature · (z(t) − z(0)),

z(t) the word's place in one 3-D PCA over all epochs. A random share of each way is cut off at its end, and now and then a word's colours are
mirrored (red for blue). In a film the palette at time s is that of the training up to s: it starts as the seed alone and unfolds.

Time within a stretch is sampled evenly along the way (arc length): after the learning rate has died down, dozens of epochs stand still, and sampled
epoch by epoch they would smear over most of the palette.

In RGB the three coordinates are red, green and blue, as in the original. In OKLab they turn the hue, deepen the colour and lighten it, so that no way
leads through grey; the seed has the flower's own lights and darks, and its hue glides from the darks to the lights, as in a painter's shadows.

Chance also makes dull palettes. Of DRAWS random ones the best is kept, as an artist would: see `merit`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .color_ramp import ENTRIES, Ramp, fewest_stops, spread_keys
from .movers import MAX_TOKENS, Movers, sample
from .oklab import from_polar, into_gamut, largest_chroma, lifted, to_oklab

DoubleArray = NDArray[np.float64]

FLOOR = 0.3
"""The least lightness of OKLab: below it a glow is black, whatever its hue."""

KEPT = (0.4, 1.0)
"""Which share of a word's way is left, between these."""

FLIPS = 0.1
"""How often a word is mirrored; in the original's palettes 14 to 54 of 256 colours are."""

CLIPPED = 0.05
"""The share of RGB values that may leave [0, 1]: it sets the temperature. (The original's 100 clips 15 %.)"""

DRAWS = 24
VARIETY = 0.2
"""How much variety counts in RGB, whose charm it is; in OKLab a few hues that belong together are more beautiful."""

MOMENTS = 256
"""Film times looked at, of which the ramp's keys are chosen."""

TURN, DEEPER, LIGHTER = 1.9, 0.25, 0.1
"""OKLab: how far a way of 1 goes at most: hue in radians, share of the largest chroma, lightness."""

SOFT = 5.0
"""OKLab: over how many of the 256 colours neighbouring words melt into one another (standard deviation)."""


SHADOWS, GLIDE = (4.0, 6.8), (0.8, 2.4)
"""OKLab: between which hues (radians: from blue by violet to wine) the darks of the seed are, and how far its lights are turned from there."""

LIGHT, RICHER = (0.34, 0.94), 1.5
"""OKLab: the seed's darkest and lightest lightness, and the power by which what lies between is darker than in the flower, where colours are deep."""

_GREEN = float(np.arctan2(*to_oklab(np.array([[0.0, 1.0, 0.0]]))[0, :0:-1]))


@dataclass(frozen=True)
class Stack:
    """The words (n,) of a palette, which share of its way each keeps, and whether it is mirrored."""

    tokens: NDArray[np.int64]
    kept: DoubleArray
    flipped: NDArray[np.bool_]

    def parameters(self, found: Movers) -> dict[str, Any]:
        """Returns what was drawn, as plain data."""
        names = [found.names[token] for token in self.tokens]
        return {found.kind: names, "kept": self.kept.round(4).tolist(), "mirrored": self.flipped.tolist()}


def draw(found: Movers, random: np.random.Generator) -> Stack:
    """Returns a random sentence, its cuts and its mirrored words."""
    tokens = sample(found, random)
    return Stack(tokens, random.uniform(*KEPT, len(tokens)), random.random(len(tokens)) < FLIPS)


def whole(found: Movers) -> Stack:
    """Returns all movers, at most as many as a sentence has words, in their order: nothing is sampled, cut off or mirrored."""
    tokens = np.flatnonzero(found.weights > 0.0)[:MAX_TOKENS]
    return Stack(tokens, np.ones(len(tokens)), np.zeros(len(tokens), dtype=np.bool_))


def ways(found: Movers, stack: Stack, states: DoubleArray, *, there_and_back: bool = False) -> tuple[DoubleArray, NDArray[np.int64]]:
    """Returns z(t) − z(0) of every palette entry at every film time, float64 (R, ENTRIES, 3), and which word of the stack an entry is, (ENTRIES,).

    `states` (R,): optimizer steps made. `there_and_back`: every second word runs backwards, so that neighbours meet in the same colour.
    """
    edges = np.round(np.concatenate([[0.0], np.cumsum(stack.kept)]) / stack.kept.sum() * ENTRIES).astype(np.int64)
    moved = np.zeros((len(states), ENTRIES, 3))
    for number, (token, kept) in enumerate(zip(stack.tokens, stack.kept, strict=True)):
        way, length = found.way(int(token))
        reached = np.minimum(np.interp(states, found.states, length), kept * length[-1])
        share = np.linspace(0.0, 1.0, edges[number + 1] - edges[number])
        wanted = reached[:, None] * (share[::-1] if there_and_back and number % 2 else share)
        for axis in range(3):
            moved[:, edges[number] : edges[number + 1], axis] = np.interp(wanted, length, way[:, axis])
    return moved, np.repeat(np.arange(len(stack.tokens)), np.diff(edges))


def rgb_palettes(found: Movers, stack: Stack, states: DoubleArray, seed: DoubleArray) -> tuple[DoubleArray, float]:
    """Returns palettes sRGB (R, ENTRIES, 3) at film times `states` (R,), in the original's way from the colour `seed` (3,), and the temperature.

    The temperature (levels of 255 for a distance of 1 in the PCA, as in the original) is that at which a share of CLIPPED of all values, at the end
    of training, cannot be shown.
    """
    moved, word = ways(found, stack, states)
    end = moved[-1:] if states[-1] >= found.states[-1] else ways(found, stack, found.states[-1:])[0]
    temperature = _rgb_temperature(end, seed)
    return _in_rgb(temperature * moved, stack.flipped[word], seed), 255.0 * temperature


def rgb_drafts(found: Movers, stacks: Sequence[Stack], seeds: Sequence[DoubleArray]) -> DoubleArray:
    """Returns what `rgb_palettes` gives for the end of training, for several draws at once: sRGB (N, ENTRIES, 3)."""
    ends = [ways(found, stack, found.states[-1:]) for stack in stacks]
    moved = np.concatenate([_rgb_temperature(end, seed) * end for (end, _), seed in zip(ends, seeds, strict=True)])
    return _in_rgb(moved, np.stack([stack.flipped[word] for stack, (_, word) in zip(stacks, ends, strict=True)]), np.stack(seeds)[:, None])


def _rgb_temperature(end: DoubleArray, seed: DoubleArray) -> float:
    room = np.where(end > 0.0, 1.0 - seed, seed)
    limit = np.divide(room, np.abs(end), out=np.full(end.shape, np.inf), where=np.abs(end) > 0.0)
    # Values that never move can take any temperature; they do not count, or a few still words would let the others burn out.
    limit = limit[np.isfinite(limit)]
    return float(np.quantile(limit, CLIPPED)) if len(limit) else 0.0


def _in_rgb(moved: DoubleArray, mirrored: NDArray[np.bool_], seed: DoubleArray) -> DoubleArray:
    """Returns sRGB (R, ENTRIES, 3) of colours that moved so far from the seed; red and blue change places in what is `mirrored`."""
    shown = np.clip(seed + moved, 0.0, 1.0)
    shown = np.where(mirrored[..., None], shown[..., ::-1], shown)
    return lifted(shown.reshape(-1, 3), FLOOR).reshape(shown.shape)


def oklab_palettes(found: Movers, stack: Stack, states: DoubleArray, hues: tuple[float, float], design: DoubleArray) -> tuple[DoubleArray, float]:
    """Returns palettes sRGB (R, ENTRIES, 3) at film times `states` (R,), and the temperature.

    `hues`: of the seed's darks, and how far from there its lights are turned (radians). `design` sRGB (n, 3): its lights and darks are the seed's.
    The temperature is such that four fifths of the colours, at the end of training, have moved less than 1; what moves more comes near 1.
    """
    moved, word = ways(found, stack, states, there_and_back=True)
    end = moved[-1:] if states[-1] >= found.states[-1] else ways(found, stack, found.states[-1:])[0]
    temperature = _oklab_temperature(end)
    return _in_oklab(np.tanh(temperature * moved), stack.flipped[word], np.array(hues), design), temperature


def oklab_drafts(found: Movers, stacks: Sequence[Stack], hues: Sequence[tuple[float, float]], design: DoubleArray) -> DoubleArray:
    """Returns what `oklab_palettes` gives for the end of training, for several draws at once: sRGB (N, ENTRIES, 3)."""
    known = {id(stack): ways(found, stack, found.states[-1:], there_and_back=True) for stack in {id(stack): stack for stack in stacks}.values()}
    ends = [known[id(stack)] for stack in stacks]
    share = np.tanh(np.concatenate([_oklab_temperature(end) * end for end, _ in ends]))
    mirrored = np.stack([stack.flipped[word] for stack, (_, word) in zip(stacks, ends, strict=True)])
    return _in_oklab(share, mirrored, np.array(hues)[:, :, None].transpose(1, 0, 2), design)


def _oklab_temperature(end: DoubleArray) -> float:
    size = float(np.quantile(np.linalg.norm(end, axis=2), 0.8)) or float(np.abs(end).max())
    return 1.0 / size if size > 0.0 else 0.0


def _in_oklab(share: DoubleArray, mirrored: NDArray[np.bool_], hues: DoubleArray, design: DoubleArray) -> DoubleArray:
    """Returns sRGB (R, ENTRIES, 3) of colours that went such a share of their ways. `hues` (2,), or (2, R, 1): the seed's, as in `oklab_palettes`."""
    own = lightness_of(design)
    bright = np.clip((own - own.min()) / max(float(np.ptp(own)), 0.1), 0.0, 1.0) ** RICHER
    light, hue = LIGHT[0] + (LIGHT[1] - LIGHT[0]) * bright, hues[0] + hues[1] * bright
    # The mirror red ↔ blue, as a turn of hue: about the plane of green and magenta, where both are equal; the shorter way round.
    opposite = np.mod(2.0 * (_GREEN - hue) + np.pi, 2.0 * np.pi) - np.pi
    turned = hue + np.where(mirrored, opposite, 0.0) + TURN * np.where(mirrored, -1.0, 1.0) * share[:, :, 0]
    turned, lightness, depth = (_melted(values) for values in (turned, light + LIGHTER * share[:, :, 1], 0.75 + DEEPER * share[:, :, 2]))
    flat = np.clip(np.maximum(lightness, _floor(turned)), 0.0, 1.0).ravel(), turned.ravel()
    chroma = depth.ravel() * np.minimum(largest_chroma(*flat), 0.27)
    return into_gamut(from_polar(flat[0], chroma, flat[1])).reshape(share.shape)


def lightness_of(palette: DoubleArray, count: int = ENTRIES) -> DoubleArray:
    """Returns the lightness (count,) along a palette sRGB (n, 3)."""
    return np.interp(np.linspace(0.0, 1.0, count), np.linspace(0.0, 1.0, len(palette)), to_oklab(palette)[:, 0])


def merit(palette: DoubleArray, design: DoubleArray, variety: float = 0.0) -> float:
    """Returns how good a palette, sRGB (m, 3), will look on the flower of the palette `design` (n, 3); more is better.

    Depth of colour, contrast of light and dark, and lights where the flower has them count for it; mud and acid green against it. `variety`: how
    much the spread of its hues counts.
    """
    return float(merits(palette[None], design, variety)[0])


def merits(palettes: DoubleArray, design: DoubleArray, variety: float = 0.0) -> DoubleArray:
    """Returns the `merit` of each palette, sRGB (N, m, 3): (N,)."""
    lab = to_oklab(palettes.reshape(-1, 3)).reshape(palettes.shape)
    light, chroma, hue = lab[..., 0], np.hypot(lab[..., 1], lab[..., 2]), np.arctan2(lab[..., 2], lab[..., 1])
    yellow = (hue > 0.9) & (hue < 2.6)
    # Mud is what is grey, olive or brown.
    mud = ((chroma < 0.05) & (light < 0.75)) | (yellow & (light < 0.62) & (chroma < 0.2))
    acid = (hue > 1.9) & (hue < 2.7) & (chroma > 0.19)
    spread = 1.0 - np.abs((chroma * np.exp(1j * hue)).sum(axis=1)) / np.maximum(chroma.sum(axis=1), 1e-9)
    own = lightness_of(design, palettes.shape[1])
    fits = np.array([float(np.corrcoef(row, own)[0, 1]) if np.ptp(row) > 1e-6 and np.ptp(own) > 1e-6 else 0.0 for row in light])
    deep = np.minimum(chroma, 0.2).mean(axis=1)
    good = deep + variety * spread + 0.5 * light.std(axis=1) + 0.3 * np.minimum(light.mean(axis=1), 0.7) + 0.15 * fits
    return np.asarray(good - 0.4 * mud.mean(axis=1) - 0.4 * acid.mean(axis=1))


def _floor(hue: DoubleArray) -> DoubleArray:
    """Returns the least lightness of hues in radians, any shape: FLOOR, and up to twice as much for yellow, which is olive where it is dark."""
    return np.asarray(FLOOR * (1.0 + np.exp(-np.square((np.mod(hue, 2.0 * np.pi) - 1.8) / 0.6))))


def vivid_seed(random: np.random.Generator) -> DoubleArray:
    """Returns a random RGB colour (3,) that is neither grey nor near an end of the range, so that words can move in every direction."""
    while True:
        color: DoubleArray = random.uniform(0.2, 0.8, 3)
        lab = to_oklab(color[None])[0]
        if 0.08 < np.hypot(lab[1], lab[2]) and 0.45 < lab[0] < 0.75:
            return color


def film(states: DoubleArray, frame_start: int) -> tuple[DoubleArray, NDArray[np.int64]]:
    """Returns at most MOMENTS of a film's states (F,), first and last among them, and their frames."""
    rows = np.unique(np.linspace(0, len(states) - 1, min(MOMENTS, len(states))).round().astype(np.int64))
    return states[rows], rows + frame_start


def ramp_of(palettes: DoubleArray, frames: NDArray[np.int64]) -> Ramp:
    """Returns the ramp of palettes sRGB (R, n, 3) at `frames` (R,): keys evenly along their way, stops as `fewest_stops` chooses them."""
    keys = spread_keys(palettes)
    rows = fewest_stops(palettes[keys])
    return Ramp(rows / (palettes.shape[1] - 1.0), palettes[keys][:, rows], frames[keys], palettes[-1])


def _melted(values: DoubleArray) -> DoubleArray:
    """Returns `values` (R, ENTRIES) blurred along the palette."""
    reach = int(3 * SOFT)
    kernel = np.exp(-0.5 * np.square(np.arange(-reach, reach + 1) / SOFT))
    padded = np.pad(values, ((0, 0), (reach, reach)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, axis=1)
    return np.asarray(windows @ (kernel / kernel.sum()))
