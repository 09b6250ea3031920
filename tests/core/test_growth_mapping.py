"""Each petal follows the part of the network that is mapped to it, and no other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from bloom_core import designs
from bloom_core.designs import Design
from bloom_core.flames.flame import Flame
from bloom_core.growth import grow, opening
from bloom_core.growth.animation import Drive
from bloom_core.growth.growth_mapping import by_parts
from bloom_core.trajectories import reduction
from bloom_core.trajectories.trajectory import Trajectory

MakeRun = Callable[..., Trajectory]


def holds(flame: Flame) -> bool:
    return True


def test_parts_and_petals_are_dealt_out_in_order(make_run: MakeRun) -> None:
    assert by_parts(make_run(layers=1), 3, (0, 1, 2)) == (Drive(0), Drive(1), Drive(2), Drive(3))
    two = by_parts(make_run(layers=2), 5, (0, 1, 2, 3, 4))
    assert [drive.part for drive in two] == ["layer0", "layer0", "layer0", "layer1", "layer1", None]
    many = by_parts(make_run(layers=7), 3, (0, 1, 2))
    assert [drive.part for drive in many if drive.xform == 0] == ["layer0", "layer1"]
    assert [drive.part for drive in many if drive.xform == 2] == ["layer4", "layer5", "layer6"]


def test_no_part_is_mapped_to_a_petal_that_cannot_be_seen_moving(make_run: MakeRun) -> None:
    two = by_parts(make_run(layers=2), 4, (1, 3))
    assert two == (Drive(1, "layer0"), Drive(3, "layer1"), Drive(4))
    assert by_parts(make_run(layers=2), 4, (2,)) == (Drive(0), Drive(1), Drive(2), Drive(3), Drive(4))
    lotus = designs.design("lotus")
    assert opening.measure(lotus).lively == (1,)  # its xform 0 is a source of points, whose affine nobody sees


def test_a_small_part_is_seen_to_move_little(make_run: MakeRun, design: Design) -> None:
    run = make_run(layers=3, words=0)
    assert run.sketch is not None
    weight = np.array([1.0, 0.02, 1.0], dtype=np.float32)
    run = reduction.reduce_run(replace(run, sketch=run.sketch * weight[:, None], update_norm=run.update_norm * weight))
    film, still = (grow(run, design, frames=24, probe=holds, tolerance=None, strength=strength) for strength in (1.0, 0.0))
    moved = [np.abs((film.values - still.values)[:, [channel.xform == number for channel in film.channels]]).mean() for number in range(3)]
    assert moved[1] < 0.05 * min(moved[0], moved[2])


@pytest.mark.parametrize("reduced", [True, False])
def test_a_petal_trembles_with_its_own_part_alone(make_run: MakeRun, design: Design, reduced: bool) -> None:
    run = make_run(layers=3, words=0)
    assert run.sketch is not None
    quiet = run.sketch.copy()
    quiet[:, 1] = 0.0  # the second part never moves
    run = replace(run, sketch=quiet, update_norm=run.update_norm * [1, 0, 1])
    film = grow(reduction.reduce_run(run) if reduced else run, design, frames=24, probe=holds, tolerance=None)
    still = grow(run, design, frames=24, probe=holds, tolerance=None, strength=0.0)
    assert film.drives == (Drive(0, "layer0"), Drive(1, "layer1"), Drive(2, "layer2"), Drive(3))
    # The opening goes by the whole network's way, which is the same in both; so what differs is displacement.
    moved = [np.abs((film.values - still.values)[:-1, [channel.xform == number for channel in film.channels]]).max() for number in range(4)]
    if reduced:
        assert moved[1] < 1e-9
    assert min(moved[0], moved[2], moved[3]) > 0.05 > moved[1]


def test_drives_of_your_own(make_run: MakeRun, design: Design) -> None:
    run = reduction.reduce_run(make_run(layers=3, words=0))
    still, one, twice = (
        grow(run, design, frames=12, probe=holds, tolerance=None, mapping=drives).values
        for drives in ([], [Drive(2, "layer1", 0.5)], [Drive(2, "layer1", 1.0)])
    )
    moved = np.abs(one - still).max(axis=0) > 1e-12
    film = grow(run, design, frames=12, probe=holds, mapping=[])
    assert {channel.xform for channel, does in zip(film.channels, moved, strict=True) if does} == {2}
    assert np.abs(twice - still).mean() > 1.5 * np.abs(one - still).mean()
    with pytest.raises(ValueError, match="no part 'petal'; there are: layer0, layer1, layer2"):
        grow(run, design, frames=12, probe=holds, mapping=[Drive(0, "petal")])
    with pytest.raises(ValueError, match="xform 9"):
        grow(run, design, frames=12, probe=holds, mapping=[Drive(9, "layer0")])
