"""An animation: what growth makes and Blender's keyframes hold. Curves of a flame's parameters over frames, and a palette ramp."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bloom_core.flames.flame import Flame, Xform
from bloom_core.growth.bezier_keys import Keys
from bloom_core.palettes import Ramp

DoubleArray = NDArray[np.float64]
SCALARS = ("weight", "opacity", "color")
AFFINES = ("pre", "post")


@dataclass(frozen=True)
class Channel:
    """One parameter of a flame.

    `xform`: index of the xform, `len(flame.xforms)` for the final one; `field`: weight, opacity, color, pre or post; `index`: 0 for the
    scalars, 0 … 11 row-major in the (3, 4) affine.
    """

    xform: int
    field: str
    index: int = 0


@dataclass(frozen=True)
class Drive:
    """Xform number `xform` (the final one's is the number of the others) is moved by `part` of the network, None for the whole, `strength` times."""

    xform: int
    part: str | None = None
    strength: float = 1.0


@dataclass(frozen=True)
class Marker:
    """A named frame of the timeline."""

    frame: int
    name: str


def read_channel(flame: Flame, channel: Channel) -> float:
    """Returns the value a flame has in a channel. Raises IndexError for an xform that is not there."""
    xform = flame.xform(channel.xform)
    if channel.field in SCALARS:
        return float(getattr(xform, channel.field))
    return float(getattr(xform, channel.field).flat[channel.index])


def with_values(flame: Flame, channels: Sequence[Channel], values: DoubleArray) -> Flame:
    """Returns the flame with `values` float64 (C,) in its C `channels`."""
    for number in sorted({channel.xform for channel in channels}):
        xform = flame.xform(number)
        changed: dict[str, float | DoubleArray] = {name: getattr(xform, name).copy() for name in AFFINES}
        for channel, value in zip(channels, values, strict=True):
            if channel.xform == number and channel.field in SCALARS:
                changed[channel.field] = float(value)
            elif channel.xform == number:
                np.asarray(changed[channel.field]).flat[channel.index] = value
        flame = flame.with_xform(number, _replaced(xform, changed))
    return flame


def _replaced(xform: Xform, fields: dict[str, float | DoubleArray]) -> Xform:
    return replace(xform, **fields)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Animation:
    """Parameter curves over F consecutive frames, of a flame with C channels.

    `flame`: the open design; `values` float64 (F, C); `ramp`: palette over time; `markers`: epochs; `steps` int64 (F,): row of the trajectory
    each frame shows; `guard` float64 (F,) in [0, 1]: how much of the frame's displacement was kept (1: all of it).
    `keys`: the same curves as few Bézier keys, one `Keys` a channel, or None for a key on every frame; `drives`: which part of the network moves
    which xform; `flutter` float64 (F, C): how much of `values` is the trembling of late training, in the affines before the variations (0 in all
    other channels), or None where it was not told apart.
    """

    flame: Flame
    frame_start: int
    channels: tuple[Channel, ...]
    values: DoubleArray
    ramp: Ramp
    markers: tuple[Marker, ...]
    steps: NDArray[np.int64]
    guard: DoubleArray
    keys: tuple[Keys, ...] | None = None
    drives: tuple[Drive, ...] = ()
    flutter: DoubleArray | None = None

    @property
    def frame_end(self) -> int:
        """The last frame."""
        return self.frame_start + len(self.values) - 1

    def at(self, frame: int) -> Flame:
        """Returns the flame at a frame, with that frame's palette; before the first and after the last frame it stands still."""
        row = min(max(frame - self.frame_start, 0), len(self.values) - 1)
        flame = with_values(self.flame, self.channels, self.values[row])
        return replace(flame, palette=self.ramp.palette(flame.palette, frame))
