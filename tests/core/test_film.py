"""Films without Blender: what moves, the files they become, and the commands that make them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bloom_core.designs import design
from bloom_core.flames.flame import Flame, FlameError, Rendering
from bloom_core.flames.flame_file import write_flames
from bloom_core.flames.interpolation import interpolate
from bloom_core.growth import grow
from bloom_core.images import film, image
from bloom_core.images.image_files import PictureError
from bloom_core.trajectories import trajectory

from .conftest import synthetic

RENDERING = Rendering(quality=20.0, estimator_radius=0.0)


def keys(count: int = 3, *, times: bool = True) -> list[Flame]:
    flame = design("lotus").open
    small = replace(flame, rendering=RENDERING, view=replace(flame.view, size=(48, 32), scale=flame.view.scale * 48 / flame.view.size[0]))
    brightness = [4.0 + 4.0 * number for number in range(count)]
    return [
        replace(small, name=str(number), view=replace(small.view, brightness=value), key=replace(small.key, time=2.0 * number if times else 0.0))
        for number, value in enumerate(brightness)
    ]


def frames_in(path: Path) -> list[Any]:
    import av

    with av.open(str(path)) as file:
        return [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]


def test_key_frames_are_interpolated() -> None:
    story = film.story_of_keys(keys())
    assert (story.first, story.last) == (0, 4)
    assert story.at(1.0).view == interpolate(keys(), 1.0).view
    assert story.at(1.0).view.brightness == pytest.approx(6.0)


def test_flames_of_one_time_are_frames_in_the_order_of_their_numbers() -> None:
    story = film.story_of_keys(keys(times=False)[::-1])
    assert (story.first, story.last) == (1, 3)
    assert [story.at(float(frame)).name for frame in (1, 2, 3)] == ["0", "1", "2"]
    named = [replace(key, name=name) for key, name in zip(keys(times=False), ("c", "a", "b"), strict=True)]
    assert [film.story_of_keys(named).at(float(frame)).name for frame in (1, 2, 3)] == ["c", "a", "b"]


def test_times_that_fall_are_told() -> None:
    with pytest.raises(FlameError, match="rise"):
        film.story_of_keys(keys()[::-1])


def test_growth_is_the_animation_frame_by_frame() -> None:
    animation = grow(synthetic(), design("lotus"), frames=8, frame_start=3, probe=lambda _: True)
    story = film.story_of_growth(animation)
    assert (story.first, story.last) == (3, 10)
    for frame in (3, 7, 10):
        assert np.array_equal(story.at(frame).xforms[0].pre, animation.at(frame).xforms[0].pre)
        assert np.array_equal(story.at(frame).palette, animation.at(frame).palette)
    between = [story.at(time).xforms[0].pre for time in (4.0, 4.5, 5.0)]
    np.testing.assert_allclose(between[1], (between[0] + between[2]) / 2)


def test_a_frame_is_the_picture_of_its_time() -> None:
    story = film.story_of_keys(keys())
    made = film.render_frame(story, 1.0, seed=2)
    assert made.tobytes() == image.render(interpolate(keys(), 1.0), seed=2).pixels.tobytes()
    assert film.render_frame(story, 1.0, size=(30, 40)).shape == (40, 30, 4)


def test_a_shutter_blurs_what_moves() -> None:
    still = keys(1)[0]
    moved = replace(still, view=replace(still.view, center=(still.view.center[0] + 0.5, still.view.center[1])))
    blurred = [replace(key, rendering=replace(RENDERING, temporal_samples=8, temporal_filter_width=1.0)) for key in (still, moved)]
    story = film.story_of_keys([replace(key, key=replace(key.key, time=float(time))) for time, key in enumerate(blurred)])
    sharp, soft = image.render(story.at(0.5), quality=1500.0).pixels, film.render_frame(story, 0.5, quality=1500.0)
    roughness = [np.abs(np.diff(pixels[..., 1], axis=1)).sum() for pixels in (sharp, soft)]
    assert roughness[1] < 0.8 * roughness[0]
    assert soft[..., 1].mean() == pytest.approx(sharp[..., 1].mean(), rel=0.3)  # the logarithm lifts what is spread


def test_few_samples_are_not_spread_over_many_moments(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = []
    shutter = image.temporal_filter

    def count(flame: Flame) -> list[tuple[float, float]]:
        counts.append(flame.rendering.temporal_samples)
        return shutter(flame)

    monkeypatch.setattr(image, "temporal_filter", count)
    story = film.story_of_keys([replace(key, rendering=replace(RENDERING, temporal_samples=100)) for key in keys()])
    film.render_frame(story, 1.0, quality=1.0)
    film.render_frame(story, 1.0, quality=4.0 * film.LEAST_SAMPLES / (48 * 32))
    assert counts == [1, 4]


def test_an_mp4_holds_every_frame(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    colors = [(0.9, 0.1, 0.1), (0.1, 0.8, 0.2), (0.2, 0.2, 0.9), (0.5, 0.5, 0.5)]
    with film.mp4(path, Fraction(25)) as add:
        for number, color in enumerate(colors):
            pixels = np.ones((33, 51, 4), np.float32)
            pixels[..., :3] = color
            add(number, pixels)
            assert not path.exists()
    frames = frames_in(path)
    assert [frame.shape for frame in frames] == [(32, 50, 3)] * 4
    for frame, color in zip(frames, colors, strict=True):
        assert np.abs(frame.mean(axis=(0, 1)) - np.array(color) * 255).max() < 4.0
    assert os.listdir(tmp_path) == ["a.mp4"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_a_film_that_is_broken_off_leaves_the_old_one(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"old")
    with pytest.raises(error), film.mp4(path, Fraction(25)) as add:
        add(1, np.ones((32, 48, 4), np.float32))
        raise error
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["a.mp4"]


def test_films_that_cannot_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PictureError, match="no frames"), film.mp4(tmp_path / "a.mp4", Fraction(24)):
        pass
    with pytest.raises(PictureError, match="no folder"), film.mp4(tmp_path / "nowhere" / "a.mp4", Fraction(24)):
        pass
    with pytest.raises(FlameError, match="0 to 4"):
        film.frames_of(film.story_of_keys(keys()), (2, 5))
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(PictureError, match=r"pip install 'bloom-core\[images\]'"), film.mp4(tmp_path / "a.mp4", Fraction(24)):
        pass
    assert not list(tmp_path.iterdir())


def bloom(folder: Path, *arguments: object, status: int = 0) -> subprocess.CompletedProcess[str]:
    run = subprocess.run([sys.executable, "-m", "bloom_core.cli", *map(str, arguments)], cwd=folder, capture_output=True, text=True, timeout=300)
    assert run.returncode == status, run.stderr
    assert "Traceback" not in run.stderr
    return run


def test_the_command_film(tmp_path: Path) -> None:
    write_flames(tmp_path / "keys.flame", keys())
    assert "5 frames" in bloom(tmp_path, "film", "keys.flame", "-o", "out.mp4", "--fps", "30000/1001").stdout
    assert len(frames_in(tmp_path / "out.mp4")) == 5
    bloom(tmp_path, "film", "keys.flame", "-o", "stills", "--frames", 1, 2, "--bits", 16, "--transparent", "--quality", 5, "--scale", 0.5)
    assert sorted(os.listdir(tmp_path / "stills")) == ["frame_0001.png", "frame_0002.png"]
    assert "16 bits" in bloom(tmp_path, "film", "keys.flame", "-o", "no.mp4", "--bits", 16, status=1).stderr


def test_the_command_film_grows_a_run(tmp_path: Path) -> None:
    trajectory.write_run(synthetic(), tmp_path / "run")
    bloom(tmp_path, "film", "run", "-o", "stills", "--design", "peony", "--length", 3, "--quality", 3, "--size", 60, 40)
    assert len(os.listdir(tmp_path / "stills")) == 3


def test_the_command_render(tmp_path: Path) -> None:
    write_flames(tmp_path / "keys.flame", keys())
    assert "24 x 16 pixels" in bloom(tmp_path, "render", "keys.flame", "-o", "a.png", "--scale", 0.5).stdout
    bloom(tmp_path, "render", "keys.flame", "-o", "b.png", "--scale", 0.5, "--threads", 2)
    bloom(tmp_path, "render", "keys.flame", "-o", "c.png", "--scale", 0.5, "--frame", 3)
    bloom(tmp_path, "render", "keys.flame", "-o", "d.png", "--scale", 0.5, "--dialect", "flam3")
    same, again, later, other = ((tmp_path / f"{name}.png").read_bytes() for name in "abcd")
    assert same == again and same != later and same != other
    bloom(tmp_path, "render", "lotus", "-o", "e.exr", "--quality", 5, "--size", 40, 20)
    assert "must end in" in bloom(tmp_path, "render", "lotus", "-o", "e.jpg", status=1).stderr
    for wrong in (["--quality", "0"], ["--size", "0", "9"], ["--bits", "12"], ["--scale", "1", "--size", "9", "9"]):
        bloom(tmp_path, "render", "lotus", "-o", "f.png", *wrong, status=2)


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c_leaves_nothing_half_made(tmp_path: Path) -> None:
    slow = [replace(key, rendering=replace(RENDERING, quality=1e6)) for key in keys()]
    write_flames(tmp_path / "keys.flame", slow)
    running = subprocess.Popen(
        [sys.executable, "-m", "bloom_core.cli", "film", "keys.flame", "-o", "out.mp4"], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    until = time.monotonic() + 60.0
    while not (tmp_path / ".out.mp4.part").exists() and time.monotonic() < until:
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=60)
    assert running.returncode == 130 and "interrupted" in errors and "Traceback" not in errors
    assert os.listdir(tmp_path) == ["keys.flame"]
