"""Where a run stands on a map: at its hyperparameters, and how far from the boundary between converging and not."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bloom_core.trainability import map_labels
from bloom_core.trainability.experiment import PARAMETERS, Axis, Experiment, MapError
from bloom_core.trainability.maps import Map
from bloom_core.trajectories.run_model import Trajectory

DoubleArray = NDArray[np.float64]

META = "map"
"""Key of a run's meta under which `spot_runs` keeps which map it was trained for."""
HYPERPARAMETERS = "hyperparameters"
"""Key of a run's meta that holds its hyperparameters by the names of `experiment.PARAMETERS`. Any recording may have it."""

_ALIASES = {"batch": "batch_size", "lr": "rate", "learning_rate": "rate", "beta1": "momentum"}
_CHUNK = 1 << 22  # distances held at once


@dataclass(frozen=True)
class Standing:
    """Where something stands on a map.

    `position` float64 (axes,): in pixels along x, y (and z), 0 the centre of the first; `values`: the parameters there, in the order of the axes.
    `shown`: whether that is within the view. `converged`: what the map says of the pixel there, None outside of the view. `distance`: to the nearest
    boundary that the view shows, below 0 where training converges, above beyond the edge; in `unit`; None outside of the view, or without a boundary.
    """

    position: DoubleArray
    values: tuple[float, ...]
    shown: bool
    converged: bool | None
    distance: float | None
    unit: str

    @property
    def beyond(self) -> bool:
        """Whether the map says that training does not converge here."""
        return self.converged is False


def experiment_of(map_: Map) -> Experiment:
    """Returns what a map trains. Raises MapError for a map of Newton's method, on which no run can stand."""
    if not isinstance(map_.subject, Experiment):
        raise MapError(f"{map_.subject.title}: runs stand on maps of trainings, and this is one of Newton's method. Open another map")
    return map_.subject


def unit_of(map_: Map) -> str:
    """Returns what distances on a map are measured in: decades where all axes are logarithmic, else shares of each axis's side of the view."""
    return "decades" if all(axis.logarithmic for axis in map_.subject.axes) else "sides of the map"


def boundary(map_: Map) -> DoubleArray:
    """Returns the boundary, float64 (n, axes): the middles between neighbouring pixels of different labels, in pixels along x, y (and z)."""
    labels, found = map_.labels, []
    for axis in range(labels.ndim):
        low = [slice(None)] * labels.ndim
        high = [slice(None)] * labels.ndim
        low[axis], high[axis] = slice(None, -1), slice(1, None)
        places = np.argwhere(labels[tuple(low)] != labels[tuple(high)]).astype(np.float64)
        places[:, axis] += 0.5
        found.append(places[:, ::-1])
    return np.concatenate(found)


