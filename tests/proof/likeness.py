"""How alike two pictures are, and the bar: as alike as a program's own two pictures of one flame, but for a little."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.metrics import structural_similarity

SSIM_BELOW, DIFFERENCE_ABOVE = 0.02, 1.5

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Likeness:
    """`ssim`: structural similarity (Wang et al. 2004) of 8-bit RGB; `difference`: mean absolute difference in levels of 255."""

    ssim: float
    difference: float

    def within(self, own: Likeness) -> bool:
        """Says whether this is as good as `own`, by the bar."""
        return self.ssim >= own.ssim - SSIM_BELOW and self.difference <= own.difference + DIFFERENCE_ABOVE


def likeness(a: Picture, b: Picture) -> Likeness:
    """Compares two uint8 pictures (height, width, 3)."""
    ssim: Any = structural_similarity(a, b, channel_axis=2)
    return Likeness(float(ssim), float(np.abs(a.astype(np.float64) - b).mean()))


def row(name: str, found: Likeness, own: Likeness) -> str:
    """Returns a line of the table."""
    verdict = "ok" if found.within(own) else "NOT WITHIN THE BAR"
    return f"{name:<22}{found.ssim:>9.4f}{own.ssim:>9.4f}{found.difference:>12.3f}{own.difference:>9.3f}   {verdict}"


HEAD = f"{'':<22}{'SSIM':>9}{'own':>9}{'difference':>12}{'own':>9}"
