"""Flowers on a map: runs stand on the terrain at their hyperparameters, with what they are and how far from the edge they stand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import bpy
import numpy as np

from bloom_core import gardens
from bloom_core.flames.flame import FloatArray
from bloom_core.gardens import Plot
from bloom_core.growth.animation import Animation
from bloom_core.trainability import bursting, standing
from bloom_core.trainability.experiment import MapError
from bloom_core.trainability.maps import Map
from bloom_core.trainability.standing import Standing

from .. import bloom_object, keyframes, properties
from ..garden import labels
from . import parts, places, terrain

_LARGEST, _SMALLEST, _ROOM = 0.24, 0.07, 0.9
"""Width of a flower in sides of the map, at most and at least, and in the distance of the two that are nearest to each other."""

_LETTERS, _ABOVE = 0.08, 0.1


def plant(
    context: bpy.types.Context, found: Map, land: bpy.types.Object, plots: Sequence[Plot], grown: Sequence[Animation]
) -> list[bpy.types.Object]:
    """Plants grown runs on the terrain `land` of a map, in place of flowers that an earlier call planted; returns the blooms, in order.

    Raises MapError for a run that has no place on the map.
    """
    scene = context.scene
    stood = [standing.stand_run(found, plot.run) for plot in plots]
    for where, plot in zip(stood, plots, strict=True):
        if not where.shown:
            raise MapError(f"{plot.title}: stands outside of this map. Open one that shows {standing.parameters_text(found, where)}")
    parts.drop(scene, "flower", "flower label")
    width = max(plot.design.box.high[0] - plot.design.box.low[0] for plot in plots)
    factor = _width(found, stood) / width
    blooms = []
    for plot, animation, where in zip(plots, grown, stood, strict=True):
        obj = bloom_object.new_bloom(context, plot.design)
        for owner in obj.users_collection:
            owner.objects.unlink(obj)
        parts.collection(scene).objects.link(obj)
        obj.name = plot.title
        bloom: Any = properties.bloom_of(parts.mark(obj, "flower"))
        bloom.run, bloom.design = bloom_object.lasting_name(plot.name), bloom_object.lasting_name(plot.design.name)
        _stand_on(obj, land, terrain.point_at(found, where.position))
        obj.scale = (factor,) * 3
        obj.location = (0.0, 0.0, -factor * plot.design.box.low[2])
        bloom_object.apply_growth(scene, obj, animation)
        _swell(obj, animation, bursting.swelling(plot.run, animation))
        bloom.wind.tremble = bursting.tremble(found, where, plot.run)
        blooms.append(obj)
        if properties.map_of(scene).labels and scene.camera is not None:
            _label(scene, found, plot, where, obj, bloom.wind.tremble, factor * (plot.design.box.high[2] - plot.design.box.low[2]))
    context.view_layer.update()
    return blooms


def words(found: Map, where: Standing, plot: Plot, gain: float) -> tuple[str, str]:
    """Returns what a flower's label says: how far from the edge it stands, and what it is."""
    run = plot.run
    exploded = bursting.exploded_at(run)
    if exploded is not None:
        ended = f"explodes at step {exploded}"
    else:
        ended = f"{gardens.outcome(run)} after {len(run.steps)} steps"
    if gain != 1.0:
        ended += f", tremble exaggerated ×{gain:g}"
    lines = [standing.parameters_text(found, where), ended]
    if not standing.is_of_map(found, run):
        lines.append("another network than the map's: its hyperparameters alone belong here")
    return standing.told(where), "\n".join(lines)


def _swell(obj: bpy.types.Object, animation: Animation, times: FloatArray) -> None:
    """Keys the size of a flower, its foot on the ground, where it changes."""
    if np.ptp(times) == 0.0:
        return
    frames = np.arange(animation.frame_start, animation.frame_end + 1, dtype=np.float64)
    for axis in range(3):
        keyframes.key_values(obj, "scale", axis, "Burst", frames, obj.scale[axis] * times)
    keyframes.key_values(obj, "location", 2, "Burst", frames, obj.location.z * times)


def _label(scene: Any, found: Map, plot: Plot, where: Standing, obj: bpy.types.Object, gain: float, height: float) -> None:
    title, note = words(found, where, plot, gain)
    text = parts.mark(labels.label(parts.collection(scene), f"{obj.name} Label", title, _LETTERS, scene.camera, note), "flower label")
    data: Any = text.data
    data.align_y = "BOTTOM"
    text.parent, text.parent_type, text.parent_vertices = obj.parent, obj.parent_type, obj.parent_vertices
    text.location = (0.0, 0.0, height + _ABOVE)


def _stand_on(obj: Any, land: bpy.types.Object, point: int) -> None:
    """Has an object stand on a point of the terrain, also when the land rises or is keyed."""
    obj.parent, obj.parent_type = land, "VERTEX"
    obj.parent_vertices = (point, 0, 0)
    obj.matrix_parent_inverse.identity()


def _width(found: Map, stood: Sequence[Standing]) -> float:
    """Returns how wide flowers may be, so that neighbours do not stand in one another unless they are at the same place."""
    spots = np.array([places.place(found, where.position)[:2] for where in stood])
    apart = np.linalg.norm(spots[:, None] - spots[None], axis=2)[np.triu_indices(len(spots), 1)]
    nearest = float(apart.min()) * _ROOM if len(apart) else math.inf
    return float(np.clip(nearest, _SMALLEST * places.SIDE, _LARGEST * places.SIDE))
