"""A map of three axes as light: its boundary a thin shell, around it a haze; as a take that Blender plays like that of a flower."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bloom_core import dense_grids, takes
from bloom_core.native import Cancelled, Progress, memory_limit
from bloom_core.take_files import remove_leftovers, unwritable
from bloom_core.takes import Take
from bloom_core.trainability import coloring
from bloom_core.trainability.experiment import Experiment, MapError
from bloom_core.trainability.maps import Map

FINER = 2
"""Voxels of the volume for a pixel of the map, along each axis: the shell is thinner than a pixel, where the map says where it runs."""

SIDE = 2.0
"""The longest side of the volume in Blender units: that of a flower."""

FORMAT = 1
"""Goes up whenever the same map gives another volume, so that older frames are not taken for its own."""

_GLOW, _HAZE = 0.16, 0.12  # of a shell of 1
_BRIGHT = 2.2  # light, the square of density, along a line through the brightest places of the volume
_THIN = 0.012  # what is thinner than this is empty: black stays black, and most of the grid needs no voxels
_BYTES = 56  # that making the volume takes for each of its voxels
_EDGE = 0.07  # the share of each side over which all fades out: a cut face would show as a wall
_UNSURE = 0.01  # how much a place at the very boundary still says about where that runs


def volume_of(made: Map) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Returns density and palette coordinate, float32 (D, H, W), FINER times as many along each axis as the map has pixels, z first, x last.

    Density is a shell where the labels change, thin where the boundary is smooth, with a glow that falls off over some pixels; and inside
    what converged (Newton: what came to a root) a haze that is the denser the nearer to failing. Where between two pixels the shell runs is told by
    the scores: each says how far from the boundary its pixel is, and the nearer has the smaller vote, so that smooth parts have no steps. Palette
    coordinates in [0, 1] follow the score of the surroundings: 0 where that is the score of the surest trainings (Newton: of the quickest starts), 1
    of the most hopeless, spread so that each part of the ramp shines equally much. All fades out towards the faces. Raises MapError for a map without
    a third axis, or too large for this machine's memory.
    """
    if made.labels.ndim != 3 or min(made.labels.shape) < 8:
        raise MapError("A volume is made of a map of three axes, 8 pixels or more along each: give the experiment a third axis, z")
    needed = made.labels.size * FINER**3 * _BYTES
    if needed > memory_limit():
        raise MapError(f"The volume of {' × '.join(map(str, made.view.size))} pixels needs {needed / 1e9:.1f} GB: make the map with fewer pixels")
    sure, hopeless = _sureness(made)
    held = made.labels != coloring.NO_ROOT if not isinstance(made.subject, Experiment) else made.labels == 1
    # A rank times how many there are on its side grows with the distance equally fast on both sides of the boundary.
    share = float(held.mean()) if isinstance(made.subject, Experiment) else 0.5
    vote = sure * np.where(held, np.float32(share), np.float32(1.0 - share)) + np.float32(_UNSURE)
    votes = _softened(vote)
    mixed = np.ones_like(votes)
    for label in np.unique(made.labels):
        mixed -= (_softened(np.where(made.labels == label, vote, np.float32(0.0))) / votes) ** 2
    # Where two labels meet, half is mixed; more labels mix more.
    shell = np.clip(2.0 * mixed, 0.0, 1.0) ** 1.5
    coarse = _coarser(shell)
    glow = _finer(_blurred(coarse, 2) + _blurred(_blurred(coarse, 4), 4))
    haze = _finer(_blurred(_blurred(np.where(held, (1.0 - sure) ** 3, 0.0).astype(np.float32))))
    density = (shell + _GLOW * glow + _HAZE * haze) * _faded(mixed.shape)
    density = np.maximum(density - np.float32(_THIN), np.float32(0.0))
    density *= _exposure(density)
    return density, _spread(_finer(_blurred(_blurred(hopeless, 3), 3)), density)


def publish_volume(
    maps: Map | Sequence[Map],
    folder: Path | str,
    *,
    progress: Progress | None = None,
    about: Mapping[str, object] | None = None,
) -> Take:
    """Writes the volume of each map as a frame, and returns their take under `folder`, of the kind volume: what bloom_core.takes makes of flames.

    Frames have the grids `density` and `palette` in half floats and are named by their content; one that is there already is not written again. They
    are SIDE wide along the longest side, centred on the origin, x, y and z being the map's axes. `about` goes into about.json. `progress` takes the
    share done; where it returns False, Cancelled is raised, and finished frames stay. Raises MapError, TakeError (folder, disk, memory).
    """
    maps, root = [maps] if isinstance(maps, Map) else list(maps), Path(folder)
    if not maps:
        raise MapError("There is no map to make a volume of")
    store, keys, written = root / takes.STORE, [], 0
    try:
        store.mkdir(parents=True, exist_ok=True)
        remove_leftovers(store)
        remove_leftovers(root)
    except OSError as error:
        raise unwritable(root, error) from error
    for number, made in enumerate(maps):
        if progress is not None and not progress(number / len(maps)):
            raise Cancelled
        keys.append(_key(made))
        target = store / f"{keys[-1]}.vdb"
        if not target.is_file():
            _write(made, target)
            written += 1
    if progress is not None:
        progress(1.0)
    told = {"map": maps[0].subject.title, "size": list(maps[0].view.size), "precision": maps[0].made.precision}
    takes.publish(root, keys, "volume", told)
    take = root / takes.take_name(keys)
    if about is not None:
        takes.tell(take, about)
    return Take(take, tuple(take / takes.file_name(number) for number in range(1, len(keys) + 1)), written)


