"""Growing over given steps: the same as by a pace where they are the pace's own, still where they stay, refused where a run has no such steps."""

from __future__ import annotations

import numpy as np
import pytest

from bloom_core import designs, growth
from bloom_core.trajectories import trajectory
from bloom_core.trajectories.run_model import Trajectory


@pytest.fixture(scope="module")
def run() -> Trajectory:
    return trajectory.read_run(trajectory.embedded_run("digits"))


def test_the_steps_of_a_pace_give_its_own_growth(run: Trajectory) -> None:
    design = designs.design("lotus")
    paced = growth.grow(run, design, frames=8, tolerance=None)
    given = growth.grow(run, design, steps=growth.spread_frames(run, 8), tolerance=None)
    assert np.array_equal(paced.values, given.values) and np.array_equal(paced.steps, given.steps)
    assert paced.flutter is not None and given.flutter is not None and np.array_equal(paced.flutter, given.flutter)


def test_frames_that_show_a_step_again_are_the_same_and_change_nothing_else(run: Trajectory) -> None:
    design = designs.design("orchid")
    once = np.array([0.0, 3.0, 200.0, 1260.0])
    again = np.array([0, 0, 0, 1, 2, 2, 3, 3])
    few = growth.grow(run, design, steps=once, tolerance=None)
    held = growth.grow(run, design, steps=once[again], frame_start=11, tolerance=None)
    assert np.array_equal(held.values, few.values[again]) and np.array_equal(held.guard, few.guard[again])
    assert held.steps.tolist() == [0, 0, 0, 2, 199, 199, 1259, 1259] and (held.frame_start, held.frame_end) == (11, 18)
    assert np.allclose(held.values[-1], [growth.animation.read_channel(design.open, channel) for channel in held.channels])
    keyed = growth.grow(run, design, steps=once[again])
    assert keyed.keys is not None and len(keyed.values) == 8


@pytest.mark.parametrize("steps", [[0.0, 5.0, 4.0], [-1.0, 3.0], [0.0, 1261.0], [0.0, float("nan")], [3.0]])
def test_steps_that_no_film_can_show_are_refused(run: Trajectory, steps: list[float]) -> None:
    with pytest.raises(ValueError, match=r"steps|frames"):
        growth.grow(run, designs.design("lotus"), steps=np.array(steps))


def test_the_original_mapping_has_frames_of_its_own() -> None:
    run = trajectory.read_run(trajectory.embedded_run("translation"))
    with pytest.raises(ValueError, match="leave `steps` away"):
        growth.grow(run, designs.design("lotus"), steps=np.array([0.0, 10.0]), mapping="original")
