"""What colour each place of a map has: ranks instead of values, so that every part of a map shows its detail.

Scores span many decades, so a map is coloured by rank, as in the notebook of arXiv 2402.06184: converged trainings take the levels −1 (slowest) to
−0.25 (fastest), the others 0.25 (those that fail first) to 1 (those that almost held). Both sides are strongest at the boundary, and between them is
a gap, so that the boundary shows as an edge. Sensitivity is no rank: 0, where contraction ends, stays 0, and `_signed` says how both sides rise.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from bloom_core.palettes import linear_to_srgb, srgb_to_linear
from bloom_core.trainability.experiment import Experiment, MapError
from bloom_core.trainability.glow import glow
from bloom_core.trainability.maps import Map
from bloom_core.trainability.outcomes import COLUMNS

GAP = 0.25
"""Half the gap between the levels of converged trainings and those of the others."""

LAYERS = ("score", "sensitivity")
UNKNOWN = (0.16, 0.16, 0.17)
"""sRGB of what was not measured: sensitivity where a training died at once, scores that are no number."""

NO_ROOT = 255
ENTRIES = 1024
"""Colours that a colour map is looked up in."""

_MOST_KNOTS = 1 << 16
CONVERGED = 0.7
"""The level of sensitivity that converged trainings reach; above it are those that fail."""

_WITHIN = 0.999  # the share of exponents that a side's end is chosen for


@dataclass(frozen=True)
class Colormap:
    """`stops`: sRGB at `places` in [0, 1], from 0, not converged and at the boundary, to 1, converged and at the boundary; straight between them in
    sRGB. `roots`: sRGB colours of the roots of Newton's method, or () to take them from the stops. `glows`: whether many steps to a root are bright
    (so that the boundary is), else dark. `about`: what it is, for people.
    """

    about: str
    stops: tuple[str, ...]
    places: tuple[float, ...]
    roots: tuple[str, ...] = ()
    glows: bool = False


def _even(about: str, text: str, roots: str = "") -> Colormap:
    stops = tuple(text.split())
    return Colormap(about, stops, tuple(index / (len(stops) - 1) for index in range(len(stops))), tuple(roots.split()))


COLORMAPS = MappingProxyType(
    {
        "spectral": _even(
            "ColorBrewer's Spectral, as in the paper: blue where training converges, red where not, dark at the boundary",
            "9e0142 d53e4f f46d43 fdae61 fee08b ffffbf e6f598 abdda4 66c2a5 3288bd 5e4fa2",
            "5e4fa2 f46d43 66c2a5 d53e4f 3288bd fdae61 abdda4 9e0142",
        ),
        "safe": _even(
            "ColorBrewer's PuOr, which colour-blind eyes tell apart: violet where training converges, orange where not",
            "7f3b08 b35806 e08214 fdb863 fee0b6 f7f7f7 d8daeb b2abd2 8073ac 542788 2d004b",
            "0072b2 e69f00 56b4e9 d55e00 009e73 f0e442 cc79a7",  # Okabe and Ito 2008, "Color Universal Design"
        ),
        "bloom": Colormap(
            "black far from the boundary, and glowing at it, to hang beside flowers",
            tuple("fff3dc ffc46b ff6f61 c2255f 5a1247 14060f 000000 000000 06040f 1a1146 4327a8 8158ff 8fb8ff f0f6ff".split()),
            (0.0, 0.012, 0.045, 0.10, 0.18, 0.28, 0.375, 0.625, 0.72, 0.82, 0.90, 0.955, 0.988, 1.0),
            ("8158ff", "ff5f8f", "ffb347", "4f7dff", "d24bff", "f7dd72", "ff8a5c", "5cd6e0"),
            glows=True,
        ),
    }
)
"""The colour maps, by name; the first is the default."""

_SENSITIVITY = Colormap(
    "blue where trainings that start alike come together, red where they part, mauve where they part as failing ones do",
    tuple("a893a6 6d5a70 4a3a4e ffd0a8 ef8a5c b0452a 5a1a10 0a090b 123246 235a7c 3f8fc0 9eb0ff".split()),
    (0.0, 0.075, 0.14, 0.15, 0.225, 0.3, 0.4, 0.5, 0.6, 0.7, 0.82, 1.0),
)


@dataclass(frozen=True)
class Equalization:
    """A rising function from values to levels, straight between knots: `values` and `levels` float64 (n,), the former strictly rising."""

    values: NDArray[np.float64]
    levels: NDArray[np.float64]

    def of(self, values: NDArray[np.float64]) -> NDArray[np.float32]:
        """Returns the levels of `values`, float32 of the same shape; NaN where they are."""
        return np.interp(values, self.values, self.levels).astype(np.float32)


def values_of(found: Map, layer: str = "score") -> NDArray[np.float64]:
    """Returns what a layer colours, float64 of the map's shape. Raises MapError where the map has no such layer."""
    if layer not in LAYERS:
        raise MapError(f"There is no layer {layer!r}; choose one of {', '.join(LAYERS)}")
    if layer == "score" and not _shows_sensitivity(found):
        return found.score
    exponents = None if found.outcomes is None else found.outcomes[..., COLUMNS.index("sensitivity")]
    if exponents is None and _shows_sensitivity(found):  # the score is −1/f or f, f being the factor of which the exponent is the logarithm
        exponents = np.sign(found.score) * np.log(np.abs(found.score))
    if exponents is None or np.isnan(exponents).all():
        raise MapError("This map has no sensitivity: it was made without. Make it again with sensitivity = true in its configuration")
    return exponents


