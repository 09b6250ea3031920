"""Palettes made of words: the original's mathematics, on its own data and on hostile runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bloom_core import designs, importers
from bloom_core.palettes import chosen, to_oklab
from bloom_core.palettes.movers import MAX_TOKENS, TOKENS, Movers, movers, parts, pca, sample, shares
from bloom_core.palettes.words import FLIPS, FLOOR, Stack, draw, merit, oklab_palettes, ramp_of, rgb_palettes, vivid_seed, ways
from bloom_core.trajectories import reduction
from bloom_core.trajectories.trajectory import Trajectory

Array = NDArray[np.float64]
MakeRun = Callable[..., Trajectory]
SEED = np.array([0.6, 0.4, 0.5])


@pytest.fixture(scope="module")
def original(shared_data: Path) -> Trajectory:
    run, _ = importers.import_run(shared_data / "original-bloom" / "embeddings")
    return run if run.embeddings is None or run.embeddings.reduction is not None else reduction.reduce_run(run)


def stack(tokens: list[int], kept: float = 1.0, flipped: bool = False) -> Stack:
    return Stack(np.array(tokens), np.full(len(tokens), kept), np.full(len(tokens), flipped))


def three_words() -> Movers:
    """Two words on straight ways, one of which rests for most of the time, and one that turns a corner."""
    places = np.zeros((5, 3, 3))
    places[:, 0, 0] = [0.0, 1.0, 1.0, 1.0, 1.0]
    places[:, 1, 1] = [3.0, 2.0, 1.0, 0.0, -1.0]
    places[:, 2] = [[0, 0, 0], [0, 0, 2], [0, 2, 2], [0, 2, 2], [0, 2, 2]]
    return Movers("words", ("a", "b", "c"), np.array([0.0, 10.0, 20.0, 30.0, 40.0]), places, np.ones(3))


def longest_run_of_equal_rows(palette: Array) -> int:
    rounded = np.round(255.0 * palette).astype(int)
    same = (np.diff(rounded, axis=0) == 0).all(axis=1)
    best = run = 1
    for equal in same:
        run = run + 1 if equal else 1
        best = max(best, run)
    return best


def test_a_stretch_is_the_words_way_evenly() -> None:
    moved, word = ways(three_words(), stack([2, 0]), np.array([40.0]))
    assert list(np.bincount(word)) == [128, 128]
    step = np.linalg.norm(np.diff(moved[0, :128], axis=0), axis=1)
    assert step.max() <= 4.0 / 127 + 1e-9 and step.min() > 0.7 * 4.0 / 127  # shorter only across the corner
    np.testing.assert_allclose(moved[0, 0], 0.0)
    np.testing.assert_allclose(moved[0, 127], [0, 2, 2])
    np.testing.assert_allclose(moved[0, 255], [1, 0, 0])


def test_the_palette_unfolds_and_cuts_ways_off() -> None:
    found = three_words()
    states = np.array([0.0, 10.0, 20.0, 25.0, 40.0])
    moved, _ = ways(found, stack([2]), states)
    np.testing.assert_allclose(moved[0], 0.0)  # the seed alone
    np.testing.assert_allclose(moved[:, -1], [[0, 0, 0], [0, 0, 2], [0, 2, 2], [0, 2, 2], [0, 2, 2]])
    cut, _ = ways(found, stack([2], kept=0.75), states)
    np.testing.assert_allclose(cut[:, -1], [[0, 0, 0], [0, 0, 2], [0, 1, 2], [0, 1, 2], [0, 1, 2]])
    back, _ = ways(found, stack([0, 2]), states[-1:], there_and_back=True)
    np.testing.assert_allclose(back[0, [0, 127, 128, 255]], [[0, 0, 0], [1, 0, 0], [0, 2, 2], [0, 0, 0]])


def test_colour_is_seed_plus_temperature_times_way() -> None:
    found = three_words()
    chosen_words = stack([1, 2])
    shown, temperature = rgb_palettes(found, chosen_words, found.states, SEED)
    moved, _ = ways(found, chosen_words, found.states)
    wanted = SEED + temperature / 255.0 * moved
    light = to_oklab(np.clip(wanted, 0, 1).reshape(-1, 3))[:, 0].reshape(wanted.shape[:2]) > FLOOR + 0.01
    assert light.mean() > 0.9
    np.testing.assert_allclose(shown[light], np.clip(wanted, 0.0, 1.0)[light], atol=1e-9)
    mirrored, _ = rgb_palettes(found, stack([1, 2], flipped=True), found.states, SEED)
    assert np.allclose(mirrored[light][:, ::-1], shown[light], atol=1e-9) or not light.all()
    np.testing.assert_allclose(mirrored[0, 0], SEED[::-1])


def test_the_original_is_vivid_and_not_clipped(original: Trajectory) -> None:
    found = movers(original)
    assert found.kind == "words" and len(found.names) == 345
    for seed in range(8):
        random = np.random.default_rng(seed)
        palette, temperature = rgb_palettes(found, draw(found, random), found.states[-1:], vivid_seed(random))
        assert 50.0 <= temperature <= 500.0  # of the order of the paper's 50 to 100
        assert ((palette[0] <= 0.0) | (palette[0] >= 1.0)).mean() <= 0.1
        assert len(np.unique(np.round(255 * palette[0]).astype(int), axis=0)) > 200  # of 256; at a temperature of 1 there would be 24
        assert np.ptp(palette[0], axis=0).max() > 0.4


def test_frozen_epochs_do_not_smear(original: Trajectory) -> None:
    found = movers(original)
    for seed in range(5):
        tokens = draw(found, np.random.default_rng(seed))
        tokens = replace(tokens, kept=np.ones(len(tokens.tokens)))
        even, temperature = rgb_palettes(found, tokens, found.states[-1:], SEED)
        # The naive way: a word's colours epoch by epoch.
        way = found.places[:, tokens.tokens] - found.places[0, tokens.tokens]
        share = np.linspace(0, 29, 32)
        at = np.stack([[np.interp(share, np.arange(30), way[:, token, axis]) for axis in range(3)] for token in range(len(tokens.tokens))])
        naive = np.clip(SEED + temperature / 255.0 * at.transpose(0, 2, 1).reshape(-1, 3), 0.0, 1.0)
        assert longest_run_of_equal_rows(naive) >= 15
        assert longest_run_of_equal_rows(even[0]) <= 4


def test_mirrors_come_at_the_stated_rate() -> None:
    found = three_words()
    random = np.random.default_rng(5)
    flips = np.concatenate([draw(found, random).flipped for _ in range(1000)])
    assert len(flips) == 1000 * TOKENS
    assert abs(flips.mean() - FLIPS) < 4.0 * np.sqrt(FLIPS * (1 - FLIPS) / len(flips))


def test_words_that_never_move_are_not_sampled(original: Trajectory) -> None:
    found = movers(original)
    still = np.flatnonzero(found.weights == 0.0)
    assert 1 <= len(still) <= 5
    random = np.random.default_rng(0)
    assert not np.isin(np.concatenate([sample(found, random) for _ in range(200)]), still).any()


def test_sentences_and_frequencies_of_the_run(make_run: MakeRun) -> None:
    run = reduction.reduce_run(make_run(words=30))
    assert run.embeddings is not None
    hostile: list[object] = [["word 3", "word 7", 3.5, None, "nobody", 9, True], "word 1", 7, [], ["nobody"], [[1]], ["word 4"] * 99]
    found = movers(replace(run, meta={"sentences": hostile}))
    assert found.sentences == ((3, 7, 9, 1), (4,) * 99)
    drawn = {tuple(sample(found, np.random.default_rng(seed))) for seed in range(20)}
    assert drawn == {(3, 7, 9, 1), (4,) * MAX_TOKENS}
    often = np.zeros(30)
    often[[2, 5]] = [9.0, 1.0]
    found = movers(replace(run, meta={"frequencies": often.tolist()}))
    tokens = np.concatenate([sample(found, np.random.default_rng(seed)) for seed in range(200)])
    assert set(tokens) == {2, 5} and 0.85 < (tokens == 2).mean() < 0.95
    for broken in ([1.0] * 29, "words", [None] * 30, [float("nan")] * 30, [10**400] * 30):
        weights = movers(replace(run, meta={"frequencies": broken})).weights
        assert np.isfinite(weights).all() and weights.sum() > 0.0


def test_numpys_pca_is_that_of_the_run(make_run: MakeRun) -> None:
    run = reduction.reduce_run(make_run(words=40))
    words = run.embeddings
    assert words is not None and words.reduction is not None
    found = pca(words.values.reshape(-1, 8)).reshape(7, 40, 3)
    stored = words.reduction.coordinates.astype(np.float64)
    np.testing.assert_allclose(found / np.abs(found).max(), stored / np.abs(stored).max(), atol=1e-4)  # signs too
    unreduced = movers(replace(run, embeddings=replace(words, reduction=None)))
    np.testing.assert_allclose(unreduced.places, found)
    assert np.isfinite(pca(np.full((4, 2), 3e38, dtype=np.float32) * np.array([[1], [-1], [1], [np.nan]]))).all()


def test_oklab_keeps_floor_lights_and_depth(original: Trajectory) -> None:
    found, design = movers(original), designs.design("lotus").open.palette
    for seed in range(6):
        random = np.random.default_rng(seed)
        palettes, _ = oklab_palettes(found, draw(found, random), found.states, (float(random.uniform(4, 7)), float(random.uniform(-2, 2))), design)
        lab = to_oklab(palettes.reshape(-1, 3))
        assert palettes.min() >= 0.0 and palettes.max() <= 1.0
        assert lab[:, 0].min() >= FLOOR - 2e-3
        chroma = np.hypot(lab[:, 1], lab[:, 2])
        assert (chroma[lab[:, 0] < 0.8] > 0.04).all()  # no way leads through grey
        light = lab[:, 0].reshape(palettes.shape[:2])
        assert (light[:, -16:].mean(axis=1) > light[:, :16].mean(axis=1) + 0.3).all()  # the flower's lights are light


def test_ramps_come_near_the_whole_palettes(original: Trajectory) -> None:
    found, design = movers(original), designs.design("lotus").open.palette
    frames = np.arange(1, 31)
    for seed in range(4):
        random = np.random.default_rng(seed)
        words = draw(found, random)
        for palettes in (rgb_palettes(found, words, found.states, SEED)[0], oklab_palettes(found, words, found.states, (5.0, 1.5), design)[0]):
            ramp = ramp_of(palettes, frames)
            assert len(ramp.positions) <= 32 and ramp.positions[0] == 0.0 and ramp.positions[-1] == 1.0 and ramp.base is not None
            np.testing.assert_array_equal(ramp.palette(ramp.base, 30), palettes[-1])
            across = np.linspace(0, 1, 256)
            for frame in (1, 5, 12, 30):
                outline = np.stack([np.interp(across, ramp.positions, channel) for channel in ramp.at(frame).T], axis=1)
                apart = np.linalg.norm(to_oklab(outline) - to_oklab(palettes[frame - 1]), axis=1)
                assert apart.mean() < 0.02  # a just noticeable difference


def test_parts_take_colour_as_they_learn(make_run: MakeRun) -> None:
    run = make_run(words=0, layers=4)
    norms = np.zeros((60, 4), dtype=np.float32)
    norms[:20, 0], norms[20:40, 1], norms[40:, 2] = 1.0, 2.0, 5.0
    norms[7, 0] = np.nan
    found = movers(replace(run, update_norm=norms))
    assert found.kind == "parts" and found.names == ("layer0", "layer1", "layer2", "layer3")
    way = np.linalg.norm(found.places, axis=2)
    np.testing.assert_allclose(way[[20, 40, 60]], [[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0]], atol=1e-12)
    assert list(sample(found, np.random.default_rng(0))) == [0, 1, 2]  # a part that is frozen has no stretch
    one = replace(run, layers=tuple(replace(layer, part="all") for layer in run.layers))
    assert len(parts(one).names) == 4


def test_shares_of_a_long_run_are_those_of_a_short_one() -> None:
    norms = np.random.default_rng(0).random((150_000, 2)).astype(np.float32)
    states = np.linspace(0, 150_000, 50)
    got = shares(norms, [np.array([0]), np.array([0, 1])], states)
    whole = np.cumsum(np.vstack([[0.0, 0.0], np.stack([norms[:, 0], np.hypot(*norms.astype(np.float64).T)], axis=1)]), axis=0)
    wanted = np.stack([np.interp(states, np.arange(150_001), column / column[-1]) for column in whole.T], axis=1)
    np.testing.assert_allclose(got, wanted, atol=1e-9)


@pytest.mark.parametrize("words", [1, 2, 3])
def test_few_words(make_run: MakeRun, words: int) -> None:
    run = reduction.reduce_run(make_run(words=words))
    for name in ("sentence", "drift"):
        ramp = chosen(run, designs.design("lotus").open.palette, np.linspace(0, 60, 24), 1, name, 3)
        assert np.isfinite(ramp.colors).all() and np.ptp(ramp.colors[-1], axis=0).max() > 0.2


def test_merit_prefers_colour_to_mud() -> None:
    design = designs.design("lotus").open.palette
    grey = np.repeat(np.linspace(0.2, 0.9, 256)[:, None], 3, axis=1)
    brown = np.linspace([0.25, 0.18, 0.05], [0.5, 0.42, 0.2], 256)
    flat = np.full((256, 3), 0.5)
    assert merit(design, design) > max(merit(palette, design) for palette in (grey, brown, flat, design[::-1]))
    assert np.isfinite(merit(flat, flat))


def test_the_temperature_is_that_of_the_end_wherever_the_film_stops(make_run: MakeRun) -> None:
    run = reduction.reduce_run(make_run(words=12))
    found = movers(run)
    stack = draw(found, np.random.default_rng(3))
    end, seed, hues, design = found.states[-1:], np.array([0.3, 0.5, 0.7]), (5.0, 1.0), designs.design("lotus").open.palette
    for stops in ([0.0, end[0] / 3.0], [0.0, end[0] / 3.0, end[0]], [end[0] + 10.0]):
        assert rgb_palettes(found, stack, np.array(stops), seed)[1] == rgb_palettes(found, stack, end, seed)[1]
        assert oklab_palettes(found, stack, np.array(stops), hues, design)[1] == oklab_palettes(found, stack, end, hues, design)[1]
