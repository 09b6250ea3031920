"""What the next bake will cost, for the panel: a small measured sample in a thread, once for each flower and setting that matters."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import bpy

from bloom_core import take_estimates
from bloom_core.flames.flame import Flame, FlameError
from bloom_core.native import NativeError
from bloom_core.take_estimates import Estimate, Probe
from bloom_core.take_files import TakeError
from bloom_core.take_frames import Settings

from .. import properties
from . import bake, catalogue

_probes: dict[tuple[str, str], Probe | str] = {}
"""By bloom and kind: what was measured, or why nothing could be."""
_wanted: set[str] = set()
_thread: threading.Thread | None = None


@dataclass(frozen=True)
class Costs:
    """`text` in a line, `warnings` a line each; `text` is empty while nothing was measured yet."""

    text: str
    warnings: tuple[str, ...] = ()


def costs(scene: bpy.types.Scene, obj: bpy.types.Object) -> Costs:
    """Returns what baking the bloom's whole range anew costs. Asks for a measurement where there is none. Cheap: may be called while drawing."""
    frames, estimates = len(bake.frames_of(scene, obj)), []
    for kind in bake.kinds_of(obj):
        settings = bake.settings_of(obj, kind)
        measured = _probes.get((obj.name, kind))
        if isinstance(measured, str):
            return Costs(measured)
        if measured is None or not take_estimates.serves(measured, settings):
            _ask(obj)
        if measured is None or not take_estimates.same_kind(measured.settings, settings):
            return Costs("")
        estimates.append(_by_last_bake(obj, settings) or take_estimates.estimate(measured, settings))
    seconds, disk = frames * sum(one.seconds for one in estimates), frames * sum(one.disk for one in estimates)
    warnings = take_estimates.warnings(estimates, frames, catalogue.free_bytes(catalogue.folder_of(obj)))
    memory = take_estimates.size(max(one.memory for one in estimates))
    text = f"All {frames} frames: about {take_estimates.duration(seconds)}, {take_estimates.size(disk)} on disk, {memory} of memory"
    return Costs(text, tuple(warnings))


def _by_last_bake(obj: bpy.types.Object, settings: Settings) -> Estimate | None:
    """Returns what a frame of these settings really cost when this bloom was last baked with them."""
    for take in catalogue.takes_in(catalogue.folder_of(obj)):
        seconds = take.about.get("seconds")
        if take.about.get("bloom") == obj.name and isinstance(seconds, float) and take_estimates.same_as_told(settings, take.settings):
            measured = _probes[obj.name, take.kind]
            assert isinstance(measured, Probe)
            return Estimate(seconds, take.size / max(len(take.keys), 1), take_estimates.estimate(measured, settings).memory)
    return None


def _ask(obj: bpy.types.Object) -> None:
    if bpy.app.background or bake.BakeWorker.running():
        return
    _wanted.add(obj.name)
    if _thread is None and not bpy.app.timers.is_registered(_begin):
        bpy.app.timers.register(_begin, first_interval=0.4)  # a value that is still being dragged is not measured


def _begin() -> float | None:
    global _thread
    name = _wanted.pop() if _wanted else ""
    obj: Any = bpy.data.objects.get(name)
    if properties.bloom_of(obj) is None or _thread is not None:
        return None
    try:
        flame = bake.read_flame(bpy.context.scene, obj)
    except (FlameError, ValueError) as error:
        _probes.update({(name, kind): str(error) for kind in bake.kinds_of(obj)})
        return None
    settings = {kind: bake.settings_of(obj, kind) for kind in bake.kinds_of(obj)}
    found: dict[str, Probe | str] = {}
    _thread = threading.Thread(target=_measure, args=(flame, settings, found), name="Bloom probe", daemon=True)
    _thread.start()

    def poll() -> float | None:
        global _thread
        if _thread is not None and _thread.is_alive():
            return 0.1
        _thread = None
        _probes.update({(name, kind): measured for kind, measured in found.items()})
        catalogue.redraw()
        return None

    bpy.app.timers.register(poll, first_interval=0.1)
    return None


def _measure(flame: Flame, settings: dict[str, Settings], found: dict[str, Probe | str]) -> None:
    for kind, wanted in settings.items():
        try:
            found[kind] = take_estimates.probe(flame, wanted)
        except (FlameError, NativeError, TakeError, OSError, MemoryError) as error:
            found[kind] = str(error)


def measure(scene: bpy.types.Scene, obj: bpy.types.Object) -> Costs:
    """Measures now, and returns the costs."""
    found: dict[str, Probe | str] = {}
    _measure(bake.read_flame(scene, obj), {kind: bake.settings_of(obj, kind) for kind in bake.kinds_of(obj)}, found)
    _probes.update({(obj.name, kind): measured for kind, measured in found.items()})
    return costs(scene, obj)


def forget() -> None:
    """Forgets what was measured."""
    _probes.clear()
    _wanted.clear()


def register() -> None:
    """Nothing is measured yet."""
    forget()


def unregister() -> None:
    """Leaves no timer behind."""
    if bpy.app.timers.is_registered(_begin):
        bpy.app.timers.unregister(_begin)
    forget()
