"""What lessons say, in the language that is chosen: templates in English, translated, then filled.

Bloom's own languages are tables of this folder. They are registered with Blender, so that the panel speaks the language of the interface; what stands
in a scene may also be in another, and in Blender as a Python module, which has no languages at all, it is taken from the tables themselves. Languages
that another add-on registers (`bpy.app.translations.register`, msgctxt "*") are spoken where the interface speaks them.
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import bpy

from . import spanish

ENGLISH, AUTOMATIC = "en", ""
TABLES: dict[str, Mapping[str, str]] = {"es": spanish.MESSAGES}
"""Language, as Blender calls it → what it says in place of each English message."""

CONTEXT = "*"
_NAME = "bloom"
_spoken: ContextVar[str] = ContextVar("spoken", default=AUTOMATIC)


class _Filling(string.Formatter):
    """Writes numbers with a true minus: at a hyphen a line would be broken."""

    def format_field(self, value: Any, format_spec: str) -> str:
        written = str(super().format_field(value, format_spec))
        return written if isinstance(value, str) else written.replace("-", "−")


_FILLING = _Filling()


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Has `say` speak a language meanwhile: one of `TABLES`, ENGLISH, or AUTOMATIC for that of the interface."""
    token = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(token)


def say(text: str, values: Mapping[str, float | str] | None = None) -> str:
    """Returns an English template in the language that is spoken, filled with `values`; those that are words are translated too.

    A translation whose fields do not fit is passed over: the English text is then said. Raises KeyError where a field has no value.
    """
    told = {name: translated(value) if isinstance(value, str) else value for name, value in (values or {}).items()}
    try:
        return _FILLING.vformat(translated(text), (), told)
    except (KeyError, IndexError, ValueError):
        return _FILLING.vformat(text, (), told)


def translated(text: str) -> str:
    """Returns an English message in the language that is spoken; as it is where nobody has translated it."""
    language = _spoken.get() or _of_interface()
    if language == ENGLISH or not text.strip():
        return text
    table = TABLES.get(language) or TABLES.get(language.partition("_")[0])
    if table is not None:
        return table.get(text, text)
    return bpy.app.translations.pgettext_iface(text, CONTEXT)


def _of_interface() -> str:
    """Returns the language of Blender's interface; English where it is not translated."""
    view = bpy.context.preferences.view
    return bpy.app.translations.locale if view.use_translate_interface else ENGLISH


def register() -> None:
    """Gives Blender the tables."""
    bpy.app.translations.register(_NAME, {language: {(CONTEXT, text): said for text, said in table.items()} for language, table in TABLES.items()})


def unregister() -> None:
    """Takes them back."""
    bpy.app.translations.unregister(_NAME)
