"""The wind that moves a bloom, and its tremble; one a bloom, as `obj.bloom.wind`. Each can be keyed."""

from __future__ import annotations

import bpy


class BloomWind(bpy.types.PropertyGroup):
    """The wind that moves a bloom, and its tremble; one a bloom, as `obj.bloom.wind`. Each can be keyed."""


CLASSES = (BloomWind,)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
