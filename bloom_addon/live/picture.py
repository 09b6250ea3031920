"""The float buffer that a view's light is gathered in, and how it is developed: logarithm, halo, film's shoulder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import gpu

from . import shaders, uploads

_gpu: Any = gpu  # its type stubs lag behind Blender

DEVELOPMENT: Mapping[str, float] = {"gain": 160.0, "level": 0.29, "contrast": 2.0, "shine": 0.18, "cover": 1.2}
"""By eye, beside Cycles' glow of the same flowers: lift of the faint, brightness, contrast, strength of the halo, how well light hides the rest."""

_HALO = 8
"""The halo is made at this fraction of the view's size (as written in its shaders)."""


class _Buffer:
    """A texture that can be drawn into. (Making a GPUOffScreen meanwhile would, up to 5.0, take the viewport's own buffer away.)"""

    def __init__(self, size: tuple[int, int], kind: str) -> None:
        self.texture = _gpu.types.GPUTexture(size, format=kind)
        self.frame = _gpu.types.GPUFrameBuffer(color_slots=self.texture)


class Picture:
    """One view's light, `size` in pixels."""

    def __init__(self, size: tuple[int, int]) -> None:
        small = max(1, -(-size[0] // _HALO)), max(1, -(-size[1] // _HALO))
        self._sums = _Buffer(size, "RGBA32F")
        self._halo = _Buffer(small, "RGBA16F"), _Buffer(small, "RGBA16F")
        self._screen = uploads.full_screen()

    def clear(self) -> None:
        """Begins anew."""
        with self._sums.frame.bind():
            self._sums.frame.clear(color=(0.0, 0.0, 0.0, 0.0))

    @contextmanager
    def gathering(self) -> Iterator[None]:
        """What is drawn inside is added to the light."""
        with self._sums.frame.bind(), _drawing("ADDITIVE_PREMULT"):
            yield

    def make_halo(self, share: float) -> None:
        """Makes the halo of what was gathered, of which every value counts `share`."""
        across, up = self._halo
        with _drawing("NONE"):
            self._pass(across, shaders.shrink(), self._sums, self._developing(share))
            self._pass(up, shaders.blur(), across, {"upright": 0.0})
            self._pass(across, shaders.blur(), up, {"upright": 1.0})

    def draw(self, share: float) -> None:
        """Draws the picture into the view that is being drawn."""
        shader = shaders.picture()
        with _drawing("ALPHA_PREMULT"):
            shader.bind()
            shader.uniform_sampler("halo", self._halo[0].texture)
            self._fill(shader, self._sums, self._developing(share) | {name: DEVELOPMENT[name] for name in ("shine", "cover")})

    @staticmethod
    def _developing(share: float) -> dict[str, float]:
        return {"share": share, **{name: DEVELOPMENT[name] for name in ("gain", "level", "contrast")}}

    def _pass(self, target: _Buffer, shader: Any, source: _Buffer, constants: Mapping[str, float]) -> None:
        with target.frame.bind():
            shader.bind()
            self._fill(shader, source, constants)

    def _fill(self, shader: Any, source: _Buffer, constants: Mapping[str, float]) -> None:
        for name, value in constants.items():
            shader.uniform_float(name, value)
        shader.uniform_sampler("sums", source.texture)
        self._screen.draw(shader)


@contextmanager
def _drawing(blend: str) -> Iterator[None]:
    """Sets what drawing here needs of the GPU's state, and gives back what was there."""
    state = _gpu.state
    before: tuple[tuple[Callable[..., None], Any], ...] = (
        (state.blend_set, state.blend_get()),
        (state.depth_test_set, state.depth_test_get()),
        (state.depth_mask_set, state.depth_mask_get()),
    )
    state.blend_set(blend)
    state.depth_test_set("NONE")
    state.depth_mask_set(False)
    state.program_point_size_set(True)
    try:
        yield
    finally:
        state.program_point_size_set(False)
        for restore, value in before:
            restore(value)
