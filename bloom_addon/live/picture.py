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


class Picture:
    """One view's light, `size` in pixels."""

    def __init__(self, size: tuple[int, int]) -> None:
        small = tuple(max(1, -(-side // _HALO)) for side in size)
        self._sums = _gpu.types.GPUOffScreen(*size, format="RGBA32F")
        self._halo = _gpu.types.GPUOffScreen(*small, format="RGBA16F"), _gpu.types.GPUOffScreen(*small, format="RGBA16F")
        self._screen = uploads.full_screen()

    def clear(self) -> None:
        """Begins anew."""
        with self._sums.bind():
            _gpu.state.active_framebuffer_get().clear(color=(0.0, 0.0, 0.0, 0.0))

    @contextmanager
    def gathering(self) -> Iterator[None]:
        """What is drawn inside is added to the light."""
        with self._sums.bind(), _drawing("ADDITIVE_PREMULT"):
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
            shader.uniform_sampler("halo", self._halo[0].texture_color)
            self._fill(shader, self._sums, self._developing(share) | {name: DEVELOPMENT[name] for name in ("shine", "cover")})

    @staticmethod
    def _developing(share: float) -> dict[str, float]:
        return {"share": share, **{name: DEVELOPMENT[name] for name in ("gain", "level", "contrast")}}

    def _pass(self, target: Any, shader: Any, source: Any, constants: Mapping[str, float]) -> None:
        with target.bind():
            shader.bind()
            self._fill(shader, source, constants)

    def _fill(self, shader: Any, source: Any, constants: Mapping[str, float]) -> None:
        for name, value in constants.items():
            shader.uniform_float(name, value)
        shader.uniform_sampler("sums", source.texture_color)
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
