"""The sentence pairs of the translation demo: the Spanish catalogue of Blender's own interface, as an installed Blender has it.

The catalogue is Blender's (GPL); it is read where it lies, and neither it nor any sentence of it goes into a recorded run.
"""

from __future__ import annotations

import gettext
import random
import re
from collections.abc import Iterator
from pathlib import Path

from bloom_core.trajectories.run_files import RunError

MAX_CATALOGUE_BYTES = 64 << 20
MAX_WORDS = 8
"""Longer texts are tooltips, too much for a network of this size."""

_INSTALLED = (
    "/usr/share/locale/es/LC_MESSAGES",
    "/usr/share/blender/*/datafiles/locale/es/LC_MESSAGES",
    "/usr/lib/blender/*/datafiles/locale/es/LC_MESSAGES",
    "/opt/blender*/*/datafiles/locale/es/LC_MESSAGES",
    "/snap/blender/current/*/datafiles/locale/es/LC_MESSAGES",
    "~/blender*/*/datafiles/locale/es/LC_MESSAGES",
    "~/Downloads/blender*/*/datafiles/locale/es/LC_MESSAGES",
    "/Applications/Blender.app/Contents/Resources/*/datafiles/locale/es/LC_MESSAGES",
    "C:/Program Files/Blender Foundation/Blender*/*/datafiles/locale/es/LC_MESSAGES",
)
"""Where Debian's `blender-data` and Blender's own builds keep it; patterns, the home folder as `~`."""

_PLAIN = re.compile(r"[^\W\d_][\w ,.'’()-]*\.?")
"""A text of words: it starts with a letter and has no formatting (%, {}, paths, markup)."""


def find_catalogue(places: tuple[str, ...] = _INSTALLED) -> Path:
    """Returns the newest `blender.mo` in the usual places. Raises RunError when there is none."""
    found = sorted((path for place in places for path in _matching(f"{place}/blender.mo")), key=lambda path: path.stat().st_mtime)
    if not found:
        raise RunError(
            "The translation demo learns from the Spanish texts of Blender's interface, and found no Blender in the usual places. Name the file with "
            "--catalogue: `datafiles/locale/es/LC_MESSAGES/blender.mo` inside Blender's folder, or that of Debian's package `blender-data`."
        )
    return found[-1]


def _matching(pattern: str) -> Iterator[Path]:
    path = Path(pattern).expanduser()
    if not path.is_absolute():  # a pattern of another system
        return iter(())
    return (entry for entry in Path(path.anchor).glob(str(path.relative_to(path.anchor))) if entry.is_file())


def read_pairs(catalogue: Path) -> tuple[str, list[tuple[str, str]]]:
    """Returns the catalogue's version ("Blender 5.2.0 …") and its pairs (Spanish, English), sorted: plain texts of at most MAX_WORDS words.

    Every English text comes once, and none is the same in both languages. Raises RunError for a file that is no catalogue.
    """
    try:
        if catalogue.stat().st_size > MAX_CATALOGUE_BYTES:
            raise RunError(f"{catalogue}: has {catalogue.stat().st_size} bytes, more than a catalogue. Name Blender's own blender.mo.")
        with catalogue.open("rb") as file:
            translations = gettext.GNUTranslations(file)
    except OSError as error:
        raise RunError(f"{catalogue}: cannot be read as a catalogue ({error.strerror or error}). Name Blender's own blender.mo.") from error
    except Exception as error:  # gettext lets whatever a damaged file causes escape
        raise RunError(f"{catalogue}: is not a readable gettext catalogue ({error}). Name Blender's own blender.mo.") from error
    entries: dict[object, str] = getattr(translations, "_catalog")  # noqa: B009 -- gettext has no public way to list what it read
    pairs: dict[str, str] = {}
    for key, spanish in entries.items():
        english = str(key[0] if isinstance(key, tuple) else key).rpartition("\x04")[2]  # what stands before \4 is the context
        if _plain(english) and _plain(spanish) and english != spanish:
            pairs.setdefault(english, spanish)
    return translations.info().get("project-id-version", ""), sorted((spanish, english) for english, spanish in pairs.items())


def _plain(text: str) -> bool:
    return 1 < len(text) and len(text.split()) <= MAX_WORDS and _PLAIN.fullmatch(text) is not None


def split(pairs: list[tuple[str, str]], train: int, test: int, seed: int) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Returns at most `train` pairs to learn from and `test` others, drawn by `seed`. Raises RunError when there are too few."""
    if len(pairs) < 10 * test:
        raise RunError(f"The catalogue has only {len(pairs)} short texts, too few to learn from. Name the Spanish one (es) of Blender 2.83 or later.")
    drawn = random.Random(seed).sample(pairs, len(pairs))
    return drawn[test : test + train], drawn[:test]


