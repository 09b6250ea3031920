"""The live view in a window: scrubbing, refining when idle, two flowers, two windows, undo, what stands before it, a render job, another file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import bpy
import numpy as np
from bpy_extras.view3d_utils import location_3d_to_region_2d
from mathutils import Vector


def steps(kit: Any) -> Iterator[float]:
    from bloom_addon import bloom_object
    from bloom_addon.live import clouds, drawing
    from bloom_core import designs

    scene, (_, area) = bpy.context.scene, kit.area()
    space = area.spaces[0]
    space.region_3d.view_distance, space.region_3d.view_location = 7.0, (0.0, 0.0, 0.4)
    with kit.override():
        lotus = bloom_object.new_bloom(bpy.context, designs.design("lotus"))
        lotus.bloom.live.points, lotus.bloom.live.refined = 100_000, 500_000
        bpy.ops.bloom.use_run(run="digits")
        scene.bloom_growth.frames = 24
        bpy.ops.bloom.grow()
    name = lotus.name
    view = lambda: max(drawing.views.values(), key=lambda one: one._size[0])  # noqa: E731
    refined = lambda: bool(drawing.views) and all(one.finished for one in drawing.views.values())  # noqa: E731
    light = lambda picture, at=(0.0, 0.0, 0.3): glow(kit, picture, at)  # noqa: E731

    # Scrubbing: every frame is another flower.
    cloud = clouds.cloud_of(lotus)
    for frame in (4, 10, 16, 24):
        generation = cloud.generation
        scene.frame_set(frame)
        area.tag_redraw()
        yield from kit.until(lambda: cloud.generation > generation)  # noqa: B023 - waited for at once
        assert not drawing.failure and view().steps >= 1
    moving = kit.pixels(kit.shot("live-scrubbing.png"))
    yield from kit.until(refined)
    yield 1.0
    idle = kit.pixels(kit.shot("live-idle.png"))
    assert view().steps == 5 and not bpy.app.timers.is_registered(drawing.refine)
    assert light(idle) > 1.5 * light(idle, (0.0, 2.5, 0.0)), "the flower shines brighter than the ground"
    assert 0.7 < light(moving) / light(idle) < 1.4, "refining takes the grain away, not the brightness"

    # Looking around changes no datablock.
    path = str(kit.folder() / "live.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    space.region_3d.view_distance = 8.0
    area.tag_redraw()
    yield 0.5
    yield from kit.until(refined)
    assert not bpy.data.is_dirty

    # What stands before the flower covers it.
    bpy.ops.mesh.primitive_cube_add(size=0.1, location=(0.0, 0.0, 0.3))
    cube = bpy.context.object
    toward = space.region_3d.view_rotation @ Vector((0.0, 0.0, 1.0))
    cube.location += toward * 4.0
    cube.scale = (12.0, 12.0, 12.0)
    area.tag_redraw()
    yield 1.0
    yield from kit.until(refined)
    yield 0.5
    covered = kit.pixels(kit.shot("live-covered.png"))
    assert saturation(kit, covered) < 0.5 * saturation(kit, idle)
    bpy.data.objects.remove(cube)

    # Two flowers, then one of them is switched off.
    with kit.override():
        peony = bloom_object.new_bloom(bpy.context, designs.design("peony"))
    peony.location = (-1.5, 2.5, 0.0)
    peony.bloom.live.points = peony.bloom.live.refined = 100_000
    place = (-1.5, 2.5, 0.2)
    area.tag_redraw()
    yield 1.0
    yield from kit.until(refined)
    yield 0.5
    both = kit.pixels(kit.shot("live-two.png"))
    bpy.ops.ed.undo_push(message="Two")
    peony.bloom.live.enabled = False
    bpy.ops.ed.undo_push(message="One")
    area.tag_redraw()
    yield 2.0
    one = kit.pixels(kit.shot("live-one.png"))
    assert light(both, place) > 1.5 * light(one, place) and 0.8 < light(one) / light(both) < 1.2
    with kit.override():
        bpy.ops.ed.undo()
    area.tag_redraw()
    yield 1.0
    yield from kit.until(refined)
    yield 0.5
    undone = kit.pixels(kit.shot("live-undone.png"))
    assert 0.8 < light(undone, place) / light(both, place) < 1.2 and len(clouds.clouds) == 2

    # Two windows, each with a picture of its own.
    with kit.override():
        bpy.ops.wm.window_new()
    yield 1.5
    second = bpy.context.window_manager.windows[-1]
    second.screen.areas[0].type = "VIEW_3D"
    second.screen.areas[0].tag_redraw()
    yield from kit.until(lambda: len(drawing.views) == 2 and refined())
    yield 1.0
    kit.shot("live-windows.png")
    with bpy.context.temp_override(window=second):
        bpy.ops.wm.window_close()
    yield 1.0

    # While a render runs, nothing is read or played.
    lotus = bpy.data.objects[name]
    cloud = clouds.cloud_of(lotus)
    set_up_render(bpy.context.scene)  # undo has made another scene
    with kit.override():
        bpy.ops.render.render("INVOKE_DEFAULT")
    yield from kit.until(lambda: bpy.app.is_job_running("RENDER"))
    generation = cloud.generation
    lotus.bloom.seed += 1
    area.tag_redraw()
    yield 1.0
    assert not bpy.app.is_job_running("RENDER") or cloud.generation == generation
    yield from kit.until(lambda: not bpy.app.is_job_running("RENDER"))
    area.tag_redraw()
    yield from kit.until(lambda: cloud.generation == generation + 1)

    # Another file: nothing of this one is kept, and its flower is drawn.
    bpy.ops.wm.open_mainfile(filepath=path)
    yield 2.0
    assert list(clouds.clouds) in ([], [bpy.data.objects[name].session_uid])
    yield from kit.until(refined)
    yield 1.0
    opened = kit.pixels(kit.shot("live-opened.png"))
    assert light(opened) > 1.5 * light(opened, (0.0, 2.5, 0.0)) and not drawing.failure


def set_up_render(scene: Any) -> None:
    """Makes renders last a few seconds and open no window."""
    bpy.context.preferences.view.render_display_type = "NONE"
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(camera)
    scene.camera, camera.location = camera, (0.0, 0.0, 9.0)
    scene.render.engine, scene.cycles.samples, scene.cycles.use_adaptive_sampling = "CYCLES", 400, False
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = 320, 240, 100


def around(kit: Any, picture: Any, at: tuple[float, float, float], half: int = 40) -> Any:
    """Returns the pixels around a place of the scene."""
    window, area = kit.area()
    region = next(region for region in area.regions if region.type == "WINDOW")
    place = location_3d_to_region_2d(region, area.spaces[0].region_3d, Vector(at))
    x, y = int(region.x + place.x), int(window.height - (region.y + place.y))
    return picture[y - half : y + half, x - half : x + half]


def glow(kit: Any, picture: Any, at: tuple[float, float, float]) -> float:
    """Returns the mean brightness around a place of the scene."""
    return float(np.mean(around(kit, picture, at)))


def saturation(kit: Any, picture: Any) -> float:
    """Returns how colourful the middle of the flower is."""
    part = around(kit, picture, (0.0, 0.0, 0.3), 20)
    return float(np.mean(part.max(axis=2) - part.min(axis=2)))
