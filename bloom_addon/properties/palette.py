"""What the panel keeps of a bloom's palette; one a bloom, as `obj.bloom.palette`."""

from __future__ import annotations

import bpy


class BloomPalette(bpy.types.PropertyGroup):
    """What the panel keeps of a bloom's palette; one a bloom, as `obj.bloom.palette`."""


CLASSES = (BloomPalette,)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
