"""How a run is shown: one a scene, as `scene.bloom_run`; and the empty rows of the event list, as `window_manager.bloom_events`."""

from __future__ import annotations

from typing import Any, cast

import bpy
from bpy.props import BoolProperty, CollectionProperty, EnumProperty, PointerProperty

from bloom_core import events
from bloom_core.reports.event_words import MARK, WORDS

OTHER = "mark"
"""What stands for kinds that are not the package's own: marks that were set while recording."""

KINDS = [
    (kind, events.TITLES.get(kind, OTHER).capitalize(), f"{told.means}. In the flower: {told.looks}", "NONE", 1 << place)
    for place, (kind, told) in enumerate([*WORDS.items(), (OTHER, MARK)])
]
"""The kinds of events, as items of an enum."""


class BloomRunView(bpy.types.PropertyGroup):
    """How a run is shown; one a scene, as `scene.bloom_run`."""

    show_strip: BoolProperty(  # type: ignore[valid-type]
        name="Strip",
        description="Show the training at the bottom of the 3D viewport: its loss and update norm, its events, and a playhead. "
        "Click or drag on it to go to the frame that shows a step. It hides with the viewport's gizmos",
    )
    kinds: EnumProperty(  # type: ignore[valid-type]
        name="Kinds",
        description="Kinds of events that are listed, and that Previous and Next stop at. Shift-click for several",
        items=KINDS,
        options={"ENUM_FLAG"},
        default={kind for kind, *_ in KINDS if kind != "epoch"},
    )


class BloomEventRow(bpy.types.PropertyGroup):
    """A row of the event list. What it shows comes from the run that was read: nothing of it is kept here."""


class BloomEventRows(bpy.types.PropertyGroup):
    """As many rows as the longest list of events has had."""

    rows: CollectionProperty(type=BloomEventRow)  # type: ignore[valid-type]


CLASSES = (BloomRunView, BloomEventRow, BloomEventRows)
_register, _unregister = bpy.utils.register_classes_factory(CLASSES)


def view_of(scene: bpy.types.Scene) -> Any:
    """Returns how a scene shows its runs."""
    return cast(Any, scene).bloom_run


def event_rows(manager: bpy.types.WindowManager) -> Any:
    """Returns the rows of the event list."""
    return cast(Any, manager).bloom_events


def register() -> None:
    """Registers the properties and hangs them on their owners."""
    _register()
    setattr(bpy.types.Scene, "bloom_run", PointerProperty(type=BloomRunView))  # noqa: B010 - a plain assignment is no attribute to the type checker
    setattr(bpy.types.WindowManager, "bloom_events", PointerProperty(type=BloomEventRows))  # noqa: B010


def unregister() -> None:
    """Takes them back."""
    delattr(bpy.types.WindowManager, "bloom_events")
    delattr(bpy.types.Scene, "bloom_run")
    _unregister()
