"""A map cut into tiles: the pieces in which it is made, kept, and taken up again.

In the folder that the user chose, `KEY.tile` is one finished tile, KEY being a hash of all that its numbers depend on: the training, the exact places
of its pixels, the engine and the precision. It does not depend on what is coloured, so another score needs no training. Every file is written under a
temporary name and renamed when it is whole; a file that is broken all the same is made anew.
"""

from __future__ import annotations

import itertools
import json
import math
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bloom_core.take_files import part_name, replace
from bloom_core.trainability.experiment import Experiment, MapError
from bloom_core.trainability.outcomes import COLUMNS
from bloom_core.trainability.places import measures_sensitivity
from bloom_core.trainability.views import View
from bloom_core.trajectories.run_files import Budget, RunError, npz_bytes, read_npz

FORMAT = 1
"""Changes when the same tile would come out with other numbers, or its file is another."""

SUFFIX = ".tile"
NETWORKS = 1024
"""Pixels of a tile, about: a 32×32 square."""


@dataclass(frozen=True)
class Tile:
    """A box of pixels: `low` its first along each axis x, y (and z), `size` how many."""

    low: tuple[int, ...]
    size: tuple[int, ...]

    @property
    def count(self) -> int:
        """How many pixels."""
        return math.prod(self.size)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of its arrays, as `View.shape`."""
        return tuple(reversed(self.size))

    @property
    def slices(self) -> tuple[slice, ...]:
        """Where it is in arrays of the view."""
        return tuple(slice(low, low + size) for low, size in zip(reversed(self.low), reversed(self.size), strict=True))

    def places(self) -> Iterator[tuple[int, ...]]:
        """Returns the pixels' indices along x, y (and z), in the order of the tile's arrays."""
        for indices in itertools.product(*(range(part.start, part.stop) for part in self.slices)):
            yield tuple(reversed(indices))


@dataclass(frozen=True)
class TileResult:
    """What came of a tile: `outcomes` float64 (count, 8), the network·steps that were really played, and the seconds that it took."""

    outcomes: NDArray[np.float64]
    played: int
    seconds: float


def tile_plan(view: View, networks: int = NETWORKS) -> list[Tile]:
    """Cuts the view into tiles of about `networks` pixels, in scattered order.

    Diverging trainings end early, and they lie together; scattered tiles are a fair sample of the map at any moment, from which the time that is left
    can be told.
    """
    side = max(1, round(networks ** (1.0 / len(view.size))))
    ranges = [[(low, min(side, size - low)) for low in range(0, size, side)] for size in view.size]
    boxes = [tuple(reversed(parts)) for parts in itertools.product(*reversed(ranges))]
    tiles = [Tile(tuple(low for low, _ in box), tuple(size for _, size in box)) for box in boxes]
    # Steps of the golden ratio visit a row of places evenly (the three-gap theorem), and each once where the step has no common divisor with them.
    step = next(step for step in itertools.count(max(1, round(len(tiles) * 0.6180339887))) if math.gcd(step, len(tiles)) == 1)
    return [tiles[number * step % len(tiles)] for number in range(len(tiles))]


def tile_key(experiment: Experiment, view: View, tile: Tile, engine: str, precision: str) -> str:
    """Returns the hash that names a tile's file."""
    trained = asdict(experiment)
    for name in ("name", "title", "score", "x", "y", "z"):
        del trained[name]
    trained["sensitivity"] = measures_sensitivity(experiment)
    places = []
    for number, axis in enumerate(experiment.axes):
        for ignored in ("input_rate", "output_rate") if axis.parameter == "rate" else (axis.parameter,):
            trained.pop(ignored, None)
        span, size = view.span[number], view.size[number]
        first = view.coordinates(number)[tile.low[number]]
        places.append([axis.parameter, axis.logarithmic, str(first), str(span / size), tile.size[number]])
    content = [FORMAT, trained, places, tile.low if experiment.seeds == "pixel" else None, same_bits(engine), precision]
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]


def same_bits(engine: str) -> str:
    """Returns the engine's name, or what stands for all those that give the same bits: the native kernels that have fused multiply-add."""
    return "native" if engine in ("native v3", "native v4", "native neon") else engine


def read_tile(folder: Path, key: str, count: int) -> TileResult | None:
    """Returns a finished tile, or None where it is not there or is broken."""
    try:
        return tile_result((folder / f"{key}{SUFFIX}").read_bytes(), count)
    except (OSError, MapError):
        return None


def write_tile(folder: Path, key: str, result: TileResult) -> None:
    """Keeps a finished tile. Raises MapError where the folder cannot be written."""
    path = folder / f"{key}{SUFFIX}"
    part = part_name(folder, path.name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(tile_bytes(result))
            file.flush()
            os.fsync(file.fileno())
        replace(part, path)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise MapError(f"{folder}: finished tiles cannot be kept there ({error.strerror or error}). Choose another folder.") from error


def tile_bytes(result: TileResult) -> bytes:
    """Returns the bytes of a tile's file."""
    told = np.array([float(result.played), result.seconds])
    return npz_bytes({"outcomes": result.outcomes, "told": told})


def tile_result(data: bytes, count: int) -> TileResult:
    """Reads the bytes of a tile's file of `count` pixels. Raises MapError where they are not that."""
    try:
        arrays: dict[str, NDArray[Any]] = read_npz(data, "a tile", Budget(len(data) + 4096))
    except RunError as error:
        raise MapError(str(error)) from error
    outcomes, told = arrays.get("outcomes"), arrays.get("told")
    if outcomes is None or told is None or outcomes.shape != (count, len(COLUMNS)) or outcomes.dtype != np.float64 or told.shape != (2,):
        raise MapError("A tile does not hold what it should")
    if told.dtype != np.float64 or not (np.isfinite(told).all() and (told >= 0).all() and told[0] < 2**53):
        raise MapError("A tile does not hold what it should")
    return TileResult(outcomes, int(told[0]), float(told[1]))
