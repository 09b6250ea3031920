"""Thumbnails: quick, filled by the flower, the same each time, and packaged ones that show the flowers as they are now."""

from __future__ import annotations

import struct
import time
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bloom_core import designs, thumbnails
from bloom_core.flames.flame import Flame, Variation, Xform


def read_png(path: Path) -> NDArray[np.float64]:
    """Reads a PNG as `image_files.png` writes it, eight bits and the filter "up": (height, width, 3) in [0, 1]."""
    data = path.read_bytes()
    place, parts = 8, {}
    while place < len(data):
        (length,) = struct.unpack(">I", data[place : place + 4])
        parts[data[place + 4 : place + 8]] = data[place + 8 : place + 8 + length]
        place += 12 + length
    width, height = struct.unpack(">II", parts[b"IHDR"][:8])
    rows = np.frombuffer(zlib.decompress(parts[b"IDAT"]), np.uint8).reshape(height, 1 + 3 * width)
    assert (rows[:, 0] == 2).all()
    return np.cumsum(rows[:, 1:], axis=0, dtype=np.uint8).reshape(height, width, 3) / 255.0


def blurred(pixels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the means (24, 24, 3) of the pixels' blocks."""
    side = len(pixels) // 24
    return np.asarray(pixels[..., :3].reshape(24, side, 24, side, 3).mean(axis=(1, 3)))


@pytest.mark.parametrize("name", designs.designs())
def test_the_packaged_thumbnail_shows_the_flower_as_it_is(name: str) -> None:
    picture = read_png(thumbnails.packaged(name))
    assert picture.shape == (thumbnails.SIZE, thumbnails.SIZE, 3)
    fresh = thumbnails.thumbnail(designs.design(name), thumbnails.SIZE).astype(np.float64)
    # Render them anew with `python -m bloom_core.thumbnails` where this fails.
    assert np.abs(blurred(picture) - blurred(fresh)).mean() < 0.02
    others = [other for other in designs.designs() if other != name][:3]
    assert all(np.abs(blurred(read_png(thumbnails.packaged(other))) - blurred(fresh)).mean() > 0.03 for other in others)


@pytest.mark.parametrize("name", designs.designs())
def test_bud_and_open_flower_fill_their_pictures(name: str) -> None:
    flower = designs.design(name)
    for pose in (flower.open, flower.bud):
        pixels = thumbnails.thumbnail(pose, 96)
        assert pixels.shape == (96, 96, 4) and pixels.dtype == np.float32
        assert 0.0 <= pixels.min() and pixels.max() <= 1.0 and (pixels[..., 3] == 1.0).all()
        lit = pixels[..., :3].max(axis=2) > 0.2
        assert 0.15 < lit.mean() < 0.97
        assert lit.any(axis=0).mean() > 0.6 and lit.any(axis=1).mean() > 0.6
        assert 25 < np.average(np.arange(96), weights=pixels[..., :3].sum(axis=(0, 2))) < 71  # in the middle


def test_a_thumbnail_is_quick_and_the_same_each_time() -> None:
    flower = designs.design("dahlia")
    pixels, begun = thumbnails.thumbnail(flower), time.process_time()
    again = thumbnails.thumbnail(flower)
    assert time.process_time() - begun < 0.3
    np.testing.assert_array_equal(pixels, again)


def test_a_picture_is_not_mirrored() -> None:
    """A dot at +x lies to the right, one at +y farther off, so higher; one at +z higher still."""

    def place(x: float, y: float, z: float) -> tuple[float, float]:
        dots = [(0.0, 0.0, 0.0, 0.2), (x, y, z, 1.0)]
        xforms = tuple(
            Xform((Variation("blur3D", 0.02),), color=color, color_speed=1.0, post=np.hstack([np.eye(3), np.array([[a], [b], [c]])]))
            for a, b, c, color in dots
        )
        palette = np.array([[1.0, 0.0, 0.0]] * 128 + [[0.0, 1.0, 0.0]] * 128)
        pixels = thumbnails.thumbnail(Flame(xforms, palette=palette), 64)
        rows, columns = np.mgrid[:64, :64]
        red, green = pixels[..., 0], pixels[..., 1]
        centers = [(float(np.average(columns, weights=own)), float(np.average(rows, weights=own))) for own in (red, green)]
        return centers[1][0] - centers[0][0], centers[1][1] - centers[0][1]

    assert place(1.0, 0.0, 0.0)[0] > 10
    assert place(0.0, 1.0, 0.0)[1] < -10
    assert place(0.0, 0.0, 1.0)[1] < -10


def test_a_dark_flame_gives_a_black_picture() -> None:
    lotus = designs.design("lotus").open
    dark = replace(lotus, xforms=tuple(replace(xform, opacity=0.0) for xform in lotus.xforms))
    assert not thumbnails.thumbnail(dark, 32)[..., :3].any()
