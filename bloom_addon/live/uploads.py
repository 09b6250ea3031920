"""Points and palettes on the GPU. Arrays go over whole: no loop over points in Python."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import gpu
import numpy as np

from bloom_core.point_batches import Batch

from .clouds import RAMP_STEPS, Cloud

_types: Any = gpu.types  # its type stubs know no arrays


@dataclass
class Upload:
    """What of a cloud is on the GPU: its first batch, for it is drawn whenever a view moves, the latest of the further ones, and its palette."""

    batches: dict[bool, tuple[tuple[int, int, int], tuple[Any, int]]] = field(default_factory=dict)
    colors: bytes = b""
    ramp: Any = None

    def batch(self, cloud: Cloud, number: int, count: int) -> tuple[Any, int] | None:
        """Returns a drawable batch and how many points it has; None where the flame cannot be drawn."""
        key = cloud.generation, number, count
        known = self.batches.get(number == 0)
        if known is None or known[0] != key:
            played = cloud.play(number, count)
            if played is None:
                return None
            known = self.batches[number == 0] = key, (drawable_of(played), len(played.position))
        return known[1]

    def palette(self, cloud: Cloud) -> Any:
        """Returns the palette as a texture of RAMP_STEPS × 1."""
        if self.ramp is None or self.colors != cloud.colors:
            values = _types.Buffer("FLOAT", RAMP_STEPS * 4, np.frombuffer(cloud.colors, np.float32))
            self.ramp, self.colors = _types.GPUTexture((RAMP_STEPS, 1), format="RGBA16F", data=values), cloud.colors
        return self.ramp


uploads: dict[int, Upload] = {}
"""By the uid that its cloud has."""


def drawable_of(batch: Batch) -> Any:
    """Returns a GPU batch of points; a vertex buffer per attribute, so that each is one copy."""
    drawable = None
    for name, values, width in (("position", batch.position, 3), ("palette", batch.palette, 1), ("weight", batch.weight, 1)):
        layout = _types.GPUVertFormat()
        layout.attr_add(id=name, comp_type="F32", len=width, fetch_mode="FLOAT")
        buffer = _types.GPUVertBuf(layout, len(values))
        buffer.attr_fill(name, values)
        if drawable is None:
            drawable = _types.GPUBatch(type="POINTS", buf=buffer)
        else:
            drawable.vertbuf_add(buffer)
    return drawable


def full_screen() -> Any:
    """Returns a triangle that covers the whole view."""
    layout = _types.GPUVertFormat()
    layout.attr_add(id="corner", comp_type="F32", len=2, fetch_mode="FLOAT")
    buffer = _types.GPUVertBuf(layout, 3)
    buffer.attr_fill("corner", np.array([(-1, -1), (3, -1), (-1, 3)], np.float32))
    return _types.GPUBatch(type="TRIS", buf=buffer)
