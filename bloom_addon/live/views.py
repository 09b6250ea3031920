"""One 3D viewport's live picture: light gathered batch by batch in a float buffer, begun anew when anything in it moves."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gpu
from mathutils import Matrix, Vector

from .. import compat
from . import shaders, uploads
from .clouds import RAMP_STEPS, Cloud
from .picture import Picture

STEPS = 96
"""Batches at most in an idle picture: with more, single ones no longer show."""


@dataclass(frozen=True)
class Shown:
    """A bloom as a view shows it."""

    uid: int
    cloud: Cloud
    world: Matrix
    box: tuple[Vector, Vector]
    points: int
    refined: int
    size: float
    in_front: bool

    def key(self) -> tuple[Any, ...]:
        """Returns all that the gathered light depends on."""
        cloud = self.cloud
        return self.uid, cloud.generation, cloud.colors, cloud.strength, _numbers(self.world), self.points, self.refined, self.size, self.in_front


class View:
    """The picture of one region. `steps` of `wanted` batches are in it; `due`: the next redraw shall add one."""

    def __init__(self) -> None:
        self.key: tuple[Any, ...] = ()
        self.steps = self.wanted = 0
        self.due = False
        self.changed = 0.0
        self.seconds = 0.0
        self._size = (0, 0)
        self._picture: Any = None
        self._depth: Any = None
        self._occluders: Any = None
        self._moment = -1

    @property
    def finished(self) -> bool:
        """True where nothing is left to refine."""
        return self.steps >= self.wanted

    def draw(self, region: Any, region_data: Any, shown: Sequence[Shown], moment: int) -> None:
        """Gathers what is missing and draws the picture over the view. `moment` changes with whatever may move in the scene."""
        begin = time.perf_counter()
        size = (region.width, region.height)
        key = (size, _numbers(region_data.perspective_matrix), tuple(one.key() for one in shown))
        moved = key != self.key
        if moved or moment != self._moment:
            before = self._occluders
            self._read_depth(size)
            # Selecting or renaming something shall not start the picture anew.
            moved = moved or before is None or not compat.same_values(before, self._occluders)
        if moved:
            self._begin(size, key, shown)
            self._gather(region_data, shown)
        elif self.due and not self.finished:
            self._gather(region_data, shown)
        self.due, self._moment = False, moment
        self._picture.draw(1.0 / max(self.steps, 1))
        self.seconds = time.perf_counter() - begin

    def _begin(self, size: tuple[int, int], key: tuple[Any, ...], shown: Sequence[Shown]) -> None:
        if self._picture is None or self._size != size:
            self._picture, self._size = Picture(size), size
        self.key, self.steps, self.changed = key, 0, time.perf_counter()
        self.wanted = min(max(math.ceil(one.refined / one.points) for one in shown), STEPS)
        self._picture.clear()

    def _read_depth(self, size: tuple[int, int]) -> None:
        self._occluders = gpu.state.active_framebuffer_get().read_depth(0, 0, *size)
        self._depth = gpu.types.GPUTexture(size, format="R32F", data=self._occluders)

    def _gather(self, region_data: Any, shown: Sequence[Shown]) -> None:
        """Adds one batch of every bloom."""
        shader = shaders.points()
        with self._picture.gathering():
            shader.bind()
            for one in shown:
                self._add(shader, region_data, one)
        self.steps += 1
        self._picture.make_halo(1.0 / self.steps)

    def _add(self, shader: Any, region_data: Any, one: Shown) -> None:
        upload = uploads.uploads.setdefault(one.uid, uploads.Upload())
        count = one.points if self.steps == 0 else max(1, min(one.points, round(one.refined / self.wanted)))
        batch = upload.batch(one.cloud, self.steps, count)
        if batch is None:
            return
        drawable, plotted = batch
        to_clip = region_data.perspective_matrix @ one.world
        middle = to_clip @ ((one.box[0] + one.box[1]) * 0.5).to_4d()
        scale = abs(one.world.to_3x3().determinant()) ** (1.0 / 3.0)
        shader.uniform_float("to_clip", to_clip)
        shader.uniform_float("middle", max(middle.w, 1e-3))
        shader.uniform_float("point_size", max(one.size * (self.steps + 1) ** -0.25, min(one.size, 1.4)))
        shader.uniform_float("pixels", 0.5 * self._size[1] * region_data.window_matrix[1][1] * scale)
        shader.uniform_float("strength", one.cloud.strength / plotted)
        shader.uniform_float("ramp_steps", float(RAMP_STEPS))
        shader.uniform_float("in_front", 2.0 if one.in_front else 0.0)
        shader.uniform_sampler("ramp", upload.palette(one.cloud))
        shader.uniform_sampler("depth", self._depth)
        drawable.draw(shader)


def _numbers(matrix: Matrix) -> tuple[float, ...]:
    return tuple(matrix[row][column] for row in range(4) for column in range(4))
