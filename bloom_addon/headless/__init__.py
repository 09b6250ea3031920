"""Bloom without a window: `python -m bloom_addon …` and `blender --command bloom …`."""

from __future__ import annotations

from ..registration import in_order
from . import command

register, unregister = in_order(command)