def distances(map_: Map, positions: DoubleArray) -> DoubleArray:
    """Returns how far `positions` (n, axes), in pixels, are from the boundary, float64 (n,), in `unit_of` the map; NaN without a boundary."""
    edge, steps = boundary(map_), pitches(map_)
    if not len(edge):
        return np.full(len(positions), np.nan)
    found, rows = np.empty(len(positions)), max(1, _CHUNK // len(edge))
    for start in range(0, len(positions), rows):
        chunk = positions[start : start + rows]
        squares = sum(((chunk[:, axis, None] - edge[None, :, axis]) * steps[axis]) ** 2 for axis in range(edge.shape[1]))
        found[start : start + rows] = np.sqrt(np.min(squares, axis=1))
    return found


def stand(map_: Map, position: DoubleArray) -> Standing:
    """Returns where a position in pixels stands. Raises MapError for a map of Newton's method."""
    subject, size = experiment_of(map_), map_.view.size
    pixel = np.rint(position).astype(np.int64)
    shown = all(0 <= index < count for index, count in zip(pixel, size, strict=True))
    converged = bool(map_.labels[tuple(pixel[::-1])]) if shown else None
    away = float(distances(map_, np.asarray(position, np.float64)[None])[0]) if shown else math.nan
    side = -1.0 if converged else 1.0
    values = tuple(_value(axis, _coordinate(map_, number, position[number])) for number, axis in enumerate(subject.axes))
    return Standing(np.asarray(position, np.float64), values, shown, converged, side * away if math.isfinite(away) else None, unit_of(map_))


def stand_run(map_: Map, run: Trajectory) -> Standing:
    """Returns where a run stands on a map, at its hyperparameters. Raises MapError that names what the run does not tell."""
    known = hyperparameters(run)
    axes = experiment_of(map_).axes
    missing = [map_labels.NAMES[axis.parameter] for axis in axes if axis.parameter not in known]
    title = run.meta.get("title", "this run")
    if missing:
        raise MapError(f"{title}: does not tell its {' and its '.join(missing)}, so it has no place on this map. Record it with {HYPERPARAMETERS}")
    position = []
    for number, axis in enumerate(axes):
        value = known[axis.parameter]
        if axis.logarithmic and not value > 0.0:
            told = f"{title}: its {map_labels.NAMES[axis.parameter]} is {value:g}"
            raise MapError(f"{told}, which is nowhere on a logarithmic axis. Open a map with a linear one")
        coordinate = Fraction(math.log10(value) if axis.logarithmic else value)
        low = map_.view.center[number] - map_.view.span[number] / 2
        position.append(float((coordinate - low) * map_.view.size[number] / map_.view.span[number]) - 0.5)
    return stand(map_, np.array(position))


def is_of_map(map_: Map, run: Trajectory) -> bool:
    """Says whether a run is one of the very trainings of a map, as `spot_runs` records them; else only its hyperparameters belong there."""
    told = run.meta.get(META)
    return isinstance(told, Mapping) and told.get("experiment") == map_.subject.name and told.get("steps") == experiment_of(map_).steps


def hyperparameters(run: Trajectory) -> dict[str, float]:
    """Returns what a run tells of its hyperparameters, by the names of `experiment.PARAMETERS`.

    From its meta (`hyperparameters`, and usual names beside it), else its median learning rates: of one parameter group for both layers, of several
    the first group's for the input layer and the last one's for the output layer.
    """
    found: dict[str, float] = {}
    rates = [float(np.median(column)) for column in run.lr.T if np.isfinite(column).any()] if run.lr.size else []
    if rates:
        found |= {"input_rate": rates[0], "output_rate": rates[-1]}
        if rates[0] == rates[-1]:
            found["rate"] = rates[0]
    for told in (run.meta, run.meta.get(HYPERPARAMETERS)):
        for name, value in told.items() if isinstance(told, Mapping) else ():
            name = _ALIASES.get(name, name)
            if name in PARAMETERS and _is_number(value):
                found[name] = float(value)
                if name == "rate":
                    found |= {"input_rate": float(value), "output_rate": float(value)}
    return found


def best(map_: Map) -> Standing:
    """Returns where the map's best training stands: of those that converged, the one whose score is nearest to 0.

    Raises MapError where none converged, or the score is the sensitivity, by which none is better than another.
    """
    subject = experiment_of(map_)
    if subject.score == "sensitivity":
        raise MapError(f"{subject.title}: sensitivity is no measure of how good a training is. Open a map with another score")
    converged = map_.labels == 1
    if not converged.any():
        raise MapError(f"{subject.title}: nothing converged in this view, so no learning rate is best. Zoom out")
    score = np.where(converged & np.isfinite(map_.score), map_.score, -np.inf)
    place = np.unravel_index(int(np.argmax(score)), score.shape)
    return stand(map_, np.array(place[::-1], np.float64))


def told(standing: Standing) -> str:
    """Returns how far from the edge something stands, for people: "0.31 decades inside the edge"."""
    if not standing.shown:
        return "outside of this map"
    if standing.distance is None:
        return "no edge in this view"
    side = "beyond" if standing.beyond else "inside"
    unit = standing.unit if standing.unit != "decades" or abs(standing.distance) != 1.0 else "decade"
    return f"{abs(standing.distance):.2g} {unit} {side} the edge"


def parameters_text(map_: Map, standing: Standing) -> str:
    """Returns the parameters of a place, for people: "input rate 3.2, output rate 0.0045"."""
    names = [axis.parameter.replace("_", " ") for axis in map_.subject.axes]
    return ", ".join(f"{name} {value:.3g}" for name, value in zip(names, standing.values, strict=True))


def _coordinate(map_: Map, axis: int, position: float) -> Fraction:
    view = map_.view
    return view.center[axis] + view.span[axis] * ((Fraction(float(position)) + Fraction(1, 2)) / view.size[axis] - Fraction(1, 2))


def _value(axis: Axis, coordinate: Fraction) -> float:
    return float(10.0 ** float(coordinate)) if axis.logarithmic else float(coordinate)


def pitches(map_: Map) -> list[float]:
    """Returns how far it is from one pixel to the next along x, y (and z), in `unit_of` the map."""
    if unit_of(map_) == "decades":
        return [float(span / count) for span, count in zip(map_.view.span, map_.view.size, strict=True)]
    return [1.0 / count for count in map_.view.size]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
