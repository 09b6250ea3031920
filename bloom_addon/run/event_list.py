"""The list of a run's events, and the details of the active one."""

from __future__ import annotations

from typing import Any

import bpy

from bloom_core import events
from bloom_core.reports.digest import Digest
from bloom_core.reports.event_words import words

from .. import properties
from ..properties import run_view
from . import reading, showing, text
from .event_icons import icon


class BLOOM_UL_events(bpy.types.UIList):
    """Events of a run. Its rows are empty: what they show is that of the run that was read."""

    bl_idname = "BLOOM_UL_events"
    layout_type: Any

    def draw_item(
        self, context: Any, layout: Any, _data: Any, _item: Any, _icon: Any, active: Any, _property: Any, index: Any = 0, _flag: Any = 0
    ) -> None:
        """Draws an event: its icon, its caption, and a button that jumps to its frame."""
        digest = reading.look(active.run).digest
        if digest is None or index is None or index >= len(digest.events):
            return
        row = layout.row(align=True)
        row.label(text=text.fitted(context, _capital(digest.captions[index]), _TAKEN), icon_value=icon(digest.events[index].kind))
        frame = showing.frame_of(active, digest, index)
        if frame is not None:
            jump = row.row()
            jump.ui_units_x = 2.0
            jump.operator("bloom.jump_to_event", text=str(frame), emboss=False).index = index

    def draw_filter(self, _context: Any, layout: Any) -> None:
        """The filter by kinds stands above the list."""
        layout.label(text="Choose the kinds above the list")

    def filter_items(self, context: Any, data: Any, _property: str) -> Any:
        """Shows the rows of the events that the kinds above the list let through."""
        flags = [0] * len(data.rows)
        bloom = properties.bloom_of(showing.shown_bloom(context))
        digest = reading.look(bloom.run).digest if bloom is not None and bloom.run else None
        if digest is not None:
            for number in showing.listed(context.scene, digest)[: len(flags)]:
                flags[number] = self.bitflag_filter_item
        return flags, []


def draw_events(layout: Any, context: bpy.types.Context, bloom: Any, digest: Digest) -> None:
    """Draws the list with its filter, and the active event."""
    if not digest.events:
        layout.label(text="No events: a quiet training", icon="CHECKMARK")
        return
    view, rows = run_view.view_of(context.scene), run_view.event_rows(context.window_manager)
    if len(rows.rows) < min(len(digest.events), reading.MOST_ROWS):
        reading.want_rows()
    _draw_kinds(layout, view, digest)
    layout.template_list("BLOOM_UL_events", "", rows, "rows", bloom, "active_event", rows=4, maxrows=8, sort_lock=True)
    row = layout.row(align=True)
    row.operator("bloom.previous_event", text="", icon="PREV_KEYFRAME")
    row.operator("bloom.jump_to_event", text="Jump")
    row.operator("bloom.next_event", text="", icon="NEXT_KEYFRAME")
    copy = row.row(align=True)
    active = showing.active(context.scene, bloom, digest)
    copy.enabled = active is not None and digest.events[active].batch is not None
    copy.operator("bloom.copy_batch", text="Copy Batch", icon="COPYDOWN")
    if active is not None:
        _draw_details(layout.box(), context, bloom, digest, active)


def _draw_kinds(layout: Any, view: Any, digest: Digest) -> None:
    """Draws a toggle with icon and number for each kind that the run has."""
    numbers: dict[str, int] = {}
    for kind, number in digest.tally.items():
        numbers[showing.kind_of(kind)] = numbers.get(showing.kind_of(kind), 0) + number
    row = layout.row(align=True)
    for kind in [kind for kind in (*events.KINDS, run_view.OTHER) if kind in numbers]:
        row.operator("bloom.show_events", text=str(numbers[kind]), icon_value=icon(kind), depress=kind in view.kinds).kind = kind


def _draw_details(layout: Any, context: bpy.types.Context, bloom: Any, digest: Digest, index: int) -> None:
    event, told = digest.events[index], words(digest.events[index].kind)
    frame = showing.frame_of(bloom, digest, index)
    layout.label(text=events.TITLES.get(event.kind, event.kind).capitalize(), icon_value=icon(event.kind))
    row = int(digest.rows[index])
    where = digest.standing(row) + ("" if event.batch is None else f" · batch {event.batch}") + ("" if frame is None else f" · frame {frame}")
    text.paragraph(layout, context, _capital(where))
    said = digest.captions[index].partition(": ")[2]
    if said:
        text.paragraph(layout, context, _capital(said))
    if event.layers:
        more = f" and {len(event.layers) - _LAYERS} more" if len(event.layers) > _LAYERS else ""
        text.paragraph(layout, context, f"Layers: {', '.join(event.layers[:_LAYERS])}{more}")
    text.paragraph(layout, context, told.means + ".", quiet=True)
    text.paragraph(layout, context, f"In the flower: {told.looks[:1].lower()}{told.looks[1:]}.", quiet=True)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


_LAYERS = 3
"""So many layers of an event are named, the most concerned first."""

_TAKEN = 84
"""What icon and frame take of the width of a row, in units of the interface."""

register, unregister = bpy.utils.register_classes_factory((BLOOM_UL_events,))
