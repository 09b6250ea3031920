"""Where the strip lies in a region of the 3D viewport, in pixels: at the bottom, between what overlaps the view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy

from bloom_core.reports import strip

HEIGHT, HEAD, FOOT, PAD, GAP = 90, 24, 11, 8, 6
"""Height of the strip, of its line of text and of its ticks' feet, space at its sides and around it, in units of the interface."""

LEAST_WIDTH = 240
NEAR = 7
"""So many units from an event's tick a pointer still means that event."""


@dataclass(frozen=True)
class Place:
    """The strip's rectangle; `scale`: pixels per unit of the interface."""

    left: int
    bottom: int
    width: int
    height: int
    scale: float

    @property
    def plot(self) -> tuple[float, float, float, float]:
        """Left, bottom, width and height of the curves."""
        pad = PAD * self.scale
        return self.left + pad, self.bottom + FOOT * self.scale, self.width - 2.0 * pad, self.height - (FOOT + HEAD) * self.scale

    def holds(self, x: float, y: float) -> bool:
        """Says whether a point of the region lies on the strip."""
        return self.left <= x <= self.left + self.width and self.bottom <= y <= self.bottom + self.height

    def share(self, x: float) -> float:
        """Returns the share of the run at a point, 0 … 1."""
        left, _, width, _ = self.plot
        return min(max((x - left) / width, 0.0), 1.0)

    def x(self, row: int, count: int) -> float:
        """Returns where a step stands."""
        left, _, width, _ = self.plot
        return left + width * strip.share_of(row, count)

    @property
    def reach(self) -> float:
        """How far from a tick it is still meant, as a share of the run."""
        return NEAR * self.scale / self.plot[2]


def place(context: bpy.types.Context) -> Place | None:
    """Returns where the strip lies in the context's region, None where there is no room for it (or it is one of four views)."""
    region: Any = context.region
    area: Any = context.area
    space: Any = context.space_data
    scale = context.preferences.system.ui_scale
    if region is None or area is None or len(space.region_quadviews):
        return None
    left, right, bottom, top = region.x, region.x + region.width, region.y, region.y + region.height
    for other in area.regions:
        over = other.width > 1 and other.height > 1 and other.x < right and other.x + other.width > left and other.y < top
        if other.type == "WINDOW" or not over or other.y + other.height <= bottom:
            continue
        if other.alignment == "LEFT":
            left = max(left, other.x + other.width)
        elif other.alignment == "RIGHT":
            right = min(right, other.x)
        elif other.alignment == "BOTTOM":
            bottom = max(bottom, other.y + other.height)
    gap, height = round(GAP * scale), round(HEIGHT * scale)
    width = right - left - 2 * gap
    if width < LEAST_WIDTH * scale or top - bottom < 2 * height:
        return None
    return Place(left + gap - region.x, bottom + gap - region.y, width, height, scale)
