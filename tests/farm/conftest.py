"""A scene, and what one machine alone makes of it: what every farm has to make too."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from . import farming
from .farming import Worker


class Alone(NamedTuple):
    """What one machine made in one go: hashes of its baked frames by their keys, of the take by number, and of its pictures."""

    frames: dict[str, str]
    take: dict[str, str]
    pictures: dict[str, str]


@pytest.fixture(scope="session")
def blend(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small lotus of the example run over six frames, staged, not baked."""
    folder = tmp_path_factory.mktemp("scene")
    Worker(folder / "artist").bloom("grow", folder / "lotus.blend", *farming.SMALL)
    return folder / "lotus.blend"


@pytest.fixture(scope="session")
def alone(blend: Path, tmp_path_factory: pytest.TempPathFactory) -> Alone:
    """What one machine makes of the scene."""
    folder = tmp_path_factory.mktemp("alone")
    worker, own = Worker(folder / "machine"), farming.copied(blend, folder / "scene")
    worker.bloom("bake", own, "--folder", folder / "takes")
    worker.bloom("render", own, "--out", folder / "film")
    made = Alone(
        farming.digests(folder / "takes", "frames/*.vdb"),
        farming.digests(folder / "takes", "take-*/*.vdb"),
        farming.digests(folder / "film" / "frames", "*.png"),
    )
    assert [len(files) for files in made] == [farming.FRAMES] * 3 and len(set(made.pictures.values())) == farming.FRAMES
    return made
