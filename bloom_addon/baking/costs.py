"""What the next bake will cost, for the panel: a small measured sample in a thread, once for each flower and setting that matters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import bpy

from bloom_core import take_estimates
from bloom_core.flames.flame import Flame, FlameError
from bloom_core.native import NativeError
from bloom_core.take_estimates import Estimate, Probe
from bloom_core.take_files import TakeError
from bloom_core.take_frames import Settings

from .. import background, properties
from . import bake, catalogue

_Measured = Probe | tuple[str, Settings]
_probes: dict[tuple[str, str], _Measured] = {}
"""By bloom and kind: what was measured, or why nothing could be with these settings."""
_wanted = ""
_MEASURING = "measuring a sample"


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
        if isinstance(measured, tuple):
            if measured[1] != settings:
                _ask(obj)
            return Costs(measured[0])
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
    global _wanted
    if bpy.app.background or bake.running() or background.reading(_MEASURING):
        return
    _wanted = obj.name
    if not bpy.app.timers.is_registered(_begin):
        bpy.app.timers.register(_begin, first_interval=0.4)  # a value that is still being dragged is not measured


def _begin() -> None:
    name = _wanted
    obj: Any = bpy.data.objects.get(name)
    if properties.bloom_of(obj) is None or background.reading(_MEASURING):
        return
    settings = {kind: bake.settings_of(obj, kind) for kind in bake.kinds_of(obj)}
    try:
        flame = bake.read_flame(bpy.context.scene, obj)
    except (FlameError, ValueError) as error:
        _keep(name, {kind: (str(error), wanted) for kind, wanted in settings.items()})
        return
    background.read(_MEASURING, lambda: _measure(flame, settings), lambda found: _keep(name, found))


def _measure(flame: Flame, settings: dict[str, Settings]) -> dict[str, _Measured]:
    found: dict[str, _Measured] = {}
    for kind, wanted in settings.items():
        try:
            found[kind] = take_estimates.probe(flame, wanted)
        except (FlameError, NativeError, TakeError, OSError, MemoryError) as error:
            found[kind] = str(error), wanted
    return found


def _keep(name: str, found: Mapping[str, _Measured]) -> None:
    _probes.update({(name, kind): measured for kind, measured in found.items()})


def measure(scene: bpy.types.Scene, obj: bpy.types.Object) -> Costs:
    """Measures now, and returns the costs."""
    _keep(obj.name, _measure(bake.read_flame(scene, obj), {kind: bake.settings_of(obj, kind) for kind in bake.kinds_of(obj)}))
    return costs(scene, obj)


def forget() -> None:
    """Forgets what was measured."""
    _probes.clear()


def register() -> None:
    """Nothing is measured yet."""
    forget()


def unregister() -> None:
    """Leaves no timer behind."""
    if bpy.app.timers.is_registered(_begin):
        bpy.app.timers.unregister(_begin)
    forget()
