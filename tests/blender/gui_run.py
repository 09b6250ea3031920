"""The Run section and the strip in a window: hovering, clicking a tick, scrubbing, cancelling, and a file that is gone."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from typing import Any

import bpy
import numpy as np


def steps(kit: Any) -> Iterator[float]:
    from bloom_addon import bloom_object
    from bloom_addon.run import reading, showing
    from bloom_core import designs

    scene = bpy.context.scene
    with kit.override():
        obj = bloom_object.new_bloom(bpy.context, designs.design("lotus"))
        bpy.ops.bloom.use_run(run="digits-exploding")
        scene.bloom_growth.frames = 48
        scene.bloom_run.show_strip = True
    yield from kit.until(lambda: reading.look("digits-exploding").digest is not None)
    yield 1.0
    kit.redraw()
    yield 2.0
    kit.shot("run-before-growth.png")
    with kit.override():
        bpy.ops.bloom.grow()
    yield 2.0
    kit.redraw()
    yield 2.0
    kit.shot("run-section-and-strip.png")

    digest = reading.look("digits-exploding").digest
    frames = showing.steps_of(obj.bloom, digest)
    assert frames is not None and len(bpy.context.window_manager.bloom_events.rows) == len(digest.events)
    explosion = [event.kind for event in digest.events].index("explosion")
    tick = int(digest.rows[explosion])

    x, y = on_strip(kit, tick, len(digest.steps))
    subprocess.run(["xdotool", "mousemove", str(x), str(y)], check=True)
    yield 3.0
    kit.shot("run-strip-hover.png")
    kit.click(x, y)
    yield from kit.until(lambda: scene.frame_current == frames.frame_of(tick))
    assert obj.bloom.active_event == explosion
    yield 2.0
    kit.redraw()
    yield 1.5
    kit.shot("run-event.png")

    half, most = on_strip(kit, 675, 1350), on_strip(kit, 1200, 1350)
    kit.click(*half)
    yield from kit.until(lambda: abs(scene.frame_current - frames.frame_of(675)) <= 1)
    kit.drag(half, most)
    yield from kit.until(lambda: abs(scene.frame_current - frames.frame_of(1200)) <= 1)
    before = scene.frame_current
    cancelled = ["mousemove", *map(str, half), "mousedown", "1", "sleep", "0.5", "mousemove", str(half[0] - 200), str(half[1]), "sleep", "0.5"]
    subprocess.run(["xdotool", *cancelled, "click", "3", "sleep", "0.3", "mouseup", "1"], check=True)
    yield 3.0
    assert scene.frame_current == before, "a right click takes the scrub back"

    kit.click(half[0], half[1] - 300)  # above the strip: the view's own click
    yield 2.0
    assert scene.frame_current == before
    scene.bloom_run.show_strip = False
    yield 1.0
    kit.click(*half)
    yield 2.0
    assert scene.frame_current == before, "a strip that is off takes no click"

    bpy.context.view_layer.objects.active = obj
    obj.select_set(True)
    obj.bloom.run = "/moved/away/digits.bloom"
    kit.redraw()
    yield from kit.until(lambda: bool(reading.look(obj.bloom.run).problem))
    kit.redraw()
    yield 2.0
    kit.shot("run-missing.png")


def on_strip(kit: Any, row: int, count: int) -> tuple[int, int]:
    """Returns where on the screen a step stands on the strip."""
    from bloom_addon.run import strip_layout

    window, area = kit.area()
    region = next(region for region in area.regions if region.type == "WINDOW")
    with kit.override():
        place = strip_layout.place(bpy.context)
    assert place is not None
    return int(np.round(region.x + place.x(row, count))), int(window.height - (region.y + place.bottom + place.height // 2))
