"""Runs that are recorded at places of a map are the very networks of its pixels: compared with the native engine's training, number by number."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bloom_core import designs
from bloom_core.events import finding
from bloom_core.gardens import Plot
from bloom_core.native import Cancelled
from bloom_core.trainability import bursting, spot_runs, standing
from bloom_core.trainability.engines import open_engine
from bloom_core.trainability.experiment import Experiment, MapError
from bloom_core.trainability.making import make_map
from bloom_core.trainability.maps import Map
from bloom_core.trainability.outcomes import CEILING, COLUMNS, TAIL
from bloom_core.trainability.places import groups
from bloom_core.trainability.presets import PRESETS
from bloom_core.trainability.views import overview
from bloom_core.trajectories import trajectory

CHANGES: dict[str, dict[str, object]] = {
    "tanh": {},
    "relu": {"activation": "relu"},
    "identity": {"activation": "identity"},
    "minibatch": {"batch_size": 8},
    "momentum": {"optimizer": "momentum", "momentum": 0.8},
    "adam": {"optimizer": "adam"},
    "decay": {"weight_decay": 1e-2, "offset": 0.2, "init_scale": 1.5},
    "own seeds": {"seeds": "pixel"},
}

CHAOTIC = (12, 11)
"""A pixel at the edge, where other rounding grows to the fourth digit within sixty steps."""


@pytest.fixture(scope="module")
def found() -> Map:
    subject = PRESETS["preview"]
    return make_map(subject, overview(subject, (48, 48)), precision="double")


@pytest.mark.parametrize("change", CHANGES)
def test_losses_are_those_of_the_native_engine(change: str) -> None:
    subject = replace(PRESETS["preview"], steps=60, **CHANGES[change])  # type: ignore[arg-type]
    view = overview(subject, (24, 24))
    places = [(4, 5), (9, 9), CHAOTIC, (3, 20), (20, 20)]
    engine = open_engine()
    ours = np.array([_outcome(subject, view, place) for place in places])
    for number, place in enumerate(places):
        group = next(groups(subject, view, [place]))
        outcome = engine.train(
            group.problem, group.values, activation=subject.activation, optimizer=subject.optimizer, steps=subject.steps,
            threshold=subject.threshold, precision="double", sensitivity=False, progress=None,
        )[0]  # fmt: skip
        theirs = outcome[[COLUMNS.index(name) for name in ("total", "inverse", "tail", "final", "minimum")]]
        assert ours[number] == pytest.approx(theirs, rel=2e-3 if place == CHAOTIC else 1e-6), (change, place)


def _outcome(subject: Experiment, view: object, place: tuple[int, ...]) -> list[float]:
    group = next(groups(subject, view, [place]))  # type: ignore[arg-type]
    losses = np.array([loss for loss, _ in spot_runs.train(subject, group.problem, group.values[0].sum(axis=1))][1:])
    v = np.full(subject.steps, CEILING)
    with np.errstate(all="ignore"):
        v[: len(losses)] = np.minimum(np.nan_to_num(losses / losses[0], nan=CEILING, posinf=CEILING), CEILING)
    return [v.sum(), (1.0 / v).sum(), v[-TAIL:].mean(), v[-1], v.min()]


def test_places_of_all_kinds_are_chosen_as_the_map_has_them(found: Map) -> None:
    spots = spot_runs.choose(found, 8)
    assert [spot.kind for spot in spots] == [*spot_runs.KINDS, *spot_runs.KINDS] and len({spot.pixel for spot in spots}) == 8
    assert spots == spots and [spot.pixel for spot in spot_runs.choose(found, 4)] == [spot.pixel for spot in spots[:4]]
    by_kind = {kind: [spot.standing for spot in spots if spot.kind == kind] for kind in spot_runs.KINDS}
    assert not any(each.beyond for kind in ("edge", "deep") for each in by_kind[kind])
    assert all(each.beyond for kind in ("beyond", "far") for each in by_kind[kind])
    near = max(abs(each.distance or 0.0) for kind in ("edge", "beyond") for each in by_kind[kind])
    assert near < 0.5 < min(abs(each.distance or 0.0) for kind in ("deep", "far") for each in by_kind[kind])
    with pytest.raises(MapError, match="no edge"):
        spot_runs.choose(replace(found, labels=np.ones_like(found.labels)), 2)
    with pytest.raises(MapError, match="not on the map"):
        spot_runs.at(found, np.array([99.0, 0.0]))


def test_a_recorded_run_is_the_pixels_and_stands_there_again(found: Map, tmp_path: Path) -> None:
    files = spot_runs.spot_runs(found, 4, tmp_path / "runs")
    assert len(files) == 4 and sorted(files) == sorted((tmp_path / "runs").iterdir()), "nothing else is left there"
    for file, spot in zip(files, spot_runs.choose(found, 4), strict=True):
        run = trajectory.read_run(file, sketches=True)
        stood = standing.stand_run(found, run)
        assert stood.position == pytest.approx(spot.pixel, abs=1e-6) and stood.beyond == spot.standing.beyond
        assert standing.is_of_map(found, run) and run.meta["map"]["pixel"] == list(spot.pixel)
        v = np.minimum(np.nan_to_num(run.loss.astype(np.float64) / run.loss[0], nan=CEILING, posinf=CEILING), CEILING)
        v = np.append(v, np.full(found.subject.steps - len(v), CEILING))
        assert (v[-TAIL:].mean() < 1.0) == (not spot.standing.beyond)
        assert found.outcomes is not None
        assert v.sum() == pytest.approx(found.outcomes[spot.pixel[1], spot.pixel[0], 0], rel=1e-3)
        assert len(run.steps) == found.subject.steps or run.nonfinite[-1], "a run ends early only where its loss is too large for its file"


def test_a_run_that_explodes_bursts_and_one_that_learns_opens(found: Map, tmp_path: Path) -> None:
    spots = {spot.kind: spot for spot in spot_runs.choose(found, 4)}
    runs = [trajectory.read_run(spot_runs.record(found, spots[kind], tmp_path / f"{kind}.bloom"), sketches=True) for kind in ("deep", "far")]
    design = designs.design("lotus")
    plots = [Plot(kind, run, design, kind) for kind, run in zip(("deep", "far"), runs, strict=True)]
    opened, burst = bursting.grow(plots, {"frames": 6, "frame_start": 3, "tolerance": None})
    assert bursting.explodes(runs[1]) and not bursting.explodes(runs[0])
    assert [any(event.kind == "nonfinite" for event in finding.find(run)) for run in runs] == [False, True], "as recorders tell it"
    last, whole = (np.array([growth_channel(design, channel) for channel in animation.channels]) for animation in (opened, burst))
    assert opened.values[-1] == pytest.approx(last) and not np.allclose(opened.values[0], last)
    assert burst.values[0] == pytest.approx(whole) and not np.allclose(burst.values[-1], whole), "it begins whole"
    away = np.linalg.norm(burst.values - burst.values[0], axis=1)
    assert away[-1] > 3.0 * away[1] and (burst.steps[0], burst.steps[-1]) == (0, len(runs[1].steps) - 1)
    sizes = bursting.swelling(runs[1], burst)
    assert sizes[0] == 1.0 and sizes[-1] == pytest.approx(bursting.SWELL) and (bursting.swelling(runs[0], opened) == 1.0).all()
    assert burst.frame_start == 3 and burst.keys is None


def growth_channel(design: object, channel: object) -> float:
    from bloom_core.growth.animation import read_channel

    return read_channel(design.open, channel)  # type: ignore[attr-defined, arg-type]


def test_stopping_leaves_no_half_of_a_run(found: Map, tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        spot_runs.spot_runs(found, 2, tmp_path, lambda share: share < 0.3)
    assert list(tmp_path.iterdir()) == []
