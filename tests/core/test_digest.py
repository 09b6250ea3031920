"""A run in brief: what its lines and its sentence say, for the runs that come with the package and for broken ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bloom_core import events
from bloom_core.reports import digest
from bloom_core.reports.event_words import WORDS, words
from bloom_core.trajectories import trajectory
from bloom_core.trajectories.run_model import Trajectory


def run(name: str) -> Trajectory:
    return trajectory.read_run(trajectory.embedded_run(name))


def test_every_example_in_brief() -> None:
    titles = digest.example_titles()
    assert set(titles) == set(trajectory.embedded_runs()) and all(title for title in titles.values())
    for name in titles:
        brief = digest.digest(run(name))
        assert brief.title == titles[name]
        assert [label for label, _ in brief.lines] == ["Steps", "Network", "Optimizer", "Loss", "Settled"]
        assert (brief.steps[brief.rows] == [event.step for event in brief.events]).all()
        assert list(brief.captions) == list(map(events.caption, brief.events))
        assert sum(brief.tally.values()) == len(brief.events) == len(brief.weights)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("digits-exploding", ["It learnt nothing", "exploded at step 64, and it never recovered", "petals quiver"]),
        ("digits-momentum", ["the loss fell to 1/", "From step 547 on it rests: it has converged."]),
        ("translation", ["exploded at step 477, and it recovered", "rests: its falling learning rate stilled it."]),
        ("digits-adam", ["It was still moving when it ended."]),
    ],
)
def test_what_a_run_tells(name: str, told: list[str]) -> None:
    brief = digest.digest(run(name))
    assert all(sentence in brief.tells for sentence in told), brief.tells


def test_a_run_that_knows_little_is_told_without_it() -> None:
    known = run("digits")
    blind = replace(known, loss=np.full_like(known.loss, np.nan), lr=np.full_like(known.lr, np.nan), epoch=np.full_like(known.epoch, np.nan), meta={})
    brief = digest.digest(blind)
    assert [label for label, _ in brief.lines] == ["Steps", "Network", "Settled"] and "loss" not in brief.tells
    assert brief.standing(0) == "step 1"
    assert not np.isfinite(brief.loss_curve.columns(50)[1]).any()


def test_broken_numbers_come_before_all_else() -> None:
    known = run("digits")
    broken, update = known.nonfinite.copy(), known.update_norm.copy()
    broken[500], update[500] = 1, np.nan
    brief = digest.digest(replace(known, nonfinite=broken, update_norm=update))
    assert f"At step {known.steps[500]} its numbers broke." in brief.tells
    assert brief.weights[[event.kind for event in brief.events].index("nonfinite")] == 3


def test_every_kind_of_event_has_words() -> None:
    assert set(WORDS) == set(events.KINDS)
    for kind in (*events.KINDS, "my mark"):
        told = words(kind)
        assert len(told.means) > 15 and told.looks and not told.means.endswith(".") and not told.looks.endswith(".") and 0 <= told.weight <= 3
        assert all(0.0 <= value <= 1.0 for value in told.color)
    assert len({words(kind).color for kind in events.KINDS}) == len(events.KINDS)
