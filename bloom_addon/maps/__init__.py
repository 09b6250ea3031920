"""Trainability maps in the scene: as a terrain, as a volume, and as the ground of a garden."""

from __future__ import annotations

from ..registration import in_order
from . import garden_operators, operators, section, sources

register, unregister = in_order(sources, operators, garden_operators, section)
