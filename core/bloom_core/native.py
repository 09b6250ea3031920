"""The native renderer, bound with ctypes: the chaos game, points, sparse grids, OpenVDB files.

The library is loaded when it is first needed, so importing this module costs nothing and cannot fail.
"""

from __future__ import annotations

import ctypes
import os
import threading
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from bloom_core import library, machine_memory
from bloom_core.flames.flame import DIALECTS, Flame
from bloom_core.library import NativeError as NativeError
from bloom_core.palettes import srgb_to_linear

Progress = Callable[[float], bool]
"""Called with the fraction done, in [0, 1], from the calling thread; returning False cancels."""


class Cancelled(Exception):
    """The progress callback asked to stop."""


def kernel_name() -> str:
    """Returns the instruction set chosen for this processor: v2, v3, v4 (x86-64 levels) or neon."""
    return str(library.load().bloom_kernel_name().decode())


KINDS = ("real", "integer", "integer_nonzero", "real_nonzero", "cyclic")


@dataclass(frozen=True)
class ParameterInfo:
    """A variation's parameter: its default by dialect, its kind (of KINDS), the range that files are limited to, and a slider's."""

    name: str
    default: Mapping[str, float]
    kind: str
    low: float
    high: float
    typical: tuple[float, float]


@dataclass(frozen=True)
class VariationInfo:
    """A variation that the renderer knows; `index` is its number in the flame buffer."""

    name: str
    index: int
    parameters: tuple[ParameterInfo, ...]


@cache
def variations() -> Mapping[str, VariationInfo]:
    """Returns the table of variations by lower-case name. Raises NativeError where the library is missing."""
    lib = library.load()
    table: dict[str, VariationInfo] = {}
    for index in range(lib.bloom_variation_count()):
        info, parameters = library.RawVariation(), []
        lib.bloom_variation(index, ctypes.byref(info))
        for number in range(info.parameter_count):
            parameter = library.RawParameter()
            lib.bloom_parameter(index, number, ctypes.byref(parameter))
            default = dict(zip(DIALECTS, [*parameter.defaults, parameter.defaults[0]], strict=True))
            typical = parameter.soft_low, parameter.soft_high
            kind, defaults = KINDS[parameter.kind], MappingProxyType(default)
            parameters.append(ParameterInfo(parameter.name.decode(), defaults, kind, parameter.low, parameter.high, typical))
        name = info.name.decode()
        table[name.lower()] = VariationInfo(name, index, tuple(parameters))
    return MappingProxyType(table)


@dataclass(frozen=True)
class Box:
    """An axis-aligned box in flame units."""

    low: tuple[float, float, float]
    high: tuple[float, float, float]


@dataclass(frozen=True)
class Statistics:
    """What became of a job's points: plotted steps, hits in the output, points lost to infinity, hits outside the box."""

    iterations: int
    plotted: int
    bad: int
    outside: int


@dataclass(frozen=True)
class Points:
    """A cloud: `position` float32 (n, 3) in flame units, `palette` float32 (n,) in [0, 1], `weight` float32 (n,) in (0, 1],
    `xform` uint8 (n,) the regular xform that made the point, `identity` uint64 (n,), ascending within each million.

    Two flames alike but for their numbers, played with one seed, share identities: the same chances took those points through
    the same xforms, so from frame to frame they glide instead of being drawn anew. (A changed xform weight sends as many points
    another way as its share changed; with xaos, identities only hold while no weight and no xaos entry changes.)
    """

    position: NDArray[np.float32]
    palette: NDArray[np.float32]
    weight: NDArray[np.float32]
    xform: NDArray[np.uint8]
    identity: NDArray[np.uint64]
    statistics: Statistics


class OpenFlame:
    """A flame on the native side, closed on leaving the block."""

    def __init__(self, flame: Flame) -> None:
        from bloom_core.flames.flame_buffer import pack

        self.open(pack(flame))

    def open(self, buffer: NDArray[np.float64]) -> None:
        self.lib, self.handle = library.hold(), ctypes.c_void_p()
        code = self.lib.bloom_flame_open(buffer.ctypes.data, buffer.size, ctypes.byref(self.handle))
        if code:
            message = self.message()
            self.close()
            raise NativeError(message)

    def message(self) -> str:
        return str(self.lib.bloom_flame_message(self.handle).decode())

    def check(self, code: int) -> None:
        if code == library.CANCELLED:
            raise Cancelled
        if code:
            raise NativeError(self.message())

    def close(self) -> None:
        self.lib.bloom_flame_close(self.handle)
        library.let_go()

    def __enter__(self) -> OpenFlame:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class Watch:
    """Runs a native call in a thread of its own while the calling thread reports progress and stays open to Ctrl-C.

    An exception that a signal raises inside a ctypes callback is lost; the callback here runs where no signal arrives.
    """

    def __init__(self, progress: Progress | None) -> None:
        self._progress, self._fraction, self._stop = progress, 0.0, False

    def run(self, call: Callable[[Any], int]) -> int:
        """Returns the code of `call`, which is given the callback to pass on. What `progress` raises ends the call, and is raised.

        It never returns while the native call still runs: the buffers and the flame of the caller would be freed under it.
        """
        codes: list[int] = []
        callback, done = library.Callback(self._tick), threading.Event()

        def work() -> None:
            try:
                if not self._stop:
                    codes.append(call(callback))
            finally:
                done.set()

        thread = threading.Thread(target=work, name="Bloom renderer", daemon=True)
        try:
            thread.start()
            while not done.wait(0.05):
                if self._progress is not None and not self._stop and not self._progress(self._fraction):
                    self._stop = True
            if self._progress is not None and not self._stop:
                self._progress(1.0)
        except BaseException:
            self._stop = True
            while thread.ident is not None and not done.is_set():  # a thread without one has not begun, and will see _stop
                with suppress(KeyboardInterrupt):
                    done.wait()
            raise
        return codes[0]

    def _tick(self, _user: int | None, fraction: float) -> int:
        self._fraction = fraction
        return int(not self._stop)


