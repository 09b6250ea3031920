"""Pictures on disk, read back by other people's libraries."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bloom_core.images.image_files import PictureError, levels, png, write_picture
from bloom_core.palettes import srgb_to_linear


def pixels(height: int = 13, width: int = 7) -> Any:
    """Returns a picture whose colours, as over black, are never brighter than its alpha."""
    random = np.random.default_rng(5)
    alpha = random.random((height, width, 1))
    alpha[0, 0], alpha[0, 1] = 0.0, 1.0
    return np.concatenate([random.random((height, width, 3)) * alpha, alpha], axis=2).astype(np.float32)


def decoded(path: Path, form: str) -> Any:
    import av

    with av.open(str(path)) as file:
        frame = next(file.decode(video=0))
        assert isinstance(frame, av.VideoFrame)
        return frame.format.name, frame.to_ndarray(format=form)


@pytest.mark.parametrize(
    ("bits", "transparent", "form"), [(8, False, "rgb24"), (8, True, "rgba"), (16, False, "rgb48be"), (16, True, "rgba64be")]
)
def test_png_comes_back(tmp_path: Path, bits: int, transparent: bool, form: str) -> None:
    path = tmp_path / "a.png"
    write_picture(path, pixels(), bits=bits, transparent=transparent)
    native_form, values = decoded(path, form)
    assert native_form == form
    np.testing.assert_array_equal(values, levels(pixels(), bits, transparent))


def test_levels_are_rounded_down_and_alpha_is_straight() -> None:
    one = np.array([[[0.25, 0.5, 1.0, 0.5], [0.0, 0.0, 0.0, 0.0]]], np.float32)
    assert levels(one, 8, False).tolist() == [[[63, 127, 255], [0, 0, 0]]]
    assert levels(one, 8, True).tolist() == [[[127, 255, 255, 127], [0, 0, 0, 0]]]
    assert levels(one, 16, False).tolist() == [[[16383, 32767, 65535], [0, 0, 0]]]


def test_the_same_pixels_are_the_same_bytes() -> None:
    assert png(levels(pixels(), 16, True)) == png(levels(pixels(), 16, True))
    with pytest.raises(PictureError, match="12 bits"):
        levels(pixels(), 12, False)


@pytest.mark.parametrize("transparent", [False, True])
def test_exr_is_linear_light(tmp_path: Path, transparent: bool) -> None:
    OpenEXR = pytest.importorskip("OpenEXR")
    path = tmp_path / "a.exr"
    write_picture(path, pixels(), transparent=transparent)
    with OpenEXR.File(str(path)) as file:
        (name, channel), *rest = file.channels().items()
        values = channel.pixels
    color, alpha = pixels()[..., :3].astype(np.float64), pixels()[..., 3:].astype(np.float64)
    if transparent:
        straight = np.divide(color, alpha, out=np.zeros_like(color), where=alpha > 0.0)
        expected = np.concatenate([srgb_to_linear(straight) * alpha, alpha], axis=2)
    else:
        expected = srgb_to_linear(color)
    assert (name, rest, values.dtype) == ("RGBA" if transparent else "RGB", [], np.float16)
    np.testing.assert_allclose(values, expected, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize(("name", "why"), [("a.jpg", r"\.png or \.exr"), ("a", r"\.png or \.exr"), ("nowhere/a.png", "no folder")])
def test_a_name_that_cannot_be(tmp_path: Path, name: str, why: str) -> None:
    with pytest.raises(PictureError, match=why):
        write_picture(tmp_path / name, pixels())
    assert not list(tmp_path.iterdir())


def test_a_missing_library_is_named_with_its_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "OpenEXR", None)
    with pytest.raises(PictureError, match=r"pip install 'bloom-core\[images\]'"):
        write_picture(tmp_path / "a.exr", pixels())
    assert not list(tmp_path.iterdir())


def test_png_needs_numpy_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OpenEXR", "av", "tqdm", "PIL", "skimage"):
        monkeypatch.setitem(sys.modules, name, None)
    write_picture(tmp_path / "a.png", pixels())


def test_a_write_that_fails_leaves_the_old_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.png"
    write_picture(path, pixels())
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_picture(path, pixels(20, 20))
    assert path.read_bytes() == before and [entry.name for entry in tmp_path.iterdir()] == ["a.png"]
