"""The flower that a bloom shows, with what the artist changed of it, as a design that can be saved."""

from __future__ import annotations

from dataclasses import replace

import bpy

from bloom_core import design_edits
from bloom_core.designs import Design

from .. import bloom_object, flame_properties
from ..xforms import handles, muting
from . import export


def shown_flower(obj: bpy.types.Object) -> Design:
    """Returns a bloom's design, opened as the bloom stands at the current frame, in its ramp's colours, without wind and tremble.

    What Blender has no place for (view, rendering) is the design's. Raises FlameError, NativeError, OSError.
    """
    design = bloom_object.flower_of(obj)
    flame = handles.posed(obj, muting.muted(obj, flame_properties.read_flame(obj)))
    seen = replace(design.open, xforms=flame.xforms, final=flame.final, xaos=flame.xaos)
    palette = export.palette_of(obj)
    return design_edits.with_open(design, seen if palette is None else replace(seen, palette=palette))
