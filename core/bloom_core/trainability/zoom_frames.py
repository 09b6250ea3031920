"""The frames of a zoom film, between its keyframes.

A frame at depth s shows 1/2^s of the first view's sides, about a point that stays where it is. It is made of the keyframes before and after it: the
one before is enlarged by at most 2, the one after lies over its middle and is faded in with sin². Both are coloured with the mixed ranks of both, so
that colours do not jump where a keyframe is reached (the notebook of arXiv 2402.06184 does the same with its CDFs).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bloom_core.images.image_files import Pixels
from bloom_core.palettes import linear_to_srgb
from bloom_core.trainability import coloring, map_labels, map_pictures
from bloom_core.trainability.glow import glow
from bloom_core.trainability.maps import Map
from bloom_core.trainability.zooms import Zoom, check_keyframe

_FEATHER = 0.3
"""How far the inner keyframe's border is softened, as a share of the way from it to the frame's border."""


def frame_count(zoom: Zoom, per_level: int) -> int:
    """Returns the number of frames of a film."""
    return zoom.levels * per_level + 1


def frames(
    zoom: Zoom, files: Sequence[Path], per_level: int, colormap: str = "spectral", layer: str = "score", *, plain: bool = False
) -> Iterator[Pixels]:
    """Yields a film's frames, float32 (height, width, 4), `per_level` for each ×2 and the last keyframe; framed with words unless `plain`.

    `files`: the keyframes, as `make_keyframes` returns them. Raises MapError.
    """
    # As small pictures of maps, small frames are enlarged where words stand around them; sampled so large, they lose nothing of their keyframes.
    times, rows = 1 if plain else map_pictures.enlargement(zoom.start.size[0]), 0
    shape = tuple(side * times for side in zoom.start.shape)
    before = Keyframe(check_keyframe(zoom, 0, files[0]), colormap, layer)
    for level in range(zoom.levels + 1):
        last = level == zoom.levels
        after = before if last else Keyframe(check_keyframe(zoom, level + 1, files[level + 1]), colormap, layer)
        interval = Interval(before, after, zoom.fixed)
        for step in range(1 if last else per_level):
            shown = interval.frame(step / per_level, shape)
            if plain:
                yield map_pictures.opaque(shown)
                continue
            said = words(zoom, interval, level + step / per_level)
            rows = rows or len(map_pictures.rows_of(said, shown.shape[1])) + 1  # one more, for words that grow longer on the way
            yield map_pictures.framed(shown, said, rows)
        before = after


def words(zoom: Zoom, interval: Interval, depth: float) -> map_pictures.Words:
    """Returns what stands around a frame: what is seen, where, how deep, and in which precision its keyframes were computed."""
    before, after = interval.before, interval.after
    finest, axes = zoom.view(zoom.levels), zoom.subject.axes
    pitches = [float(span / size) for span, size in zip(finest.span, finest.size, strict=True)]
    point = ", ".join(map_labels.position(axis, at, pitch) for axis, at, pitch in zip(axes, zoom.about, pitches, strict=True))
    across = map_labels.extent(axes[0], zoom.start.span[0] / Fraction(2.0**depth))
    made = map_labels.how(before.found, before.colormap, before.layer)
    precisions = [frame.found.made.precision for frame in ((before, after) if depth % 1.0 else (before,))]
    made[0] = f"{' → '.join(dict.fromkeys(precisions))} precision"
    facts = tuple(map_labels.what(before.found)[:-1]), (f"about {point}",), (f"across {across}", *made)
    return map_pictures.Words(before.found.subject.title, facts)


class Keyframe:
    """A map and its colours."""

    def __init__(self, found: Map, colormap: str, layer: str) -> None:
        self.found, self.colormap, self.layer = found, colormap, layer
        self.equal = coloring.equalization(found, layer)

    @cached_property
    def _lit(self) -> NDArray[np.float32] | None:
        return glow(self.found.labels) if coloring.colormap_named(self.colormap).glows else None

    def levels(self, equal: coloring.Equalization) -> NDArray[np.float32]:
        """Returns its levels as another's equalisation gives them."""
        return coloring.levels(self.found, self.layer, equal)

    def light(self, levels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Returns the colours of levels in linear light, float32 (height, width, 3)."""
        return coloring.light(self.found, levels, self.colormap, self.layer, self._lit)


class Interval:
    """All frames from one keyframe to the one after it. `fixed`: where the point is that stays, as shares of a frame's sides from the low ends."""

    def __init__(self, before: Keyframe, after: Keyframe, fixed: tuple[float, ...]) -> None:
        self.before, self.after = before, after
        self._fixed = fixed

    @cached_property
    def _outer(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return self.before.levels(self.before.equal), self.before.levels(self.after.equal)

    @cached_property
    def _inner(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return self.after.levels(self.before.equal), self.after.levels(self.after.equal)

    def frame(self, share: float, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """Returns the frame at `share` in [0, 1) of the way, sRGB float32 (height, width, 3), the highest y on top."""
        outer, _ = resampled(self.before.light(_mixed(self._outer, share)), self._window(2.0**share), shape)
        if share > 0.0:
            inner, there = resampled(self.after.light(_mixed(self._inner, share)), self._window(2.0 ** (share - 1.0)), shape)
            faded = there * self._feather(2.0 ** (share - 1.0), shape) * math.sin(0.5 * math.pi * share) ** 2
            outer += (inner - outer) * faded[..., None]
        return linear_to_srgb(outer[::-1]).astype(np.float32)

    def _window(self, factor: float) -> tuple[tuple[float, float], ...]:
        """Returns where a frame's low and high ends are in a keyframe, along x and y, as shares of its sides; it is enlarged by `factor`."""
        return tuple((at - at / factor, at + (1.0 - at) / factor) for at in self._fixed)

    def _feather(self, factor: float, shape: tuple[int, ...]) -> NDArray[np.float64]:
        """Returns weights of `shape` that rise smoothly from the border of the inner keyframe, which is `factor` as large as the frame."""
        weights = np.ones(shape)
        for axis, at in zip((1, 0), self._fixed, strict=True):
            places = (np.arange(shape[axis]) + 0.5) / shape[axis]
            low, high = at - at * factor, at + (1.0 - at) * factor
            from_low = np.clip((places - low) / max(_FEATHER * low, 1e-9), 0.0, 1.0)
            rise = from_low * np.clip((high - places) / max(_FEATHER * (1.0 - high), 1e-9), 0.0, 1.0)
            smooth = rise * rise * (3.0 - 2.0 * rise)
            weights *= smooth[None, :] if axis == 1 else smooth[:, None]
        return weights


def resampled(
    light: NDArray[np.float32], window: Sequence[tuple[float, float]], shape: tuple[int, ...]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns the mean of `light` (height, width, 3) over each pixel of a window of it, (*shape, 3), and what share of the pixel lies within it.

    `window`: low and high end along x and y, as shares of the sides; it may reach beyond. Means are exact areas of linear light.
    """
    rows, there_rows = _weights(light.shape[0], window[1], shape[0])
    columns, there_columns = _weights(light.shape[1], window[0], shape[1])
    return _along(_along(light, rows, 0), columns, 1), there_rows[:, None] * there_columns[None, :]


Edges = tuple[NDArray[np.float64], NDArray[np.float64]]


def _weights(count: int, ends: tuple[float, float], wanted: int) -> tuple[Edges, NDArray[np.float64]]:
    """Returns the low and high end of each wanted pixel in pixels of an axis of `count`, cut off at its ends, and how much of it was not cut."""
    places = np.linspace(ends[0], ends[1], wanted + 1) * count
    low, high = np.clip(places[:-1], 0.0, count), np.clip(places[1:], 0.0, count)
    return (low, high), (high - low) / (places[1:] - places[:-1])


def _along(light: NDArray[np.floating[Any]], edges: Edges, axis: int) -> NDArray[np.float64]:
    """Returns the means between edges along an axis, 0 where nothing lies between them."""
    first = int(edges[0].min())
    part = light.take(np.arange(first, min(math.ceil(edges[1].max()), light.shape[axis])), axis=axis)
    sums = np.zeros([size + 1 if number == axis else size for number, size in enumerate(part.shape)])
    np.cumsum(part, axis=axis, out=sums[(slice(None),) * axis + (slice(1, None),)])
    shape = [-1 if number == axis else 1 for number in range(part.ndim)]

    def until(edge: NDArray[np.float64]) -> NDArray[np.float64]:
        whole = np.minimum((edge - first).astype(np.int64), part.shape[axis] - 1)
        rest = ((edge - first) - whole).reshape(shape)
        return np.asarray(sums.take(whole, axis=axis) * (1.0 - rest) + sums.take(whole + 1, axis=axis) * rest)

    between = edges[1] - edges[0]
    means: NDArray[np.float64] = (until(edges[1]) - until(edges[0])) / np.maximum(between, 1e-9).reshape(shape)
    return np.where((between > 1e-9).reshape(shape), means, 0.0)


def _mixed(levels: tuple[NDArray[np.float32], NDArray[np.float32]], share: float) -> NDArray[np.float32]:
    return levels[0] * np.float32(1.0 - share) + levels[1] * np.float32(share)
