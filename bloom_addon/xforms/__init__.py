"""The flower's xforms: list, editing, handles."""

from __future__ import annotations

from ..registration import in_order
from . import handle_operators, operators, section, variation_operators

register, unregister = in_order(operators, handle_operators, variation_operators, section)
