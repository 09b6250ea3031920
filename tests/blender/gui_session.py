"""The artist's session in a window: each deed an undo step, undo and redo, a bake that is stopped and goes on."""

from __future__ import annotations

import json
import time
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
        yield 0.5
        if deed is session.import_run:
            session.select(session.bloom())
        if deed is session.grow:
            yield from until(lambda: len(compat.channelbag(session.bloom(), "").fcurves) > 20)
        with kit.override():
            bpy.ops.ed.undo_push(message=deed.__name__)
        seen.append(session.state())
        yield 0.3
    for _ in range(5):
        with kit.override():
            bpy.ops.ed.undo()
        yield 0.3
    assert session.state() != seen[-1], "five steps back are another flower"
    for _ in range(20):
        with kit.override():
            if "FINISHED" not in bpy.ops.ed.redo():
                break
        yield 0.2
    assert session.state() == seen[-1], "redone, everything is as it was"
    for deed in session.AFTER_UNDO:
        with kit.override():
            deed(folder)
        yield 1.0
    assert session.state() == seen[-1], "a saved file opens as it was"
    session.select(session.bloom())
    settings = session.bloom().bloom
    settings.samples = 400.0  # long enough to be stopped
    with kit.override():
        bpy.ops.bloom.bake("INVOKE_DEFAULT", True)
    yield from until(lambda: any((folder / "bloom_takes" / "frames").glob("*.vdb")))
    kit.shot("baking.png")
    kit.drag((800, 500), (801, 500))
    kit.key("Escape")
    yield from until(lambda: not baking())
    assert not list((folder / "bloom_takes").glob("take-*")), "a stopped bake publishes no take"
    session.bloom().bloom.samples = 2.0
    with kit.override():
        bpy.ops.bloom.bake("INVOKE_DEFAULT", True)
    yield from until(lambda: not baking() and session.bloom().data.filepath != "")
    with kit.override():
        bpy.ops.wm.save_mainfile()
    session.render(folder)
    yield 0.5
    kit.shot("session.png")
    assert json.loads((folder / "state.json").read_text()) and (folder / "picture.png").stat().st_size > 1000


def baking() -> bool:
    from bloom_addon.baking.bake import BakeWorker

    return BakeWorker.running()


def until(done: Any, patience: float = 120.0) -> Iterator[float]:
    begin = time.monotonic()
    while not done():
        assert time.monotonic() - begin < patience, "waited in vain"
        yield 0.2
