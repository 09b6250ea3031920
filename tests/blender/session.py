"""An artist's session as a list of small deeds, which a window plays one by one and a Blender without a window all at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy

FRAMES = 12
FRAME = 9
"""The frame that is rendered and compared in the end."""
SAMPLES = 160.0
"""So many million that a bake lasts long enough to be stopped."""
STOP = 2
"""The stop of the palette that is recoloured."""

Deed = Callable[[Path], object]


def import_run(folder: Path) -> None:
    """File ▸ Import: a bloom with the run that it grows from."""
    from bloom_core.trajectories import trajectory

    path = folder / "run.bloom"
    if not path.exists():
        path.write_bytes(trajectory.embedded_run("digits-exploding").read_bytes())
    bpy.ops.bloom.open_run("EXEC_DEFAULT", True, filepath=str(path))
    bpy.context.scene.bloom_growth.frames = FRAMES


def grow(_folder: Path) -> None:
    """Growth ▸ Grow; in a window it is modal."""
    bpy.ops.bloom.grow("EXEC_DEFAULT" if bpy.app.background else "INVOKE_DEFAULT", True)


def move_handle(_folder: Path) -> None:
    """A petal posed by its handle."""
    obj = bloom()
    obj.bloom.active_xform = 0
    bpy.ops.bloom.handle_add("EXEC_DEFAULT", False)
    handle = obj.bloom.xforms[0].handle
    handle.location.x += 0.2
    handle.rotation_euler.z = 0.3
    select(obj)


def edit_key(_folder: Path) -> None:
    """A key dragged in the Graph Editor."""
    from bloom_addon import compat

    curve = next(curve for curve in compat.channelbag(bloom(), "").fcurves if curve.data_path.endswith("].weight"))
    for key in curve.keyframe_points:
        key.co.y *= 1.2
    curve.update()


def add_wind(_folder: Path) -> None:
    """Wind ▸ Add Wind."""
    bpy.ops.bloom.add_wind("EXEC_DEFAULT", True)


def change_stop(_folder: Path) -> None:
    """A stop of the palette recoloured; Hold takes its keys away and locks it."""
    from bloom_addon import material

    material.ramp_of(bloom().material_slots[0].material).elements[STOP].color = (0.1, 0.9, 0.4, 1.0)
    bpy.ops.bloom.keep_edited_stops("EXEC_DEFAULT", False, how="HOLD")


def set_stage(_folder: Path) -> None:
    """Stage ▸ Set the Stage, in EEVEE: the distributions' Cycles shows no volumes."""
    scene = bpy.context.scene
    bpy.ops.bloom.stage("EXEC_DEFAULT", True)
    scene.bloom_stage.engine = "EEVEE"
    scene.eevee.taa_render_samples = 4
    scene.render.resolution_x, scene.render.resolution_y = 160, 100
    scene.render.compositor_device = "CPU"


def save(folder: Path) -> None:
    """File ▸ Save."""
    bloom().bloom.samples, bloom().bloom.resolution = SAMPLES, 64
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "session.blend"))


def reload(folder: Path) -> None:
    """File ▸ Open."""
    bpy.ops.wm.open_mainfile(filepath=str(folder / "session.blend"))


def render(folder: Path) -> None:
    """Render ▸ Render Image, and the state that it shows."""
    scene = bpy.context.scene
    scene.frame_set(FRAME)
    scene.render.filepath = str(folder / "picture.png")
    bpy.ops.render.render(write_still=True)
    (folder / "state.json").write_text(json.dumps(state()))


BEFORE_UNDO: tuple[Deed, ...] = (import_run, grow, move_handle, edit_key, add_wind, change_stop)
"""Each is one step of undo: those that call one operator push it themselves, the others of `EDITS` are pushed as Blender's interface does."""
EDITS: tuple[Deed, ...] = (move_handle, edit_key, change_stop)
AFTER_UNDO: tuple[Deed, ...] = (set_stage, save, reload)


def bloom() -> Any:
    """Returns the session's only bloom."""
    from bloom_addon import properties

    return properties.blooms(bpy.context.scene)[0]


def select(obj: Any) -> None:
    """Makes an object the active one, and the only one selected."""
    for other in bpy.context.view_layer.objects.selected[:]:
        other.select_set(False)
    obj.select_set(True)
    bpy.context.view_layer.objects.active = obj


def state() -> dict[str, Any]:
    """Returns the numbers of the bloom's flame and of its palette at some frames, as they are played, and which stops are locked."""
    from bloom_addon import material, posing, sample
    from bloom_addon.palette import stops
    from bloom_core.flames.flame_buffer import pack

    scene, obj = bpy.context.scene, bloom()
    elements = material.ramp_of(obj.material_slots[0].material).elements

    def read() -> list[float]:
        colors = [value for element in elements for value in (element.position, *element.color)]
        return [round(float(value), 6) for value in (*pack(posing.read_flame(scene, obj)), *colors)]

    return {"frames": sample.at_frames(scene, obj, [1, 5, FRAME], read), "locked": stops.locked(obj), "keys": key_count(obj)}


def key_count(obj: Any) -> int:
    """Returns how many keys a bloom has; makes nothing."""
    from bloom_addon import compat

    return sum(len(curve.keyframe_points) for curve in compat.fcurves(obj))


def play_headless(folder: Path) -> None:
    """The whole session without a window."""
    for deed in (*BEFORE_UNDO, *AFTER_UNDO):
        deed(folder)
        if deed is import_run:
            select(bloom())
    select(bloom())
    bpy.ops.bloom.bake()
    bpy.ops.wm.save_mainfile()
    render(folder)
