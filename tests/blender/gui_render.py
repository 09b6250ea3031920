"""A render job beside the live view, its timeline touched meanwhile: nothing of the file is written, and every picture is as it would be alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import bpy
import numpy as np

FRAMES = 3
SIZE = (96, 60)


def steps(kit: Any) -> Iterator[float]:
    from bloom_addon import bloom_object
    from bloom_addon.live import drawing
    from bloom_core import designs

    folder = kit.folder()
    bpy.context.preferences.view.render_display_type = "NONE"
    with kit.override():
        obj = bloom_object.new_bloom(bpy.context, designs.design("lotus"))
        obj.bloom.live.points, obj.bloom.live.refined = 50_000, 200_000
        bpy.ops.bloom.use_run(run="digits")
        bpy.context.scene.bloom_growth.frames = FRAMES
        bpy.ops.bloom.grow("EXEC_DEFAULT")
        bpy.ops.bloom.add_wind()
        obj.bloom.samples, obj.bloom.resolution, obj.bloom.folder = 0.5, 48, str(folder / "takes")
        bpy.ops.bloom.bake("EXEC_DEFAULT")
        bpy.ops.bloom.stage()
    scene = bpy.context.scene
    scene.bloom_stage.engine = "EEVEE"
    scene.bloom_stage.looks = set()
    scene.eevee.taa_render_samples, scene.eevee.volumetric_samples, scene.eevee.volumetric_tile_size = 2, 16, "8"
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = *SIZE, 100
    scene.render.compositor_device = "CPU"
    scene.bloom_render.kind = "STILLS"
    scene.frame_set(2)
    kit.redraw()
    yield from kit.until(lambda: bool(drawing.views))

    stills = {}
    for name, lock, touch in (("alone", True, False), ("locked", True, True), ("unlocked", False, True)):
        scene.render.use_lock_interface = lock
        scene.render.filepath = str(folder / name / "frame_")
        scene.frame_set(2)
        bpy.ops.wm.save_as_mainfile(filepath=str(folder / "render.blend"))
        before = told(obj)
        with kit.override():
            assert bpy.ops.bloom.render("INVOKE_DEFAULT") == {"FINISHED"}
        yield from kit.until(lambda: bpy.app.is_job_running("RENDER"))
        touched = 0
        while bpy.app.is_job_running("RENDER"):
            if touch:
                touch_timeline(kit, touched)
                touched += 1
            yield 0.15
        yield 1.0
        assert not touch or touched > 1, "the timeline was touched while it rendered"
        assert touch or not bpy.data.is_dirty, "a render leaves the file as it was saved"
        scene.frame_set(2)
        after = told(obj)
        changed = {path: (before.get(path), after.get(path)) for path in {*before, *after} if before.get(path) != after.get(path)}
        assert not changed, changed
        assert not drawing.failure
        files = sorted((folder / name).glob("frame_*.png"))
        assert len(files) == FRAMES, name
        stills[name] = [kit.pixels(path) for path in files]
    assert max(float(picture.max()) for picture in stills["alone"]) > 0.2, "the flower is in the pictures"
    for name in ("locked", "unlocked"):
        for number, (one, other) in enumerate(zip(stills["alone"], stills[name], strict=True), 1):
            assert float(np.abs(one - other).max()) <= 2.0 / 255.0, f"frame {number} is another picture while the interface is {name}"


def touch_timeline(kit: Any, number: int) -> None:
    """Clicks into the timeline, elsewhere each time, and steps on with the keyboard."""
    window, area = kit.area("DOPESHEET_EDITOR")
    region = next(region for region in area.regions if region.type == "WINDOW")
    share = (0.1, 0.4, 0.25, 0.6)[number % 4]
    kit.click(region.x + share * region.width, window.height - (region.y + region.height - 8))
    kit.key("Right" if number % 2 else "Left")


def told(obj: Any) -> dict[str, Any]:
    """Returns all that a bloom, its curves, its material and the scene's settings of Bloom keep, by path, as plain values."""
    found: dict[str, Any] = {}
    scene = bpy.context.scene
    for owner in (obj, obj.data, *(slot.material.node_tree for slot in obj.material_slots), scene.bloom_growth, scene.bloom_stage, scene.bloom_run):
        note(owner, owner.bl_rna.identifier, found)
    for action in bpy.data.actions:
        for bag in (bag for layer in action.layers for strip in layer.strips for bag in strip.channelbags):
            for curve in bag.fcurves:
                found[f"{action.name} {curve.data_path} {curve.array_index}"] = [tuple(key.co) for key in curve.keyframe_points]
    return found


def note(owner: Any, path: str, found: dict[str, Any], depth: int = 5) -> None:
    """Notes what the properties of a datablock or group hold, down to some depth; of other datablocks, the names."""
    for prop in owner.bl_rna.properties:
        value, place = getattr(owner, prop.identifier), f"{path}.{prop.identifier}"
        if prop.identifier in ("rna_type", "original", "id_data", "tag") or prop.identifier.startswith("bl_"):
            continue
        if prop.type == "COLLECTION":
            found[place] = len(value)
            for number, item in enumerate(value if depth else ()):
                note(item, f"{place}[{number}]", found, depth - 1)
        elif prop.type == "POINTER" and isinstance(value, bpy.types.PropertyGroup | bpy.types.ColorRamp) and depth:
            note(value, place, found, depth - 1)
        elif prop.type == "POINTER":
            found[place] = getattr(value, "name", None)
        else:
            found[place] = tuple(value) if getattr(prop, "is_array", False) else value

