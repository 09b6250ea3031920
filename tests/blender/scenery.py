"""What the pictures of the guide show: one bloom with everything on it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import bpy

FLOWER, RUN, FRAMES, FRAME = "dahlia", "digits-exploding", 96, 60
BAKED = 24
"""So many frames have a take: it is seen that the others have none."""


def fill(kit: Any) -> Iterator[float]:
    """Makes a bloom that has something to show in every section."""
    scene = bpy.context.scene
    yield from grow(kit)
    obj = bpy.context.object
    with kit.override():
        bpy.ops.bloom.add_wind()
        bpy.ops.bloom.find_palettes("EXEC_DEFAULT")
        bpy.ops.bloom.lock_stop(stop=2)
        bpy.ops.bloom.handle_add()
        select(obj)
        bpy.ops.bloom.stage()
        scene.frame_end = BAKED
        obj.bloom.samples, obj.bloom.resolution, obj.bloom.folder = 0.3, 64, str(kit.folder() / "takes")
        bpy.ops.bloom.bake("EXEC_DEFAULT")
        scene.frame_end = FRAMES
        bpy.ops.bloom.mutate("EXEC_DEFAULT", seed=3)
        bpy.ops.bloom.garden_optimizers()
        scene.frame_set(FRAME)


def grow(kit: Any) -> Iterator[float]:
    """Makes a bloom that is grown from a run."""
    from bloom_addon import bloom_object
    from bloom_core import designs

    scene = bpy.context.scene
    with kit.override():
        bloom_object.new_bloom(bpy.context, designs.design(FLOWER))
        bpy.ops.bloom.use_run(run=RUN)
        scene.bloom_growth.frames = FRAMES
        bpy.ops.bloom.grow("EXEC_DEFAULT")
        scene.frame_set(FRAME)
    scene.bloom_run.show_strip = True
    yield 1.0


def select(obj: Any) -> None:
    """Makes an object the active one, and the only one selected."""
    for other in bpy.context.view_layer.objects.selected[:]:
        other.select_set(False)
    obj.select_set(True)
    bpy.context.view_layer.objects.active = obj
