"""Palettes are drafted many at once, for speed: what comes out is the same as one after the other."""

from __future__ import annotations

import numpy as np
import pytest

from bloom_core import designs
from bloom_core.palettes import words
from bloom_core.palettes.movers import Movers, movers, parts
from bloom_core.trajectories import trajectory

DESIGN = designs.design("lotus").open.palette


@pytest.fixture(scope="module", params=["words", "parts"])
def found(request: pytest.FixtureRequest) -> Movers:
    run = trajectory.read_run(trajectory.embedded_run("digits"))
    return movers(run) if request.param == "words" else parts(run)


def test_drafts_in_oklab_are_the_palettes_at_the_end_of_training(found: Movers) -> None:
    random = np.random.default_rng(3)
    stacks = [words.draw(found, random) for _ in range(5)] + [words.whole(found)] * 2
    hues = [(float(random.uniform(4.0, 6.8)), float(random.uniform(-2.0, 2.0))) for _ in stacks]
    drafts = words.oklab_drafts(found, stacks, hues, DESIGN)
    alone = [words.oklab_palettes(found, stack, found.states[-1:], hue, DESIGN)[0][0] for stack, hue in zip(stacks, hues, strict=True)]
    assert np.abs(drafts - np.array(alone)).max() < 1e-12


def test_drafts_in_rgb_are_the_palettes_at_the_end_of_training(found: Movers) -> None:
    random = np.random.default_rng(4)
    stacks = [words.draw(found, random) for _ in range(6)]
    assert any(stack.flipped.any() for stack in stacks), "or mirrored words are not looked at"
    seeds = [words.vivid_seed(random) for _ in stacks]
    drafts = words.rgb_drafts(found, stacks, seeds)
    alone = [words.rgb_palettes(found, stack, found.states[-1:], seed)[0][0] for stack, seed in zip(stacks, seeds, strict=True)]
    assert np.abs(drafts - np.array(alone)).max() < 1e-12


def test_merits_of_many_are_those_of_each() -> None:
    random = np.random.default_rng(5)
    palettes = np.concatenate([random.random((6, 256, 3)), np.full((1, 256, 3), 0.5), DESIGN[None, np.linspace(0, len(DESIGN) - 1, 256).astype(int)]])
    for variety in (0.0, words.VARIETY):
        assert words.merits(palettes, DESIGN, variety).tolist() == [words.merit(palette, DESIGN, variety) for palette in palettes]
