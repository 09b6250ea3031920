"""Wind and tremble laid over a bloom's flame: reads what is keyed, and lets the core turn it into motion. Writes nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import bpy
import numpy as np
from mathutils import Vector

from bloom_core import wind
from bloom_core.flames.flame import Flame, FloatArray
from bloom_core.wind import Breeze

from .. import compat

LOOP = 0.25
"""The share of the recorded trembling, from its end, that goes on after it."""


def swayed(scene: bpy.types.Scene, obj: bpy.types.Object, flame: Flame, depsgraph: bpy.types.Depsgraph | None = None) -> Flame:
    """Returns the flame as wind and tremble move it at the scene's current frame. At strength 0 and a tremble of 1 it is the flame itself."""
    bloom: Any = getattr(obj, "bloom")  # noqa: B009 - no attribute to the type checker
    flame = _trembling(scene, obj, bloom, flame)
    breeze = _breeze(obj, bloom.wind, depsgraph) if bloom.wind.enabled else None
    if breeze is None or breeze.strength == 0.0:
        return flame
    seconds = _elapsed(obj, "speed", 0.0, _frame(scene)) * scene.render.fps_base / scene.render.fps
    return wind.swayed(flame, breeze, seconds, [xform.wind for xform in bloom.xforms], [xform.phase for xform in bloom.xforms])


def recorded(obj: bpy.types.Object) -> tuple[float, float] | None:
    """Returns the first and last frame of a bloom's recorded trembling, or None where it has none."""
    spans = [tuple(curve.range()) for curve in compat.fcurves(obj) if _trembles(curve)]
    return (min(span[0] for span in spans), max(span[1] for span in spans)) if spans else None


def _trembles(curve: Any) -> bool:
    path: str = curve.data_path
    return path.startswith("bloom.xforms[") and path.endswith("].tremble")


def _trembling(scene: bpy.types.Scene, obj: bpy.types.Object, bloom: Any, flame: Flame) -> Flame:
    """Returns the flame with what its keys hold of the trembling taken out, and `tremble` times the trembling of the moment put in."""
    gain = bloom.wind.tremble
    now = [np.array(xform.tremble, np.float64) for xform in bloom.xforms]
    frame = _frame(scene)
    curves = [curve for curve in compat.fcurves(obj) if _trembles(curve)] if bloom.wind.keep_trembling or _retimed(obj, bloom.wind) else []
    if not curves:
        shown = now
    else:
        first, last = min(curve.range()[0] for curve in curves), max(curve.range()[1] for curve in curves)
        moment = first + _elapsed(obj, "tremble_speed", first, frame) if _retimed(obj, bloom.wind) else frame
        moment = wind.looped(moment, first, last, LOOP * (last - first) if bloom.wind.keep_trembling else 0.0)
        shown = now if moment == frame else _at(obj, curves, now, moment)
    for number, (recorded_now, played) in enumerate(zip(now, shown, strict=True)):
        added = gain * played - recorded_now
        if added.any():
            xform = flame.xform(number)
            flame = flame.with_xform(number, replace(xform, pre=xform.pre + wind.bounded(added.reshape(3, 4))))
    return flame


def _at(obj: bpy.types.Object, curves: list[Any], now: list[FloatArray], moment: float) -> list[FloatArray]:
    """Returns the trembling of each xform at a moment; channels without a curve as they are `now`."""
    shown = [values.copy() for values in now]
    for curve in curves:
        number = int(curve.data_path[len("bloom.xforms[") :].partition("]")[0])
        if number < len(shown):
            shown[number][curve.array_index] = curve.evaluate(moment)
    return shown


def _retimed(obj: bpy.types.Object, settings: Any) -> bool:
    return bool(settings.tremble_speed != 1.0) or compat.fcurve(obj, "bloom.wind.tremble_speed") is not None


def _frame(scene: bpy.types.Scene) -> float:
    return float(scene.frame_current) + float(scene.frame_subframe)


def _elapsed(obj: bpy.types.Object, name: str, start: float, end: float) -> float:
    """Returns the frames that have gone by at the pace `obj.bloom.wind.<name>`, from `start` to `end`.

    What is keyed is integrated, so that a change of pace changes only what comes after it. A driven pace is taken as if it had always been so.
    """
    curve = compat.fcurve(obj, f"bloom.wind.{name}")
    if curve is None or curve.mute:
        return float(getattr(getattr(obj, "bloom").wind, name)) * (end - start)  # noqa: B009 - no attribute to the type checker
    if len(curve.modifiers):  # they bend a curve between its keys: every frame is looked at
        knots = [float(frame) for frame in range(int(min(start, end)), int(max(start, end)) + 2)]
    else:
        knots = [float(point.co.x) for point in curve.keyframe_points]
    return wind.elapsed(curve.evaluate, knots, start, end)


def _breeze(obj: bpy.types.Object, settings: Any, depsgraph: bpy.types.Depsgraph | None) -> Breeze:
    """Returns the wind of this frame: the force field's, where there is one, else the bloom's own."""
    source = settings.field
    if source is None or source.field is None or source.field.type != "WIND":
        blows = (float(np.cos(settings.direction)), float(np.sin(settings.direction)))
        return Breeze(settings.strength, blows, settings.gusts, settings.seed, settings.base)
    graph = depsgraph or bpy.context.evaluated_depsgraph_get()
    felt, here = source.evaluated_get(graph), obj.evaluated_get(graph)
    axis = here.matrix_world.to_3x3().inverted_safe() @ (felt.matrix_world.to_3x3() @ Vector((0.0, 0.0, 1.0)))
    strength = felt.field.strength
    axis = axis.normalized() * (1.0 if strength >= 0.0 else -1.0)
    gusts = min(1.0, settings.gusts + 0.5 * felt.field.noise)
    return Breeze(settings.strength * abs(strength), (axis.x, axis.y), gusts, settings.seed, settings.base)
