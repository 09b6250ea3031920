"""Takes that no longer show what the keys say: noticed cheaply while editing and when a render starts, exactly when it is asked for.

Handlers only set marks in Python; they write no datablock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy
from bpy.app.handlers import persistent

from bloom_core import take_list, takes
from bloom_core.flames.flame import FlameError
from bloom_core.take_files import TakeError
from bloom_core.take_frames import described
from bloom_core.take_list import TakeInfo

from .. import background, properties
from . import bake, catalogue

_DEBOUNCE = 0.5


@dataclass(frozen=True)
class Flag:
    """What is wrong with a take that a bloom shows: `text` for people, `remedy` the operator that helps (bake, relink, copy, check)."""

    text: str
    remedy: str = "bake"


_touched: set[str] = set()
_older: dict[tuple[str, str], str] = {}
"""By bloom and kind: what was found to differ, or nothing where the take is as the keys say."""


def flags(scene: bpy.types.Scene, obj: bpy.types.Object) -> list[Flag]:
    """Returns what is wrong with the takes that a bloom shows, as far as it is known. Reads no disk, samples nothing."""
    found = []
    for kind, (folder, start, count) in catalogue.shown(obj).items():
        take = catalogue.info(folder)
        if catalogue.is_absent(folder):
            found.append(Flag(f"The {kind} take is not where it was: {folder}", "relink"))
            continue
        if take is not None and take.lost:
            found.append(Flag(f"The {kind} take lost {take.lost} of its {len(take.keys)} files"))
        found += [Flag(text) for text in (_older.get((obj.name, kind)), _too_short(bake.frames_of(scene, obj), kind, start, count)) if text]
        place = catalogue.folder_of(obj)
        if place is not None and take is not None and folder.parent != place:
            found.append(Flag(f"The {kind} take lies in {folder.parent}, not in this bloom's folder", "copy"))
    return found


def _too_short(wanted: range, kind: str, start: int, count: int) -> str:
    first, last = wanted.start, wanted.stop - 1
    if count == 1:
        return f"The {kind} take is a single frame: a preview" if last > first else ""
    if start <= first and last < start + count:
        return ""
    return f"The {kind} take has the frames {start}–{start + count - 1}; the scene {first}–{last}"


def check(scene: bpy.types.Scene, obj: bpy.types.Object) -> list[Flag]:
    """Samples all frames and compares them with what the shown takes were baked of; returns the flags. Raises FlameError, TakeError."""
    catalogue.refresh(obj)
    for kind, (folder, start, count) in catalogue.shown(obj).items():
        take = catalogue.info(folder)
        if take is None:
            continue
        frames = range(start, start + count)
        keys = takes.frame_keys(bake.flames_of(scene, obj, frames), bake.settings_of(obj, kind))
        _compare(scene, obj, kind, take, start, keys, start)
    return flags(scene, obj)


def fresh(obj_name: str, kind: str) -> None:
    """Notes that a bloom's take was just baked."""
    _older.pop((obj_name, kind), None)


def glance(scene: bpy.types.Scene, obj: bpy.types.Object) -> None:
    """Compares the volume's current frame alone with what it was baked of: a moment, and nothing is evaluated for it."""
    if "volume" not in (showing := catalogue.shown(obj)):
        return
    folder, start, count = showing["volume"]
    take, frame = catalogue.info(folder), scene.frame_current
    if take is None or not start <= frame < start + count or len(take.keys) != count:
        return
    try:
        key = takes.frame_keys([bake.read_flame(scene, obj)], bake.settings_of(obj, "volume"))
    except (FlameError, TakeError):
        return
    if take.keys[frame - start] != key[0] and not _older.get((obj.name, "volume")):
        _compare(scene, obj, "volume", take, start, key, frame)


def _compare(
    scene: bpy.types.Scene, obj: bpy.types.Object, kind: str, take: TakeInfo, start: int, keys: list[str], first: int
) -> None:
    changed = take_list.differing_frames(take.keys, start, keys, first)
    told = described(bake.settings_of(obj, kind)) if changed else {}
    if changed and told != dict(take.settings) and not _equal(told, take.settings):
        names = sorted(name for name in {*told, *take.settings} if not _equal(told.get(name), take.settings.get(name)))
        _older[obj.name, kind] = f"The {kind} take was baked with other settings: {', '.join(names)}"
    elif changed:
        _older[obj.name, kind] = f"The {kind} take is older than the keys: frame{'s' if len(changed) > 1 else ''} {take_list.spans(changed)} changed"
    else:
        _older.pop((obj.name, kind), None)


def _equal(one: Any, other: Any) -> bool:
    """Says whether two settings are the same, one of which has been through JSON, where tuples become lists."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[name], other[name]) for name in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return list(one) == list(other)
    return bool(one == other)


@persistent  # type: ignore[untyped-decorator]
def _mark(_scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph) -> None:
    """Notes which blooms were touched; the rest is done when Blender has a moment."""
    for update in depsgraph.updates:
        original = update.id.original
        if isinstance(original, bpy.types.Object) and properties.bloom_of(original) is not None:
            _touched.add(original.name)
    _look_soon()


@persistent  # type: ignore[untyped-decorator]
def _frame(scene: bpy.types.Scene, *_: object) -> None:
    """Another frame: its keys may have been edited."""
    _touched.update(obj.name for obj in properties.blooms(scene))
    _look_soon()


def _look_soon() -> None:
    if _touched and not bpy.app.background and not bpy.app.timers.is_registered(_glance_at_touched):
        bpy.app.timers.register(_glance_at_touched, first_interval=_DEBOUNCE)


def _glance_at_touched() -> None:
    if bake.running() or bpy.app.is_job_running("RENDER"):
        return
    before, names = dict(_older), list(_touched)
    _touched.clear()
    for name in names:
        obj: Any = bpy.data.objects.get(name)
        scene = bpy.context.scene
        if obj is not None and scene is not None and properties.bloom_of(obj) is not None:
            glance(scene, obj)
    if before != _older:
        background.redraw()


@persistent  # type: ignore[untyped-decorator]
def _at_render(scene: bpy.types.Scene, *_: object) -> None:
    """Says what is wrong with the takes before a render: in the console, where a render's own lines are, and in the panel."""
    for obj in properties.blooms(scene):
        if obj.hide_render:
            continue
        catalogue.look_at_shown(obj)
        glance(scene, obj)
        for flag in flags(scene, obj):
            print(f"Bloom: {obj.name}: {flag.text}", flush=True)


@persistent  # type: ignore[untyped-decorator]
def _another_file(*_: object) -> None:
    """Forgets: a file was opened, or saved elsewhere."""
    _touched.clear()
    _older.clear()
    catalogue.forget()


@persistent  # type: ignore[untyped-decorator]
def _saved(*_: object) -> None:
    catalogue.forget()


_HANDLERS = (
    (bpy.app.handlers.depsgraph_update_post, _mark),
    (bpy.app.handlers.frame_change_post, _frame),
    (bpy.app.handlers.render_init, _at_render),
    (bpy.app.handlers.load_post, _another_file),
    (bpy.app.handlers.save_post, _saved),
)


def register() -> None:
    """Begins to watch."""
    for handlers, function in _HANDLERS:
        handlers.append(function)


def unregister() -> None:
    """Leaves nothing behind."""
    for handlers, function in _HANDLERS:
        if function in handlers:
            handlers.remove(function)
    if bpy.app.timers.is_registered(_glance_at_touched):
        bpy.app.timers.unregister(_glance_at_touched)
    _touched.clear()
    _older.clear()
