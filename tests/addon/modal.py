"""Modal operators without a window: what Blender's own half does is done here, and says what was called."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import bpy

from bloom_addon.background import JobOperator
from bloom_addon.interface import NeedsBloom

PATIENCE = 60.0


class Screen:
    """The part of Blender's context that a modal operator uses."""

    def __init__(self, scene: bpy.types.Scene, obj: bpy.types.Object | None) -> None:
        self.scene, self.object, self.window = scene, obj, None
        self.view_layer, self.preferences = bpy.context.view_layer, bpy.context.preferences
        self.calls: list[str] = []
        self.status: list[str | None] = []
        self.window_manager = SimpleNamespace(
            event_timer_remove=lambda timer: self.calls.append(f"remove {timer}"),
            bloom_library=bpy.context.window_manager.bloom_library,
        )
        self.workspace = SimpleNamespace(status_text_set=self.status.append)

    def told(self) -> list[str]:
        """Returns what the status bar said."""
        return [text for text in self.status if text is not None]


def begun(kind: type[JobOperator], screen: Screen, **values: Any) -> Any:
    """Returns an operator whose job has just begun, with these properties; `reports` has what it reports."""
    attributes: dict[str, Any] = {}
    for each in reversed(kind.__mro__):
        if each.__module__.startswith("bloom_addon"):
            attributes.update({name: value for name, value in vars(each).items() if name not in ("__dict__", "__weakref__")})
    made = type(kind.__name__, (NeedsBloom,) if issubclass(kind, NeedsBloom) else (), attributes)()
    made.reports, made._timer = [], "timer"
    made.report = lambda level, text: made.reports.append((level, text))
    for name, value in values.items():
        setattr(made, name, value)
    made._job = made.start(screen)
    return made


def event(kind: str) -> Any:
    return SimpleNamespace(type=kind, value="PRESS")


def tick_until_done(operator: Any, screen: Screen) -> set[str]:
    """Lets the timer tick until the operator ends; returns its answer."""
    deadline = time.monotonic() + PATIENCE
    while (answer := operator.modal(screen, event("TIMER"))) == {"PASS_THROUGH"}:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return set(answer)
