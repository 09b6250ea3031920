"""What the `.flame` reader promises, as one function of a file's bytes."""

from __future__ import annotations

from pathlib import Path

from bloom_core.flames.flame import FlameError
from bloom_core.flames.flame_buffer import pack
from bloom_core.flames.flame_file import read_flames, write_flames


def read_anything(data: bytes, folder: Path) -> int:
    """Reads `data` as a `.flame` file, packs what came of it, writes it and reads it again, all in `folder`. Returns the flames found.

    Nothing but FlameError may come of any file; a flame that was read can be written, and then reads back without a complaint
    that ends the reading. Raises whatever breaks this promise.
    """
    path, again = folder / "given.flame", folder / "again.flame"
    path.write_bytes(data)
    try:
        flames, warnings = read_flames(path)
    except FlameError as error:
        assert str(error), "a complaint that says nothing"
        return 0
    assert flames and all(warnings)
    for flame in flames[:3]:
        try:
            pack(flame)
        except FlameError:
            pass
    try:
        write_flames(again, flames)
    except FlameError:  # two variations of one name, which a file cannot hold
        return len(flames)
    assert len(read_flames(again)[0]) == len(flames), "flames were lost between writing and reading"
    return len(flames)
