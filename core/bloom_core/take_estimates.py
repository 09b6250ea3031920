"""What a bake will cost, before: seconds, memory and disk, from a small measured sample of the same flower or from the last bake.

The laws are measured (lotus, 192³ to 768³): a VDB of Bloom's takes 131 bytes for each leaf and grid and then its values; a grid in memory
takes 6 kB a leaf, 14 with colours; hits settle into voxels as a power of their number, whose exponent falls as the flower fills.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bloom_core import machine_memory, native
from bloom_core.flames.flame import Flame
from bloom_core.take_frames import BakeSettings, FrameBaker, PointSettings, Settings, described
from bloom_core.take_points import BYTES

_LEAF_AND_GRID = 131.5
_LEAF_MEMORY, _LEAF_MEMORY_COLOR = 6100.0, 14200.0
_POINT_MEMORY = 250.0
_SETTLING = 0.6
"""Share of the exponent that is left between the probe's samples and the bake's."""
_PROBE_SAMPLES, _PROBE_POINTS = 4_000_000, 200_000
_GAPS = 2.3
"""Voxels that a flower touches grow with this power of the resolution: petals are a little more than surfaces."""


@dataclass(frozen=True)
class Probe:
    """A frame baked small: with `settings`, of which `seconds` are the whole time, `fixed` those that do not grow with samples;
    `leaves` and `voxels` of the grid, which grow with samples by the power `growth`."""

    settings: Settings
    seconds: float
    fixed: float = 0.0
    leaves: float = 0.0
    voxels: float = 0.0
    growth: float = 0.0


@dataclass(frozen=True)
class Estimate:
    """What one frame costs: `seconds`, `disk` and `memory` in bytes; memory is needed once, however many frames there are."""

    seconds: float
    disk: float
    memory: float


def probe(flame: Flame, settings: Settings, threads: int = 0) -> Probe:
    """Bakes a frame with few samples, about half a second. Raises NativeError, FlameError, TakeError as baking does, and OSError."""
    if isinstance(settings, PointSettings):
        small: Settings = replace(settings, count=min(settings.count, _PROBE_POINTS))
        return Probe(small, _timed(flame, small, threads))
    few, many = (replace(settings, samples=min(settings.samples, count)) for count in (_PROBE_SAMPLES // 4, _PROBE_SAMPLES))
    first, second = _accumulated(flame, few, threads), _accumulated(flame, many, threads)
    ratio = max(many.samples / few.samples, 1.0 + 1e-9)
    slope = max(second.seconds - first.seconds, 0.1 * second.seconds) / (1.0 - 1.0 / ratio) if ratio > 1.5 else second.seconds
    growth = math.log(max(second.voxels, 1.0) / max(first.voxels, 1.0)) / math.log(ratio) if ratio > 1.5 else 0.0
    return replace(second, fixed=max(second.seconds - slope, 0.0), growth=min(max(growth, 0.0), 1.0))


def _accumulated(flame: Flame, settings: BakeSettings, threads: int) -> Probe:
    begin = time.perf_counter()
    with native.accumulate(
        flame, settings.samples, settings.box, settings.resolution, filter_radius=settings.filter_radius, fade=settings.fade,
        color=settings.color, seed=settings.seed, threads=threads,
    ) as grid:  # fmt: skip
        if settings.estimator:
            grid.estimate(settings.estimator, threads=threads)
        seconds = time.perf_counter() - begin
        return Probe(settings, seconds, leaves=grid.leaf_count, voxels=float(grid.mask().sum()))


def _timed(flame: Flame, settings: Settings, threads: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        FrameBaker((flame, flame), settings, threads).bake(0, Path(folder) / "probe", None)
        return time.perf_counter() - begin


def estimate(measured: Probe, settings: Settings) -> Estimate:
    """Returns what a frame costs with `settings`, of the kind that was measured, by the probe of another size."""
    if isinstance(settings, PointSettings):
        assert isinstance(measured.settings, PointSettings)
        share = settings.count / max(measured.settings.count, 1)
        return Estimate(measured.seconds * share, float(settings.count * BYTES), 64e6 + settings.count * _POINT_MEMORY)
    assert isinstance(measured.settings, BakeSettings)
    more, finer = settings.samples / max(measured.settings.samples, 1), settings.resolution / measured.settings.resolution
    filled = more ** (_SETTLING * measured.growth) * finer**_GAPS
    voxels, leaves = measured.voxels * filled, measured.leaves * math.sqrt(more ** (_SETTLING * measured.growth)) * finer**2
    voxels = min(voxels, leaves * 512.0)
    values = (2.0 + 3.0 * settings.color) * (2.0 if settings.half else 4.0)
    disk = leaves * _LEAF_AND_GRID * (2 + settings.color) + voxels * values
    memory = 64e6 + leaves * (_LEAF_MEMORY_COLOR if settings.color else _LEAF_MEMORY) * (1.5 if settings.estimator else 1.0)
    seconds = measured.fixed * finer**2 + (measured.seconds - measured.fixed) * more * max(finer, 1.0) ** 0.5 + disk / 100e6
    return Estimate(seconds, disk, memory)


def same_kind(one: Settings, other: Settings) -> bool:
    """Says whether both are of volumes, or both of points."""
    return isinstance(one, PointSettings) == isinstance(other, PointSettings)


def serves(measured: Probe, settings: Settings) -> bool:
    """Says whether a probe is near enough to what is asked for that another would tell no more."""
    one = measured.settings
    if isinstance(one, PointSettings) or isinstance(settings, PointSettings):
        return same_kind(one, settings)
    near = replace(one, samples=0, seed=0, gain=1.0, box=settings.box, half=True, resolution=settings.resolution)
    return near == replace(settings, samples=0, seed=0, gain=1.0, half=True) and 0.75 < settings.resolution / one.resolution < 1.34


def same_as_told(settings: Settings, told: Mapping[str, object]) -> bool:
    """Says whether a take that was baked with the settings `told` costs what one with `settings` does: box, gain and seed may differ."""
    names = {"box", "gain", "seed"}
    own = {name: value for name, value in described(settings).items() if name not in names}
    return own == {name: value for name, value in told.items() if name not in names}


def duration(seconds: float) -> str:
    """Returns a time as people say it: 8 s, 2 min 10 s, 3 h 5 min, 2 d 4 h."""
    if seconds < 1.0:
        return "less than 1 s"
    whole = round(seconds) if seconds < 60 else round(seconds / 5) * 5
    for size, unit, smaller, name in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // smaller
            return f"{whole // size} {unit}" + (f" {rest} {name}" if rest else "")
    return f"{whole} s"


def size(count: float) -> str:
    """Returns bytes as people say them, in powers of 1000 as Blender and file managers do: 840 kB, 240 MB, 1.4 GB."""
    for unit, factor in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if count >= factor:
            return f"{count / factor:.1f} {unit}" if count < 10 * factor else f"{count / factor:.0f} {unit}"
    return f"{math.ceil(count / 1e3)} kB"


def time_left(done: float, elapsed: float) -> float | None:
    """Returns the seconds to go when `done` in [0, 1] took `elapsed`; None before there is anything to go by."""
    return elapsed * (1.0 - done) / done if done > 0.005 and elapsed > 1.0 else None


def warnings(estimates: Sequence[Estimate], frames: int, free: int | None, memory: int | None = None) -> list[str]:
    """Returns, a line each, why a bake of so many frames would not go well: disk (`free` bytes) or memory (bytes, of this machine)."""
    disk, need = frames * sum(one.disk for one in estimates), max((one.memory for one in estimates), default=0.0)
    limit, told = memory if memory is not None else machine_memory.installed(), []
    if free is not None and disk > 0.95 * free:
        told.append(f"The disk has {size(free)} free; the take needs {size(disk)}")
    if limit is not None and need > 0.5 * limit:
        told.append(f"A frame needs {size(need)} of the {size(limit)} of memory: lower the resolution")
    return told
