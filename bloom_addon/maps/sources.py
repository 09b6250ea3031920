"""Where a scene's map comes from: a file, one that comes along, or one that is made here; and what is known of it while the panel is drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import bpy

from bloom_core import take_estimates
from bloom_core.native import NativeError
from bloom_core.trainability import costs, map_files, standing
from bloom_core.trainability.engines import open_engine
from bloom_core.trainability.experiment import Experiment, MapError
from bloom_core.trainability.maps import Map
from bloom_core.trainability.presets import PRESETS
from bloom_core.trainability.views import View, overview

from .. import background, properties
from ..entry import flowers

_READING, _MEASURING = "reading a map", "measuring a training"


@dataclass(frozen=True)
class Known:
    """What the panel says of a map; `problem` where it cannot be read."""

    title: str = ""
    best: str = ""
    volume: bool = False
    trained: bool = False
    problem: str = ""


_known: dict[tuple[str, int], Known] = {}
_costs: dict[tuple[str, int], str] = {}


def read(scene: bpy.types.Scene) -> Map:
    """Returns the scene's map. Raises MapError where none is chosen or its file is none."""
    name = properties.map_of(scene).file
    if not name:
        raise MapError("There is no map yet: open one, take an example, or make one")
    return map_files.example_map(name) if name in map_files.example_maps() else map_files.read_map(bpy.path.abspath(name))


def known(scene: bpy.types.Scene) -> Known | None:
    """Returns what is known of the scene's map, or None while it is read in a thread. Cheap: for drawing."""
    key = _key(properties.map_of(scene).file)
    found = _known.get(key)
    if found is None and not background.reading(_READING):
        name, path = key[0], bpy.path.abspath(key[0])
        if bpy.app.background:
            _known[key] = _look(name, path)
        else:
            background.read(_READING, lambda: _look(name, path), lambda told: _known.update({key: told}))
    return _known.get(key)


def describe(found: Map) -> Known:
    """Returns what the panel says of a map."""
    trained = isinstance(found.subject, Experiment)
    title = f"{found.subject.title}: {' × '.join(map(str, found.view.size))}, {found.made.precision} precision, {found.made.engine}"
    best = ""
    if trained:
        try:
            where = standing.best(found)
            best = f"Best here: {standing.parameters_text(found, where)}. That is {standing.told(where)}"
        except MapError as error:
            best = str(error)
    return Known(title, best, len(found.view.size) == 3, trained)


def experiment(scene: bpy.types.Scene) -> tuple[Experiment, View]:
    """Returns what a new map of the scene's settings is of."""
    chosen = properties.map_of(scene)
    subject = PRESETS[chosen.preset]
    return subject, overview(subject, (chosen.size,) * len(subject.axes))


def cost(scene: bpy.types.Scene) -> str:
    """Returns what a new map costs, as a sentence; asks for a measurement where there is none. Cheap: for drawing."""
    chosen = properties.map_of(scene)
    key = chosen.preset, chosen.size
    subject, view = experiment(scene)
    if key not in _costs and not background.reading(_MEASURING) and not bpy.app.background:
        background.read(_MEASURING, lambda: measured(subject, view), lambda told: _costs.update({key: told}))
    return _costs.get(key, _counted(subject, view))


def measured(subject: Experiment, view: View) -> str:
    """Measures, in a second or two, what a map costs here, and returns it as a sentence."""
    try:
        seconds = costs.cost(subject, view, open_engine()).seconds
    except (MapError, NativeError) as error:
        return str(error)
    return f"{_counted(subject, view)}: about {take_estimates.duration(seconds)} here"


def folder(scene: bpy.types.Scene) -> Path:
    """Returns where new maps and runs go: the folder that was chosen, or Bloom's own. Raises ValueError for one relative to an unsaved .blend."""
    chosen = properties.map_of(scene).folder
    if chosen.startswith("//") and not bpy.data.is_saved:
        raise ValueError("Save the .blend first, or choose another folder for maps: this one is relative to it")
    if chosen:
        return Path(bpy.path.abspath(chosen)).absolute()
    own = flowers.user_folder("maps", create=True)
    return own if own is not None else Path(bpy.utils.user_resource("DATAFILES", path="bloom_maps", create=True))


def new_file(scene: bpy.types.Scene) -> Path:
    """Returns the file of a new map of the scene's settings, and of no other ones."""
    chosen = properties.map_of(scene)
    axes = len(PRESETS[chosen.preset].axes)
    return folder(scene) / f"{chosen.preset}-{'x'.join([str(chosen.size)] * axes)}{map_files.SUFFIX}"


def forget() -> None:
    """Forgets what is known."""
    _known.clear()
    _costs.clear()


def _counted(subject: Experiment, view: View) -> str:
    return f"{math.prod(view.size):,} trainings of {subject.steps} steps".replace(",", " ")


def _key(name: str) -> tuple[str, int]:
    try:
        return name, Path(bpy.path.abspath(name)).stat().st_mtime_ns
    except OSError:
        return name, 0


def _look(name: str, path: str) -> Known:
    try:
        return describe(map_files.example_map(name) if name in map_files.example_maps() else map_files.read_map(path))
    except (MapError, OSError) as error:
        return Known(problem=str(error))


def register() -> None:
    """Nothing is known yet."""
    forget()


def unregister() -> None:
    """Forgets what was read and measured."""
    forget()
