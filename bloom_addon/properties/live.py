"""How a bloom is drawn live in the viewport; one a bloom, as `obj.bloom.live`."""

from __future__ import annotations

import bpy


class BloomLive(bpy.types.PropertyGroup):
    """How a bloom is drawn live in the viewport; one a bloom, as `obj.bloom.live`."""


CLASSES = (BloomLive,)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
