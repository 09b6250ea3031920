"""Blenders whose Cycles shows volumes black: noticing it, saying so, and the ways out."""

from __future__ import annotations

from ..registration import in_order
from . import knowledge, operators

register, unregister = in_order(knowledge, operators)