def _statistics(raw: library.RawStatistics) -> Statistics:
    return Statistics(raw.iterations, raw.plotted, raw.bad, raw.outside)


def _play(seed: int, threads: int, double: bool) -> library.RawPlay:
    return library.RawPlay(seed & 0xFFFFFFFFFFFFFFFF, threads, int(double))


def points(flame: Flame, count: int, *, seed: int = 0, threads: int = 0, double: bool = False, progress: Progress | None = None) -> Points:
    """Plays the chaos game until `count` points are plotted (fewer where the flame loses many). `threads` 0: every core.

    `double`: iterates in double precision, at a third of the speed or less; the points come as float all the same.
    Raises NativeError (diverging flame, no memory), FlameError (a flame that cannot be packed), Cancelled.
    """
    if not 0 <= count <= 1 << 31:
        raise NativeError(f"{count} points were asked for; Bloom makes 0 to {1 << 31}")
    try:
        position, palette, weight = np.empty((count, 3), np.float32), np.empty(count, np.float32), np.empty(count, np.float32)
        xform, identity = np.empty(count, np.uint8), np.empty(count, np.uint64)
    except MemoryError as error:
        raise NativeError(f"not enough memory for {count} points: ask for fewer") from error
    raw, written, play = library.RawStatistics(), ctypes.c_uint64(), _play(seed, threads, double)
    with OpenFlame(flame) as native:
        code = Watch(progress).run(
            lambda callback: native.lib.bloom_points(
                native.handle, ctypes.byref(play), count, callback, None, position.ctypes.data, palette.ctypes.data, weight.ctypes.data,
                xform.ctypes.data, identity.ctypes.data, ctypes.byref(written), ctypes.byref(raw),
            )
        )  # fmt: skip
        native.check(code)
    n = written.value
    return Points(position[:n], palette[:n], weight[:n], xform[:n], identity[:n], _statistics(raw))


def accumulate(
    flame: Flame,
    samples: int,
    box: Box,
    resolution: int,
    *,
    filter_radius: float = 0.0,
    fade: float = 0.0,
    color: bool = False,
    seed: int = 0,
    threads: int = 0,
    double: bool = False,
    progress: Progress | None = None,
) -> Grid:
    """Iterates about `samples` times into a sparse grid over `box`, `resolution` voxels along its longest side (8 to 4096).

    Hits are spread with a tent of `filter_radius` voxels (0 to 8), so that thin petals do not show the grid; 0: not at all.
    They fade out over the share `fade` (0 to 0.5) of each side of the box, so that what reaches beyond it is not cut off.
    `color`: the grid also keeps the mean of its hits' palette colours, in linear light, which is exact where hits of unlike
    palette coordinates meet in one voxel; it takes three times the memory. `double`: iterates in double precision.
    Raises NativeError (diverging flame, empty box, no memory), FlameError (a flame that cannot be packed), Cancelled.
    """
    if samples < 0:
        raise NativeError("a negative number of samples")
    raw, handle, play = library.RawStatistics(), ctypes.c_void_p(), _play(seed, threads, double)
    colors = np.ascontiguousarray(srgb_to_linear(flame.palette), np.float32) if color else None
    volume = library.RawVolume(
        low=box.low, high=box.high, filter=filter_radius, fade=fade, samples=samples, memory_limit=memory_limit(),
        colors=None if colors is None else colors.ctypes.data, color_count=0 if colors is None else len(colors), resolution=resolution,
    )  # fmt: skip
    with OpenFlame(flame) as native:
        code = Watch(progress).run(
            lambda callback: native.lib.bloom_accumulate(
                native.handle, ctypes.byref(play), ctypes.byref(volume), callback, None, ctypes.byref(handle), ctypes.byref(raw)
            )
        )
        native.check(code)
    return Grid(handle, _statistics(raw))


