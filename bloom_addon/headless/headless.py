"""Bloom without a window: `python -m bloom_addon …`, `blender --command bloom …`, or `main([...])` from a script.

Exit codes: 0 done, 1 could not be done (one line says why), 2 wrong usage, 130 stopped with Ctrl-C.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..interface import EXPECTED
from . import arguments, garden_film, lesson_film, making, mapping, progress, working

COMMANDS = {
    "demo": making.make_film,
    "film": making.make_film,
    "garden": garden_film.make_garden,
    "map": mapping.make_scene,
    "lesson": lesson_film.make_lesson,
    "import": making.import_files,
    "grow": making.grow,
    "stage": working.stage_blend,
    "bake": working.bake_blend,
    "render": working.render_blend,
    "export": working.export_blend,
    "still": making.still,
}

ERRORS = (*EXPECTED, RuntimeError)
"""What a user can cause: shown as one line."""


def main(words: Sequence[str]) -> int:
    """Runs one command; returns its exit code."""
    parser = arguments.parser(COMMANDS)
    try:
        options = parser.parse_args(list(words))
    except SystemExit as stop:
        return int(stop.code or 0)
    progress.set_form(options.form)
    try:
        options.run_command(options)
    except KeyboardInterrupt:
        progress.fail("stopped; finished frames are kept")
        return 130
    except ERRORS as error:
        progress.fail(str(error))
        return 1
    finally:
        progress.set_form(None)
    return 0
