"""A breeding grid's children: eight, unlike each other, the same ones for the same seed, with names that stay short."""

from __future__ import annotations

import threading
from dataclasses import replace
from itertools import islice

import numpy as np

from bloom_core import breeding, designs
from bloom_core.flames.flame_buffer import pack
from bloom_core.flower_children import LITTER, PICTURE, child_name, litter


def test_children_differ_and_come_again() -> None:
    lotus = designs.design("lotus")
    some = list(islice(litter(lotus, None, 0.4, 3), 2))
    again = next(litter(lotus, None, 0.4, 3))
    assert [child.design.name for child in some] == ["Lotus 25", "Lotus 26"] and LITTER == 8
    np.testing.assert_array_equal(pack(some[0].design.open), pack(again.design.open))
    assert some[0].picture.shape == (PICTURE, PICTURE, 4) and some[0].picture[..., :3].max() > 0.3
    assert np.abs(some[0].picture - some[1].picture).mean() > 0.005


def test_children_of_two_are_named_by_both() -> None:
    lotus, peony = designs.design("lotus"), designs.design("peony")
    child = next(litter(lotus, peony, 0.4, 0))
    assert child.design.name == child.design.open.name == "Lotus × Peony 1"
    grandchild = replace(child.design)
    assert child_name([grandchild], 4) == "Lotus × Peony 5"
    assert child_name([grandchild, lotus], 4) == "Lotus 5"
    assert child_name([lotus, grandchild], 4) == "Lotus × Peony 5"


def test_children_bred_side_by_side_are_those_bred_alone() -> None:
    fern = designs.design("fern")
    litters = list(litter(fern, None, 0.8, 2))
    assert [child.design.name for child in litters] == [f"Fern {number + 17}" for number in range(LITTER)]
    for number in (1, 6):
        alone = breeding.mutate(fern, 0.8, 16 + number)
        assert alone.box == litters[number].design.box
        np.testing.assert_array_equal(pack(alone.open), pack(litters[number].design.open))


def test_a_litter_that_nobody_waits_for_any_more_ends() -> None:
    threads = threading.active_count()
    children = litter(designs.design("lotus"), None, 0.4, 3)
    next(children)
    children.close()  # type: ignore[attr-defined]
    assert threading.active_count() == threads
