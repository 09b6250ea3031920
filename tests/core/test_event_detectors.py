"""Each detector on numbers made for it: what schedules, stretches, epochs and recorded events make of it, and what it costs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bloom_core import events
from bloom_core.events import event_detectors
from bloom_core.events.event_explosions import explosions
from bloom_core.events.event_statistics import WINDOW, Rule, stretches
from bloom_core.trajectories.run_writer import RunWriter
from bloom_core.trajectories.trajectory import Event, Layer, Trajectory

RULE = Rule(4.0, 6.0, 4.0)


def run_of(steps: int, *, layers: int = 2, seed: int = 0, **columns: Any) -> Trajectory:
    """Returns a run of quiet noise; `columns` replace its fields."""
    random = np.random.default_rng(seed)
    norms = np.exp(0.2 * random.normal(size=(steps, layers))).astype(np.float32)
    about: dict[str, Any] = {
        "steps": np.arange(1, steps + 1),
        "epoch": np.zeros(steps, dtype=np.float32),
        "wall": np.arange(steps, dtype=np.float64),
        "loss": np.exp(0.2 * random.normal(size=steps)).astype(np.float32),
        "lr": np.full((steps, 1), 0.1, dtype=np.float32),
        "layers": tuple(Layer(f"layer{n}.weight", (4, 4), f"layer{n}", f"layer{n}") for n in range(layers)),
        "update_norm": norms,
        "parameter_norm": np.ones_like(norms),
        "gradient_norm": 10.0 * norms,
        "raw_gradient_norm": np.full(steps, np.nan, dtype=np.float32),
        "cosine": (0.1 * random.normal(size=(steps, 2))).astype(np.float32),
        "batch_id": np.arange(steps) + 500,
        "nonfinite": np.zeros(steps, dtype=np.uint8),
        "sketch": None,
    }
    return Trajectory(**about | columns)


def steps_of(run: Trajectory, kind: str) -> list[int]:
    return [event.step for event in events.find(run) if event.kind == kind]


def test_outliers_are_those_of_the_definition() -> None:
    """The cheap search for candidates loses none that the plain definition finds, for quiet and for heavy-tailed series, early and late."""
    for seed, spread in ((0, 0.1), (1, 0.5), (2, 1.2)):
        random = np.random.default_rng(seed)
        values = np.exp(spread * random.normal(size=1500))
        values[[12, 100, 400, 900, 1300]] *= np.exp(8.0 * spread + 2.0)
        expected = []
        for row in range(10, len(values)):
            before = np.log(values[max(0, row - WINDOW) : row])
            middle = np.median(before)
            deviation = 1.4826 * np.median(np.abs(before - middle))
            tail = np.sort(before)[int(0.9 * (len(before) - 1))] - middle
            beyond = min(4.0 * tail, np.log(3.0) + before.max() - middle)
            if np.log(values[row]) - middle > max(np.log(4.0), 6.0 * max(deviation, 0.05), beyond):
                expected.append(row)
        found = stretches(values, RULE)
        assert [one.first for one in found] == expected and len(expected) >= 4
        for one in found:
            before = np.log(values[max(0, one.first - WINDOW) : one.first])
            assert one.factor == pytest.approx(values[one.first] / np.exp(np.median(before)), rel=1e-4)


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.floats(0.01, 1.0), st.integers(60, 400), st.integers(20, 350), st.floats(-20.0, 20.0))
def test_one_outlier_is_found_wherever_it_is_and_whatever_the_unit(seed: int, spread: float, count: int, place: int, unit: float) -> None:
    values = np.exp(spread * np.random.default_rng(seed).uniform(-1.0, 1.0, size=count) + unit)
    assert stretches(values, RULE) == []
    place = min(place, count - 1)
    values[place] *= np.exp(2.0 + 8.0 * spread)
    (one,) = stretches(values, RULE)
    assert (one.first, one.last) == (place, place)


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), max_size=120))
def test_no_series_breaks_the_search(values: list[float]) -> None:
    for one in stretches(np.array(values, dtype=np.float32), RULE):
        assert 10 <= one.first <= one.last < len(values)


def test_momentum_after_a_bad_batch_is_one_event() -> None:
    for decay in (0.5, 0.9, 0.98):
        run = run_of(600, gradient_norm=None)
        tail = 500.0 * decay ** np.arange(300)
        norms = run.update_norm.copy()
        norms[300:] += tail[:, None].astype(np.float32)
        run = replace(run, update_norm=norms)
        assert steps_of(run, "explosion") == [301], decay


def test_a_new_level_is_one_event_and_then_the_usual() -> None:
    run = run_of(900)
    norms = run.update_norm * np.where(np.arange(900) >= 300, 40.0, 1.0)[:, None].astype(np.float32)
    norms[600] *= 40.0
    assert steps_of(replace(run, update_norm=norms, gradient_norm=None), "explosion") == [301, 601]


def test_a_rate_that_falls_where_updates_do_not_explodes_nothing() -> None:
    """One group of two has its rate divided by 10 000, and the other group's layers outweigh it."""
    rates = np.full((300, 2), 0.1, dtype=np.float32)
    rates[150:, 1] = 1e-5
    assert steps_of(run_of(300, lr=rates), "explosion") == []


