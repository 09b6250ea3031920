"""Which points a bloom's live picture is made of: read from the scene, played when something changed. Touches no GPU and writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from bloom_core.flames.flame import FloatArray
from bloom_core.flames.flame_buffer import pack
from bloom_core.native import NativeError
from bloom_core.point_batches import Batch, PointBatches

from .. import material, posing, properties

RAMP_STEPS = 128
"""Steps in which the palette is read off the material."""

_player = PointBatches()


@dataclass
class Cloud:
    """A bloom as the last redraw found it. `generation` counts what its points depend on: a drawn batch of an older one is stale."""

    packed: FloatArray | None = None
    seed: int = 0
    generation: int = 0
    colors: bytes = b""
    strength: float = 1.0
    problem: str = ""
    """Why nothing is drawn, in words; it is tried again when the flame changes."""

    def read(self, scene: bpy.types.Scene, obj: bpy.types.Object, depsgraph: bpy.types.Depsgraph) -> None:
        """Reads flame, seed and palette of a bloom at the scene's current frame."""
        bloom = properties.bloom_of(obj)
        self.colors, self.strength = palette_of(obj), strength_of(obj)
        try:
            packed = pack(posing.read_flame(scene, obj, depsgraph))
        except Exception as error:  # whatever is wrong with a flame is said in the panel: a redraw that raises would fill the console
            self.packed, self.problem = None, str(error)
            return
        if self.packed is None or self.seed != bloom.seed or not np.array_equal(packed, self.packed):
            self.packed, self.seed, self.problem = packed, bloom.seed, ""
            self.generation += 1

    def play(self, number: int, count: int) -> Batch | None:
        """Returns the batch of that number, with chances of its own; None where the flame cannot be drawn. The next call overwrites it."""
        if self.packed is None or self.problem:
            return None
        try:
            batch = _player.play(self.packed, count, seed=self.seed + (number << 32))
        except NativeError as error:
            self.problem = str(error)
            return None
        if not len(batch.position):
            self.problem = "every point of this flame is lost to infinity: turn back what was changed last"
            return None
        return batch


clouds: dict[int, Cloud] = {}
"""By `session_uid` of the object: undo keeps it, and no reference to a datablock outlives an event."""


def cloud_of(obj: bpy.types.Object) -> Cloud:
    """Returns the bloom's cloud, a new one at first."""
    return clouds.setdefault(obj.session_uid, Cloud())


def forget_deleted() -> None:
    """Drops the clouds of objects that are no more."""
    for uid in clouds.keys() - {obj.session_uid for obj in bpy.data.objects}:
        del clouds[uid]


def blooms_shown(view_layer: bpy.types.ViewLayer, space: Any) -> list[bpy.types.Object]:
    """Returns the blooms that a 3D viewport draws live: visible in it, switched on, and not doubled by a take that it renders."""
    found = []
    for obj in view_layer.objects:
        bloom = properties.bloom_of(obj) if obj.type == "VOLUME" else None
        if bloom is None or not bloom.live.enabled or not wanted(obj, bloom, space.shading.type):
            continue
        if obj.visible_get(view_layer=view_layer, viewport=space):
            found.append(obj)
    return found


def wanted(obj: bpy.types.Object, bloom: Any, shading: str) -> bool:
    """Says whether a view of that shading shows the live points: Rendered ones and takes in Material Preview show the flower themselves."""
    volume: Any = obj.data
    doubled = shading == "RENDERED" or (shading == "MATERIAL" and volume.filepath.endswith(".vdb"))
    return bool(bloom.live.rendered) or not doubled


def palette_of(obj: bpy.types.Object) -> bytes:
    """Returns RAMP_STEPS colours of the bloom's Color Ramp at this frame, linear float32 RGBA; white where the artist took the ramp out."""
    ramp = getattr(_node(obj, material.RAMP), "color_ramp", None)
    if ramp is None:
        return np.ones((RAMP_STEPS, 4), np.float32).tobytes()
    return np.array([ramp.evaluate(step / (RAMP_STEPS - 1)) for step in range(RAMP_STEPS)], np.float32).tobytes()


def strength_of(obj: bpy.types.Object) -> float:
    """Returns the bloom's brightness: its own in the viewport, times the exposure of its material."""
    exposure, strength = _node(obj, material.EXPOSURE), float(properties.bloom_of(obj).live.brightness)
    return strength if exposure is None else strength * max(float(exposure.outputs[0].default_value), 0.0)


def _node(obj: bpy.types.Object, name: str) -> Any:
    """Returns a node of the bloom's material by its name. (`material.ramp_of` would give a material nodes that has none.)"""
    trees = [slot.material.node_tree for slot in obj.material_slots if slot.material is not None]
    nodes: list[Any] = [tree.nodes.get(name) for tree in trees if tree is not None]
    return next((node for node in nodes if node is not None), None)
