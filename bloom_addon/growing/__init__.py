"""Growth: from the run to keys."""

from __future__ import annotations

from ..registration import in_order
from . import menus, operators, section

register, unregister = in_order(operators, menus, section)
