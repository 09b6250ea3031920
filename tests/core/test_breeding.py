"""Children of flowers: they live, look like their parents, open, grow, and are the same for the same seed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bloom_core import breeding, designs, native, thumbnails
from bloom_core.designs import Design
from bloom_core.flames.flame import Flame, FlameError, Variation, Xform
from bloom_core.growth import growing, guard
from bloom_core.trajectories import trajectory

NAMES = st.sampled_from(designs.designs())
SEEDS = st.integers(0, 2**63)
EXAMPLES = settings(max_examples=8, deadline=None, derandomize=True)


def lives(child: Design) -> bool:
    """Says whether a child can grow (which needs two poses that hold), fits its box, and is seen."""
    holds = guard.native_probe(child.bud, child.open)
    inside = native.points(child.open, 60_000)
    within = ((inside.position >= child.box.low) & (inside.position <= child.box.high)).all(axis=1)
    boxed = float(inside.weight[within].sum() / inside.weight.sum())
    lit = thumbnails.thumbnail(child, 48)[..., :3].max(axis=2) > 0.1
    return all(map(holds, designs.poses(child.bud, child.open, 3))) and boxed > 0.9 and float(lit.mean()) > 0.05


def same(first: Design, second: Design) -> bool:
    return repr((first.bud.xforms, first.bud.final, first.open.xforms, first.open.final)) == repr(
        (second.bud.xforms, second.bud.final, second.open.xforms, second.open.final)
    ) and np.array_equal(first.open.palette, second.open.palette)


@EXAMPLES
@given(NAMES, st.floats(0.0, 1.0), SEEDS)
def test_a_mutant_lives_and_its_bud_is_of_its_kind(name: str, strength: float, seed: int) -> None:
    parent = designs.design(name)
    child = breeding.mutate(parent, strength, seed)
    assert designs.structure(child.bud) == designs.structure(child.open)
    assert lives(child)
    assert same(child, breeding.mutate(parent, strength, seed))
    assert len(child.open.xforms) == len(parent.open.xforms)
    assert max(xform.opacity for xform in child.bud.xforms) < 0.05  # it comes out of black, as its parent does


@EXAMPLES
@given(NAMES, NAMES, SEEDS, st.floats(0.0, 1.0))
def test_a_child_of_two_lives_and_its_bud_is_of_its_kind(first: str, second: str, seed: int, share: float) -> None:
    parents = designs.design(first), designs.design(second)
    child = breeding.breed(*parents, seed, share)
    assert designs.structure(child.bud) == designs.structure(child.open)
    assert lives(child)
    assert same(child, breeding.breed(*parents, seed, share))


def test_the_stronger_the_change_the_farther_the_child() -> None:
    parent = designs.design("crocus")
    shown = thumbnails.thumbnail(parent, 64)

    def distance(strength: float) -> float:
        children = [thumbnails.thumbnail(breeding.mutate(parent, strength, seed), 64) for seed in range(3)]
        return float(np.mean([np.abs(child - shown).mean() for child in children]))

    assert distance(0.0) < 0.005 < distance(0.1) < distance(0.6)


def test_other_seeds_are_other_children() -> None:
    rose, fern = designs.design("rose"), designs.design("fern")
    children = [breeding.breed(rose, fern, seed) for seed in range(3)] + [breeding.mutate(rose, 0.4, seed) for seed in range(3)]
    assert all(not same(first, second) for number, first in enumerate(children) for second in children[:number])


def test_a_child_takes_after_whom_it_has_the_share_of() -> None:
    lotus, tulip = designs.design("lotus"), designs.design("tulip")
    for share, near in ((0.0, lotus), (1.0, tulip)):
        child = breeding.breed(lotus, tulip, 5, share)
        assert [v.name for v in child.open.xforms[1].variations][:4] == [v.name for v in near.open.xforms[1].variations][:4]
        assert len(child.open.xforms) == len(near.open.xforms)


def test_a_palette_between_opposite_hues_is_not_grey() -> None:
    red, cyan = np.array([[0.9, 0.2, 0.2]] * 2), np.array([[0.1, 0.75, 0.7]] * 3)
    blend = breeding._blended(red, cyan, 0.4)
    assert len(blend) == 3 and np.ptp(blend, axis=1).min() > 0.25
    np.testing.assert_allclose(breeding._blended(red, cyan, 0.0), [red[0]] * 3, atol=1e-6)


def test_children_grow_and_are_written_and_read(tmp_path: Path) -> None:
    child = breeding.breed(designs.design("orchid"), designs.design("waterlily"), 3)
    designs.write_design(tmp_path / "child.flame", child)
    again = designs.read_design(tmp_path / "child.flame")
    np.testing.assert_allclose(again.open.xforms[1].pre, child.open.xforms[1].pre)
    grandchild = breeding.mutate(again, 0.5, 9)
    film = growing.grow(trajectory.read_run(trajectory.embedded_run("digits")), grandchild, frames=6)
    assert film.guard is not None and film.guard.mean() > 0.8


def test_any_flame_can_have_children() -> None:
    lotus = designs.design("lotus").open
    plain = designs.design_from_flame(Flame(lotus.xforms[:1], palette=lotus.palette[:64], name="plain"))
    assert breeding.mutate(plain, 0.5, 1).open.final is None
    assert lives(breeding.breed(plain, designs.design("peony"), 1))


def test_what_cannot_be_bred_is_said() -> None:
    peony = designs.design("peony")
    with pytest.raises(ValueError, match="strength is 2"):
        breeding.mutate(peony, 2.0, 0)
    with pytest.raises(ValueError, match="share is -1"):
        breeding.breed(peony, peony, 0, -1.0)
    point = Flame((Xform((Variation("linear", 0.0),)),), name="point")
    broken = replace(peony, name="broken", bud=point, open=point)
    with pytest.raises(FlameError, match="broken: it flies apart or collapses"):
        breeding.mutate(broken, 0.5, 0)
