"""An artist's first session in a window, played by Blender itself: install from disk, the sidebar's tab, a flower. Run by test_window.py."""

import importlib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import bpy

HOME = Path.home()
sys.path.insert(0, str(HOME))  # test_window.py puts the window tests' kit there

import kit  # noqa: E402

PATIENCE = 400.0
"""How long something may take, in seconds."""


def steps() -> Iterator[float]:
    """The session; yields how many seconds Blender goes on by itself."""
    yield 3.0
    window = bpy.context.window_manager.windows[0]
    area = next(area for area in window.screen.areas if area.type == "VIEW_3D")
    region = next(region for region in area.regions if region.type == "UI")
    for obj in list(bpy.data.objects):
        bpy.data.objects.remove(obj)
    area.spaces[0].show_region_ui = True
    yield 1.0
    shoot("before")

    # Preferences ▸ Get Extensions ▸ Install from Disk: the file browser calls this operator with the file, and it goes on beside the window.
    package = str(next(HOME.glob("bloom-*.zip")))
    with bpy.context.temp_override(window=window, area=area):
        assert bpy.ops.extensions.package_install_files("EXEC_DEFAULT", filepath=package, repo="user_default", enable_on_install=True)
    yield from kit.until(lambda: hasattr(bpy.types, "BLOOM_PT_main"), PATIENCE)
    area.tag_redraw()
    yield 1.0
    region.active_panel_category = "Bloom"
    area.tag_redraw()
    yield 2.0
    shoot("panel")

    with bpy.context.temp_override(window=window, area=area, region=next(region for region in area.regions if region.type == "WINDOW")):
        assert bpy.ops.bloom.add("INVOKE_DEFAULT", design="lotus") == {"FINISHED"}
        bpy.ops.view3d.view_selected()
    area.tag_redraw()
    views = importlib.import_module("bl_ext.user_default.bloom.bloom_addon.live.drawing").views
    yield from kit.until(lambda: views and all(view.finished for view in views.values()), PATIENCE)
    yield 2.0
    shoot("flower")

    assert bpy.ops.preferences.addon_disable(module="bl_ext.user_default.bloom") == {"FINISHED"}
    area.tag_redraw()
    yield 2.0
    assert not hasattr(bpy.types, "BLOOM_PT_main")
    shoot("after")


def shoot(name: str) -> None:
    """Keeps what the display shows."""
    shutil.copy("/tmp/screen/Xvfb_screen0", HOME / f"{name}.xwd")


kit.play(steps())
