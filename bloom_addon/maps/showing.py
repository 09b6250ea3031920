"""Showing a map in the scene: as a terrain or a volume, framed, filmed and lit."""

from __future__ import annotations

import bpy

from bloom_core.takes import Take
from bloom_core.trainability import coloring
from bloom_core.trainability.experiment import MapError
from bloom_core.trainability.maps import Map

from .. import properties
from . import frame, parts, terrain, view, volume


def show_terrain(scene: bpy.types.Scene, found: Map) -> bpy.types.Object:
    """Puts a map of two axes into the scene as a terrain, in place of the map that was there; flowers of that one go with it. Raises MapError."""
    if len(found.view.size) != 2:
        raise MapError(f"{found.subject.title}: has three axes, so it is no land. Show it as a volume")
    chosen = properties.map_of(scene)
    colors = coloring.colors(found, chosen.colormap)
    parts.drop(scene)
    obj = parts.mark(terrain.build(parts.collection(scene), "Trainability Map", found, colors), "terrain")
    stand(scene, obj, found)
    return obj


def show_volume(scene: bpy.types.Scene, found: Map, take: Take) -> bpy.types.Object:
    """Puts a map of three axes into the scene as the volume of its take, in place of the map that was there."""
    parts.drop(scene)
    obj = volume.build(scene, "Trainability Volume", take)
    stand(scene, obj, found)
    return obj


def stand(scene: bpy.types.Scene, obj: bpy.types.Object, found: Map) -> None:
    """Sets camera, lamps and frame around the object that shows a map, and keeps it as the scene's."""
    chosen = properties.map_of(scene)
    chosen.shown = obj
    parts.drop(scene, "camera", "target", "lamp", "frame", "value", "axis", "title")
    camera = view.build(scene, obj, found, chosen.view)
    if chosen.labels:
        frame.build(scene, obj, found, chosen.colormap, camera)
