"""What the Run section and the strip show, in every state a run can be in, and how long a redraw takes."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import pytest

from bloom_addon.run import event_icons, event_list, reading, section, showing, strip_gizmo, strip_layout
from bloom_core import events

from .run_views import RUN, Drawn, grown_bloom, wait


@pytest.fixture
def obj(scene: bpy.types.Scene) -> bpy.types.Object:
    return grown_bloom()


def drawn() -> Drawn:
    """Returns what the section shows now."""
    layout = Drawn()
    section.BLOOM_PT_run.draw(SimpleNamespace(layout=layout), bpy.context)
    return layout


def settled() -> Drawn:
    drawn()
    wait(lambda: not reading.look(bpy.context.object.bloom.run).pending)
    return drawn()


def test_a_bloom_without_a_run_is_told_what_to_do(obj: bpy.types.Object) -> None:
    obj.bloom.run = ""
    layout = drawn()
    assert "A recorded training run makes the flower open" in layout.said and layout.operators == ["bloom.import_run", "bloom.use_run"]


def test_a_run_is_told_in_lines_a_sentence_and_events(obj: bpy.types.Object) -> None:
    first = drawn()
    assert "Reading digits-exploding …" in first.texts and not first.lists
    layout = settled()
    for told in ("it explodes", "1,350 in 30 epochs", "8,970 parameters in 3 parts", "SGD, rate 3", "2.3 to 2.37", "not within", "Events (3)"):
        assert told in layout.said
    assert "It exploded at step 64, and it never recovered." in layout.said
    for told in ("Explosion", "batch 18", "55.1 times the usual update", "0.bias", "In the flower: the petals are thrown apart"):
        assert told in layout.said, told
    (lists,) = layout.lists
    assert lists[0] == "BLOOM_UL_events" and lists[4:] == (obj.bloom, "active_event")
    assert {"bloom.jump_to_event", "bloom.copy_batch", "bloom.next_event", "bloom.previous_event", "bloom.mark_events"} <= set(layout.operators)
    assert layout.operators.count("bloom.show_events") == 4 and "press Grow" not in layout.said


def test_a_run_without_frames_says_so(obj: bpy.types.Object) -> None:
    settled()
    kept, obj.bloom.frame_steps = obj.bloom.frame_steps, ""
    assert "Press Grow: then every step has its frame" in drawn().said and "bloom.mark_events" not in drawn().operators
    obj.bloom.frame_steps, obj.bloom.run = kept, "digits-sgd"
    assert "Grown from another run" in settled().said


@pytest.mark.parametrize("content", [None, b"", b"PK\x05\x06" + bytes(18), bytes(5000)], ids=["missing", "empty", "empty zip", "zeros"])
def test_a_missing_or_damaged_file_is_a_line_and_a_way_out(obj: bpy.types.Object, tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "broken.bloom"
    if content is not None:
        path.write_bytes(content)
    obj.bloom.run = str(path)
    layout = settled()
    assert "bloom.relink_run" in layout.operators and "broken.bloom" in layout.said and not layout.lists


def test_a_row_shows_a_caption_and_its_frame(obj: bpy.types.Object) -> None:
    digest = reading.read_now(RUN)
    number = [event.kind for event in digest.events].index("explosion")
    layout = Drawn()
    event_list.BLOOM_UL_events.draw_item(None, bpy.context, layout, None, None, 0, obj.bloom, "active_event", number)
    assert layout.texts[0].startswith("Explosion, step 64") and layout.texts[1] == str(showing.frame_of(obj.bloom, digest, number))
    event_list.BLOOM_UL_events.draw_item(None, bpy.context, layout, None, None, 0, obj.bloom, "active_event", 99_999)
    assert len(layout.texts) == 2
    rows = SimpleNamespace(rows=bpy.context.window_manager.bloom_events.rows)
    flags, _ = event_list.BLOOM_UL_events.filter_items(SimpleNamespace(bitflag_filter_item=64), bpy.context, rows, "rows")
    assert len(flags) == len(digest.events) and [index for index, flag in enumerate(flags) if flag] == showing.listed(bpy.context.scene, digest)


def test_a_redraw_takes_less_than_two_milliseconds(obj: bpy.types.Object) -> None:
    settled()
    times = []
    for _ in range(20):
        begin = time.perf_counter()
        drawn()
        times.append(time.perf_counter() - begin)
    assert sorted(times)[10] < 0.002


def test_a_redraw_writes_nothing(obj: bpy.types.Object) -> None:
    wait(lambda: reading.look(RUN).digest is not None)
    drawn()
    assert len(bpy.context.window_manager.bloom_events.rows) == 0 and bpy.app.timers.is_registered(reading._deliver)
    reading._deliver()
    assert len(bpy.context.window_manager.bloom_events.rows) == len(reading.look(RUN).digest.events)


def test_every_kind_has_an_icon_of_its_own(scene: bpy.types.Scene) -> None:
    icons = [event_icons.icon(kind) for kind in (*events.KINDS, "my mark", "another mark")]
    assert list(event_icons._icons) == [*events.KINDS, "mark"]
    assert bpy.app.background or len(set(icons)) == len(icons) - 1  # without a window icons have no numbers
    for shape in event_icons._SHAPES.values():
        pixels = event_icons._pixels(shape, (1.0, 0.5, 0.0))
        assert pixels.shape == (32, 32, 4) and 0.05 < pixels[..., 3].mean() < 0.6 and (pixels[..., 0] <= pixels[..., 3]).all()


def context(regions: list[Any], width: int = 1000, height: int = 600) -> Any:
    view = SimpleNamespace(type="WINDOW", alignment="NONE", x=100, y=50, width=width, height=height)
    preferences = SimpleNamespace(system=SimpleNamespace(ui_scale=1.5))
    area, space = SimpleNamespace(regions=[view, *regions]), SimpleNamespace(region_quadviews=[])
    return SimpleNamespace(region=view, area=area, space_data=space, preferences=preferences)


def region(alignment: str, x: int, y: int, width: int, height: int) -> Any:
    return SimpleNamespace(type=alignment, alignment=alignment, x=x, y=y, width=width, height=height)


def test_the_strip_lies_between_what_overlaps_the_view() -> None:
    free = strip_layout.place(context([]))
    assert free is not None and (free.left, free.bottom, free.width, free.height) == (9, 9, 982, 135)
    sides = [region("LEFT", 100, 50, 60, 600), region("RIGHT", 900, 50, 200, 600)]
    around = [*sides, region("BOTTOM", 100, 50, 1000, 40), region("TOP", 100, 610, 1000, 40)]
    between = strip_layout.place(context(around))
    assert between is not None and (between.left, between.bottom, between.width) == (69, 49, 800 - 60 - 18)
    assert strip_layout.place(context([region("RIGHT", 900, 50, 1, 600)])) == free
    assert strip_layout.place(context([], width=300)) is None and strip_layout.place(context([], height=200)) is None


def test_points_of_the_strip_and_steps_belong_together() -> None:
    place = strip_layout.place(context([]))
    assert place is not None
    for row in (0, 63, 1349):
        assert int(place.share(place.x(row, 1350)) * 1350) == row
    assert place.share(-50) == 0.0 and place.share(5000) == 1.0
    assert place.holds(20, 20) and not place.holds(20, 9 + 136) and not place.holds(5, 20)


def test_the_strip_is_there_only_where_it_is_switched_on_for_a_run(obj: bpy.types.Object) -> None:
    poll = strip_gizmo.BLOOM_GGT_strip.poll
    assert not poll(bpy.context)
    bpy.context.scene.bloom_run.show_strip = True
    assert poll(bpy.context)
    obj.bloom.run = ""
    assert not poll(bpy.context)
    obj.bloom.run = RUN
    bpy.context.view_layer.objects.active = None
    assert not poll(bpy.context)
