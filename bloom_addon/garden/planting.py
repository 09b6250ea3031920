"""Planting a garden: blooms in their places, labels below them, and one camera that walks through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import bpy
import numpy as np

from bloom_core import garden_layout, gardens
from bloom_core.flames.flame import FloatArray
from bloom_core.garden_layout import Walk
from bloom_core.gardens import Plot
from bloom_core.growth.animation import Animation

from .. import bloom_object, keyframes, properties
from ..stage import stage
from . import labels

COLLECTION = "Bloom Garden"
CAMERA, TARGET = "Garden Camera", "Garden Target"
LENS = 50.0  # mm
FILM = 36.0  # mm, the width of Blender's default sensor


def plant(
    context: bpy.types.Context, plots: Sequence[Plot], grown: Sequence[Animation], layout: str, heading: str = "", labelled: bool = True
) -> list[bpy.types.Object]:
    """Plants the grown plots into the scene, on its stage, and returns the blooms, in order. Raises ValueError for a map without coordinates."""
    scene = context.scene
    coordinates = [gardens.coordinates(plot.run) for plot in plots] if layout == "map" else None
    boxes = [plot.design.box for plot in plots]
    width = max(box.high[0] - box.low[0] for box in boxes)
    height = max(box.high[2] - box.low[2] for box in boxes)
    ground = garden_layout.places(layout, len(plots), width, coordinates)
    blooms = []
    for plot, animation, place in zip(plots, grown, ground, strict=True):
        obj = bloom_object.new_bloom(context, plot.design)
        obj.name = plot.title
        bloom: Any = properties.bloom_of(obj)
        bloom.run, bloom.design = bloom_object.lasting_name(plot.name), bloom_object.lasting_name(plot.design.name)
        obj.location = (place[0], place[1], place[2] - plot.design.box.low[2])
        bloom_object.apply_growth(scene, obj, animation)
        blooms.append(obj)
    context.view_layer.update()
    stage.build(scene, blooms[0])  # its world, finish and settings; the camera is the garden's own
    collection = _collection(scene)
    aspect = scene.render.resolution_x / scene.render.resolution_y
    turned = garden_layout.backwards(np.array([_movement(animation) for animation in grown])[garden_layout.route(ground, width)])
    path = garden_layout.walk(
        ground, width, height, scene.frame_start, scene.frame_end, LENS / FILM, aspect, turned=turned, heading=bool(heading)
    )  # fmt: skip
    camera = _camera(scene, collection, path)
    texts = []
    for plot, obj, place in zip(plots, blooms, ground, strict=True) if labelled else ():
        text = labels.label(collection, f"{obj.name} Label", plot.title, 0.1 * width, camera, gardens.outcome(plot.run))
        text.location = (place[0], place[1], -garden_layout.label_drop(ground, width))
        texts.append(text)
    labels.fit(texts, 0.94 * garden_layout.SPACING * width)
    if heading:
        text = labels.label(collection, "Garden Heading", heading, 0.26 * width, camera)
        text.location = (0.0, float(ground[:, 1].max()), height + garden_layout.HEADING * width)
    return blooms


def _movement(animation: Animation) -> FloatArray:
    """Returns how much a flower moves at each frame, (F,)."""
    return np.asarray(np.abs(np.diff(animation.values, axis=0, append=animation.values[-1:])).sum(axis=1))


def _collection(scene: bpy.types.Scene) -> bpy.types.Collection:
    """Returns the scene's collection of what a garden has besides its flowers, emptied of an earlier garden's."""
    found: bpy.types.Collection | None = scene.collection.children.get(COLLECTION)
    if found is None:
        found = bpy.data.collections.new(COLLECTION)
        scene.collection.children.link(found)
    for obj in list(found.objects):
        bpy.data.objects.remove(obj)
    return found


def _camera(scene: bpy.types.Scene, collection: bpy.types.Collection, path: Walk) -> bpy.types.Object:
    lens: Any = bpy.data.cameras.new(CAMERA)
    camera, target = bpy.data.objects.new(CAMERA, lens), bpy.data.objects.new(TARGET, None)
    for obj in (camera, target):
        collection.objects.link(obj)
    lens.lens, lens.sensor_width = LENS, FILM
    lens.dof.use_dof, lens.dof.focus_object, lens.dof.aperture_fstop = True, target, 1.4
    aim: Any = camera.constraints.new("TRACK_TO")
    aim.target, aim.track_axis, aim.up_axis = target, "TRACK_NEGATIVE_Z", "UP_Y"
    for obj, along in ((camera, path.camera), (target, path.target)):
        for axis in range(3):
            keyframes.key_eased(obj, "location", axis, "Walk", path.frames.astype(np.float32), along[:, axis])
        obj.location = along[-1]
    scene.camera = camera
    return camera
