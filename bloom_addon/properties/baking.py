"""What a bake makes, and the takes it made; one a bloom, as `obj.bloom.baking`."""

from __future__ import annotations

import bpy


class BloomBaking(bpy.types.PropertyGroup):
    """What a bake makes, and the takes it made; one a bloom, as `obj.bloom.baking`."""


CLASSES = (BloomBaking,)
register, unregister = bpy.utils.register_classes_factory(CLASSES)
