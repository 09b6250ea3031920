"""Takes: baking, what it costs, listing, finding again, telling what is stale."""

from __future__ import annotations

from ..registration import in_order
from . import catalogue, costs, operators, saving, section, staleness, take_operators

register, unregister = in_order(catalogue, costs, operators, take_operators, section, saving, staleness)
