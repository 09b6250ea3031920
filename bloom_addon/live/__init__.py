"""The live viewport: the flower as glowing points, drawn and never written."""

from __future__ import annotations

from ..registration import in_order
from . import drawing, operators, section, selecting

register, unregister = in_order(operators, selecting, section, drawing)
