"""Flames as pictures: Ember's camera, log density, density estimation, filter and gamma (Draves and Reckase, 2003; flam3 3.1.1; Ember 25)."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bloom_core import library, native
from bloom_core.flames.flame import Flame, FloatArray
from bloom_core.images import spatial_filters
from bloom_core.native import NativeError, Progress, Statistics

PALETTE_ENTRIES = 1024
"""Steps in which hits read the palette (kPaletteEntries in core/native/kernel.h)."""

DEFAULT_CURVE = ((0.0, 0.0, 1.0), (0.0, 0.0, 1.0), (1.0, 1.0, 1.0), (1.0, 1.0, 1.0))
"""One of the four `curves` as Ember 1.0.0.14 writes it where nobody touched it."""

_NO_CAMERA: Mapping[str, Any] = dict.fromkeys(("cam_yaw", "cam_pitch", "cam_persp", "cam_zpos", "cam_dof"), 0.0)  # flam3 knows none

_ITERATING = 0.9  # the share of the progress that goes to iterating


@dataclass(frozen=True)
class Moment:
    """A flame at one moment of the shutter: `weight` in [0, 1] is what the temporal filter gives it."""

    flame: Flame
    weight: float = 1.0


@dataclass(frozen=True)
class Picture:
    """`pixels` float32 (height, width, 4): red, green, blue, alpha in [0, 1], as they are shown (sRGB); the top row first.

    Without a background (`transparent`) the colours are multiplied by alpha.
    """

    pixels: NDArray[np.float32]
    statistics: Statistics


def render(
    flame: Flame | Sequence[Moment],
    *,
    quality: float | None = None,
    scale: float = 1.0,
    seed: int = 0,
    threads: int = 0,
    double: bool = False,
    transparent: bool = False,
    progress: Progress | None = None,
) -> Picture:
    """Renders a flame, or several moments of one for motion blur, as its `view` and `rendering` say: those of the one in the middle.

    `quality`: samples per pixel in place of the flame's own; `scale`: of the picture's size, with what is in it. The same flame and seed
    give the same pixels for any number of threads. Raises NativeError (diverging flame, no memory, a size that cannot be), FlameError
    (a flame that cannot be packed), Cancelled.
    """
    moments = [Moment(flame)] if isinstance(flame, Flame) else list(flame)
    if not moments or not scale > 0:
        raise NativeError("there is nothing to render: no flame, or a scale that is not above 0")
    shown = moments[len(moments) // 2].flame
    width, height = (max(1, round(side * scale)) for side in shown.view.size)
    rendering = shown.rendering
    supersample = max(int(rendering.supersample), 1)
    weights = spatial_filters.weights(rendering.filter_shape, max(rendering.filter, 0.0), supersample)
    radius = max(rendering.estimator_radius, 0.0) * supersample
    gutter = max((len(weights) - supersample) // 2, 0) + math.ceil(radius)
    per_pixel = rendering.quality if quality is None else quality
    if not 0 < per_pixel < 1e9:
        raise NativeError(f"a quality of {per_pixel:g} samples per pixel cannot be rendered; it must lie above 0 and below 1e9")
    samples = per_pixel * 4.0**shown.view.zoom * width * height
    if not 1 <= samples < 2.0**40:
        raise NativeError(f"quality, size and zoom ask for {samples:.3g} samples; at most 2^40 can be played: lower one of them")
    with _Image(width, height, supersample, gutter) as image:
        total = Statistics(0, 0, 0, 0)
        for index, moment in enumerate(moments):
            part = _part(progress, _ITERATING * index / len(moments), _ITERATING / len(moments))
            play = library.RawPlay((seed + index * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF, threads, int(double))
            own = image.accumulate(moment, play, scale, math.ceil(samples / len(moments)), part)
            total = Statistics(*(a + b for a, b in zip(vars(total).values(), vars(own).values(), strict=True)))
        pixels_per_unit = shown.view.scale * scale * 2.0**shown.view.zoom
        mean_weight = sum(moment.weight for moment in moments) / len(moments)
        # Points that were lost are no samples: the programs try again until a step holds.
        k2 = supersample**2 * pixels_per_unit**2 / (max(total.iterations - total.bad, 1) * mean_weight)
        pixels = image.develop(shown, k2, weights, radius, transparent, threads, _part(progress, _ITERATING, 1 - _ITERATING))
    return Picture(pixels, total)


def framed(flame: Flame, size: tuple[int, int]) -> Flame:
    """Returns the flame with a picture of `size` (width, height) in pixels, in which all that it framed is seen."""
    view = flame.view
    return replace(flame, view=replace(view, size=size, scale=view.scale * min(size[0] / view.size[0], size[1] / view.size[1])))


def temporal_filter(flame: Flame) -> list[tuple[float, float]]:
    """Returns the shutter of a frame of an animation: time offset in frames and weight in [0, 1] of each of its temporal samples."""
    rendering = flame.rendering
    count = max(int(rendering.temporal_samples), 1)
    if count == 1:
        return [(0.0, 1.0)]
    places = np.arange(count)
    offsets = (places / (count - 1) - 0.5) * rendering.temporal_filter_width
    if rendering.temporal_filter_type == "gaussian":
        weights = np.exp(-2 * (1.5 * np.abs(places - count / 2) / (count / 2)) ** 2)
    elif rendering.temporal_filter_type == "exp":
        power = rendering.temporal_filter_exp
        weights = ((places + 1) / count) ** abs(power)
        weights = weights[::-1] if power < 0 else weights
    else:
        weights = np.ones(count)
    return list(zip(offsets.tolist(), (weights / weights.max()).tolist(), strict=True))


def expanded_palette(flame: Flame) -> FloatArray:
    """Returns what a hit of full opacity adds, float64 (PALETTE_ENTRIES, 4): red, green, blue, 1, over the palette coordinate.

    flam3 spreads n entries over [0, n], Ember over [0, n - 1]; `palette_mode` says whether what lies between them is mixed.
    """
    count = len(flame.palette)
    at = np.linspace(0.0, 1.0, PALETTE_ENTRIES) * (count if flame.dialect == "flam3" else count - 1)
    low = np.minimum(at.astype(np.int64), count - 1)
    high = np.minimum(low + 1, count - 1)
    share = np.minimum(at - low, 1.0)[:, None] if flame.rendering.palette_mode == "linear" else 0.0
    colors = flame.palette[low] * (1.0 - share) + flame.palette[high] * share
    return np.hstack([np.clip(colors, 0.0, 1.0), np.ones((PALETTE_ENTRIES, 1))])


def hit_opacity(flame: Flame) -> FloatArray:
    """Returns what a hit of each regular xform weighs, float64 (xforms,): its opacity, in flam3 to the power of log₂ 10."""
    opacity = np.clip([xform.opacity for xform in flame.xforms], 0.0, 1.0)
    return np.asarray(opacity ** math.log2(10.0) if flame.dialect == "flam3" else opacity, dtype=np.float64)


def _part(progress: Progress | None, start: float, share: float) -> Progress | None:
    return None if progress is None else lambda fraction: progress(start + share * fraction)


class _Image:
    """A histogram on the native side, closed on leaving the block."""

    def __init__(self, width: int, height: int, supersample: int, gutter: int) -> None:
        self._lib, self._handle, self._size = library.hold(), ctypes.c_void_p(), (height, width)
        code = self._lib.bloom_image_open(width, height, supersample, gutter, native.memory_limit(), ctypes.byref(self._handle))
        if code:
            message = self._message()
            self.close()
            raise NativeError(f"a picture of {width} x {height} pixels: {message}")

    def _message(self) -> str:
        return str(self._lib.bloom_image_message(self._handle).decode())

    def _check(self, code: int) -> None:
        if code == library.CANCELLED:
            raise native.Cancelled
        if code:
            raise NativeError(self._message())

    def accumulate(self, moment: Moment, play: library.RawPlay, scale: float, samples: int, progress: Progress | None) -> Statistics:
        flame, raw = moment.flame, library.RawStatistics()
        view = replace(flame.view, **_NO_CAMERA) if flame.dialect == "flam3" else flame.view
        camera = library.RawView(
            center=view.center, pixels_per_unit=view.scale * scale * 2.0**view.zoom, rotate=math.radians(view.rotate), yaw=view.cam_yaw,
            pitch=view.cam_pitch, perspective=view.cam_persp, height=view.cam_zpos, depth_of_field=view.cam_dof, blur_curve=view.blur_curve,
        )  # fmt: skip
        palette = np.ascontiguousarray(expanded_palette(flame) * min(max(moment.weight, 0.0), 1.0))
        opacity = np.ascontiguousarray(hit_opacity(flame))
        with native.OpenFlame(flame) as opened:
            self._check(
                native.Watch(progress).run(
                    lambda callback: self._lib.bloom_image_accumulate(
                        self._handle, opened.handle, ctypes.byref(play), ctypes.byref(camera), palette.ctypes.data, opacity.ctypes.data, samples,
                        callback, None, ctypes.byref(raw),
                    )
                )
            )  # fmt: skip
        return Statistics(raw.iterations, raw.plotted, raw.bad, raw.outside)

    def develop(
        self, flame: Flame, k2: float, weights: FloatArray, radius: float, transparent: bool, threads: int, progress: Progress | None
    ) -> NDArray[np.float32]:
        view, rendering = flame.view, flame.rendering
        curves = None if rendering.curves is None or np.array_equal(rendering.curves, [DEFAULT_CURVE] * 4) else np.ascontiguousarray(rendering.curves)
        filter_weights = np.ascontiguousarray(weights)
        how = library.RawDevelopment(
            k1=view.brightness * (1.0 if flame.dialect.startswith("ember-25") else 268.0 / 256.0), k2=k2, estimator_radius=radius,
            estimator_minimum=max(rendering.estimator_minimum, 0.0) * max(int(rendering.supersample), 1), estimator_curve=rendering.estimator_curve,
            gamma=view.gamma, gamma_threshold=view.gamma_threshold, vibrancy=view.vibrancy,
            white=256.0 / 255.0 if flame.dialect == "flam3" else 1.0, highlight_power=view.highlight_power, background=view.background,
            filter=filter_weights.ctypes.data, curves=None if curves is None else curves.ctypes.data,
            filter_size=len(filter_weights), clips_early=int(rendering.earlyclip), transparent=int(transparent), threads=threads,
        )  # fmt: skip
        out = np.empty((*self._size, 4), np.float32)
        self._check(
            native.Watch(progress).run(
                lambda callback: self._lib.bloom_image_develop(self._handle, ctypes.byref(how), callback, None, out.ctypes.data)
            )
        )
        return out

    def close(self) -> None:
        self._lib.bloom_image_close(self._handle)
        self._handle = ctypes.c_void_p()
        library.let_go()

    def __enter__(self) -> _Image:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def thumbnail(flame: Flame, size: int = 256, *, quality: float = 30.0, seed: int = 0) -> Picture:
    """Renders a small picture of a flame, its longer side `size` pixels: what lists and panels show. Raises as `render` does."""
    small = replace(flame, rendering=replace(flame.rendering, supersample=1))
    return render(small, quality=quality, scale=size / max(flame.view.size), seed=seed)
