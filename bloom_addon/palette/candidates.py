"""Palettes to choose from: computed beside the work on the interface, and shown as swatches."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import bpy
import bpy.utils.previews
import numpy as np

from bloom_core import growth, palettes
from bloom_core.native import Cancelled, Progress
from bloom_core.palettes import Candidate
from bloom_core.trajectories.run_model import Trajectory

from .. import bloom_object, properties

COUNT, SIZE = 12, 64
FINDING = "finding palettes for"
"""The name of the job."""


@dataclass(frozen=True)
class Source:
    """What palettes are made of, as plain data: a thread may read it."""

    run: Trajectory
    palette: Any
    states: Any
    frame_start: int
    seed: int

    def candidate(self, name: str) -> Candidate:
        """Returns the palette of this name. Raises RunError for an unknown one."""
        return palettes.candidate(self.run, self.palette, self.states, name, self.seed, self.frame_start)


@dataclass
class Search:
    """A search for the palettes of `names`: `key` says for which bloom, `palette` is its design's; `found` grows while it runs."""

    key: tuple[Any, ...]
    names: tuple[str, ...]
    palette: Any
    found: list[Candidate] = field(default_factory=list)

    def run(self, source: Source, progress: Progress) -> None:
        """Finds all, in whatever thread. Raises RunError, and Cancelled where `progress` says so."""
        for name in self.names:
            if not progress(len(self.found) / len(self.names)):
                raise Cancelled
            self.found.append(source.candidate(name))


_shown: Search | None = None
_pictures: Any = None


def source(scene: bpy.types.Scene, obj: bpy.types.Object, seed: int) -> Source:
    """Reads what palettes of a bloom are made of. Raises RunError, FlameError, OSError; ValueError where there is no run."""
    bloom, settings = properties.bloom_of(obj), properties.growth_of(scene)
    if not bloom.run:
        raise ValueError("There is no run yet: choose one under Run, and its palettes are found in it")
    run = bloom_object.read_run(bloom.run)
    states = growth.spread_frames(run, settings.frames, settings.pace)
    return Source(run, design_palette(obj), states, settings.start, seed)


def design_palette(obj: bpy.types.Object) -> Any:
    """Returns the palette (n, 3) sRGB of the flower that a bloom was made of. Raises FlameError, OSError."""
    return bloom_object.flower_of(obj).open.palette


def key_of(scene: bpy.types.Scene, obj: bpy.types.Object) -> tuple[Any, ...]:
    """Returns what the palettes of a bloom depend on: where it changes, they are others."""
    bloom, settings = properties.bloom_of(obj), properties.growth_of(scene)
    own = bloom.palette
    return bloom.run, bloom.design, own.method, own.seed, settings.start, settings.frames, settings.pace


def begin(scene: bpy.types.Scene, obj: bpy.types.Object) -> tuple[Search, Source]:
    """Starts a new search, in place of the one before; raises what `source` does."""
    global _shown
    own = properties.bloom_of(obj).palette
    read = source(scene, obj, own.seed)
    end()
    _shown = Search(key_of(scene, obj), palettes.wanted(COUNT, None if own.method == "all" else own.method), read.palette)
    return _shown, read


def found(scene: bpy.types.Scene, obj: bpy.types.Object) -> list[Candidate] | None:
    """Returns the palettes found for a bloom so far, or None where none were looked for since something changed."""
    return _shown.found[:] if _shown is not None and _shown.key == key_of(scene, obj) else None


def icon(number: int) -> int:
    """Returns the icon of the palette found as number `number`: from left to right the palette, from bottom to top the film."""
    global _pictures
    assert _shown is not None
    if _pictures is None:
        _pictures = bpy.utils.previews.new()
    candidate = _shown.found[number]
    name = f"{_shown.key} {candidate.name}"
    if name not in _pictures:
        picture = _pictures.new(name)
        first, last = int(candidate.ramp.frames[0]), int(candidate.ramp.frames[-1])
        colors = palettes.swatch(candidate.ramp, _shown.palette, first, last, SIZE)
        pixels = np.concatenate([colors, np.ones((SIZE, SIZE, 1))], axis=2).astype(np.float32).ravel()
        picture.icon_size = picture.image_size = (SIZE, SIZE)
        for target in (picture.icon_pixels_float, picture.image_pixels_float):
            target.foreach_set(pixels)
    return int(_pictures[name].icon_id)


def end() -> None:
    """Forgets the search and its pictures."""
    global _shown, _pictures
    if _pictures is not None:
        bpy.utils.previews.remove(_pictures)
    _shown = _pictures = None