def test_a_bounce_of_period_two_explodes_nothing() -> None:
    run = run_of(500)
    norms = run.update_norm * np.where(np.arange(500) % 2, 30.0, 1.0)[:, None].astype(np.float32)
    assert steps_of(replace(run, update_norm=norms, gradient_norm=norms), "explosion") == []


def test_the_worst_step_of_a_wild_training_is_found() -> None:
    """One step of ten is eight times the usual, so the tail is long; thirty times the largest of those is an explosion all the same."""
    run = run_of(400, layers=1)
    norms = run.update_norm * np.where(np.arange(400) % 10 < 2, 8.0, 1.0)[:, None].astype(np.float32)
    norms[250] = 240.0
    assert steps_of(replace(run, update_norm=norms, gradient_norm=None), "explosion") == [251]
    norms[250] = 20.0
    assert steps_of(replace(run, update_norm=norms, gradient_norm=None), "explosion") == []


def test_the_first_steps_judge_nothing() -> None:
    for steps in range(1, 12):
        norms = np.geomspace(1e3, 1.0, steps, dtype=np.float32)[:, None] * np.ones((1, 2), dtype=np.float32)
        assert steps_of(run_of(steps, update_norm=norms), "explosion") == []


def test_an_update_that_momentum_smoothed_is_judged_by_its_gradient() -> None:
    """Even updates rise tenfold at one step: with a gradient as wild as ever, by chance; with one that is not, or a quiet one, they have exploded."""
    random = np.random.default_rng(3)
    wild = np.exp(1.5 * random.normal(size=(300, 1))).astype(np.float32)
    wild[200] = 40.0
    even = run_of(300, layers=1, update_norm=np.ones((300, 1), dtype=np.float32), gradient_norm=wild)
    even.update_norm[200] = 10.0
    assert explosions(even) == []
    for gradient in (np.where(np.arange(300) == 200, 1e6, wild[:, 0]), np.ones(300)):
        (event,) = explosions(replace(even, gradient_norm=gradient[:, None].astype(np.float32)))
        assert (event.step, event.note) == (201, "update")


def test_layers_that_explode_are_named_the_most_first() -> None:
    run = run_of(200, layers=4)
    norms = run.update_norm.copy()
    norms[120] *= np.array([1.0, 30.0, 90.0, 1.5], dtype=np.float32)
    (event,) = explosions(replace(run, update_norm=norms, gradient_norm=None))
    assert event.layers == ("layer2.weight", "layer1.weight") and event.batch == 620 and event.note == "update"
    # One layer alone, too small to be seen in the whole network but not too small to matter.
    uneven = run.update_norm * np.array([30.0, 1.0, 1.0, 1.0], dtype=np.float32)
    uneven[120, 1] *= 25.0
    (event,) = explosions(replace(run, update_norm=uneven, gradient_norm=None))
    assert event.step == 121 and event.layers == ("layer1.weight",)
    uneven[120, 1] /= 25.0
    uneven[:, 0] *= 100.0
    uneven[120, 1] *= 25.0
    assert explosions(replace(run, update_norm=uneven, gradient_norm=None)) == []