def equalization(found: Map, layer: str = "score") -> Equalization:
    """Returns the equalisation that fits a map: ranks for scores, a curve through 0 for sensitivity. Raises MapError as `values_of` does."""
    values = values_of(found, layer)
    known = values[np.isfinite(values)]
    if layer == "sensitivity" or _shows_sensitivity(found):
        return _signed(known, values[np.isfinite(values) & (found.labels == 1)])
    low, low_levels = _ranks(known[known < 0.0], -1.0, -GAP)
    high, high_levels = _ranks(known[known >= 0.0], GAP, 1.0)
    # Knots on both sides of 0 keep converged and other trainings apart, also in a map that this one's equalisation is lent to.
    inner = np.array([np.nextafter(0.0, -1.0), 0.0])
    low, low_levels = low[low < inner[0]], low_levels[low < inner[0]]
    high, high_levels = high[high > 0.0], high_levels[high > 0.0]
    return Equalization(np.concatenate([low, inner, high]), np.concatenate([low_levels, [-GAP, GAP], high_levels]))


def levels(found: Map, layer: str = "score", equal: Equalization | None = None) -> NDArray[np.float32]:
    """Returns the levels of a map, float32 in [−1, 1] of its shape, NaN where nothing is known; `equal`: that of another map, for films."""
    values = values_of(found, layer)
    shown = np.where(np.isnan(values), np.nan, np.clip(values, np.finfo(np.float64).min, np.finfo(np.float64).max))
    return (equal or equalization(found, layer)).of(shown)


def light(
    found: Map, shown: NDArray[np.float32], colormap: str = "spectral", layer: str = "score", lit: NDArray[np.float32] | None = None
) -> NDArray[np.float32]:
    """Returns the colours of levels of a map in linear light, float32 (…, 3) in [0, 1]. Raises MapError for a colour map that there is not.

    A colour map that `glows` shows the boundary of what `found` has; levels give it the finer shades. `lit`: glow(found.labels), where it is known.
    """
    chosen = colormap_named(colormap)
    if layer == "sensitivity" or _shows_sensitivity(found):
        looked_up = _looked_up(_table(_SENSITIVITY), shown)
    elif isinstance(found.subject, Experiment):
        looked_up = _looked_up(_table(chosen), _glowing(found, shown, lit) if chosen.glows else shown)
    else:
        looked_up = _root_colors(chosen, found.labels, shown)
    unknown = np.isnan(shown)
    if unknown.any():
        looked_up[unknown] = srgb_to_linear(np.array(UNKNOWN))
    return looked_up


def colors(found: Map, colormap: str = "spectral", layer: str = "score") -> NDArray[np.float32]:
    """Returns the colours of a map as they are shown (sRGB), float32 (…, 3) in [0, 1], row 0 at the lowest y as in all arrays of maps.

    `colormap`: one of COLORMAPS; `layer`: one of LAYERS. Sensitivity has a colour map of its own. Raises MapError.
    """
    return linear_to_srgb(light(found, levels(found, layer), colormap, layer).astype(np.float64)).astype(np.float32)


def key_colors(found: Map, colormap: str, layer: str, width: int) -> NDArray[np.float32]:
    """Returns the colours of a colour key `width` pixels long, float32 (width, 3), sRGB; from the lowest level to the highest (Newton: one hue)."""
    if isinstance(found.subject, Experiment):
        signed = layer == "sensitivity" or _shows_sensitivity(found)
        half = width // 2
        shown = np.linspace(-1.0, 1.0, width) if signed else np.concatenate([np.linspace(-1, -GAP, half), np.linspace(GAP, 1, width - half)])
        table = _table(_SENSITIVITY if signed else colormap_named(colormap))
        looked_up = _looked_up(table, shown.astype(np.float32))
    else:
        looked_up = _root_colors(colormap_named(colormap), np.zeros(width, np.uint8), np.linspace(GAP, 1.0, width).astype(np.float32))
    return linear_to_srgb(looked_up.astype(np.float64)).astype(np.float32)


