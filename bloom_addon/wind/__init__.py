"""Wind and tremble: motion on top of the training's own."""

from __future__ import annotations

from ..registration import in_order
from . import operators, section

register, unregister = in_order(operators, section)
