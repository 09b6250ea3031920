"""What a command bakes its flowers as: what was asked for, and points where this Blender would show a volume black."""

from __future__ import annotations

import argparse
from typing import Any

import bpy

from .. import point_cloud, properties
from ..materials.variants import VARIANTS
from ..volumes import knowledge, notice
from . import arguments, progress


def kind_asked(options: argparse.Namespace) -> str | None:
    """Returns VOLUME, POINTS or BOTH as --take says, or else the material that was asked for; None where nobody said anything."""
    if options.take is not None:
        return str(options.take).upper()
    return None if options.material is None else "POINTS" if VARIANTS[options.material].points else "VOLUME"


def kind_seen(options: argparse.Namespace, scene: Any) -> str | None:
    """Returns the same for a new scene that this Blender is to render: POINTS where it would show a volume black and nobody asked for one."""
    asked = kind_asked(options)
    if asked == "POINTS" or (options.engine or scene.bloom_stage.engine).upper() != "CYCLES" or not is_black():
        return asked
    if asked is None:
        progress.warn(f"{notice.BLACK}. The flower is baked as points instead")
        return "POINTS"
    progress.warn(f"{notice.BLACK}. The volume that you asked for will not be seen: --take points or --engine eevee shows the flower")
    return asked


def set_up(options: argparse.Namespace, obj: bpy.types.Object, kind: str | None, *, new: bool) -> None:
    """Gives a bloom the kind and quality of take that were asked for; a new one also those that were not."""
    bloom: Any = properties.bloom_of(obj)
    if kind is not None:
        bloom.baking.kind = kind
    for owner, name, given, usual in (
        (bloom, "samples", options.samples, arguments.SAMPLES),
        (bloom, "resolution", options.resolution, arguments.RESOLUTION),
        (bloom.baking, "point_count", options.points, arguments.POINTS),
    ):
        if given is not None or new:
            setattr(owner, name, usual if given is None else given)
    if bloom.baking.kind != "VOLUME":
        point_cloud.ensure_companion(obj)  # now, for it wears the material that is asked for


def warn_of_black(scene: bpy.types.Scene) -> None:
    """Warns where a .blend that this Blender is to render has flowers that it would show black."""
    names = [obj.name for obj in notice.volumes_alone(scene)]
    if names and notice.uses_cycles(scene) and is_black():
        told = f"bake {'it' if len(names) == 1 else 'them'} as points in Blender, or: bloom stage THE.blend --engine eevee"
        progress.warn(f"{notice.BLACK}. {', '.join(names)} will not be seen: {told}")


def is_black() -> bool:
    """Says whether this Blender's Cycles shows volumes black; looks, the first time."""
    with progress.quiet():
        return knowledge.find_out()
