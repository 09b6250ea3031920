"""The flame that a frame shows: the keyed properties, then what is laid over them: mute and solo, tremble and wind, handles.

Everything that plays a bloom (the live viewport, bakes, exports) reads it here, so all of them show the same.
"""

from __future__ import annotations

import bpy

from bloom_core.flames.flame import Flame

from . import flame_properties
from .wind import sway
from .xforms import handles, muting


def read_flame(scene: bpy.types.Scene, obj: bpy.types.Object, depsgraph: bpy.types.Depsgraph | None = None) -> Flame:
    """Returns the flame of a bloom at the scene's current frame; its palette stays in the material. Writes nothing.

    `depsgraph`: where handles and force fields are looked up; by default the context's.
    """
    flame = muting.muted(obj, flame_properties.read_flame(obj))
    flame = sway.swayed(scene, obj, flame, depsgraph)
    return handles.posed(obj, flame, depsgraph)
