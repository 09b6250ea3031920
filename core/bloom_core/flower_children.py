"""A litter of children of one flower or of two, with their pictures: what a breeding grid shows."""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bloom_core import breeding, thumbnails
from bloom_core.designs import Design
from bloom_core.side_by_side import side_by_side

LITTER = 8
"""Children that a grid shows."""

PICTURE = 128
"""Pixels on a side of their pictures."""

_NAMES = 2  # ancestors that a child is named by; more would not fit


@dataclass(frozen=True)
class Child:
    """A child and its picture, float32 (PICTURE, PICTURE, 4), sRGB, the top row first."""

    design: Design
    picture: NDArray[np.float32]


def litter(first: Design, second: Design | None, strength: float, seed: int) -> Generator[Child, None, None]:
    """Yields LITTER children: of `first`, changed by `strength` in [0, 1], or crossed with `second`, taking after it more and more.

    The same parents and `seed`, the same children; they are bred on all cores.
    Raises FlameError for a parent that does not hold together itself.
    """

    def child(number: int) -> Child:
        own = seed * LITTER + number
        share = (number + 1) / (LITTER + 1)
        design = breeding.mutate(first, strength, own) if second is None else breeding.breed(first, second, own, share)
        name = child_name([first] if second is None else [first, second], own)
        named = replace(design, name=name, title=name, open=replace(design.open, name=name))
        return Child(named, thumbnails.thumbnail(named, PICTURE))

    yield from side_by_side(child, range(LITTER))


def child_name(parents: list[Design], number: int) -> str:
    """Returns a short name: the families of its parents, and its number."""
    families = [family for parent in parents for family in re.sub(r"\s*\d+$", "", parent.title).split(" × ")]
    return f"{' × '.join(dict.fromkeys(families[:_NAMES] if len(parents) == 1 else [families[0], families[-1]]))} {number + 1}"
