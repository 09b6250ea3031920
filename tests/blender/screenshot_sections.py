"""The pictures of the panel: the start page, and each section with everything in it, as the sidebar shows it at its own width."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from types import FunctionType
from typing import Any

import bpy

MORE = {
    "flower": ("panel-library.png", ("BLOOM_library", "BLOOM_children")),
    "growth": ("panel-growth-keys.png", ("BLOOM_growth_more",)),
    "palette": ("panel-palette-stops.png", ("bloom_palette_stops",)),
    "bake": ("panel-bake-advanced.png", ("bloom_bake_advanced",)),
}
"""Sections that are pictured once more, with these sub-panels open."""


def steps(kit: Any) -> Iterator[float]:
    """Sets up one bloom with everything on it, and takes the pictures."""
    import scenery

    bpy.context.preferences.view.show_tooltips = False
    bpy.context.preferences.system.use_region_overlap = False  # an even ground
    yield 0.5
    yield from picture(kit, "panel-start.png")
    yield from scenery.fill(kit)
    yield 3.0
    sections = [cls for cls in bpy.types.Panel.__subclasses__() if getattr(cls, "bl_parent_id", "") == "BLOOM_PT_main"]
    sections = sorted({cls.bl_idname: cls for cls in sections}.values(), key=lambda cls: cls.bl_order)
    for cls in sections:
        bpy.utils.unregister_class(cls)
    for cls in sections:
        name = cls.bl_label.lower().replace(" ", "-")
        if name == "trainability-map":
            with kit.override():
                bpy.ops.bloom.map_example(name="reference")
            yield 3.0
        yield from alone(kit, cls, f"panel-{name}.png", ())
        if name in MORE:
            yield from alone(kit, cls, *MORE[name])
    for cls in sections:
        bpy.utils.register_class(cls)


def alone(kit: Any, cls: Any, name: str, opened: tuple[str, ...]) -> Iterator[float]:
    """Takes a picture of one section, with some of its sub-panels open."""
    closed, draw, idname = cls.bl_options, cls.draw, cls.bl_idname
    cls.bl_options, cls.bl_idname = closed - {"DEFAULT_CLOSED"}, f"{idname}_{len(opened)}"  # Blender remembers which were closed
    if opened:
        cls.draw = lambda self, context: draw(_Opened(self, cls, opened), context)
    bpy.utils.register_class(cls)
    yield 1.5
    yield from picture(kit, name)
    bpy.utils.unregister_class(cls)
    cls.bl_options, cls.draw, cls.bl_idname = closed, draw, idname


class _Opened:
    """Stands for a section that is drawn, and has some of its sub-panels open: Blender keeps no such state that a script could set."""

    def __init__(self, section: Any, cls: Any, opened: tuple[str, ...]) -> None:
        self.cls, self.layout = cls, _Layout(section.layout, opened)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.cls, name)
        return value.__get__(self) if isinstance(value, FunctionType) else value


class _Layout:
    """A section's layout whose `panel` opens some sub-panels, under other names, and closes the others."""

    def __init__(self, layout: Any, opened: tuple[str, ...]) -> None:
        self.__dict__.update(real=layout, opened=opened)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.real, name, value)

    def panel(self, idname: str, default_closed: bool = False) -> Any:
        return self.real.panel(f"{idname}_pictured", default_closed=idname not in self.opened)


def picture(kit: Any, name: str) -> Iterator[float]:
    """Takes a picture of the sidebar alone, without the empty ground below its contents."""
    kit.move(*kit.middle())  # away from what is pictured
    kit.area()[1].tag_redraw()
    yield 1.2
    region = kit.sidebar()
    top = bpy.context.window_manager.windows[0].height
    path = kit.shot(name)
    place = f"{region.width - 24}x{region.height}+{region.x}+{top - region.y - region.height}"
    subprocess.run(["mogrify", "-crop", place, "+repage", str(path)], check=True)
