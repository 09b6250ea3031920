"""From a histogram to a picture, against the formulas in plain numpy; and the originals, against what Ember made of them."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from bloom_core import library
from bloom_core.designs import design
from bloom_core.flames.flame import Flame, Rendering, View
from bloom_core.flames.flame_file import read_flames
from bloom_core.images import image, spatial_filters

Array = NDArray[np.float64]

GUTTER = 14


def scene(**changes: Any) -> Flame:
    """Returns a flower in a picture of 36 x 24 pixels; `changes` are fields of its view and rendering."""
    flame = design("peony").open
    view = replace(flame.view, size=(36, 24), scale=flame.view.scale * 36 / flame.view.size[0], background=(0.05, 0.1, 0.2))
    rendering = Rendering(supersample=1, estimator_radius=3.0, palette_mode="linear")
    in_view = {name: value for name, value in changes.items() if hasattr(view, name)}
    return replace(flame, view=replace(view, **in_view), rendering=replace(rendering, **{k: v for k, v in changes.items() if k not in in_view}))


def both(flame: Flame, samples: int, *, transparent: bool = False) -> tuple[Array, Array]:
    """Returns the picture of `samples` iterations by the library and by numpy, both float64 (height, width, 4)."""
    (width, height), rendering = flame.view.size, flame.rendering
    supersample, gutter = rendering.supersample, GUTTER * rendering.supersample
    cells = np.empty((height * supersample + 2 * gutter, width * supersample + 2 * gutter, 4))
    weights = spatial_filters.weights(rendering.filter_shape, rendering.filter, supersample)
    with image._Image(width, height, supersample, gutter) as opened:
        done = opened.accumulate(image.Moment(flame), library.RawPlay(1, 1, 0), 1.0, samples, None)
        opened._lib.bloom_image_cells(opened._handle, cells.ctypes.data)
        # hits are counted by sample and by the area of a cell
        k2 = (flame.view.scale * supersample) ** 2 / done.iterations
        made = opened.develop(flame, k2, weights, rendering.estimator_radius * supersample, transparent, 2, None)
    return np.asarray(made, np.float64), developed(flame, cells, k2, gutter, transparent)


def developed(flame: Flame, cells: Array, k2: float, gutter: int, transparent: bool) -> Array:
    rendering, view = flame.rendering, flame.view
    supersample = rendering.supersample
    weight = cells[..., 3]
    k1 = view.brightness * (1.0 if flame.dialect.startswith("ember-25") else 268.0 / 256.0)
    scale = np.divide(k1 * np.log(1.0 + k2 * weight), weight, out=np.zeros_like(weight), where=weight > 0.0)
    lit = spread(rendering, cells * scale[..., None], hits_around(weight, supersample))
    if rendering.earlyclip:
        lit = tone(view, lit, flame.dialect, transparent)
    line = spatial_filters.weights(rendering.filter_shape, rendering.filter, supersample)
    begin = gutter - (len(line) - supersample) // 2
    out = np.zeros((view.size[1], view.size[0], 4))
    for row, column in np.ndindex(out.shape[:2]):
        y, x = row * supersample + begin, column * supersample + begin
        out[row, column] = np.einsum("i,j,ijk->k", line, line, lit[y : y + len(line), x : x + len(line)])
    out = np.clip(out, 0.0, 1.0) if rendering.earlyclip else tone(view, out, flame.dialect, transparent)
    if rendering.curves is not None:
        for channel in range(3):
            out[..., channel] = bezier(rendering.curves[channel + 1], bezier(rendering.curves[0], out[..., channel]))
    return out


def hits_around(weight: Array, supersample: int) -> Array:
    if supersample == 1:
        return weight
    half = supersample // 2
    padded = np.pad(weight, half)
    total = sum(
        padded[y : y + weight.shape[0], x : x + weight.shape[1]] for y in range(2 * half + 1) for x in range(2 * half + 1)
    )
    return np.asarray(total * ((supersample / (supersample + 1)) ** 2 if supersample % 2 == 0 else 1.0))


def kernels(rendering: Rendering) -> tuple[list[float], float]:
    """Returns the radii in cells, from the widest, and the largest number of hits that is told apart."""
    widest, narrowest = (radius * rendering.supersample + 1.0 for radius in (rendering.estimator_radius, rendering.estimator_minimum))
    curve = rendering.estimator_curve
    count = math.ceil((widest / narrowest) ** (1.0 / curve))
    largest = count
    if count > 100:
        count = math.ceil(100 + (count - 100) ** curve) + 1
        largest = int((count - 100) ** (1.0 / curve)) + 100
    radii: list[float] = []
    for number in range(count):
        hits = number + 1 if number < 100 else (number - 100) ** (1.0 / curve) + 101
        radius = widest / hits**curve
        if radius <= narrowest:
            return [*radii, narrowest], largest
        radii.append(radius)
    return radii, largest


def spread(rendering: Rendering, lit: Array, hits: Array) -> Array:
    if rendering.estimator_radius == 0.0:
        return lit
    radii, largest = kernels(rendering)
    out = np.zeros_like(lit)
    for row, column in np.argwhere(lit[..., 3] > 0.0):
        count = hits[row, column]
        if count > largest:
            number = len(radii) - 1
        elif count <= 100:
            number = math.ceil(count) - 1
        else:
            number = 100 + math.floor((count - 100) ** rendering.estimator_curve)
        radius = radii[min(number, len(radii) - 1)]
        reach = int(radius)
        y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
        distance = np.hypot(x, y) / radius
        kernel = np.where(distance <= 1.0, np.exp(-2.0 * (1.5 * distance) ** 2), 0.0)
        kernel /= kernel.sum()
        rows, columns = y + row, x + column
        inside = (rows >= 0) & (rows < lit.shape[0]) & (columns >= 0) & (columns < lit.shape[1])
        np.add.at(out, (rows[inside], columns[inside]), kernel[inside][:, None] * lit[row, column])
    return out


def tone(view: View, lit: Array, dialect: str, transparent: bool) -> Array:
    gamma, threshold, power = 1.0 / view.gamma, view.gamma_threshold, view.highlight_power
    white = 256.0 / 255.0 if dialect == "flam3" else 1.0
    out = np.zeros_like(lit)
    for place in np.ndindex(lit.shape[:2]):
        *color, weight = lit[place]
        alpha = max(weight, 0.0) ** gamma
        if 0.0 < weight < threshold:
            t = weight / threshold
            alpha = (1.0 - t) * weight * threshold ** (gamma - 1.0) + t * alpha
        scale = view.vibrancy * white * alpha / weight if weight > 0.0 else 0.0
        alpha = min(alpha, 1.0)
        most = max(color)
        if scale * most > 1.0 and power >= 0.0:
            shown = [1.0 - (1.0 - value / most) * (1.0 / (scale * most)) ** power for value in color]
        else:
            k = 1.0 if scale * most <= 1.0 else min(1.0, -power)
            shown = [value * (((1.0 - k) / most if most > 0.0 else 0.0) + k * scale) for value in color]
        for channel in range(3):
            value = shown[channel] + (1.0 - view.vibrancy) * white * max(color[channel], 0.0) ** gamma
            value += 0.0 if transparent else (1.0 - alpha) * view.background[channel]
            out[place][channel] = min(max(value, 0.0), 1.0)
        out[place][3] = alpha
    return out


def bezier(points: Array, t: Array) -> Array:
    basis = np.array([(1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3])
    shares = basis * points[:, 2].reshape(4, *[1] * t.ndim)
    return np.clip(np.tensordot(points[:, 1], shares, 1) / shares.sum(axis=0), 0.0, 1.0)


BENT = np.array([image.DEFAULT_CURVE] * 4, dtype=np.float64)
BENT[0, 1] = 0.253061, 0.183673, 1.0  # of kindling and willowisp
BENT[3, 2] = 0.526531, 0.787755, 2.0


@pytest.mark.parametrize(
    "changes",
    [
        {"estimator_radius": 0.0},
        {},
        {"estimator_radius": 9.0, "estimator_minimum": 0.5, "estimator_curve": 0.6},
        {"estimator_radius": 12.0, "estimator_curve": 0.4},  # more than 100 kernels
        {"supersample": 2, "estimator_radius": 2.0},
        {"supersample": 3, "estimator_radius": 1.0, "filter": 0.8},
        {"supersample": 2, "filter": 0.0},
        {"supersample": 4, "filter": 0.0, "estimator_radius": 0.0},  # a filter narrower than a pixel
        {"filter_shape": "lanczos3", "filter": 0.7, "earlyclip": True},
        {"filter_shape": "mitchell", "supersample": 2, "vibrancy": 0.3},
        {"vibrancy": 0.0, "gamma": 2.2},
        {"brightness": 60.0, "highlight_power": -1.0},
        {"brightness": 60.0, "highlight_power": -0.4},
        {"brightness": 60.0, "highlight_power": 1.0},
        {"brightness": 60.0, "highlight_power": 2.5, "vibrancy": 1.01},
        {"gamma_threshold": 0.5},
        {"gamma_threshold": 0.0},
        {"curves": BENT},
    ],
    ids=lambda changes: ",".join(f"{key}={value}" for key, value in changes.items() if key != "curves") or str(len(changes)),
)
@pytest.mark.parametrize("samples", [3_000, 300_000])
def test_pictures_are_developed_by_the_formulas(changes: dict[str, Any], samples: int) -> None:
    made, expected = both(scene(**changes), samples)
    assert np.ptp(expected[..., :3]) > 0.3  # there is something to see
    np.testing.assert_allclose(made, expected, atol=2e-5)


@pytest.mark.parametrize("dialect", ["ember-25", "ember-1.0.0.14", "flam3"])
def test_each_program_has_its_own_brightness(dialect: str) -> None:
    made, expected = both(replace(scene(), dialect=dialect), 30_000)
    np.testing.assert_allclose(made, expected, atol=2e-5)


def test_a_transparent_picture_leaves_the_background_out() -> None:
    made, expected = both(scene(), 30_000, transparent=True)
    np.testing.assert_allclose(made, expected, atol=2e-5)
    opaque, _ = both(scene(), 30_000)
    composed = np.clip(made[..., :3] + (1.0 - made[..., 3:]) * scene().view.background, 0.0, 1.0)
    np.testing.assert_allclose(opaque[..., :3], composed, atol=1e-6)


def test_density_estimation_keeps_the_light() -> None:
    plain, spread_out = (both(scene(estimator_radius=radius, gamma=1.0, brightness=0.05, gamma_threshold=0.0), 3_000)[0] for radius in (0.0, 5.0))
    assert spread_out[..., 3].sum() == pytest.approx(plain[..., 3].sum(), rel=0.1)  # but for what crosses the edge
    assert np.abs(np.diff(spread_out[..., 3], axis=1)).sum() < 0.8 * np.abs(np.diff(plain[..., 3], axis=1)).sum()


@pytest.mark.parametrize("shape", sorted(spatial_filters.SHAPES))
@pytest.mark.parametrize("supersample", [1, 2, 3, 4])
@pytest.mark.parametrize("radius", [0.0, 0.1, 0.5, 1.0, 2.3])
def test_filters_sum_to_1_and_are_centred(shape: str, supersample: int, radius: float) -> None:
    weights = spatial_filters.weights(shape, radius, supersample)
    assert weights.sum() == pytest.approx(1.0)
    assert (len(weights) - supersample) % 2 == 0
    if shape != "box":  # whose sample on the very edge counts on one side only
        np.testing.assert_allclose(weights, weights[::-1], atol=1e-12)


def test_the_usual_filter_is_flam3s() -> None:
    weights = spatial_filters.weights("gaussian", 0.5, 1)
    sides = math.exp(-2.0 * (2.0 / 3.0 * 1.5 * 3.0 / 1.5) ** 2)  # three samples, at ±2/3 of 1.5, stretched by 3/1.5
    np.testing.assert_allclose(weights, np.array([sides, 1.0, sides]) / (1.0 + 2.0 * sides))
    assert [len(spatial_filters.weights("gaussian", 0.5, ss)) for ss in (1, 2, 3, 4)] == [3, 4, 5, 8]


def test_shutters() -> None:
    def shutter(count: int, kind: str, power: float = 0.0) -> tuple[list[float], list[float]]:
        flame = scene(temporal_samples=count, temporal_filter_type=kind, temporal_filter_exp=power, temporal_filter_width=2.0)
        offsets, weights = zip(*image.temporal_filter(flame), strict=True)
        return list(offsets), list(weights)

    assert shutter(1, "box") == ([0.0], [1.0])
    assert shutter(3, "box") == ([-1.0, 0.0, 1.0], [1.0, 1.0, 1.0])
    assert shutter(4, "exp", 2.0)[1] == pytest.approx([1 / 16, 1 / 4, 9 / 16, 1.0])
    assert shutter(4, "exp", -1.0)[1] == pytest.approx([1.0, 3 / 4, 1 / 2, 1 / 4])
    assert shutter(4, "gaussian")[1] == pytest.approx([math.exp(-2 * (1.5 * abs(i - 2) / 2) ** 2) for i in range(4)])


def test_brightness_does_not_depend_on_quality_size_or_supersampling() -> None:
    flame = scene(size=(72, 48), scale=2.0 * scene().view.scale)
    base = image.render(flame, quality=3000.0).pixels[..., :3]
    for other in (
        image.render(flame, quality=1000.0).pixels,
        image.render(replace(flame, rendering=replace(flame.rendering, supersample=3)), quality=3000.0).pixels,
        image.render([image.Moment(flame)] * 3, quality=3000.0).pixels,
        image.render([image.Moment(flame, 1.0), image.Moment(flame, 0.1)], quality=3000.0).pixels,
    ):
        assert other[..., :3].mean() == pytest.approx(base.mean(), rel=0.01)
    half = image.render(flame, quality=3000.0, scale=0.5).pixels[..., :3]
    assert half.shape == (24, 36, 3)
    assert half.mean() == pytest.approx(base.mean(), rel=0.05)


def test_a_size_shows_all_that_was_framed() -> None:
    flame = scene(size=(40, 20), scale=10.0)
    assert image.framed(flame, (80, 80)).view == replace(flame.view, size=(80, 80), scale=20.0)
    assert image.framed(flame, (20, 10)).view == replace(flame.view, size=(20, 10), scale=5.0)


def test_thumbnails_have_the_picture_s_shape() -> None:
    assert image.thumbnail(scene(size=(1000, 500)), 64, quality=5.0).pixels.shape == (32, 64, 4)


def test_the_originals_look_as_ember_draws_them(shared_data: Path) -> None:
    """At a twentieth of the references' samples, so with more noise: `make proof` compares at their own quality."""
    from skimage.io import imread
    from skimage.metrics import structural_similarity

    folder = shared_data / "original-bloom"
    for name, own in json.loads((folder / "reference" / "own-ssim.json").read_text()).items():
        flame = read_flames(folder / "flames" / f"{name}.flame", "ember-25")[0][0]
        made = (image.render(flame, quality=100.0, scale=0.5).pixels[..., :3] * 255).astype(np.uint8)
        reference = imread(folder / "reference" / f"{name}.png")[..., :3]
        likeness = structural_similarity(made, reference, channel_axis=2)
        apart = np.abs(made.astype(float) - reference).mean()
        assert likeness > own["ssim"] - 0.13 and apart < own["mean_abs"] + 6.0, (name, likeness, apart)
        assert np.abs((made.astype(float) - reference).mean(axis=(0, 1))).max() < 3.0, name
