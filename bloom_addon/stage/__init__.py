"""The stage: camera, world, look, compositing, render settings."""

from __future__ import annotations

from ..registration import in_order
from . import operators, section, thumbnails

register, unregister = in_order(thumbnails, operators, section)
