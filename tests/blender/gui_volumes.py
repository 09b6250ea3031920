"""Whether Cycles shows volumes is found out by a second Blender, while the scene, undo and the last render stay; the panel says it, and helps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import bpy


def steps(kit: Any) -> Iterator[float]:
    from bloom_addon import bloom_object, compat
    from bloom_addon.volumes import knowledge, notice
    from bloom_core import designs

    yield 1.0
    assert knowledge.known() is None and not knowledge._asked, "not at start-up"
    with kit.override():
        obj: Any = bloom_object.new_bloom(bpy.context, designs.design("lotus"))
        bpy.ops.ed.undo_push(message="before")
        bpy.ops.bloom.stage()
    before = names()
    yield from kit.until(lambda: knowledge.known() is not None)
    assert names() == before, f"nobody saw it but for {names() ^ before}"
    sections = [cls for cls in bpy.types.Panel.__subclasses__() if cls.__name__ in ("BLOOM_PT_bake", "BLOOM_PT_render")]
    for cls in sections:
        cls.bl_options = set()
        bpy.utils.unregister_class(cls)
        cls.bl_idname += "_open"  # Blender remembers which were closed
        bpy.utils.register_class(cls)
    parts = [cls for cls in bpy.types.Panel.__subclasses__() if getattr(cls, "bl_parent_id", "") == "BLOOM_PT_main" and cls not in sections]
    for cls in parts:
        bpy.utils.unregister_class(cls)
    obj.data.filepath = str(kit.folder() / "bloom_0001.vdb")  # as after a bake
    kit.area()[1].tag_redraw()
    yield 2.0
    kit.shot("black-volumes.png")
    if knowledge.known():
        assert notice.bakes_black(bpy.context.scene, obj) and notice.renders_black(bpy.context.scene)
        with kit.override():
            bpy.ops.bloom.avoid_black(way="POINTS")
        assert obj.bloom.baking.kind == "POINTS" and not notice.bakes_black(bpy.context.scene, obj)
        with kit.override():
            bpy.ops.bloom.avoid_black(way="EEVEE")
        assert bpy.context.scene.render.engine == compat.eevee() and not notice.renders_black(bpy.context.scene)
    yield 1.0
    for cls in sections:
        bpy.utils.unregister_class(cls)
        cls.bl_idname = cls.bl_idname.removesuffix("_open")
    for cls in (*parts, *sections):
        bpy.utils.register_class(cls)


def names() -> set[str]:
    """Returns the names of all datablocks that a probe might add to."""
    kinds = ("scenes", "objects", "cameras", "meshes", "materials", "node_groups", "images", "worlds")
    return {each.name_full for kind in kinds for each in getattr(bpy.data, kind)}
