"""What the add-on leaves behind: nothing, however often it comes and goes; and what its handlers write while something is rendered: nothing."""

from __future__ import annotations

import threading
from typing import Any

import bpy
import pytest

import bloom_addon

CYCLES = 100


def handlers() -> dict[str, list[str]]:
    """Returns Bloom's functions in Blender's lists of handlers."""
    found = {}
    for name in dir(bpy.app.handlers):
        listed = getattr(bpy.app.handlers, name)
        if isinstance(listed, list):
            ours = sorted(f"{function.__module__}.{function.__qualname__}" for function in listed if "bloom_addon" in function.__module__)
            if ours:
                found[name] = ours
    return found


def draw_callbacks(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Returns a list that goes on holding the draw callbacks that are registered."""
    alive: list[Any] = []
    space = bpy.types.SpaceView3D
    add, remove = space.draw_handler_add, space.draw_handler_remove

    def added(*arguments: Any) -> Any:
        handle = add(*arguments)
        alive.append(handle)
        return handle

    def removed(handle: Any, region: str) -> None:
        remove(handle, region)
        alive.remove(handle)

    monkeypatch.setattr(space, "draw_handler_add", staticmethod(added), raising=False)
    monkeypatch.setattr(space, "draw_handler_remove", staticmethod(removed), raising=False)
    return alive


def test_coming_and_going_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    callbacks = draw_callbacks(monkeypatch)
    before = set(dir(bpy.types)), handlers(), threading.active_count()
    assert not before[1]
    for _ in range(CYCLES):
        bloom_addon.register()
        assert set(dir(bpy.types)) > before[0]
        bloom_addon.unregister()
    assert (set(dir(bpy.types)), handlers(), threading.active_count()) == before
    assert not callbacks
    assert not [name for name in ("bloom", "bloom_growth", "bloom_run", "bloom_stage", "bloom_garden") if hasattr(bpy.types.Scene, name)]


def test_new_files_pile_nothing_up(scene: bpy.types.Scene, bloom: bpy.types.Object) -> None:
    before = handlers()
    for cycle in range(CYCLES):
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
        if cycle % 10 == 0:
            bpy.ops.bloom.add(design="lotus")
    assert handlers() == before, "handlers are there once, and stay over new files"


def dump(owner: Any, depth: int = 0) -> Any:
    """Returns all plain values of a datablock's properties, and of the groups in it."""
    found: dict[str, Any] = {}
    for prop in owner.bl_rna.properties:
        name = prop.identifier
        if name in ("rna_type", "frame_current", "frame_float", "frame_subframe", "frame_current_final", "session_uid") or prop.is_skip_save:
            continue
        if prop.type == "COLLECTION":
            if depth < 4 and name in ("xforms", "variations", "parameters", "plots", "takes", "modifiers", "elements", "nodes", "timeline_markers"):
                found[name] = [dump(item, depth + 1) for item in getattr(owner, name)]
        elif prop.type == "POINTER":
            value = getattr(owner, name)
            if value is not None and depth < 4 and (name in ("live", "wind", "palette", "baking") or name.startswith("bloom")):
                found[name] = dump(value, depth + 1)
            elif isinstance(value, bpy.types.ID):
                found[name] = value.name_full
        else:
            value = getattr(owner, name)
            found[name] = tuple(value) if getattr(prop, "is_array", False) else value
    return found


def everything() -> dict[str, Any]:
    """Returns the values of everything that a bloom is made of."""
    found: dict[str, Any] = {}
    for kind in ("objects", "volumes", "materials", "scenes", "collections", "cameras", "node_groups", "actions", "pointclouds", "meshes"):
        for datablock in getattr(bpy.data, kind):
            found[f"{kind}/{datablock.name}"] = dump(datablock)
    return found


def test_a_render_writes_nothing(scene: bpy.types.Scene, bloom: bpy.types.Object, tmp_path: Any) -> None:
    bpy.ops.bloom.bake()
    bpy.ops.bloom.add_wind()
    bpy.ops.bloom.handle_add()
    bpy.ops.bloom.stage()
    scene.render.resolution_x, scene.render.resolution_y, scene.cycles.samples = 32, 20, 1
    scene.render.filepath = str(tmp_path / "frame_")
    scene.frame_start, scene.frame_end = 2, 4
    scene.frame_set(4)  # where the render will leave it
    seen: list[dict[str, Any]] = []
    bpy.app.handlers.render_pre.append(lambda *_: seen.append(everything()))
    bpy.app.handlers.render_post.append(lambda *_: seen.append(everything()))
    before = everything()
    try:
        bpy.ops.render.render(animation=True)
    finally:
        bpy.app.handlers.render_pre.pop()
        bpy.app.handlers.render_post.pop()
    scene.frame_set(4)
    assert everything() == before
    assert len(seen) == 6 and all(seen[place] == seen[place + 1] for place in range(0, 6, 2)), "nor within a frame"
    assert set(before) == set(everything()), "and no datablock came or went"
