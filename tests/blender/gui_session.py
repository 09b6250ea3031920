"""The artist's session in a window: each deed a step of undo, all undone and redone, a bake that Esc stops and that goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import bpy


def steps(kit: Any) -> Iterator[float]:
    import session

    from bloom_addon import compat

    folder = kit.folder()
    seen = []
    for deed in session.BEFORE_UNDO:
        with kit.override():
            deed(folder)
        yield 0.3
        if deed is session.import_run:
            session.select(session.bloom())
        if deed is session.grow:
            yield from kit.until(lambda: len(compat.fcurves(session.bloom())) > 20)
        if deed in session.EDITS:
            with kit.override():
                bpy.ops.ed.undo_push(message=deed.__name__)
        seen.append(session.state())
        yield 0.3
    assert len({json.dumps(state) for state in seen}) == len(seen), "every deed changes the flower"

    for state in seen[-2::-1]:
        with kit.override():
            assert bpy.ops.ed.undo() == {"FINISHED"}
        yield 0.3
        assert session.state() == state, "a step back is the flower before the deed"
    for state in seen[1:]:
        with kit.override():
            assert bpy.ops.ed.redo() == {"FINISHED"}
        yield 0.3
        assert session.state() == state, "a step forth is the flower after the deed"

    for deed in session.AFTER_UNDO:
        with kit.override():
            deed(folder)
        yield 1.0
    assert session.state() == seen[-1], "a saved file opens as it was"

    frames, before = folder / "bloom_takes" / "frames", session.bloom().data.filepath
    session.select(session.bloom())
    with kit.override():
        bpy.ops.bloom.bake("INVOKE_DEFAULT", True)
    yield from kit.until(lambda: any(frames.glob("*.vdb")))
    kit.shot("baking.png")
    assert baking(), "the bake is still going on"
    kit.move(*kit.middle())
    kit.key("Escape")
    yield from kit.until(lambda: not baking())
    yield 0.5
    kept = {path: path.stat().st_mtime_ns for path in frames.glob("*.vdb")}
    assert 0 < len(kept) < session.FRAMES and not list((folder / "bloom_takes").glob("take-*")), "a stopped bake publishes no take"
    assert session.bloom().data.filepath == before, "nor does it show one"

    with kit.override():
        bpy.ops.bloom.bake("INVOKE_DEFAULT", True)
    yield from kit.until(lambda: not baking() and session.bloom().data.filepath != before)
    assert kept == {path: path.stat().st_mtime_ns for path in kept}, "the bake goes on from the frames that were finished"
    with kit.override():
        bpy.ops.wm.save_mainfile()
    session.render(folder)
    yield 0.5
    kit.shot("session.png")


def baking() -> bool:
    from bloom_addon.baking import bake

    return bake.running()
