"""Mute and solo: hidden xforms draw nothing, and the others keep their shape."""

from __future__ import annotations

from dataclasses import replace

import bpy

from bloom_core.flames.flame import Flame

from .. import properties


def muted(obj: bpy.types.Object, flame: Flame) -> Flame:
    """Returns the flame with the opacity of hidden xforms at 0: muted ones, and those beside a solo one. The final xform draws nothing itself."""
    entries = properties.bloom_of(obj).xforms[: len(flame.xforms)]
    alone = any(entry.solo for entry in entries)
    shown = [not entry.mute and (entry.solo or not alone) for entry in entries]
    return replace(flame, xforms=tuple(xform if kept else replace(xform, opacity=0.0) for xform, kept in zip(flame.xforms, shown, strict=True)))
