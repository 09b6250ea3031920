"""The recorded run: what it holds, its strip of loss and updates, its events."""

from __future__ import annotations

from ..registration import in_order
from . import event_icons, event_list, event_operators, operators, reading, section, strip_gizmo

register, unregister = in_order(reading, event_icons, operators, event_operators, event_list, section, strip_gizmo)
