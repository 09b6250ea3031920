"""The pictures of whole windows: the live flower with the run's strip, and its curves in the Graph Editor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import bpy

GROUND = (0.012, 0.012, 0.02)
"""The viewport's ground: a glow shows on a dark one."""


def steps(kit: Any) -> Iterator[float]:
    """Grows one bloom and takes the pictures."""
    import scenery

    from bloom_addon.live import drawing

    def refined() -> bool:
        return bool(drawing.views) and all(view.finished for view in drawing.views.values())

    bpy.context.preferences.view.show_tooltips = False
    darken(kit)
    yield from scenery.grow(kit)
    obj = bpy.context.object
    space = kit.area()[1].spaces[0]
    space.region_3d.view_distance, space.region_3d.view_location = 5.2, (0.0, 0.0, 0.15)
    kit.move(*kit.middle())
    kit.redraw()
    yield from kit.until(refined)
    yield 1.5
    kit.shot("window.png")

    obj.bloom.active_xform = 1
    with kit.override():
        bpy.ops.screen.area_split(direction="HORIZONTAL", factor=0.5)
    yield 1.0
    window = bpy.context.window_manager.windows[0]
    lower = min((area for area in window.screen.areas if area.type == "VIEW_3D"), key=lambda area: area.y)
    lower.type = "GRAPH_EDITOR"
    yield 1.0
    show_curves(kit, obj)
    yield 1.0
    kit.redraw()
    yield from kit.until(refined)
    yield 1.5
    kit.shot("curves.png")


def show_curves(kit: Any, obj: Any) -> None:
    """Shows the affine of one petal in the Graph Editor, and the other groups closed."""
    from bloom_addon import compat

    chosen = next(curve.group.name for curve in compat.fcurves(obj) if curve.group is not None and "xforms[1]" in curve.data_path)
    for curve in compat.fcurves(obj):
        wanted = curve.group is not None and curve.group.name == chosen and ".pre" in curve.data_path
        curve.select, curve.hide = wanted, not wanted
        if curve.group is not None:
            curve.group.show_expanded_graph = curve.group.name == chosen
    space = kit.area("GRAPH_EDITOR")[1].spaces[0]
    space.show_markers, space.show_region_ui, space.dopesheet.show_materials = False, False, False
    with kit.override("GRAPH_EDITOR", "CHANNELS"):
        bpy.ops.anim.channels_expand(all=True)
    with kit.override("GRAPH_EDITOR"):
        bpy.ops.graph.view_all()


def darken(kit: Any) -> None:
    """Gives the viewport a dark, plain ground."""
    space = kit.area()[1].spaces[0]
    space.shading.background_type, space.shading.background_color = "VIEWPORT", GROUND
    space.overlay.show_floor = space.overlay.show_axis_x = space.overlay.show_axis_y = False

