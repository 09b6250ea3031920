"""Small pictures of flowers for lists, icons and breeding grids, all seen from the same place: a little above, as a flower on a table is.

The package holds one of each of its designs, `flowers/NAME.png`; `python -m bloom_core.thumbnails [NAME ...]` renders them anew.
"""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bloom_core import native
from bloom_core.designs import Design, design, designs
from bloom_core.flames.flame import Flame, View
from bloom_core.images import image, image_files

SIZE = 192
"""Pixels on a side of the packaged ones."""

PITCH = math.radians(56.0)
"""How far the view is tilted from straight above."""

_PERSPECTIVE = 0.35  # of the flower's own size: petals in front are a little larger
_SEEN = 0.965  # this share of the light lies within the picture's middle
_FILLS = 0.9  # which is this much of its side
_SAMPLE = 1 << 15

QUALITY, PACKAGED_QUALITY = 120.0, 1500.0
"""Samples per pixel: quick, for children as they are bred; and free of grain, for the packaged ones."""


def thumbnail(flame: Flame | Design, size: int = 128, quality: float = QUALITY) -> NDArray[np.float32]:
    """Returns a picture float32 (size, size, 4) in [0, 1], sRGB, the top row first; opaque, black around the flower.

    Of a design, its open flower. Opacities are scaled so that the brightest xform's is 1: a bud, which growth keeps dark, is seen as well.
    `quality`: samples per pixel; 20 ms at the default ones.
    Raises NativeError for a flame that diverges, FlameError for one that cannot be packed.
    """
    shown = lit(flame.open if isinstance(flame, Design) else flame)
    view = camera(shown, size)
    rendering = replace(shown.rendering, supersample=1, estimator_radius=4.0, estimator_minimum=0.0, estimator_curve=0.5, filter=0.6, curves=None)
    picture = image.render(replace(shown, view=view, rendering=rendering), quality=quality)
    pixels = np.ascontiguousarray(picture.pixels[:, ::-1])  # Ember's camera sees mirrored what Blender's sees: its y points down
    pixels[..., 3] = 1.0
    return pixels


def packaged(name: str) -> Path:
    """Returns the file of a design's packaged thumbnail, a PNG of SIZE pixels; it need not be there."""
    return Path(str(resources.files(__package__) / "flowers" / f"{name}.png"))


def main() -> None:
    """Renders the thumbnails of designs of the package into it: of those that are named, or of all."""
    for name in sys.argv[1:] or designs():
        image_files.write_picture(packaged(name), thumbnail(design(name), SIZE, PACKAGED_QUALITY))


def lit(flame: Flame) -> Flame:
    """Returns a flame of which the brightest xform's opacity is 1, the others in proportion; one that is all dark as it is."""
    brightest = max((xform.opacity for xform in flame.xforms), default=0.0)
    if brightest <= 0.0:
        return flame
    return replace(flame, xforms=tuple(replace(xform, opacity=xform.opacity / brightest) for xform in flame.xforms))


def camera(flame: Flame, size: int) -> View:
    """Returns Ember's camera on the flame, from where Blender's front view is: tilted by PITCH and as near as the light of the flower allows."""
    cloud = native.points(flame, _SAMPLE, threads=1)
    position, weight = cloud.position.astype(np.float64), cloud.weight.astype(np.float64)
    if not weight.any():
        position, weight = np.array([[-1.0, -1.0, -1.0], [1.0, 1.0, 1.0]]), np.ones(2)
    height = float(np.average(np.clip(position[:, 2], -10.0, 10.0), weights=weight))
    across = -position[:, 0]
    down = -position[:, 1] * math.cos(PITCH) - (position[:, 2] - height) * math.sin(PITCH)
    limits = [_between(axis, weight) for axis in (across, down)]
    center = tuple((low + high) / 2.0 for low, high in limits)
    reach = max(max(high - low for low, high in limits) / 2.0, 1e-3)
    return View(
        size=(size, size), center=(center[0], center[1]), scale=_FILLS * size / (2.0 * reach), cam_yaw=math.pi, cam_pitch=PITCH,
        cam_zpos=height, cam_persp=_PERSPECTIVE / (2.0 * reach), brightness=flame.view.brightness, gamma=flame.view.gamma,
        gamma_threshold=flame.view.gamma_threshold, vibrancy=flame.view.vibrancy, highlight_power=flame.view.highlight_power,
    )  # fmt: skip


def _between(values: NDArray[np.float64], weight: NDArray[np.float64]) -> tuple[float, float]:
    """Returns the two values between which the middle _SEEN of the weight lies."""
    order = np.argsort(values)
    share = np.cumsum(weight[order]) / weight.sum()
    low, high = np.searchsorted(share, [(1.0 - _SEEN) / 2.0, (1.0 + _SEEN) / 2.0])
    return float(values[order[low]]), float(values[order[min(int(high), len(order) - 1)]])


if __name__ == "__main__":
    main()
