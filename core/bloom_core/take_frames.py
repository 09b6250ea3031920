"""The frames of takes: what one is baked with, the key that names it by its content, and the baking of one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bloom_core import native
from bloom_core.flames.flame import Flame
from bloom_core.flames.flame_buffer import pack
from bloom_core.native import Box, Points, Progress
from bloom_core.take_files import TakeError
from bloom_core.take_points import velocity, write_point_frame

FORMAT = 1
RENDERING = 3
"""Goes up whenever the renderer gives other bytes for the same flame and settings (tests/core/test_rendering.py notices), so that frames of
an older renderer are not taken for its own."""


_POINT = 1e-4
"""A cloud smaller than this, in flame units, has collapsed to a point."""


@dataclass(frozen=True)
class BakeSettings:
    """What a volume's frame is baked with, besides its flame: `samples` iterations into `resolution` voxels along the box's longest side.

    `gain`, `filter_radius` (voxels), `fade` (share of the box) and `estimator` (radius of density estimation in voxels, 0 for none) as
    in `native`. `color`: also the exact colours, as the grid `Cd`. `half`: half floats, which halve the file.
    """

    box: Box
    samples: int
    resolution: int
    gain: float
    filter_radius: float = 1.0
    fade: float = 0.1
    estimator: float = 0.0
    seed: int = 0
    color: bool = False
    half: bool = True


@dataclass(frozen=True)
class PointSettings:
    """What a point cloud's frame is baked with, besides its flame and its neighbours': `count` points of the chaos game that `seed` starts."""

    count: int
    seed: int = 0


Settings = BakeSettings | PointSettings


def kind_of(settings: Settings) -> str:
    """Returns volume or points."""
    return "points" if isinstance(settings, PointSettings) else "volume"


def suffix(kind: str) -> str:
    """Returns how the files of a kind of take end."""
    return ".ply" if kind == "points" else ".vdb"


def described(settings: Settings) -> dict[str, Any]:
    """Returns the settings as a take keeps them. Settings that came later are only named where they are in use: older takes stay good."""
    told = asdict(settings)
    for name, unused in (("color", False), ("half", True)):
        if told.get(name) is unused:
            del told[name]
    return told


def frame_key(flame: Flame, settings: BakeSettings) -> str:
    """Returns the hash of all that a volume's frame depends on. The palette is not among it (but with `color`): colours never need a bake.

    Raises FlameError.
    """
    digest = hashlib.sha256(f"bloom frame {FORMAT} {RENDERING} {json.dumps(described(settings), sort_keys=True)}".encode())
    digest.update(_packed(flame))
    if settings.color:
        digest.update(np.ascontiguousarray(flame.palette, "<f8").tobytes())
    return digest.hexdigest()[:32]


def frame_keys(flames: Sequence[Flame], settings: Settings) -> list[str]:
    """Returns the key of each frame. A frame of points depends on its neighbours too: they are where its points come from and go to.

    Raises TakeError naming the frame whose flame cannot be used.
    """
    keys, buffers = [], []
    for number, flame in enumerate(flames, 1):
        try:
            if isinstance(settings, BakeSettings):
                keys.append(frame_key(flame, settings))
            else:
                buffers.append(_packed(flame))
        except ValueError as error:
            raise TakeError(f"frame {number} of the range: {error}") from error
    for index in range(len(buffers)):
        digest = hashlib.sha256(f"bloom points {FORMAT} {RENDERING} {json.dumps(described(settings), sort_keys=True)}".encode())
        for neighbour in (index - 1, index, index + 1):
            digest.update(buffers[neighbour] if 0 <= neighbour < len(buffers) else b"none")
        keys.append(digest.hexdigest()[:32])
    return keys


def _packed(flame: Flame) -> bytes:
    return np.ascontiguousarray(pack(flame), "<f8").tobytes()


@dataclass
class FrameBaker:
    """Bakes frames of one timeline, one at a time; clouds of neighbours are kept for the next frame."""

    flames: Sequence[Flame]
    settings: Settings
    threads: int = 0
    _clouds: dict[int, Points] = field(default_factory=dict)

    def bake(self, index: int, path: Path, progress: Progress | None) -> None:
        """Writes frame `index` of the timeline to `path`. Raises TakeError, NativeError, Cancelled, OSError."""
        if isinstance(self.settings, PointSettings):
            self._bake_points(index, path, self.settings, progress)
        else:
            self._bake_volume(index, path, self.settings, progress)

    def _bake_volume(self, index: int, path: Path, settings: BakeSettings, progress: Progress | None) -> None:
        with native.accumulate(
            self.flames[index],
            settings.samples,
            settings.box,
            settings.resolution,
            filter_radius=settings.filter_radius,
            fade=settings.fade,
            color=settings.color,
            seed=settings.seed,
            threads=self.threads,
            progress=progress,
        ) as grid:
            if _is_a_point(grid):
                raise TakeError(f"frame {index + 1} of the range: the flame collapses to a point. Change its affines, or grow it anew.")
            if settings.estimator:
                grid.estimate(settings.estimator, threads=self.threads)
            grid.write_vdb(path, gain=settings.gain, half=settings.half)

    def _bake_points(self, index: int, path: Path, settings: PointSettings, progress: Progress | None) -> None:
        wanted = [number for number in (index, index - 1, index + 1) if 0 <= number < len(self.flames)]
        self._clouds = {number: cloud for number, cloud in self._clouds.items() if number in wanted}
        for number in wanted:
            if number not in self._clouds:
                cloud = native.points(self.flames[number], settings.count, seed=settings.seed, threads=self.threads, progress=progress)
                self._clouds[number] = cloud
        cloud = self._clouds[index]
        if _is_one_place(cloud):
            raise TakeError(f"frame {index + 1} of the range: the flame collapses to a point. Change its affines, or grow it anew.")
        write_point_frame(path, cloud, velocity(cloud, self._clouds.get(index - 1), self._clouds.get(index + 1)))


def _is_one_place(cloud: Points) -> bool:
    """Says whether all points lie together. Nearly always the first and the last say that they do not."""
    ends = cloud.position[:: max(len(cloud.position) - 1, 1)]
    return len(ends) > 1 and all(bool(np.ptp(places, axis=0).max() < _POINT) for places in (ends, cloud.position))


def _is_a_point(grid: native.Grid) -> bool:
    """Says whether all hits lie in one voxel, or in its neighbours, into which the filter spreads them."""
    if not 1 <= grid.leaf_count <= 8:
        return False
    leaf, x, y, z = np.nonzero(grid.mask())
    return bool((np.ptp(grid.origins()[leaf] + np.stack([x, y, z], axis=1), axis=0) <= 2).all())
