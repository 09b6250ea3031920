"""The flower that a bloom shows, with what the artist changed of it, as a design that can be saved."""

from __future__ import annotations

from dataclasses import replace

import bpy
import numpy as np

from bloom_core import design_edits, palettes
from bloom_core.designs import Design
from bloom_core.flames.flame import FloatArray

from .. import bloom_object, flame_properties
from ..xforms import handles, muting
from . import export

_SAME_COLOR = 4e-3  # one level of 255, sRGB: what a ramp's float32 colours come back with


def shown_flower(obj: bpy.types.Object) -> Design:
    """Returns a bloom's design, opened as the bloom stands at the current frame, in its ramp's colours, without wind and tremble.

    What Blender has no place for (view, rendering) is the design's. Raises FlameError, NativeError, OSError.
    """
    design = bloom_object.flower_of(obj)
    flame = handles.posed(obj, muting.muted(obj, flame_properties.read_flame(obj)))
    palette = _changed_palette(obj, design.open.palette)
    seen = replace(design.open, xforms=flame.xforms, final=flame.final, xaos=flame.xaos)
    return design_edits.with_open(design, seen if palette is None else replace(seen, palette=palette))


def _changed_palette(obj: bpy.types.Object, palette: FloatArray) -> FloatArray | None:
    """Returns the colours of the bloom's ramp, or None where they still are those of `palette`, which has more detail than a ramp."""
    ramp = export.palette_of(obj)
    if ramp is None:
        return None
    positions, colors = palettes.stops(palette)
    linear, across = palettes.srgb_to_linear(colors), np.linspace(0.0, 1.0, len(ramp))
    unchanged = palettes.linear_to_srgb(np.stack([np.interp(across, positions, channel) for channel in linear.T], axis=1))
    return None if np.abs(ramp - np.clip(unchanged, 0.0, 1.0)).max() < _SAME_COLOR else ramp
