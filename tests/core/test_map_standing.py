"""Where runs stand on a map, and how far that is from the edge; on maps whose edge is known."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from bloom_core.trainability import bursting, relief, standing
from bloom_core.trainability.experiment import Axis, Experiment, MapError
from bloom_core.trainability.maps import Making, Map
from bloom_core.trainability.newton import Newton, newton_map
from bloom_core.trainability.standing import HYPERPARAMETERS
from bloom_core.trainability.views import View, overview
from bloom_core.trajectories import trajectory
from bloom_core.trajectories.run_model import Trajectory

SIDE = 40
MADE = Making("a test", "double", 0.0, 0)


def half(experiment: Experiment | None = None) -> Map:
    """Returns a map whose lower 3/4 converge, best in one pixel."""
    subject = experiment or replace(Experiment(), x=Axis("input_rate", 1e-2, 1e2), y=Axis("output_rate", 1e-2, 1e2))
    labels = np.zeros((SIDE, SIDE), np.uint8)
    labels[: SIDE * 3 // 4] = 1
    score = np.where(labels == 1, -5.0, 5.0)
    score[10, 20] = -0.5
    return Map(subject, overview(subject, (SIDE, SIDE)), labels, score, None, MADE)


def run(**meta: object) -> Trajectory:
    return replace(trajectory.read_run(trajectory.embedded_run("digits-sgd")), meta=meta, lr=np.full((1350, 1), np.nan, np.float32))


def test_a_run_stands_at_its_hyperparameters_with_its_distance_in_decades() -> None:
    found = standing.stand_run(half(), run(**{HYPERPARAMETERS: {"input_rate": 1.0, "output_rate": 1.0}}))
    assert found.position == pytest.approx([19.5, 19.5]) and found.values == pytest.approx((1.0, 1.0))
    # the edge is at the share 3/4 of four decades from 10⁻²: at 10¹
    assert found.shown and found.converged and not found.beyond and found.unit == "decades"
    assert found.distance == pytest.approx(-1.0, abs=0.01)
    beyond = standing.stand_run(half(), run(**{HYPERPARAMETERS: {"input_rate": 1.0, "output_rate": 10.0**1.5}}))
    assert beyond.beyond and beyond.distance == pytest.approx(0.5, abs=0.01) and standing.told(beyond) == "0.5 decades beyond the edge"


def test_rates_come_from_the_recorded_columns() -> None:
    both = replace(run(), lr=np.tile(np.array([[0.1, 0.5]], np.float32), (1350, 1)))
    assert standing.hyperparameters(both) == pytest.approx({"input_rate": 0.1, "output_rate": 0.5})
    one = standing.hyperparameters(trajectory.read_run(trajectory.embedded_run("digits-sgd")))
    assert one["rate"] == one["input_rate"] == one["output_rate"] == pytest.approx(0.1) and one["batch_size"] == 32.0
    assert not standing.is_of_map(half(), both)


def test_what_a_run_does_not_tell_is_named() -> None:
    with pytest.raises(MapError, match=r"learning rate of the input layer.*learning rate of the output layer"):
        standing.stand_run(half(), run())
    with pytest.raises(MapError, match="logarithmic axis"):
        standing.stand_run(half(), run(**{HYPERPARAMETERS: {"input_rate": 0.0, "output_rate": 1.0}}))


def test_outside_of_the_view_nothing_is_said_of_the_edge() -> None:
    found = standing.stand_run(half(), run(**{HYPERPARAMETERS: {"input_rate": 1e5, "output_rate": 1.0}}))
    assert not found.shown and found.converged is None and found.distance is None and standing.told(found) == "outside of this map"


def test_with_a_linear_axis_distances_are_shares_of_the_sides() -> None:
    subject = replace(Experiment(), optimizer="momentum", x=Axis("momentum", 0.0, 1.0, logarithmic=False), y=Axis("output_rate", 1e-2, 1e2))
    found = standing.stand_run(half(subject), run(**{HYPERPARAMETERS: {"momentum": 0.5, "output_rate": 1.0}}))
    assert found.unit == "sides of the map" and found.distance == pytest.approx(-0.25, abs=0.005)


def test_distances_are_those_of_every_edge_in_view() -> None:
    found = half()
    found.labels[5, 5] = 0  # an island: 0.5 pixels from its own middle to its edge
    away = standing.distances(found, np.array([[5.0, 5.0], [5.0, 8.0]])) / (4.0 / SIDE)
    assert away == pytest.approx([0.5, 2.5])
    everything = replace(found, labels=np.ones_like(found.labels))
    assert np.isnan(standing.distances(everything, np.zeros((1, 2)))).all() and standing.stand(everything, np.zeros(2)).distance is None


def test_a_deep_view_keeps_its_places() -> None:
    deep = Fraction(1, 10**20)
    found = half()
    found = replace(found, view=View((Fraction(1, 3), Fraction(2, 3)), (deep, deep), (SIDE, SIDE)))
    assert standing.stand(found, np.array([7.0, 10.0])).distance == pytest.approx(-19.5 * 1e-20 / SIDE)


def test_the_best_is_what_learned_fastest_of_what_converged() -> None:
    found = standing.best(half())
    assert tuple(found.position) == (20.0, 10.0) and found.distance == pytest.approx(-1.95, abs=0.01)
    with pytest.raises(MapError, match="nothing converged"):
        standing.best(replace(half(), labels=np.zeros((SIDE, SIDE), np.uint8)))
    with pytest.raises(MapError, match="sensitivity"):
        standing.best(replace(half(), subject=replace(Experiment(), score="sensitivity")))


def test_no_run_stands_on_newtons_map() -> None:
    newton = Newton()
    view = View((Fraction(0), Fraction(0)), (Fraction(4), Fraction(4)), (16, 16))
    with pytest.raises(MapError, match="Newton"):
        standing.stand(newton_map(newton, view), np.zeros(2))


def test_land_rises_with_the_score_and_the_edge_is_a_step() -> None:
    found = half()
    draw = np.random.default_rng(3)
    found = replace(found, score=found.score * draw.uniform(0.1, 10.0, found.score.shape))
    height = relief.heights(found)
    order = np.argsort(found.score, axis=None)
    assert (np.diff(height.ravel()[order]) >= -1e-6).all() and height.min() == pytest.approx(-1.0) and height.max() == pytest.approx(1.0)
    assert (height[found.labels == 1] <= -relief.SHORE + 1e-6).all() and (height[found.labels == 0] >= relief.SHORE - 1e-6).all()


def test_a_loss_beyond_all_bounds_is_an_explosion_from_where_it_stays_there() -> None:
    calm = run()
    loss = np.ones(1350, np.float32)
    assert not bursting.explodes(replace(calm, loss=loss))
    peak = loss.copy()
    peak[10] = 1e9
    assert not bursting.explodes(replace(calm, loss=peak)), "it came back"
    peak[1000:] = np.inf
    assert bursting.exploded_at(replace(calm, loss=peak)) == int(calm.steps[1000])
