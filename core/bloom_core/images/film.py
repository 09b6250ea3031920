"""Films of flames without Blender: from key frames, or from a run and a design, to an MP4 or to numbered pictures."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bloom_core import native
from bloom_core.flames.flame import Flame, FlameError
from bloom_core.flames.interpolation import interpolate
from bloom_core.growth.animation import Animation, with_values
from bloom_core.images import image
from bloom_core.images.image_files import PictureError, Pixels, check_place, levels, write_picture

LEAST_SAMPLES = 1 << 18
"""Iterations that each moment of a frame's shutter is worth: with fewer, most of them would go into reaching the attractor."""

_QUALITY = 16  # x264's constant rate factor: without visible loss


@dataclass(frozen=True)
class Story:
    """A flame that moves: `at` gives it at a time in frames, `first` and `last` are the frames that there are."""

    at: Callable[[float], Flame]
    first: int
    last: int


def story_of_keys(keys: Sequence[Flame]) -> Story:
    """Returns the story that the flames of a file tell: with rising times they are its keys, with a single time one a frame.

    Flames of one time are played in the order of their names where all of these are numbers, else as they stand. Raises FlameError.
    """
    times = {key.key.time for key in keys}
    if len(keys) > 1 and len(times) == 1:
        if all(key.name.isdecimal() for key in keys):
            keys = sorted(keys, key=lambda key: int(key.name))
        keys = [replace(key, key=replace(key.key, time=float(number))) for number, key in enumerate(keys, 1)]
    story = Story(lambda time: interpolate(keys, time), round(keys[0].key.time), round(keys[-1].key.time))
    story.at(story.first)  # times that do not rise are told here, before anything is rendered
    return story


def story_of_growth(animation: Animation) -> Story:
    """Returns the story of a flower that a run let grow; between its frames everything goes straight."""
    rows = np.arange(len(animation.values))

    def at(time: float) -> Flame:
        place = time - animation.frame_start
        values = np.array([np.interp(place, rows, column) for column in animation.values.T])
        flame = with_values(animation.flame, animation.channels, values)
        return replace(flame, palette=animation.ramp.palette(flame.palette, time))

    return Story(at, animation.frame_start, animation.frame_end)


def render_frame(
    story: Story,
    time: float,
    *,
    quality: float | None = None,
    scale: float = 1.0,
    size: tuple[int, int] | None = None,
    seed: int = 0,
    threads: int = 0,
    transparent: bool = False,
    progress: native.Progress | None = None,
) -> Pixels:
    """Returns the picture at a time of the story, float32 (height, width, 4), with the motion blur that its flame asks for.

    Its shutter has `temporal_samples` moments, or fewer where they would get less than LEAST_SAMPLES iterations each. Arguments
    and errors are those of `image.render`.
    """
    flame = image.framed(story.at(time), size) if size else story.at(time)
    width, height = flame.view.size
    samples = (flame.rendering.quality if quality is None else quality) * 4.0**flame.view.zoom * width * height * scale**2
    most = max(1, int(min(samples / LEAST_SAMPLES, flame.rendering.temporal_samples)))
    shutter = image.temporal_filter(replace(flame, rendering=replace(flame.rendering, temporal_samples=most)))
    moments = [image.Moment(image.framed(moment, size) if size else moment, weight) for moment, weight in _moments(story, time, shutter)]
    return image.render(moments, quality=quality, scale=scale, seed=seed, threads=threads, transparent=transparent, progress=progress).pixels


def _moments(story: Story, time: float, shutter: Iterable[tuple[float, float]]) -> Iterator[tuple[Flame, float]]:
    for offset, weight in shutter:
        yield story.at(time + offset), weight


Sink = Callable[[int, Pixels], None]
"""Takes a frame's number and its picture."""


@contextmanager
def stills(folder: Path, *, bits: int = 8, transparent: bool = False, suffix: str = ".png") -> Iterator[Sink]:
    """Gives a sink that writes `folder`/frame_0001.png (or another `suffix`) and so on, each of which appears whole. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    yield lambda number, pixels: write_picture(folder / f"frame_{number:04d}{suffix}", pixels, bits=bits, transparent=transparent)


@contextmanager
def mp4(path: Path, fps: Fraction) -> Iterator[Sink]:
    """Gives a sink that makes an H.264 film; the file appears when the block ends well, and nothing is left of it otherwise.

    H.264 takes even sizes only: of an odd one, a line is cut off. Raises PictureError where PyAV is missing or cannot encode, OSError.
    """
    try:
        import av
    except ImportError as error:
        hint = "pip install 'bloom-core[images]'. Or name a folder, for single pictures"
        raise PictureError(f"films need a library that is not installed: {hint}") from error
    check_place(path, (".mp4",))
    part = path.with_name(f".{path.name}.part")
    stream: Any = None
    try:
        part.touch()  # FFmpeg would tell only with the first frame, minutes later, that it must not write here
        container: Any = av.open(str(part), "w", format="mp4", options={"movflags": "+faststart"})
        with container:

            def add(_number: int, pixels: Pixels) -> None:
                nonlocal stream
                values: NDArray[Any] = levels(pixels, 8, False)
                height, width = (side // 2 * 2 for side in values.shape[:2])
                if stream is None:
                    stream = _h264(container, max(width, 2), max(height, 2), fps)
                frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(values[:height, :width]), format="rgb24")
                container.mux(stream.encode(frame.reformat(format="yuv420p", dst_colorspace="ITU709")))

            yield add
            if stream is not None:
                container.mux(stream.encode())
        if stream is None:
            raise PictureError(f"{path}: a film of no frames")
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(part, path)
    except av.FFmpegError as error:
        raise PictureError(f"{path}: the film cannot be written ({error.strerror or error})") from error
    finally:
        part.unlink(missing_ok=True)


def _h264(container: Any, width: int, height: int, fps: Fraction) -> Any:
    stream = container.add_stream("libx264", rate=fps, options={"crf": str(_QUALITY), "preset": "slow"})
    stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
    context = stream.codec_context
    context.color_primaries = context.color_trc = context.colorspace = 1  # BT.709, as players take a film for that says nothing
    return stream


def frames_of(story: Story, wanted: tuple[int, int] | None) -> range:
    """Returns the frames to render, all of them or from first to last. Raises FlameError for frames that there are not."""
    first, last = wanted or (story.first, story.last)
    if not story.first <= first <= last <= story.last:
        raise FlameError(f"frames {first} to {last} are not there: it goes from {story.first} to {story.last}")
    return range(first, last + 1)