def transform_points(flame: Flame, xform: int, positions: NDArray[Any], *, seed: int = 0, double: bool = False) -> NDArray[np.float64]:
    """Applies xform `xform` (`len(flame.xforms)`: the final one) once to `positions` (n, 3), in float or double precision.

    Returns float64 (n, 3); what is not finite comes back as NaN. Raises NativeError, FlameError.
    """
    given = np.ascontiguousarray(positions, np.float64).reshape(-1, 3)
    out = np.empty_like(given)
    with OpenFlame(flame) as native:
        native.check(
            native.lib.bloom_transform(native.handle, xform, int(double), seed & 0xFFFFFFFFFFFFFFFF, given.ctypes.data, len(given), out.ctypes.data)
        )
    out[~np.isfinite(out)] = np.nan
    return out


def memory_limit() -> int:
    """Returns how many bytes a grid may take: half of the machine's memory, or 8 GiB where that cannot be asked."""
    return (machine_memory.installed() or 16 << 30) // 2


class Grid:
    """A sparse grid of hits on the native side. Voxel (i, j, k) is centred at `low + (ijk + 0.5) * voxel_size`."""

    def __init__(self, handle: ctypes.c_void_p, statistics: Statistics) -> None:
        self._lib, self._handle, self.statistics = library.hold(), handle, statistics
        self._describe()

    def _describe(self) -> None:
        info = library.RawGrid()
        self._lib.bloom_grid_describe(self._handle, ctypes.byref(info))
        self.low = (info.low[0], info.low[1], info.low[2])
        self.voxel_size = float(info.voxel_size)
        self.dimensions = (info.dimensions[0], info.dimensions[1], info.dimensions[2])
        self.leaf_count = int(info.leaf_count)

    def origins(self) -> NDArray[np.int32]:
        """Returns int32 (leaves, 3): the voxel where each leaf of 8×8×8 begins, sorted by x, y, z."""
        out = np.empty((self.leaf_count, 3), np.int32)
        self._lib.bloom_grid_leaves(self._open(), 1.0, out.ctypes.data, None, None, None, None)
        return out

    def mask(self) -> NDArray[np.bool_]:
        """Returns bool (leaves, 8, 8, 8): where a voxel was hit."""
        out = np.empty((self.leaf_count, 8, 8, 8), np.bool_)
        self._lib.bloom_grid_leaves(self._open(), 1.0, None, out.ctypes.data, None, None, None)
        return out

    def density(self, gain: float) -> NDArray[np.float32]:
        """Returns float32 (leaves, 8, 8, 8): ln(1 + gain · hits / samples / voxel volume), hits weighted by opacity."""
        out = np.empty((self.leaf_count, 8, 8, 8), np.float32)
        self._lib.bloom_grid_leaves(self._open(), gain, None, None, out.ctypes.data, None, None)
        return out

    def palette(self) -> NDArray[np.float32]:
        """Returns float32 (leaves, 8, 8, 8): the mean palette coordinate of a voxel's hits, 0 where there are none."""
        out = np.empty((self.leaf_count, 8, 8, 8), np.float32)
        self._lib.bloom_grid_leaves(self._open(), 1.0, None, None, None, out.ctypes.data, None)
        return out

    def color(self) -> NDArray[np.float32]:
        """Returns float32 (leaves, 8, 8, 8, 3): the mean colour of a voxel's hits in linear light; all 0 in a grid without `color`."""
        out = np.zeros((self.leaf_count, 8, 8, 8, 3), np.float32)
        self._lib.bloom_grid_leaves(self._open(), 1.0, None, None, None, None, out.ctypes.data)
        return out

    def estimate(self, radius: float, *, curve: float = 0.4, threads: int = 0, progress: Progress | None = None) -> None:
        """Spreads the hits of sparse voxels, so that thin petals are silk and not dots: n hits over radius / n^curve voxels.

        `radius` in [0, 8] voxels, `curve` in [0, 1]; a Gaussian as in flam3's density estimation, whose sum of hits is kept but for
        what leaves the box. The result does not depend on `threads`. Raises NativeError, Cancelled; the grid is then as it was.
        """
        handle = self._open()
        code = Watch(progress).run(lambda callback: self._lib.bloom_grid_estimate(handle, radius, curve, threads, callback, None))
        if code == library.CANCELLED:
            raise Cancelled
        if code:
            raise NativeError(self._lib.bloom_grid_message(handle).decode(errors="replace"))
        self._describe()

    def write_vdb(self, path: Path | str, *, gain: float, half: bool = True, compressed: bool = False) -> None:
        """Writes an OpenVDB file: float grids `density` (scaled as above) and `palette`, and the vector grid `Cd` of a grid with colour.

        Values are stored as half or float, as they are (fast) or `compressed` by Blosc with LZ4 (smaller). The file is written in place: give
        a temporary name, and rename it. Raises NativeError naming the file.
        """
        if self._lib.bloom_grid_write_vdb(self._open(), os.fsencode(path), gain, int(half), int(compressed)):
            raise NativeError(self._lib.bloom_grid_message(self._handle).decode(errors="replace"))

    def close(self) -> None:
        """Frees the grid; a second call does nothing."""
        if self._handle:
            self._lib.bloom_grid_close(self._handle)
            self._handle = ctypes.c_void_p()
            library.let_go()

    def _open(self) -> ctypes.c_void_p:
        if not self._handle:
            raise NativeError("this grid was closed")
        return self._handle

    def __enter__(self) -> Grid:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_handle"):
            self.close()