def colormap_named(name: str) -> Colormap:
    """Returns a colour map. Raises MapError for a name that is none."""
    if name not in COLORMAPS:
        raise MapError(f"There is no colour map {name!r}; choose one of {', '.join(COLORMAPS)}")
    return COLORMAPS[name]


def _shows_sensitivity(found: Map) -> bool:
    return isinstance(found.subject, Experiment) and found.subject.score == "sensitivity"


def _signed(known: NDArray[np.float64], converged: NDArray[np.float64]) -> Equalization:
    """Returns the curve for exponents, roots on both sides of 0: on the one down to the strongest contraction (or 1/100 of the other's end), on the
    other up to the strongest chaos of converged trainings, at the level CONVERGED, and on in logarithms to the strongest of all.
    """
    share = np.linspace(0.0, 1.0, 65)
    low, middle, top = (_end(side[side > 0.0]) for side in (-known, converged, known))
    low, top = max(low, 0.01 * middle), max(top, 2.0 * middle)
    values = [-low * share[:0:-1] ** 2, middle * share**2, middle * (top / middle) ** share[1:]]
    return Equalization(np.concatenate(values), np.concatenate([-share[:0:-1], CONVERGED * share, CONVERGED + (1.0 - CONVERGED) * share[1:]]))


def _end(side: NDArray[np.float64]) -> float:
    return max(float(np.quantile(side, _WITHIN)) if side.size else 0.0, 1e-9)


def _ranks(values: NDArray[np.float64], low: float, high: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns the distinct values and their levels from `low` to `high`: equal values share their middle rank."""
    distinct, counts = np.unique(values, return_counts=True)
    if not len(distinct):
        return distinct, np.empty(0)
    last = np.cumsum(counts) - 1
    middle = last - 0.5 * (counts - 1)
    ranked = low + (high - low) * (middle / max(len(values) - 1, 1) if len(values) > 1 else np.array([0.5]))
    if len(distinct) > _MOST_KNOTS:
        kept = np.linspace(0, len(distinct) - 1, _MOST_KNOTS).astype(np.int64)
        return distinct[kept], ranked[kept]
    return distinct, ranked


def _srgb(stops: tuple[str, ...]) -> NDArray[np.float64]:
    return np.array([[int(stop[at : at + 2], 16) / 255.0 for at in (0, 2, 4)] for stop in stops])


def _table(colormap: Colormap) -> NDArray[np.float32]:
    """Returns the colour map in linear light, float32 (ENTRIES, 3), from place 0 to 1."""
    places = np.linspace(0.0, 1.0, ENTRIES)
    shown = np.stack([np.interp(places, colormap.places, channel) for channel in _srgb(colormap.stops).T], axis=1)
    return srgb_to_linear(shown).astype(np.float32)


def _looked_up(table: NDArray[np.float32], shown: NDArray[np.float32]) -> NDArray[np.float32]:
    places = np.nan_to_num((1.0 - shown) * 0.5 * (ENTRIES - 1) + 0.5)
    return table[np.clip(places.astype(np.int32), 0, ENTRIES - 1)]


def _glowing(found: Map, shown: NDArray[np.float32], lit: NDArray[np.float32] | None) -> NDArray[np.float32]:
    """Returns levels that are large at the boundary, and a little larger where the given ones are."""
    own = (np.abs(shown) - GAP) / (1.0 - GAP)
    size = GAP + (1.0 - GAP) * (glow(found.labels) if lit is None else lit) * (0.72 + 0.28 * own)
    return np.where(found.labels == 1, -size, size).astype(np.float32)


def _root_colors(colormap: Colormap, labels: NDArray[np.uint8], shown: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns a hue for each root, shaded by how many steps led to it; black where none did."""
    hues = srgb_to_linear(_srgb(colormap.roots)).astype(np.float32)
    share = np.nan_to_num((shown - GAP) / (1.0 - GAP))[..., None]
    shaded: NDArray[np.float32] = hues[labels % len(hues)]
    if colormap.glows:
        white = np.clip((share - 0.85) / 0.15, 0.0, 1.0) ** 2
        shaded = (shaded * (1.0 - white) + white) * share**5
    else:
        shaded = shaded * (1.0 - 0.93 * share)
    shaded[labels == NO_ROOT] = 0.0
    return shaded.astype(np.float32)
