"""The original's mapping follows its notebook's rules."""

from __future__ import annotations

import gzip
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bloom_core.designs import Design, design_from_flame
from bloom_core.flames.flame import Flame, FlameError
from bloom_core.flames.flame_file import read_flames
from bloom_core.growth import grow
from bloom_core.growth.animation import Animation, Channel, read_channel
from bloom_core.growth.original_mapping import limited, original_channels, original_states, reduced_rows
from bloom_core.importers import import_run
from bloom_core.native import Box
from bloom_core.trajectories.trajectory import RunError, Trajectory

MakeRun = Callable[..., Trajectory]


@pytest.fixture(scope="module")
def original(shared_data: Path) -> tuple[Trajectory, Flame]:
    run, _ = import_run(shared_data / "original-bloom" / "embeddings")
    return run, read_flames(shared_data / "original-bloom" / "flames" / "willowisp.flame")[0][0]


def parameters(flame: Flame) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.array([read_channel(flame, channel) for channel in original_channels(flame)])


def published(shared_data: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """The original's published film of willowisp, (900, 24), in playing order."""
    tree = ElementTree.fromstring(gzip.decompress((shared_data / "original-bloom" / "flames" / "willowisp_updates.flame.gz").read_bytes()))
    frames = sorted(tree.findall("flame"), key=lambda frame: int(frame.attrib["name"]))
    rows = []
    for frame in frames:
        xforms = frame.findall("xform")
        rows.append([float(v) for x in xforms for v in (x.attrib["weight"], x.attrib["opacity"], *x.attrib["coefs"].split())])
    return np.array(rows)


def check_rules(film: np.ndarray[tuple[int, ...], np.dtype[np.float64]], design: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> None:
    """Equation 7's consequence: the film starts at 0 or 2p (±1 where p is 0) and comes to the design with its last blocks."""
    scale = np.where(design == 0.0, 1.0, np.abs(design))
    np.testing.assert_allclose(np.abs(film[0] - design), scale, rtol=1e-9, atol=1e-9)
    assert np.median(np.abs(film[899] - design) / scale) < 0.01
    moves = np.abs(np.diff(film[:900], axis=0)) / scale
    assert moves[:100].mean() > 20.0 * moves[-100:].mean()


def test_the_published_film_and_ours_follow_the_same_rules(original: tuple[Trajectory, Flame], shared_data: Path) -> None:
    run, flame = original
    assert run.embeddings is not None
    check_rules(published(shared_data), parameters(flame))
    films = [original_states(run.embeddings, flame, blocks=900, seed=seed) for seed in range(12)]
    for ours in films:
        assert ours.shape == (901, 24)
        check_rules(ours, parameters(flame))
        np.testing.assert_array_equal(ours[-1], parameters(flame))
    assert min(ours[:, [0, 8, 16]].min() for ours in films) < -1.0  # the flaw is kept: weights leave their range


def test_equations_one_to_seven_step_by_step(original: tuple[Trajectory, Flame]) -> None:
    """The notebook's own loops, written out plainly."""
    run, flame = original
    assert run.embeddings is not None
    tables = run.embeddings.values.astype(np.float64)
    design = parameters(flame)
    count = len(design)
    first = tables[1] - tables[0]
    _, _, directions = np.linalg.svd(first - first.mean(axis=0), full_matrices=False)
    rows = []
    for epoch in range(20):
        update = tables[epoch + 1] - tables[epoch]
        rows += [update[word] @ directions[:count].T for word in range(2, 345)]
    plain = np.array(rows)
    reduced = reduced_rows(run.embeddings, count)
    assert plain.shape == (6860, count)
    np.testing.assert_allclose(np.abs(reduced), np.abs(plain), atol=1e-9)
    chosen = np.random.default_rng(4).permutation(count)
    block = 6860 // 900
    assert block == 7
    kept = reduced[:, chosen][: block * 900]
    state = design.copy()
    film = {0: state.copy()}
    backwards = kept[::-1]
    for i in range(900):
        for row in backwards[i * block : (i + 1) * block]:
            state = state + row * np.where(design == 0.0, 1.0, np.abs(design)) / np.abs(kept.sum(axis=0))
        film[i + 1] = state.copy()
    wanted = np.array([film[900 - i] for i in range(901)])
    np.testing.assert_allclose(original_states(run.embeddings, flame, 900, seed=4), wanted, atol=1e-8)


def test_original_animation_is_limited_and_reproducible(original: tuple[Trajectory, Flame]) -> None:
    run, flame = original
    flower = design_from_flame(flame)
    assert run.embeddings is not None
    seed = next(n for n in range(50) if original_states(run.embeddings, flame, 95, seed=n)[:, [0, 8, 16]].min() < 0.0)
    film = grow(run, flower, frames=96, mapping="original", seed=seed)
    assert isinstance(film, Animation) and film.values.shape == (96, 24)
    weights = [channel.field == "weight" for channel in film.channels]
    opacity = [channel.field == "opacity" for channel in film.channels]
    assert film.values[:, weights].min() == 0.0 and (film.values[:, weights].sum(axis=1) > 0.0).all()
    assert film.values[:, opacity].min() >= 0.0 and film.values[:, opacity].max() <= 1.0
    np.testing.assert_array_equal(film.values[-1], parameters(flame))
    np.testing.assert_array_equal(film.values, grow(run, flower, frames=96, mapping="original", seed=seed).values)
    assert not np.array_equal(film.values, grow(run, flower, frames=96, mapping="original", seed=seed + 1).values)


def test_frames_without_any_weight_keep_the_designs() -> None:
    channels = (Channel(0, "weight"), Channel(0, "opacity"), Channel(1, "weight"))
    values = limited(channels, np.array([[-1.0, 3.0, -2.0], [-1.0, -3.0, 2.0]]), np.array([0.5, 1.0, 0.25]))
    np.testing.assert_array_equal(values, [[0.5, 1.0, 0.25], [0.0, 0.0, 2.0]])


def test_original_refuses_what_it_cannot_do(original: tuple[Trajectory, Flame], make_run: MakeRun, design: Design) -> None:
    run, flame = original
    with pytest.raises(RunError, match="no embeddings"):
        grow(make_run(words=0), design, mapping="original")
    with pytest.raises(RunError, match="cannot move 24 parameters"):
        grow(make_run(), design, mapping="original")
    with pytest.raises(RunError, match="fewer frames"):
        grow(run, design_from_flame(flame), mapping="original", frames=7000)
    many = replace(flame, xforms=flame.xforms * 3)
    with pytest.raises(FlameError, match="at most 8"):
        grow(run, Design("many", "Many", many, many, Box((-1, -1, -1), (1, 1, 1))), mapping="original")


def test_the_original_takes_a_chosen_palette(original: tuple[Trajectory, Flame]) -> None:
    run, flame = original
    film = grow(run, design_from_flame(flame), frames=8, mapping="original", palette="moon")
    assert film.ramp.base is not None
    np.testing.assert_array_equal(film.at(film.frame_end).palette, film.ramp.base)
