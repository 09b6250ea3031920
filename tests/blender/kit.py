"""What a script in a Blender window uses: `run(steps)` plays a generator, which yields how many seconds Blender shall go on by itself.

The scripts beside this file, gui_*.py, each have `steps(kit)`; they assert what they expect, and leave screenshots in `folder()`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy

Steps = Callable[[Any], Iterator[float]]


def folder() -> Path:
    """Returns the test's folder, for pictures and files."""
    return Path(os.environ["BLOOM_TEST_FOLDER"])


def area(kind: str = "VIEW_3D") -> tuple[Any, Any]:
    """Returns the first window and its first area of a kind."""
    window = bpy.context.window_manager.windows[0]
    return window, next(area for area in window.screen.areas if area.type == kind)


def override(kind: str = "VIEW_3D", region: str = "WINDOW") -> AbstractContextManager[Any]:
    """Returns a context in which operators find an area."""
    window, found = area(kind)
    return bpy.context.temp_override(window=window, screen=window.screen, area=found, region=next(r for r in found.regions if r.type == region))


def sidebar(tab: str = "Bloom") -> Any:
    """Shows the 3D viewport's sidebar and returns its region; once it was drawn, its tab can be chosen."""
    _, found = area()
    found.spaces[0].show_region_ui = True
    return next(region for region in found.regions if region.type == "UI")


def shot(name: str | Path) -> Path:
    """Takes a picture of the screen, into `folder()` where only a name is given; returns its path."""
    path = folder() / name
    subprocess.run(["import", "-window", "root", str(path)], check=True)
    return path


def pixels(path: Path) -> Any:
    """Returns a picture as float32 (height, width, 3) in [0, 1], the first row on top."""
    import numpy as np

    image = bpy.data.images.load(str(path))
    try:
        values = np.empty(image.size[0] * image.size[1] * 4, np.float32)
        image.pixels.foreach_get(values)
        return values.reshape(image.size[1], image.size[0], 4)[::-1, :, :3].copy()
    finally:
        bpy.data.images.remove(image)


def key(*names: str) -> None:
    """Presses keys, as xdotool names them."""
    subprocess.run(["xdotool", "key", *names], check=True)


def move(x: float, y: float) -> None:
    """Moves the mouse to a place of the screen; y counts from the top."""
    subprocess.run(["xdotool", "mousemove", str(round(x)), str(round(y))], check=True)


def middle(kind: str = "VIEW_3D") -> tuple[float, float]:
    """Returns the middle of an area, as a place of the screen."""
    window, found = area(kind)
    return found.x + found.width / 2, window.height - (found.y + found.height / 2)


def click(x: float, y: float, button: int = 1) -> None:
    """Clicks at a place of the screen; y counts from the top."""
    subprocess.run(["xdotool", "mousemove", str(round(x)), str(round(y)), "click", str(button)], check=True)


def drag(start: tuple[float, float], end: tuple[float, float]) -> None:
    """Drags with the left button, from place to place; y counts from the top."""
    (left, top), (right, bottom) = ([str(round(value)) for value in place] for place in (start, end))
    words = ["mousemove", left, top, "mousedown", "1", "sleep", "0.3", "mousemove", right, bottom, "sleep", "0.3", "mouseup", "1"]
    subprocess.run(["xdotool", *words], check=True)


def redraw() -> None:
    """Draws everything anew: on a screen in memory, nobody moves the mouse."""
    for each in bpy.context.window_manager.windows[0].screen.areas:
        each.tag_redraw()


def until(done: Callable[[], object], patience: float = 240.0) -> Iterator[float]:
    """Waits until something is so. Raises AssertionError where it takes longer than `patience`, in seconds."""
    begin = time.monotonic()
    while not done():
        assert time.monotonic() - begin < patience, "waited in vain"
        yield 0.1


def run(steps: Steps) -> None:
    """Registers the add-on, clears the scene, opens the sidebar's tab, plays the steps, and ends Blender: exit code 3 where one failed."""
    import bloom_addon

    bloom_addon.register()

    def all_steps() -> Iterator[float]:
        yield 2.5
        key("Escape")  # the splash
        yield 0.5
        for obj in list(bpy.data.objects):
            bpy.data.objects.remove(obj)
        region = sidebar()
        yield 0.7
        region.active_panel_category = "Bloom"
        yield 0.5
        yield from steps(sys.modules[__name__])
        bloom_addon.unregister()  # as Blender does with what it registered

    play(all_steps())


def play(steps: Iterator[float]) -> None:
    """Plays steps in Blender's own time, and ends Blender: exit code 3 where one failed."""

    def tick() -> float | None:
        try:
            return next(steps)
        except StopIteration:
            bpy.ops.wm.quit_blender()
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(3)
        return None

    bpy.app.timers.register(tick, first_interval=0.5, persistent=True)


def play_file(path: str) -> None:
    """Plays the `steps` of a script beside this file."""
    module = ModuleType(Path(path).stem)
    exec(compile(Path(path).read_text("utf-8"), path, "exec"), module.__dict__)
    run(module.steps)

