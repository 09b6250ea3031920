"""Lessons: a neuron and its relatives explained, as scenes that are keyed from recorded trainings."""

from __future__ import annotations

from ..registration import in_order
from . import operators, reading, section, translations

register, unregister = in_order(translations, reading, operators, section)
