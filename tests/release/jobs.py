"""The jobs that tests/release/driver/driver.cpp plays with a library of another platform: what goes into its file, and what comes out."""

from __future__ import annotations

import ctypes
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bloom_core import library
from bloom_core.flames.flame import Flame
from bloom_core.flames.flame_buffer import pack
from bloom_core.images.image import expanded_palette, hit_opacity
from bloom_core.trainability.experiment import ACTIVATIONS, OPTIMIZERS, VALUES
from bloom_core.trainability.outcomes import PRECISIONS

TRANSFORM, POINTS, VOLUME, IMAGE, MEASURE, TRAIN = range(6)
STATISTICS = ctypes.sizeof(library.RawStatistics)


@dataclass(frozen=True)
class Job:
    """What the driver reads, and how many bytes it writes for that."""

    name: str
    given: bytes
    size: int


def split(jobs: list[Job], results: bytes) -> dict[str, bytes]:
    """Returns what came out by the job's name. Raises AssertionError where it is more or less than all of it."""
    out, at = {}, 0
    for job in jobs:
        out[job.name] = results[at : at + job.size]
        at += job.size
    assert at == len(results), f"the driver wrote {len(results)} bytes, not {at}"
    return out


def transform(name: str, flame: Flame, points: NDArray[np.float64], *, double: bool, seed: int = 1) -> Job:
    """Applies the first xform once to `points` (n, 3)."""
    values = np.ascontiguousarray(points, np.float64)
    given = struct.pack("<I", TRANSFORM) + _flame(flame) + struct.pack("<iQ", double, seed) + _list(values)
    return Job(name, given, values.nbytes)


def transformed(result: bytes) -> NDArray[np.float64]:
    """Returns the points (n, 3) of a result, all that is not finite as one NaN: processors differ in how they write NaN."""
    out = np.frombuffer(result, np.float64).reshape(-1, 3).copy()
    out[~np.isfinite(out)] = np.nan
    return out


def points(name: str, flame: Flame, count: int, *, threads: int, double: bool = False) -> Job:
    """Plays a cloud of points."""
    given = struct.pack("<I", POINTS) + _flame(flame) + _play(threads, double) + struct.pack("<Q", count)
    return Job(name, given, 8 + count * (12 + 4 + 4 + 1 + 8) + STATISTICS)


def volume(name: str, flame: Flame, path: str, *, half: bool, compressed: bool, color: bool) -> Job:
    """Plays a volume, spreads its sparse voxels and writes it to `path`."""
    raw = library.RawVolume(low=(-1.5,) * 3, high=(1.5,) * 3, filter=0.7, fade=0.05, samples=600_000, memory_limit=1 << 30, resolution=96)
    colors = np.asarray(flame.palette, np.float32) if color else np.empty(0, np.float32)
    given = struct.pack("<I", VOLUME) + _flame(flame) + _play(2, False) + bytes(raw) + _list(colors)
    given += struct.pack("<dii", 3.0, half, compressed) + _list(np.frombuffer(path.encode(), np.uint8))
    return Job(name, given, STATISTICS)


def image(name: str, flame: Flame, width: int, height: int) -> Job:
    """Plays and develops a picture through a camera, with density estimation."""
    view = library.RawView(
        center=(0.05, -0.1), pixels_per_unit=width / 3, rotate=0.3, yaw=0.4, pitch=0.7, perspective=0.2, height=0.1, depth_of_field=0.3,
        blur_curve=0.0,
    )  # fmt: skip
    how = library.RawDevelopment(
        k1=1.1, k2=0.02, estimator_radius=9.0, estimator_minimum=0.0, estimator_curve=0.4, gamma=4.0, gamma_threshold=0.01, vibrancy=0.9, white=1.0,
        highlight_power=1.0, background=(0.01, 0.02, 0.03), clips_early=0, transparent=0, threads=2,
    )  # fmt: skip
    given = struct.pack("<I", IMAGE) + _flame(flame) + _play(2, False) + bytes(view) + bytes(how) + struct.pack("<4iQ", width, height, 2, 11, 800_000)
    given += _list(np.ascontiguousarray(expanded_palette(flame))) + _list(hit_opacity(flame)) + _list(np.array([0.1, 0.4, 0.4, 0.1]))
    return Job(name, given, width * height * 16 + STATISTICS)


def measure(name: str, count: int, *, threads: int) -> Job:
    """Measures an optimizer's step of `count` parameters."""
    values = np.random.default_rng(5).standard_normal((3, count)).astype(np.float32)
    given = struct.pack("<Ii", MEASURE, threads) + b"".join(_list(row) for row in values)
    return Job(name, given, 8 * (3 + 64))


def train(name: str, count: int, *, activation: str, optimizer: str, precision: str, threads: int = 2) -> Job:
    """Trains `count` networks of width 5, of which some converge, some are chaotic and some die, and measures their sensitivity."""
    random, points, width = np.random.default_rng(6), 12, 5
    arrays = [random.standard_normal(shape) for shape in ((points, width), (points,), (width, width), (width,))]
    values = np.zeros((count, len(VALUES), 2))
    values[:, :2, 0] = 10 ** random.uniform(-2.0, 3.0, (count, 2)) * (0.01 if optimizer == "adam" else 1.0)
    values[:, 2:, 0] = (1.0, 0.1, 0.9, 0.001)
    numbers = (ACTIVATIONS.index(activation), OPTIMIZERS.index(optimizer), PRECISIONS.index(precision))
    raw = library.RawTraining(*(None,) * 6, count, 1, 0.1, points, width, 60, 0, *numbers, 1, threads)
    return Job(name, struct.pack("<I", TRAIN) + bytes(raw) + b"".join(map(_list, (*arrays, values))), count * 64 + 8)


def _list(values: NDArray[Any]) -> bytes:
    return struct.pack("<Q", values.size) + values.tobytes()


def _flame(flame: Flame) -> bytes:
    return _list(pack(flame))


def _play(threads: int, double: bool) -> bytes:
    return bytes(library.RawPlay(42, threads, int(double)))