def _write(made: Map, target: Path) -> None:
    density, palette = volume_of(made)
    size = SIDE / max(density.shape)
    x, y, z = (-0.5 * size * side for side in reversed(density.shape))
    with takes.frame_written(target, made.subject.title) as part:
        with dense_grids.grid_of(density, palette, low=(x, y, z), voxel_size=size) as grid:
            grid.write_vdb(part, gain=1.0)


def _key(made: Map) -> str:
    kind = made.subject.score == "sensitivity" if isinstance(made.subject, Experiment) else "newton"
    digest = hashlib.sha256(f"bloom map volume {FORMAT} {takes.FORMAT} {made.labels.shape} {kind}".encode())
    digest.update(made.labels.tobytes())
    digest.update(coloring.levels(made).astype("<f4").tobytes())
    return digest.hexdigest()[:32]


def _sureness(made: Map) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Returns how far from the boundary each score says its pixel is, by rank in [0, 1]; and how hopeless: 0 deep inside, 1 far outside."""
    level = np.nan_to_num(coloring.levels(made))
    if isinstance(made.subject, Experiment) and made.subject.score == "sensitivity":  # the only score that is 0 at the boundary
        return np.abs(level), level
    size = np.clip((np.abs(level) - coloring.GAP) / (1.0 - coloring.GAP), 0.0, 1.0).astype(np.float32)
    if isinstance(made.subject, Experiment):
        return np.float32(1.0) - size, np.where(level < 0.0, np.float32(0.5) * size, np.float32(1.0) - np.float32(0.5) * size)
    return np.float32(1.0) - size, size


def _blurred(field: NDArray[np.float32], radius: int = 1) -> NDArray[np.float32]:
    """Returns the field, smoothed with a tent of this radius along each axis: the mean of what is there, at the faces too."""
    tent = np.array([radius + 1 - abs(offset) for offset in range(-radius, radius + 1)], np.float32)
    tent /= tent.sum()
    for axis in range(field.ndim):
        around = np.pad(field, [(radius, radius) if other == axis else (0, 0) for other in range(field.ndim)], mode="edge")
        smooth = np.zeros_like(field)
        for offset, share in enumerate(tent):
            smooth += share * np.take(around, range(offset, offset + field.shape[axis]), axis=axis)
        field = smooth
    return field


def _finer(field: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns the field at FINER (2) times the pixels along each axis, by quadratic B-splines' subdivision (Chaikin 1974)."""
    for axis in range(field.ndim):
        around = np.pad(field, [(1, 1) if other == axis else (0, 0) for other in range(field.ndim)], mode="edge")
        side = field.shape[axis]
        before, here, after = (np.take(around, range(first, first + side), axis=axis) for first in range(3))
        halves = np.stack([0.25 * before + 0.75 * here, 0.75 * here + 0.25 * after], axis=axis + 1)
        field = halves.reshape([FINER * length if other == axis else length for other, length in enumerate(field.shape)])
    return field


def _softened(field: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns the field at FINER times the pixels, smoothed just enough that no steps show, and no more: dust is to stay dust."""
    return _finer(np.float32(0.5) * (field + _blurred(field)))


def _coarser(field: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns the means of blocks of FINER voxels along each axis."""
    for axis in range(field.ndim):
        pairs = [slice(None)] * axis
        field = np.float32(0.5) * (field[(*pairs, slice(0, None, FINER))] + field[(*pairs, slice(1, None, FINER))])
    return field


def _faded(shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Returns 1 inside and a soft fall to 0 at the faces."""
    fade = np.ones(shape, np.float32)
    for axis, side in enumerate(shape):
        places = (np.arange(side) + 0.5) / side
        along = np.clip(np.minimum(places, 1.0 - places) / _EDGE, 0.0, 1.0)
        fade *= (along * along * (3.0 - 2.0 * along)).astype(np.float32).reshape([-1 if other == axis else 1 for other in range(len(shape))])
    return fade


def _exposure(density: NDArray[np.float32]) -> np.float32:
    """Returns what the density is to be multiplied by, so that one sheet shines like many: by the lines along the axes that hold most light."""
    light = density * density
    lines = np.concatenate([light.sum(axis=axis).ravel() for axis in range(light.ndim)]) * (SIDE / max(light.shape))
    brightest = float(np.quantile(lines, 0.98))
    return np.float32(np.clip(np.sqrt(_BRIGHT / max(brightest, 1e-6)), 0.5, 6.0))


def _spread(values: NDArray[np.float32], density: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns the values as coordinates in [0, 1] of which every part holds as much light (the square of density) as any other."""
    shines = density > 0.0
    if not shines.any():
        return np.zeros_like(values)
    edges = np.linspace(float(values.min()), float(values.max()) + 1e-6, 4097)
    light, _ = np.histogram(values[shines], edges, weights=density[shines].astype(np.float64) ** 2)
    below = np.concatenate([[0.0], np.cumsum(light)]) / light.sum()
    return np.interp(values, edges, below).astype(np.float32)
