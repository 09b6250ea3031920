"""Making maps: the real native engine, tile by tile."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bloom_core.native import Cancelled
from bloom_core.trainability.costs import Forecast, cost, scattered
from bloom_core.trainability.engines import EngineChoice, choice_of, open_engine
from bloom_core.trainability.experiment import SCORES, Axis, Experiment, MapError
from bloom_core.trainability.making import Work, make_map, train_places
from bloom_core.trainability.native_engine import NativeEngine
from bloom_core.trainability.newton import Newton
from bloom_core.trainability.outcomes import COLUMNS, Engine, Problem
from bloom_core.trainability.places import groups
from bloom_core.trainability.presets import PRESETS
from bloom_core.trainability.problem import make_problem
from bloom_core.trainability.scores import labels_of, score_of
from bloom_core.trainability.tiles import SUFFIX, read_tile, tile_key, tile_plan
from bloom_core.trainability.views import View, overview

TINY = replace(PRESETS["preview"], width=4, steps=40)
CUBE = replace(TINY, z=Axis("init_scale", 1e-1, 1e1))
ENGINE = NativeEngine(1)
FROZEN = {
    "inputs": [[0.9576471576101225, -1.0167672927398361], [0.46626551885106465, -1.2806711534948663]],
    "output_weights": [1.0756724136883615, 0.3625904795269792],
    "batches": [[5, 5, 0], [2, 5, 4], [2, 1, 4], [1, 5, 3], [4, 5, 4], [5, 1, 5]],
}


class Counting:
    """The native engine, and what it was asked to train."""

    def __init__(self) -> None:
        self.name, self.precisions, self.trained, self.steps_played = ENGINE.name, ENGINE.precisions, 0, 0

    def train(self, problem: Problem, values: NDArray[np.float64], **given: object) -> NDArray[np.float64]:
        self.trained += len(values)
        outcomes = ENGINE.train(problem, values, **given)  # type: ignore[arg-type]
        self.steps_played = ENGINE.steps_played
        return outcomes


def alone(experiment: Experiment, view: View, place: tuple[int, ...], precision: str = "float") -> NDArray[np.float64]:
    return train_places(Work(experiment, view, precision), [place], ENGINE).outcomes[0]


def test_seeds_give_the_same_numbers_for_ever() -> None:
    problem = make_problem(replace(TINY, seed=3, steps=6), 2, 3)
    assert problem.inputs.shape == (1, 6, 2) and problem.batches is not None
    # Written down from numpy 1.26; RandomState's streams are frozen.
    np.testing.assert_allclose(problem.inputs[0, :2], FROZEN["inputs"], rtol=0, atol=1e-15)
    np.testing.assert_allclose(problem.output_weights[0], FROZEN["output_weights"], rtol=0, atol=1e-15)
    assert problem.batches.tolist() == FROZEN["batches"]


def test_a_smaller_minibatch_is_the_beginning_of_a_larger_one() -> None:
    large, small = (make_problem(TINY, 4, size).batches for size in (7, 3))
    assert large is not None and small is not None
    assert small.shape == (40, 3) and (large[:, :3] == small).all()
    assert len(np.unique(large)) > 10 and large.max() < 20


def test_numbers_are_normal_and_differ_by_width_seed_and_place() -> None:
    reference = make_problem(PRESETS["reference"], 16, 0)
    assert reference.inputs.shape == (1, 272, 16) and abs(reference.inputs.std() - 1) < 0.05 and abs(reference.inputs.mean()) < 0.05
    sets = [
        make_problem(TINY, 4, 0),
        make_problem(replace(TINY, seed=1), 4, 0),
        make_problem(TINY, 4, 0, [(0, 0)]),
        make_problem(TINY, 4, 0, [(0, 1)]),
        make_problem(TINY, 4, 0, [(1, 0)]),
    ]
    assert len({problem.inputs[0, 0, 0] for problem in sets}) == len(sets)


def test_tiles_cover_every_pixel_once() -> None:
    for size, networks in (((70, 45), 1024), ((9, 20, 13), 100), ((1, 3), 1024), ((64, 64), 64)):
        view = View(tuple(Fraction(0) for _ in size), tuple(Fraction(1) for _ in size), size)
        counts = np.zeros(view.shape, dtype=int)
        for tile in tile_plan(view, networks):
            counts[tile.slices] += 1
            places = list(tile.places())
            assert len(places) == tile.count and places[0] == tile.low
        assert (counts == 1).all()


def test_tiles_are_scattered() -> None:
    view = overview(TINY, (256, 256))
    rows = [tile.low[1] for tile in tile_plan(view)]
    for quarter in range(0, 64, 16):
        assert abs(np.mean(rows[quarter : quarter + 16]) - 112) < 35


def test_a_map_is_its_pixels_whatever_the_tiles(tmp_path: Path) -> None:
    view = overview(TINY, (40, 35))
    made = make_map(TINY, view, engine=ENGINE)
    assert made.labels.shape == made.score.shape == (35, 40) and made.outcomes is not None
    assert 0.2 < made.labels.mean() < 0.8 and made.made.precision == "float" and made.made.engine == ENGINE.name
    for place in ((0, 0), (39, 34), (17, 20), (33, 2)):
        np.testing.assert_array_equal(made.outcomes[place[1], place[0]], alone(TINY, view, place))
    assert made.made.steps_played < 40 * 40 * 35
    # Row 0 is the lowest y: there, the output layer hardly learns and nothing diverges for small input rates.
    assert made.labels[0, 0] == 1 and made.labels[-1, 0] == 0


def test_three_axes() -> None:
    view = overview(CUBE, (7, 6, 5))
    made = make_map(CUBE, view, engine=ENGINE)
    assert made.labels.shape == (5, 6, 7) and made.outcomes is not None
    np.testing.assert_array_equal(made.outcomes[4, 2, 3], alone(CUBE, view, (3, 2, 4)))
    # One plane of it is the flat map at that value of z.
    values = np.exp(np.log(10) * np.array([float(value) for value in view.coordinates(2)]))
    flat = replace(CUBE, z=None, init_scale=float(values[3]))
    plane = make_map(flat, View(view.center[:2], view.span[:2], view.size[:2]), engine=ENGINE)
    assert (plane.labels == made.labels[3]).mean() > 0.9


AXES = [
    (Axis("input_rate", 1e-2, 1e3), "sgd"),
    (Axis("output_rate", 1e-2, 1e3), "sgd"),
    (Axis("rate", 1e-2, 1e3), "sgd"),
    (Axis("init_scale", 1e-2, 1e2), "sgd"),
    (Axis("offset", -2.0, 2.0, False), "sgd"),
    (Axis("momentum", 0.0, 0.99, False), "momentum"),
    (Axis("momentum", 0.0, 0.99, False), "adam"),
    (Axis("weight_decay", 1e-6, 1e1), "sgd"),
    (Axis("batch_size", 1, 30), "sgd"),
    (Axis("width", 2, 9, False), "sgd"),
]


@pytest.mark.parametrize(("axis", "optimizer"), AXES, ids=lambda value: getattr(value, "parameter", value))
def test_every_parameter_can_be_an_axis(axis: Axis, optimizer: str) -> None:
    other = Axis("init_scale", 0.5, 2.0) if axis.parameter != "init_scale" else Axis("weight_decay", 1e-3, 1e-2)
    experiment = replace(TINY, x=axis, y=other, optimizer=optimizer, input_rate=0.3, output_rate=0.3)
    view = overview(experiment, (5, 3))
    made = make_map(experiment, view, engine=ENGINE, precision="double")
    assert made.outcomes is not None
    for column, coordinate in enumerate(view.coordinates(0)):
        value = 10 ** float(coordinate) if axis.logarithmic else float(coordinate)
        beside = 10 ** float(view.coordinates(1)[1])
        changes = {"input_rate": value, "output_rate": value} if axis.parameter == "rate" else {axis.parameter: value}
        if axis.parameter in ("batch_size", "width"):
            changes = {axis.parameter: round(value)}
        # The same training with the numbers written down and two axes that change nothing.
        fixed = replace(experiment, **changes, **{other.parameter: beside}, x=Axis("offset", 0.0, 1e-300, False), y=Axis("threshold", 0, 1))  # type: ignore[arg-type]
        np.testing.assert_allclose(made.outcomes[1, column], trained_alone(fixed), rtol=1e-6)
    assert len(np.unique(made.outcomes[1, :, COLUMNS.index("total")])) == 5


def trained_alone(experiment: Experiment) -> NDArray[np.float64]:
    values = np.zeros((1, 6, 2))
    values[0, :, 0] = [getattr(experiment, name) for name in ("input_rate", "output_rate", "init_scale", "offset", "momentum", "weight_decay")]
    problem = make_problem(experiment, experiment.width, experiment.batch_size)
    return ENGINE.train(
        problem, values, activation=experiment.activation, optimizer=experiment.optimizer, steps=experiment.steps, threshold=experiment.threshold,
        precision="double", sensitivity=False, progress=None,
    )[0]  # fmt: skip


def test_every_place_may_have_seeds_of_its_own() -> None:
    experiment = replace(TINY, seeds="pixel")
    view = overview(experiment, (6, 5))
    made = make_map(experiment, view, engine=ENGINE)
    assert made.outcomes is not None
    np.testing.assert_array_equal(made.outcomes[3, 4], alone(experiment, view, (4, 3)))
    assert not np.array_equal(made.labels, make_map(TINY, view, engine=ENGINE).labels) or not np.array_equal(
        made.outcomes, make_map(TINY, view, engine=ENGINE).outcomes
    )
    (group,) = groups(experiment, view, [(0, 0), (1, 0), (2, 4)])
    assert len(group.problem.inputs) == 3


def test_groups_of_pixels_have_one_width_and_batch_size() -> None:
    experiment = replace(TINY, x=Axis("width", 2, 9, False), y=Axis("batch_size", 1, 8), points=10)
    view = overview(experiment, (8, 4))
    places = [(x, y) for y in range(4) for x in range(8)]
    found = list(groups(experiment, view, places))
    assert sorted(index for group in found for index in group.indices) == list(range(32))
    shapes = {(group.problem.inputs.shape[2], group.problem.batches.shape[1]) for group in found if group.problem.batches is not None}
    assert len(shapes) == len(found) > 10


def test_cancelled_and_taken_up_again_is_as_if_never_cancelled(tmp_path: Path) -> None:
    view, counting = overview(TINY, (96, 70)), Counting()
    whole = make_map(TINY, view, engine=ENGINE)
    with pytest.raises(Cancelled):
        make_map(TINY, view, engine=counting, folder=tmp_path, progress=lambda share: share < 0.4)
    kept = sorted(tmp_path.glob(f"*{SUFFIX}"))
    assert 1 <= len(kept) < 9 and [path for path in tmp_path.iterdir() if path not in kept] == []
    before, told = counting.trained, []
    again = make_map(TINY, view, engine=counting, folder=tmp_path, progress=lambda share: told.append(share) is None)
    done = sum(tile.count for tile in tile_plan(view) if tmp_path / f"{tile_key(TINY, view, tile, ENGINE.name, 'float')}{SUFFIX}" in kept)
    assert counting.trained - before == 96 * 70 - done and told[0] >= done / (96 * 70) and told == sorted(told) and told[-1] == 1.0
    np.testing.assert_array_equal(again.outcomes, whole.outcomes)
    np.testing.assert_array_equal(again.score, whole.score)
    assert again.made.steps_played == whole.made.steps_played
    # A third time nothing is trained; another score needs no training either.
    before = counting.trained
    make_map(replace(TINY, score="final", name="other"), view, engine=counting, folder=tmp_path)
    assert counting.trained == before


def test_broken_tiles_are_made_anew(tmp_path: Path) -> None:
    view = overview(TINY, (64, 64))
    whole = make_map(TINY, view, engine=ENGINE, folder=tmp_path)
    tiles = sorted(tmp_path.iterdir())
    assert len(tiles) == 4
    tiles[0].write_bytes(tiles[0].read_bytes()[:-200])
    tiles[1].write_bytes(b"")
    tiles[2].write_bytes(tiles[2].read_bytes()[:3000] + b"\0" * 50 + tiles[2].read_bytes()[3050:])
    counting = Counting()
    again = make_map(TINY, view, engine=counting, folder=tmp_path)
    assert counting.trained == 3 * 1024
    np.testing.assert_array_equal(again.outcomes, whole.outcomes)
    assert read_tile(tmp_path, tiles[0].stem, 1024) is not None


def test_tiles_are_known_by_all_that_they_depend_on() -> None:
    view = overview(TINY, (64, 64))
    tile = tile_plan(view)[0]
    base = tile_key(TINY, view, tile, "native v4", "float")
    assert base == tile_key(replace(TINY, name="x", title="y", score="final", input_rate=3.0), view, tile, "native v3", "float")
    others = [
        tile_key(replace(TINY, seed=1), view, tile, "native v4", "float"),
        tile_key(replace(TINY, steps=41), view, tile, "native v4", "float"),
        tile_key(replace(TINY, init_scale=2.0), view, tile, "native v4", "float"),
        tile_key(replace(TINY, sensitivity=True), view, tile, "native v4", "float"),
        tile_key(replace(TINY, threshold=0.2), view, tile, "native v4", "float"),
        tile_key(TINY, view.zoomed(2), tile, "native v4", "float"),
        tile_key(TINY, view, tile_plan(view)[1], "native v4", "float"),
        tile_key(TINY, view, tile, "native v2", "float"),
        tile_key(TINY, view, tile, "PyTorch cpu", "float"),
        tile_key(TINY, view, tile, "native v4", "double"),
    ]
    assert len({base, *others}) == len(others) + 1


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(MapError, match="Choose another folder"):
        make_map(TINY, overview(TINY, (4, 4)), engine=ENGINE, folder=tmp_path / "file")


def test_scores_have_the_sign_of_their_label() -> None:
    experiment = replace(TINY, sensitivity=True)
    made = make_map(experiment, overview(experiment, (24, 24)), engine=ENGINE)
    assert made.outcomes is not None
    for score in SCORES:
        found = score_of(made.outcomes, score, experiment.steps)
        assert np.isfinite(found).all() and ((found < 0) == (made.labels == 1)).all() and len(np.unique(found)) > 20
    assert (labels_of(made.outcomes) == made.labels).all()
    total, inverse = (made.outcomes[..., COLUMNS.index(name)] for name in ("total", "inverse"))
    np.testing.assert_array_equal(made.score, np.where(made.labels == 1, -total, inverse))
    with pytest.raises(MapError, match="sensitivity = true"):
        score_of(make_map(TINY, overview(TINY, (2, 2)), engine=ENGINE).outcomes, "sensitivity", 40)  # type: ignore[arg-type]
    with pytest.raises(MapError, match="sum, final"):
        score_of(made.outcomes, "beauty", 40)
    asked = make_map(replace(TINY, score="sensitivity"), overview(TINY, (4, 4)), engine=ENGINE)
    assert asked.outcomes is not None and np.isfinite(asked.outcomes[0, 0, COLUMNS.index("sensitivity")])


def test_a_newton_fractal_is_made_by_the_same_call() -> None:
    newton = Newton()
    made = make_map(newton, overview(newton, (20, 10)))  # type: ignore[arg-type]
    assert set(np.unique(made.labels)) == {0, 1, 2} and made.outcomes is None


def test_views_that_cannot_be() -> None:
    with pytest.raises(MapError, match="axes"):
        make_map(CUBE, overview(TINY, (4, 4)))
    with pytest.raises(MapError, match="GB of memory"):
        make_map(TINY, overview(TINY, (1 << 18, 1 << 18)))
    wide = replace(TINY, x=Axis("width", 2, 200, False), points=5)
    with pytest.raises(MapError, match="the most is 256"):
        make_map(wide, overview(wide, (4, 4)).zoomed(Fraction(1, 4)))
    with pytest.raises(MapError, match="too large"):
        make_map(TINY, View((Fraction(0), Fraction(0)), (Fraction(2000), Fraction(1)), (4, 4)))


def test_cost_is_measured_before() -> None:
    view = overview(PRESETS["preview"], (300, 200))
    found = cost(PRESETS["preview"], view, ENGINE)
    assert (found.networks, found.steps, found.precision) == (60_000, 100, "float") and 0.4 < found.played < 0.8
    assert 0.1 < found.seconds < 600 and "60,000 places" in found.text and ENGINE.name in found.text
    double = cost(PRESETS["preview"], view.zoomed(10**8), ENGINE)
    assert double.precision == "double"
    newton = Newton()
    assert cost(newton, overview(newton, (400, 400)), None).networks == 160_000  # type: ignore[arg-type]
    for size in ((256, 256), (40, 30, 20)):
        few = scattered(View((Fraction(0),) * len(size), (Fraction(1),) * len(size), size), 200)
        assert len(set(few)) == 200 and (np.abs(np.mean(few, axis=0) / size - 0.5) < 0.05).all()


def test_the_forecast_goes_from_the_cost_to_what_was_done(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    forecast = Forecast(replace(cost(TINY, overview(TINY, (8, 8)), ENGINE), seconds=100.0))
    assert forecast.left(0.0) == pytest.approx(100.0)
    now[0] = 20.0  # half in 20 seconds: 20 more, whatever the cost said
    assert forecast.left(0.5) == pytest.approx(20.0)
    assert forecast.left(1.0) == 0.0


def test_choosing_an_engine() -> None:
    assert open_engine().name.startswith("native ") and choice_of(ENGINE) == EngineChoice("native")
    with pytest.raises(MapError, match="native, torch"):
        open_engine(EngineChoice("abacus"))
    with pytest.raises(MapError, match="choose the engine torch"):
        open_engine(EngineChoice("native", "cuda"))
    torch_engine: Engine = open_engine(EngineChoice("torch"))
    assert choice_of(torch_engine) == EngineChoice("torch", "cpu")
    assert math.isclose(make_map(TINY, overview(TINY, (8, 8)), engine=torch_engine).labels.mean(), 0.5, abs_tol=0.3)
