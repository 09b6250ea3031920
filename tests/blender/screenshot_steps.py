"""The pictures of the guide: the start page, each section of the panel, the window with the live flower, the curves."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy

FLOWER, RUN, FRAMES = "dahlia", "translation", 96


def steps(kit: Any) -> Iterator[float]:
    """Sets up one bloom with everything on it, and takes the pictures."""
    from bloom_addon import bloom_object
    from bloom_core import designs

    scene = bpy.context.scene
    bpy.context.preferences.view.show_tooltips = False
    kit.area()[1].spaces[0].shading.color_type = "MATERIAL"
    yield 1.0
    widen(kit)
    yield 1.0
    yield from picture(kit, "panel-start.png")
    with kit.override():
        obj = bloom_object.new_bloom(bpy.context, designs.design(FLOWER))
        bpy.ops.bloom.use_run(run=RUN)
        scene.bloom_growth.frames = FRAMES
        bpy.ops.bloom.grow("EXEC_DEFAULT")
        bpy.ops.bloom.wind_add()
        bpy.ops.bloom.stage()
        obj.bloom.samples, obj.bloom.resolution, obj.bloom.folder = 1.0, 96, str(kit.folder() / "takes")
        scene.bloom_growth.frames = FRAMES
        bpy.ops.bloom.garden_optimizers()
        scene.frame_set(60)
        bpy.ops.view3d.view_selected()
    scene.bloom_run.show_strip = True
    yield 6.0
    sections = [cls for cls in bpy.types.Panel.__subclasses__() if getattr(cls, "bl_parent_id", "") == "BLOOM_PT_main"]
    sections = sorted({cls.bl_idname: cls for cls in sections}.values(), key=lambda cls: cls.bl_order)
    for cls in sections:
        bpy.utils.unregister_class(cls)
    for cls in sections:
        closed, cls.bl_options = cls.bl_options, cls.bl_options - {"DEFAULT_CLOSED"}
        bpy.utils.register_class(cls)
        if cls.bl_label == "Bake":
            with kit.override():
                bpy.ops.bloom.bake("EXEC_DEFAULT")
        yield 1.5
        yield from picture(kit, f"panel-{cls.bl_label.lower()}.png")
        bpy.utils.unregister_class(cls)
        cls.bl_options = closed
    for cls in sections:
        bpy.utils.register_class(cls)
    obj.hide_render = False
    yield 4.0
    kit.shot("window.png")
    graph = kit.area("DOPESHEET_EDITOR")[1]
    graph.type = "GRAPH_EDITOR"
    yield 1.0
    kit.shot("curves.png")
    subprocess.run(["mogrify", "-resize", "1280x", "-quality", "92", str(kit.folder() / "window.png"), str(kit.folder() / "curves.png")], check=True)


def widen(kit: Any) -> None:
    """Makes the sidebar as wide as most artists have it: its edge is dragged with the mouse."""
    region = kit.sidebar()
    top = bpy.context.window_manager.windows[0].height
    left, middle = region.x - 1, top - (region.y + region.height // 2)
    kit.drag((left, middle), (left - 60, middle))


def picture(kit: Any, name: str) -> Iterator[float]:
    """Takes a picture of the sidebar alone, without the empty ground below its contents."""
    kit.drag((700, 980), (701, 980))  # the mouse away from what is pictured
    yield 0.7
    region = kit.sidebar()
    top = bpy.context.window_manager.windows[0].height
    path = Path(kit.shot(name))
    place = f"{region.width - 26}x{region.height}+{region.x}+{top - region.y - region.height}"
    subprocess.run(["mogrify", "-crop", place, "+repage", "-gravity", "South", "-background", "black", "-trim", "+repage", str(path)], check=True)