SCHEDULES: dict[str, tuple[Callable[[NDArray[Any]], NDArray[Any]], list[int]]] = {
    "constant": (lambda t: np.full(len(t), 0.1), []),
    "linear warm-up from 0": (lambda t: 0.1 * np.minimum(1.0, t / 40), []),
    "linear warm-up from a thousandth": (lambda t: 0.1 * np.minimum(1.0, 0.001 + 0.999 * t / 5), []),
    "warm-up and cosine": (lambda t: np.where(t < 30, (t + 1) / 30, 0.5 + 0.5 * np.cos(np.pi * (t - 30) / (len(t) - 31))), []),
    "linear to 0": (lambda t: 1.0 - t / (len(t) - 1), []),
    "exponential, fast": (lambda t: 0.5**t, []),
    "inverse root": (lambda t: np.minimum((t + 1) ** -0.5, (t + 1) * 50**-1.5), []),
    "one cycle": (lambda t: np.interp(t, [0, 100, 299], [0.004, 0.1, 1e-6]), []),
    "staircase": (lambda t: 0.1 * 0.1 ** (t // 100), [101, 201]),
    "staircase of small steps": (lambda t: 0.1 * 0.9 ** (t // 20), []),
    "halves every ten steps": (lambda t: 0.5 ** (t // 10), [10 * n + 1 for n in range(1, 30)]),
    "warm restarts": (lambda t: 0.001 + 0.5 + 0.5 * np.cos(np.pi * (t % 100) / 100), [101, 201]),
    "ten times": (lambda t: np.where(t >= 150, 1.0, 0.1), [151]),
    "stopped": (lambda t: np.where(t >= 150, 0.0, 0.1), [151]),
    "started late": (lambda t: np.where(t >= 150, 0.1, 0.0), [151]),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_learning_rates_that_jump_are_told_from_smooth_schedules(name: str) -> None:
    schedule, expected = SCHEDULES[name]
    run = run_of(300, lr=schedule(np.arange(300.0))[:, None].astype(np.float32))
    assert steps_of(run, "lr_change") == expected
    json.dumps([asdict(event) for event in events.find(run)], allow_nan=False)


def test_the_group_whose_learning_rate_jumps_is_named() -> None:
    rates = np.full((50, 3), 0.1, dtype=np.float32)
    rates[20:, 1] = 0.4
    rates[:, 2] = np.nan
    (event,) = event_detectors.lr_changes(run_of(50, lr=rates))
    assert (event.step, event.value, event.note) == (21, pytest.approx(4.0), "0.1 to 0.4 in group 1")


def test_jitter_is_one_event_a_stretch() -> None:
    cosine = 0.05 * np.random.default_rng(1).normal(size=(1000, 2)).astype(np.float32)
    cosine[300:500] += np.array([-0.5, 0.4], dtype=np.float32)
    cosine[700:] += np.array([-0.4, -0.1], dtype=np.float32)
    found = event_detectors.jitter(run_of(1000, cosine=cosine))
    assert [event.note for event in found] == ["period 2", ""]
    assert all(abs(event.step - step) < 20 for event, step in zip(found, (301, 701), strict=True))
    assert found[0].value == pytest.approx(-0.5, abs=0.1)
    # With a momentum of 0.9, cosines around 0 are jitter; unless optimizers take turns, which lag 2 tells.
    momentum = {"optimizer": {"name": "SGD", "momentum": 0.9}}
    flat = np.full((300, 2), 0.0, dtype=np.float32)
    assert len(event_detectors.jitter(run_of(300, cosine=flat, meta=momentum))) == 1
    assert event_detectors.jitter(run_of(300, cosine=flat)) == []
    assert event_detectors.jitter(run_of(300, cosine=flat + np.array([0.0, 0.85], dtype=np.float32), meta=momentum)) == []
    assert event_detectors.jitter(run_of(300, cosine=np.full((300, 2), np.nan, dtype=np.float32))) == []


@pytest.mark.parametrize(
    ("meta", "expected"),
    [
        ({"optimizer": "AdamW"}, 0.9),
        ({"optimizer": "SGD"}, None),
        ({"optimizer": {"name": "SGD", "momentum": 0.5}}, 0.5),
        ({"optimizer": {"name": "Adam", "betas": [0.8, 0.99]}}, 0.8),
        ({"optimizer": {"name": "NAdam"}}, 0.9),
        ({"optimizer": {"name": 3, "momentum": "much", "betas": []}}, None),
        ({"optimizer": {"momentum": float("nan")}}, None),
        ({"optimizer": ["SGD"]}, None),
        ({}, None),
    ],
)
def test_the_momentum_is_read_from_what_the_run_says(meta: dict[str, Any], expected: float | None) -> None:
    assert event_detectors.momentum_of(meta) == expected


@pytest.mark.parametrize(
    ("epoch", "expected"),
    [
        (np.arange(1, 31) / 10, {10: 1.0, 20: 2.0, 30: 3.0}),
        (np.repeat([0, 1, 2], 10), {10: 1.0, 20: 2.0, 30: 3.0}),
        (np.repeat([1, 2, 3], 10), {10: 1.0, 20: 2.0, 30: 3.0}),
        (np.repeat([0, 1, 2], 10)[:27], {10: 1.0, 20: 2.0}),
        (np.arange(1, 27) / 7, {7: 1.0, 14: 2.0, 21: 3.0}),
        (np.zeros(30), {}),
        (np.arange(30), {}),
    ],
)
def test_epochs_end_where_they_do(epoch: NDArray[Any], expected: dict[int, float]) -> None:
    run = run_of(len(epoch), epoch=epoch.astype(np.float32))
    assert {event.step: event.value for event in events.find(run) if event.kind == "epoch"} == expected


def test_what_was_recorded_and_what_is_found_is_no_double() -> None:
    bad = np.zeros(100, dtype=np.uint8)
    bad[[40, 41, 42, 80]] = 1
    norms = np.ones((100, 2), dtype=np.float32)
    norms[40:43, 1] = np.nan
    recorded = (
        Event(41, "nonfinite", batch=7),
        Event(43, "nonfinite"),
        Event(60, "skipped", 0.5),
        Event(60, "skipped", 0.5),
        Event(30, "my mark", 2.0, note="look"),
        Event(90, "explosion", 9.0),
    )
    run = run_of(100, update_norm=norms, gradient_norm=None, nonfinite=bad, events=recorded)
    found = events.find(run)
    wanted = [(30, "my mark"), (41, "nonfinite"), (60, "skipped"), (81, "nonfinite"), (90, "explosion")]
    assert [(event.step, event.kind) for event in found] == wanted
    assert found[1] == Event(41, "nonfinite", 3.0, ("layer1.weight",), 7)
    assert events.find(replace(run, events=found)) == found


def test_captions_say_what_happened() -> None:
    event = Event(412, "explosion", 31.2, ("encoder.lstm",), 1287, "update")
    assert events.caption(event) == "explosion, step 412, batch 1287, encoder.lstm: 31.2 times the usual update"
    assert events.caption(replace(event, value=31.0)) == "explosion, step 412, batch 1287, encoder.lstm: 31 times the usual update"
    assert events.caption(Event(5, "lr_change", 10.0, note="0.1 to 1")) == "learning rate change, step 5: 10 times the old one (0.1 to 1)"
    assert events.caption(Event(9, "nonfinite", 1.0, ("a", "b", "c"))) == "not finite, step 9, a and 2 more layers: this step only"
    assert events.caption(Event(3, "dinner")) == "dinner, step 3"
    assert events.caption(Event(3, "dinner", 2.5, note="hot")) == "dinner, step 3: 2.5 (hot)"
    assert "the falling learning rate alone" in events.caption(Event(7, "settled", 0.05, note="schedule"))
    assert all(events.caption(Event(1, kind)) == f"{events.TITLES[kind]}, step 1" for kind in events.KINDS)
    assert tuple(events.TITLES) == events.KINDS


LONG = """
import resource, sys, time
import numpy as np
from tests.core.test_event_detectors import run_of
from bloom_core import events
run = run_of(1_000_000, layers=7, epoch=np.arange(1, 1_000_001, dtype=np.float32) / 1000)
run.update_norm[400_000] *= 5000
before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
found = events.find(run)
taken, more = time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print([event.step for event in found if event.kind == "explosion"], sum(event.kind == "epoch" for event in found), taken, more // 1024)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="measures memory with the module resource, which Windows lacks")
def test_a_million_steps_take_seconds_and_little_memory(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(root), *sys.path])}
    made = subprocess.run([sys.executable, "-c", LONG], capture_output=True, text=True, check=True, env=environment, cwd=tmp_path).stdout
    steps, epochs, taken, more = made.replace("[", "").replace("]", "").split()
    assert (steps, epochs) == ("400001", "1000")
    assert float(taken) < 10.0 and (sys.platform == "darwin" or int(more) < 500)


def test_finding_events_needs_numpy_alone() -> None:
    """Inside Blender there is nothing else."""
    code = "import sys; from bloom_core import events; print([name for name in ('torch', 'sklearn', 'scipy', 'matplotlib') if name in sys.modules])"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment).stdout.strip() == "[]"


def test_found_events_can_be_recorded(tmp_path: Path) -> None:
    """They are plain JSON, also where a rate came from 0 or a loss could not be divided by."""
    run = run_of(200, loss=np.linspace(-1.0, 1.0, 200).astype(np.float32), lr=np.where(np.arange(200) < 50, 0.0, 1.0)[:, None].astype(np.float32))
    run.loss[150] = 1e30
    found = events.find(run)
    assert [(event.step, event.kind, event.value) for event in found if event.kind in ("loss_spike", "lr_change")] == [
        (51, "lr_change", None),
        (151, "loss_spike", None),
    ]
    RunWriter(tmp_path / "run.bloom", run.layers).add_events(found)
