"""The only writer of F-curves: an animation becomes ordinary keys on the object and the material, and timeline markers.

`curves` writes one curve, `palette_ramp` those of a palette's stops, `animation` all that growth makes.
"""

from __future__ import annotations

from .animation import MARKER, clear_flower, curve_name, group_curves, write_animation, write_markers
from .curves import key_eased, key_held, key_values, remove_keys, retime, write_fitted
from .palette_ramp import Stop, key_stop, read_stops, shift_stop, stop_path, write_palette, write_stops

__all__ = [
    "MARKER",
    "Stop",
    "clear_flower",
    "curve_name",
    "group_curves",
    "key_eased",
    "key_held",
    "key_stop",
    "key_values",
    "read_stops",
    "remove_keys",
    "retime",
    "shift_stop",
    "stop_path",
    "write_animation",
    "write_fitted",
    "write_markers",
    "write_palette",
    "write_stops",
]
