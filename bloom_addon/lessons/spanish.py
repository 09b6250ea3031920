"""Spanish, as a teacher would speak: every message of the lessons, their scenes and their panel."""

from __future__ import annotations

from . import spanish_interface, spanish_melody, spanish_neuron, spanish_recurrent, spanish_songs

_TABLES = (spanish_interface.MESSAGES, spanish_neuron.MESSAGES, spanish_songs.MESSAGES, spanish_recurrent.MESSAGES, spanish_melody.MESSAGES)

MESSAGES: dict[str, str] = {text: said for table in _TABLES for text, said in table.items()}
