"""Palettes over time: colours that the words (or parts) of a network move while it learns.

`ramp` is the default one, in the flower's own colours; `candidates` gives several to choose from, `chosen` one of them by its name. A ramp's last key
is the design's own palette, or, where it has one, its `base`.
"""

from __future__ import annotations

from .choices import Candidate, candidate, candidates, chosen, methods, names, wanted
from .color_ramp import ENTRIES, KEYS, STOPS, Ramp, exposure, fewest_stops, merged, stops
from .design_ramp import CHROMA, HUE, LIGHTNESS, displace, ramp
from .oklab import linear_to_srgb, srgb_to_linear, to_oklab, to_srgb
from .swatches import swatch

__all__ = [
    "CHROMA",
    "ENTRIES",
    "HUE",
    "KEYS",
    "LIGHTNESS",
    "STOPS",
    "Candidate",
    "Ramp",
    "candidate",
    "candidates",
    "chosen",
    "displace",
    "exposure",
    "fewest_stops",
    "linear_to_srgb",
    "merged",
    "methods",
    "names",
    "ramp",
    "srgb_to_linear",
    "stops",
    "swatch",
    "to_oklab",
    "to_srgb",
    "wanted",
]
