"""Zoom films: keyframes every ×2 about a point, each a map that is kept as a file, so that a film goes on where it was stopped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from bloom_core.native import Cancelled, Progress
from bloom_core.trainability.experiment import Experiment, MapError
from bloom_core.trainability.making import map_of
from bloom_core.trainability.map_files import SUFFIX, read_map, write_map
from bloom_core.trainability.maps import Map
from bloom_core.trainability.newton import Newton
from bloom_core.trainability.precision import precision_for
from bloom_core.trainability.tiles import SUFFIX as TILE_SUFFIX
from bloom_core.trainability.views import View

MOST_LEVELS = 90
"""From nine decades down to where double-double ends."""

Maker = Callable[[View, Path, Progress], Map]
"""Makes the map of a view; finished tiles are kept in the folder; progress cancels by returning False."""


@dataclass(frozen=True)
class Zoom:
    """A zoom into the map of `subject`: from `start`, whose size is that of the film's frames, `levels` times ×2 about the point `about`.

    Keyframes have `supersample` times as many pixels along each side as frames: with 2 no frame is ever enlarged, with 1 by at most 2.
    """

    subject: Experiment | Newton
    start: View
    about: tuple[Fraction, ...]
    levels: int
    supersample: int = 2

    def __post_init__(self) -> None:
        if len(self.start.size) != 2:
            raise MapError("A zoom film needs a map of two axes; take away the third, z")
        if not 1 <= self.levels <= MOST_LEVELS:
            raise MapError(f"{self.levels} levels: a zoom film has 1 to {MOST_LEVELS}")
        if not 1 <= self.supersample <= 8:
            raise MapError(f"A keyframe {self.supersample} times as fine as a frame: choose 1 to 8")
        if not all(0 <= share <= 1 for share in self.fixed):
            raise MapError("The point that a film zooms about lies outside its first view")

    @property
    def fixed(self) -> tuple[float, ...]:
        """Where the point is in each frame, as shares of its sides from the low ends."""
        sides = zip(self.about, self.start.center, self.start.span, strict=True)
        return tuple(float((point - center) / span + Fraction(1, 2)) for point, center, span in sides)

    def view(self, level: int) -> View:
        """Returns the view of a keyframe, 0 … levels."""
        zoomed = self.start.zoomed(2**level, self.about)
        return replace(zoomed, size=tuple(side * self.supersample for side in self.start.size))

    @property
    def views(self) -> tuple[View, ...]:
        """The views of all keyframes."""
        return tuple(self.view(level) for level in range(self.levels + 1))


def precision_of(subject: Experiment | Newton, view: View) -> str:
    """Returns the precision in which a view is made where none is asked for. Raises MapError for a view that is too deep."""
    return "double" if isinstance(subject, Newton) else precision_for(view)


def keyframe_file(folder: Path, level: int) -> Path:
    """Returns where a keyframe is kept."""
    return folder / f"level-{level:02d}{SUFFIX}"


def make_keyframes(
    zoom: Zoom, folder: Path, make: Maker, *, weights: Sequence[float] | None = None, progress: Progress | None = None
) -> list[Path]:
    """Makes the keyframes that `folder` does not have yet. Returns the files of all.

    Finished tiles of the one that is being made are in `folder`/tiles, so that after a cancelled or killed film the same call goes on from there.
    `weights`: the work of each keyframe, in any unit, for `progress`, which takes the share done and cancels by returning False (native.Cancelled).
    Raises MapError where the folder holds keyframes of something else, and as `make` and `write_map` do.
    """
    files = [keyframe_file(folder, level) for level in range(zoom.levels + 1)]
    shares = np.cumsum([0.0, *(weights or [1.0] * len(files))])
    shares /= shares[-1]
    folder.mkdir(parents=True, exist_ok=True)
    for level, file in enumerate(files):
        begun, share = float(shares[level]), float(shares[level + 1] - shares[level])
        if file.exists():
            check_keyframe(zoom, level, file)
        else:

            def told(done: float, begun: float = begun, share: float = share) -> bool:
                return progress is None or progress(begun + share * done)

            tiles = folder / "tiles"
            write_map(file, make(zoom.view(level), tiles, told))
            _remove_tiles(tiles)
        if progress is not None and not progress(begun + share):
            raise Cancelled
    return files


def check_keyframe(zoom: Zoom, level: int, file: Path) -> Map:
    """Returns a keyframe that is there, with the zoom's own score. Raises MapError where it is not the zoom's."""
    found = read_map(file)
    score = found.subject.score if isinstance(found.subject, Experiment) else ""
    wanted = replace(zoom.subject, score=score) if isinstance(zoom.subject, Experiment) else zoom.subject
    if found.view != zoom.view(level) or found.subject != wanted:
        raise MapError(f"{file}: is a keyframe of another zoom. Choose another folder, or remove this one")
    if isinstance(zoom.subject, Experiment) and zoom.subject.score != score:
        if found.outcomes is None:
            raise MapError(f"{file}: is coloured by the score {score}, and lacks what another score needs. Remove it to make it again")
        return map_of(zoom.subject, found.view, found.outcomes, found.made)
    return found


def _remove_tiles(folder: Path) -> None:
    """Removes the tiles of a keyframe that is whole now, and their folder where nothing else is in it."""
    if folder.is_dir():
        for tile in folder.glob(f"*{TILE_SUFFIX}"):
            tile.unlink(missing_ok=True)
        with suppress(OSError):
            folder.rmdir()
