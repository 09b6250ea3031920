"""The draw handler: shows every bloom of a 3D viewport. It reads the scene and draws; it never writes a datablock and never calls an operator."""

from __future__ import annotations

import time
from typing import Any

import bpy
from bpy.app.handlers import persistent
from mathutils import Vector

from .. import properties
from ..baking import bake
from . import clouds, selecting, shaders, uploads
from .views import Shown, View

PAUSE = 0.2
"""Seconds without a change after which pictures are refined."""
BUSY = 0.5
"""Seconds after which to look again whether a render or a bake is over."""

views: dict[int, View] = {}
"""By the address of their region, which is only compared."""
failure = ""
"""Why this GPU draws nothing, in words."""

_handle: Any = None
_moment = 0


def draw() -> None:
    """Draws the blooms of the region that Blender is drawing."""
    global failure
    if failure:
        return
    context = bpy.context
    rendering = _is_rendering()
    blooms, shown = clouds.blooms_shown(context.view_layer, context.space_data), []
    for obj in blooms:
        one = _shown(context, obj, rendering)
        if one is not None:
            shown.append(one)
    key = context.region.as_pointer()
    if not shown:
        views.pop(key, None)
        return
    try:
        view = views.setdefault(key, View())
        view.draw(context.region, context.region_data, shown, _moment)
        selecting.draw_corners(context, blooms)
    except Exception as error:  # a GPU that cannot: said once in the panel, for a traceback a redraw helps nobody
        failure = f"This GPU cannot draw live flowers: {error}"
        views.clear()
        return
    if not view.finished and not bpy.app.timers.is_registered(refine):
        bpy.app.timers.register(refine, first_interval=max(0.02, view.seconds) if view.steps > 1 else PAUSE)


def _shown(context: bpy.types.Context, obj: bpy.types.Object, rendering: bool) -> Shown | None:
    """Returns a bloom as the view shows it; None where its flame cannot be drawn. During a render what was read before is shown."""
    cloud, bloom = clouds.cloud_of(obj), properties.bloom_of(obj)
    before = cloud.problem
    depsgraph = context.evaluated_depsgraph_get()
    if not rendering:
        cloud.read(context.scene, obj, depsgraph)
    if cloud.packed is None or cloud.problem:
        if cloud.problem != before:
            _redraw_sidebar(context.area)
        return None
    live, box = bloom.live, (Vector(bloom.box_low), Vector(bloom.box_high))
    world = obj.evaluated_get(depsgraph).matrix_world.copy()
    return Shown(obj.session_uid, cloud, world, box, live.points, max(live.refined, live.points), live.size, obj.show_in_front)


def _redraw_sidebar(area: Any) -> None:
    """Lets the panel tell what is wrong."""
    for region in area.regions:
        if region.type == "UI":
            region.tag_redraw()


def _is_rendering() -> bool:
    """Says whether Blender renders: the machine and the scene's data belong to that."""
    return bool(bpy.app.is_job_running("RENDER"))


def refine() -> float | None:
    """Timer: asks the pictures that are not finished for one batch more; their redraw asks for the timer again."""
    if _is_rendering() or bake.running():
        return BUSY
    regions = _regions()
    for key in views.keys() - regions.keys():
        del views[key]
    clouds.forget_deleted()
    for uid in uploads.uploads.keys() - clouds.clouds.keys():
        del uploads.uploads[uid]
    waiting = [(view, regions[key]) for key, view in views.items() if not view.finished and not view.due]
    still = PAUSE - (time.perf_counter() - max((view.changed for view, _ in waiting), default=0.0))
    if waiting and still > 0.0:
        return still
    for view, region in waiting:
        view.due = True
        region.tag_redraw()
    return None


def _regions() -> dict[int, Any]:
    """Returns the regions of all windows' 3D viewports by address."""
    areas = (area for manager in bpy.data.window_managers for window in manager.windows for area in window.screen.areas if area.type == "VIEW_3D")
    return {region.as_pointer(): region for area in areas for region in area.regions if region.type == "WINDOW"}


def _moved(*_arguments: Any) -> None:
    """Something in a scene changed: what stands before a flower may have moved."""
    global _moment
    _moment += 1


def forget(*_arguments: Any) -> None:
    """Drops everything that was drawn: another file comes, or the add-on goes."""
    global failure
    failure = ""
    views.clear()
    uploads.uploads.clear()
    clouds.clouds.clear()
    if bpy.app.timers.is_registered(refine):
        bpy.app.timers.unregister(refine)


for _function in (_moved, forget):
    persistent(_function)  # it marks the function, so that handlers stay when another file is opened

_HANDLERS = ((bpy.app.handlers.depsgraph_update_post, _moved), (bpy.app.handlers.frame_change_post, _moved), (bpy.app.handlers.load_pre, forget))


def register() -> None:
    """Hangs the drawing on all 3D viewports."""
    global _handle
    _handle = bpy.types.SpaceView3D.draw_handler_add(draw, (), "WINDOW", "POST_VIEW")
    for handlers, function in _HANDLERS:
        handlers.append(function)


def unregister() -> None:
    """Takes it off, with all that it keeps on the GPU."""
    global _handle
    for handlers, function in _HANDLERS:
        if function in handlers:
            handlers.remove(function)
    if _handle is not None:
        bpy.types.SpaceView3D.draw_handler_remove(_handle, "WINDOW")
        _handle = None
    forget()
    shaders.forget()
