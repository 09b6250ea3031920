"""A map as a landscape: a grid of its pixels, whose height is a shape key and can be keyed, with the coloured map as its texture."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from bloom_core.flames.flame import FloatArray
from bloom_core.trainability import glow, relief
from bloom_core.trainability.maps import Map

from . import places, surface

HEIGHT = "Height"
"""Name of the shape key; its value is how high the land is, 1 as it is made and 0 flat."""

RELIEF = 0.2
"""Height of the highest ridge, and depth of the deepest basin, in Blender's units; the map's longer side is `places.SIDE`."""

MOST_POINTS = 768
"""Points along a side of the mesh, at most: the texture has every pixel, and more points than this only cost memory."""


def build(collection: bpy.types.Collection, name: str, found: Map, colors: NDArray[np.float32]) -> bpy.types.Object:
    """Adds a terrain of a map of two axes, textured with `colors` (H, W, 3), sRGB, to a collection."""
    rows, columns = (pixels(count) for count in found.labels.shape)
    height = relief.heights(found)[np.ix_(rows, columns)]
    x, y = places.along(found, 0)[columns], places.along(found, 1)[rows]
    grid = np.stack([*np.meshgrid(x, y), np.zeros_like(height)], axis=2).reshape(-1, 3)
    mesh = bpy.data.meshes.new(name)
    _fill(mesh, grid, len(columns), len(rows))
    _texture(mesh, (columns + 0.5) / found.labels.shape[1], (rows + 0.5) / found.labels.shape[0])
    for attribute, values in ((surface.CONVERGED, found.labels == 1), (surface.NEARNESS, glow.glow(found.labels))):
        layer: Any = mesh.attributes.new(attribute, "FLOAT", "POINT")
        layer.data.foreach_set("value", values[np.ix_(rows, columns)].astype(np.float32).ravel())
    mesh.materials.append(surface.material(name, surface.image(name, colors)))
    mesh.shade_smooth()
    obj = bpy.data.objects.new(name, mesh)
    collection.objects.link(obj)
    _rise(obj, grid, height.ravel() * RELIEF)
    return obj


def height_key(obj: bpy.types.Object) -> Any:
    """Returns a terrain's shape key of its height, or None where it has none."""
    keys = getattr(obj.data, "shape_keys", None)
    return keys.key_blocks.get(HEIGHT) if keys is not None else None


def point_at(found: Map, position: FloatArray) -> int:
    """Returns the number of the terrain's point that is nearest to a position in pixels, (x, y)."""
    rows, columns = (pixels(count) for count in found.labels.shape)
    column, row = int(np.abs(columns - position[0]).argmin()), int(np.abs(rows - position[1]).argmin())
    return row * len(columns) + column


def pixels(count: int) -> Any:
    """Returns which of `count` pixels along a side a point stands for, int64 (n,), n ≤ MOST_POINTS."""
    return np.unique(np.rint(np.linspace(0, count - 1, min(count, MOST_POINTS))).astype(np.int64))


def _fill(mesh: Any, points: FloatArray, columns: int, rows: int) -> None:
    first = (np.arange(columns - 1)[None] + columns * np.arange(rows - 1)[:, None]).ravel()
    corners = np.stack([first, first + 1, first + columns + 1, first + columns], axis=1)
    mesh.vertices.add(len(points))
    mesh.loops.add(corners.size)
    mesh.polygons.add(len(corners))
    mesh.vertices.foreach_set("co", points.astype(np.float32).ravel())
    mesh.loops.foreach_set("vertex_index", corners.astype(np.int32).ravel())
    mesh.polygons.foreach_set("loop_start", 4 * np.arange(len(corners), dtype=np.int32))
    mesh.update(calc_edges=True)


def _texture(mesh: Any, u: FloatArray, v: FloatArray) -> None:
    points = np.empty(len(mesh.loops), np.int32)
    mesh.loops.foreach_get("vertex_index", points)
    both = np.stack([u[points % len(u)], v[points // len(u)]], axis=1)
    mesh.uv_layers.new(name="Map").data.foreach_set("uv", both.astype(np.float32).ravel())


def _rise(obj: bpy.types.Object, grid: FloatArray, height: FloatArray) -> None:
    obj.shape_key_add(name="Flat")
    key: Any = obj.shape_key_add(name=HEIGHT)
    raised = grid.copy()
    raised[:, 2] = height
    key.data.foreach_set("co", raised.astype(np.float32).ravel())
    key.slider_min, key.slider_max, key.value = 0.0, 4.0, 1.0
    obj.active_shape_key_index = 1
