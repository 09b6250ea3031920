"""Everything that a lesson says, for whoever translates it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from bloom_core.lessons import melody_words, neuron_words, recurrent_words, songs_words

_WORDS: tuple[ModuleType, ...] = (neuron_words, songs_words, recurrent_words, melody_words)


def messages() -> tuple[str, ...]:
    """Returns the titles, labels, words and templates of captions of all lessons, each once, in English.

    Letters, notes, and what is read and written are none of them: they are the same in every language.
    """
    found = (text for module in _WORDS for name, value in vars(module).items() if name.isupper() for text in _texts(value))
    return tuple(dict.fromkeys(text for text in found if text not in _DATA))


_DATA = (recurrent_words.LINE, melody_words.SONG)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from value.values()
    elif isinstance(value, tuple):
        yield from value
