"""How bright a flame's file wants it, as a picture maker with a film exposure would set it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bloom_core.flames.flame import View
from bloom_core.palettes import srgb_to_linear

_USUAL = View()  # flam3's brightness and gamma, at which a glow stands as Bloom makes it
_SRGB = 2.2  # the screen's own gamma, near enough
_STOPS, _CONTRAST = 3.0, (0.5, 2.0)  # how far a file may take the light


@dataclass(frozen=True)
class Look:
    """`exposure` in stops; `contrast` times the usual one; `background` float (3,) in linear light."""

    exposure: float
    contrast: float
    background: tuple[float, float, float]


def look_of(view: View) -> Look:
    """Returns how a flame's `brightness`, `gamma` and `background` stand to the usual ones.

    A flame shows (brightness · log density) ^ (1 / gamma) on the screen, which in linear light is a power of 2.2 / gamma: so much of a change
    in brightness is seen, and a higher gamma flattens the contrast (Draves and Reckase, 2003, §6).
    """
    gamma = max(view.gamma, 0.1)
    exposure = _SRGB / gamma * math.log2(max(view.brightness, 1e-3) / _USUAL.brightness)
    red, green, blue = srgb_to_linear(np.clip(np.array(view.background, np.float64), 0.0, 1.0)).tolist()
    low, high = _CONTRAST
    return Look(min(max(exposure, -_STOPS), _STOPS), min(max(_USUAL.gamma / gamma, low), high), (red, green, blue))
